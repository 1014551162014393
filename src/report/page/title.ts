import { isDryRun, type Report } from '../report.ts';

export function titleOf(report: Report): string {
  const { plan, finished } = report;
  const policy = finished?.run.policy ?? plan?.policy ?? '';
  return `${isDryRun(report) ? 'Dry run' : 'Deletion report'}: ${policy}`;
}
