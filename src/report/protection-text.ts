import type { Protection } from '../core/findings.ts';
import type { PlanSummary } from '../core/plan.ts';
import { counted, grouped } from './quantities.ts';
import { terminalSafe } from './safe-text.ts';

/** Longer lists are cut; those that matched nothing are warnings anyway. */
const MOST_LISTED = 30;
const LONGEST = 78;

/** What protects something, and how much: one line each; none when there is nothing. */
export function protectionLines(plan: Pick<PlanSummary, 'findings'> | undefined): string[] {
  const protections = plan?.findings.protections ?? [];
  if (protections.length === 0) return [];
  const more = protections.length - MOST_LISTED;
  return [
    'Protected:',
    ...protections.slice(0, MOST_LISTED).map((one) => `  ${protectionWords(one)}`),
    ...(more > 0 ? [`  … and ${grouped(more)} more.`] : []),
  ];
}

/** `rule vip: 3 conversations`. */
export function protectionWords({ kind, name, matched }: Protection): string {
  const what = kind === 'exclude' ? 'exclude entry' : kind;
  const thing = kind === 'exclude' ? 'project' : 'conversation';
  return `${what} ${terminalSafe(name, LONGEST)}: ${matched === 0 ? `no ${thing}` : counted(matched, thing)}`;
}
