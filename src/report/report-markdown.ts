import { bandInWords } from '../core/age-bands.ts';
import { joinedRows } from './joined-rows.ts';
import { matchedWords, notesOf } from './notes.ts';
import { grouped, minuteAndSecond } from './quantities.ts';
import { hasLostRows, isDryRun, stateInWords, verdictOf, type Report } from './report.ts';
import { terminalSafe } from './safe-text.ts';

/** The report as Markdown tables: for a ticket, a merge request, or a terminal. */
export async function* reportMarkdown(report: Report): AsyncGenerator<string> {
  const { plan, finished, totals, auditHead, generatedAt, timeZone, policyWords, commandLine } = report;
  const isDry = isDryRun(report);
  const { sentence, rest } = verdictOf(report);
  const notes = notesOf(report);
  const policy = finished?.run.policy ?? plan?.policy ?? '';
  yield [
    `# ${isDry ? 'Dry run' : 'Deletion report'}: ${safe(policy)}`,
    `**${safe(sentence)}** ${rest}`,
    bullets([
      ...(finished === undefined ? [] : [`Run \`${finished.run.runId}\`: ${finished.run.status}`]),
      ...identityOf(report),
      ...(plan === undefined
        ? []
        : [`Plan \`${plan.planId}\`, decided ${minuteAndSecond(plan.decidedAt, timeZone)} ${timeZone}`]),
      `Audit head: entry ${grouped(auditHead.seq)}, \`${auditHead.hash}\`; check it with \`${commandLine('audit verify')}\``,
      `Made ${minuteAndSecond(generatedAt, timeZone)} ${timeZone}`,
    ]),
    ...(notes.length === 0 ? [] : ['## Please note', bullets(notes.map(safe))]),
    ...(policyWords.length === 0 ? [] : ['## The policy', bullets(policyWords.map(safe))]),
    ...protectionsTable(report),
    ...agesTable(report),
    ...rulesTable(report),
    ...projectsTable(report),
    '## Conversations',
    ...(totals.rows === 0
      ? ['None is named one by one.']
      : [tableHead(['Project', 'Conversation', 'Age', 'Verdict', 'Rule', 'Why'])]),
  ].join('\n\n');
  yield '\n';
  yield* joinedRows(
    report.rows(),
    ({ projectId, sessionId, name, ageDays, state, rule, reason, deletion }) => {
      const proof = `DELETE ${deletion?.deleteStatus ?? '–'}, GET ${deletion?.verifyStatus ?? '–'}`;
      const id = sessionId ?? '(no id)';
      return tableRow([
        String(projectId),
        name === undefined ? id : `${name} ${id}`,
        ageDays === null ? 'unknown' : `${ageDays} d`,
        stateInWords(state, isDry),
        rule ?? '–',
        reason ?? (state === 'verified' ? proof : ''),
      ]);
    },
  );
}

/** What tells this plan and policy from all others. */
function identityOf({ plan, finished }: Report): readonly string[] {
  const hash = finished?.run.policyHash ?? plan?.policyHash;
  return [
    ...(hash === undefined ? [] : [`Policy file: SHA-256 \`${hash}\``]),
    ...(plan === undefined ? [] : [`Fingerprint of the plan: \`${plan.fingerprint}\``]),
    ...(plan?.account === undefined ? [] : [`Account: ${safe(plan.account)}`]),
  ];
}

function projectsTable({ plan, totals, finished }: Report): readonly string[] {
  const projects = plan?.projects ?? [];
  if (projects.length === 0) return [];
  const isDry = isDryRun({ finished });
  const rows = projects.map(({ projectId, listed, planned, held, unknown, kept, incomplete }) => {
    const deleted = totals.byProject.get(projectId)?.get('verified') ?? 0;
    const counts = [listed, planned, ...(isDry ? [] : [deleted]), held, unknown, kept];
    return tableRow([
      String(projectId),
      ...counts.map(grouped),
      incomplete === undefined ? '' : 'incomplete',
    ]);
  });
  const heads = [
    'Project',
    'Listed',
    'Planned',
    ...(isDry ? [] : ['Deleted']),
    'Held',
    'Unknown',
    'Kept',
    '',
  ];
  return ['## Projects', `${tableHead(heads)}\n${rows.join('')}`.trimEnd()];
}

function protectionsTable({ plan }: Report): readonly string[] {
  const protections = plan?.findings.protections ?? [];
  if (protections.length === 0) return [];
  const rows = protections.map(({ kind, name, matched }) =>
    tableRow([kind, name, matchedWords(matched, kind === 'exclude' ? 'project' : 'conversation')]),
  );
  return ['## What protects', `${tableHead(['Kind', 'Name', 'Keeps'])}\n${rows.join('')}`.trimEnd()];
}

function agesTable({ plan, totals, finished }: Report): readonly string[] {
  const ages = plan?.findings.ages ?? [];
  if (ages.length === 0 || hasLostRows({ plan, totals })) return [];
  const isDry = isDryRun({ finished });
  const rows = ages.map((band) => {
    const before = band.delete + band.keep + band.held + band.unknown;
    const gone = isDry ? band.delete : (totals.deletedByBand.get(band.fromDays) ?? 0);
    return tableRow([bandInWords(band.fromDays), ...[before, gone, before - gone].map(grouped)]);
  });
  const heads = ['Age', 'Before', isDry ? 'Would be deleted' : 'Deleted', 'After'];
  return ['## Ages', `${tableHead(heads)}\n${rows.join('')}`.trimEnd()];
}

function rulesTable({ totals }: Report): readonly string[] {
  if (totals.byRule.size === 0) return [];
  const rows = [...totals.byRule].map(([rule, { planned, deleted }]) =>
    tableRow([rule, grouped(planned), grouped(deleted)]),
  );
  return ['## Rules', `${tableHead(['Rule', 'Planned', 'Deleted'])}\n${rows.join('')}`.trimEnd()];
}

function tableHead(titles: readonly string[]): string {
  return `| ${titles.join(' | ')} |\n|${titles.map(() => ' --- ').join('|')}|`;
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map(safe).join(' | ')} |\n`;
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

/** A stranger's text, without what Markdown or HTML would make something of. */
function safe(text: string): string {
  return terminalSafe(text, Number.POSITIVE_INFINITY).replaceAll(/[\\`*_[\]<>|~#&]/g, String.raw`\$&`);
}
