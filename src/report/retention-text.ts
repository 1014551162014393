import { retentionInWords, type ProjectRetention } from '../core/native-retention.ts';
import { grouped } from './quantities.ts';

/** Longer lists are cut. */
const MOST_LISTED = 50;

/** What the vendor itself deletes, by project; none when nothing is known. */
export function retentionLines(retention: readonly ProjectRetention[]): string[] {
  if (retention.length === 0) return [];
  const more = retention.length - MOST_LISTED;
  return [
    "CustomGPT.ai's own retention, which knows no rule and no hold, deletes conversations:",
    ...retention.slice(0, MOST_LISTED).map((one) => `  of project ${one.projectId} ${retentionInWords(one)}`),
    ...(more > 0 ? [`  … and ${grouped(more)} more projects.`] : []),
  ];
}

/** As `plan --json` and `validate --online --json` give it. */
export function retentionJson({ projectId, period, days }: ProjectRetention) {
  return { project_id: projectId, period, days: days ?? null };
}
