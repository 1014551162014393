import type { Conversation } from '../core/conversation.ts';
import { formatDuration } from '../core/duration.ts';
import type { ClauseExplained, Coverage, RuleExplained, RulesExplained } from '../core/explain.ts';
import { foreignRuleName } from '../core/foreign-keeps.ts';
import type { Subject } from '../core/selector.ts';
import type { LatestPlan, OthersWord, PolicyNow, PolicyWhy, WhyReport } from '../core/why.ts';
import { clauseWords, comparedWords, instantWords, lastMessageWords, TRUTH_WORDS } from './clause-words.ts';
import { NO_PAINT, VERDICT_STYLES, type Look } from './paint.ts';
import { VERDICT_WORDS } from './plan-rows-text.ts';
import { SENTENCE_COLUMNS } from './plan-text.ts';
import { counted, grouped, minuteAndSecond } from './quantities.ts';
import { sentenceSafe, terminalSafe } from './safe-text.ts';
import { whyAnswer } from './why-answer.ts';
import { holdLinesOf, openLinesOf, pastLines } from './why-past.ts';

const NAME_COLUMNS = 120;

/** The answer, then all that it rests on. `timeZone`: IANA name. */
export function whyLines(report: WhyReport, timeZone: string, look: Look = {}): readonly string[] {
  return [
    whyAnswer(report, timeZone),
    '',
    ...sightLines(report, timeZone),
    ...report.policies.flatMap((one) => ['', ...policyLines(one, report, { timeZone, ...look })]),
    '',
    ...holdLinesOf(report.holds, timeZone),
    ...openLinesOf(report.open),
    ...pastLines(report, timeZone, look),
  ];
}

function sightLines({ sight, requests, at }: WhyReport, timeZone: string): readonly string[] {
  const asked = `Asked at ${minuteAndSecond(at, timeZone)} (${timeZone}, as all times here), with ${counted(requests, 'request')}.`;
  switch (sight.state) {
    case 'not_asked':
      return [
        `On record only (times in ${timeZone}): the API was not asked, and no rule was applied to what it shows now.`,
      ];
    case 'no_project':
      return [
        'This key cannot see the project: it was deleted, or the key is of somebody who may not see it.',
        asked,
      ];
    case 'not_readable':
      return [`The project cannot be listed: ${sentenceSafe(sight.problem, SENTENCE_COLUMNS)}.`, asked];
    case 'unusable':
      return [`Its row in the list of the project cannot be used (${sight.row.problem}).`, asked];
    case 'not_listed': {
      const own = {
        answers: 'its own address answers',
        not_found: 'its own address answers 404',
        no_evidence: 'what its own address answered says nothing',
      }[sight.own];
      return [
        `The project lists ${counted(sight.listed, 'conversation')}, and it is none of them; ${own}.`,
        asked,
      ];
    }
    case 'listed':
      return [...rowLines(sight.row, sight.project.name, timeZone), asked];
  }
}

function rowLines(row: Conversation, projectName: string | undefined, timeZone: string): readonly string[] {
  const { name, projectId, createdAt, updatedAt, createdBy, deletedAt } = row;
  const project = projectName === undefined ? '' : ` ${terminalSafe(projectName, NAME_COLUMNS)}`;
  const creator =
    createdBy === undefined
      ? 'not known'
      : createdBy === 'anonymous'
        ? 'an anonymous visitor'
        : `user ${createdBy}`;
  return [
    `Name        ${name === undefined ? '(not known)' : terminalSafe(name, NAME_COLUMNS)}`,
    `Project     ${projectId}${project}`,
    `Created     ${instantWords(createdAt, timeZone)}, by ${creator}`,
    `Updated     ${instantWords(updatedAt, timeZone)}`,
    ...(deletedAt === undefined ? [] : [`Deleted     ${instantWords(deletedAt, timeZone)}, by its row`]),
  ];
}

function policyLines(
  { policy, now, latest }: PolicyWhy,
  { sight, at, projectId }: WhyReport,
  { timeZone, paint = NO_PAINT }: Look & { readonly timeZone: string },
): readonly string[] {
  const row = sight.state === 'listed' ? sight.row : undefined;
  const decided = now?.decision?.verdict;
  const verdict = decided === undefined ? '' : `: ${paint(VERDICT_STYLES[decided], VERDICT_WORDS[decided])}`;
  return [
    `Policy ${policy.name}, ${policy.mode}${verdict}`,
    ...(now === undefined ? [] : [`  ${coverageWords(now.coverage)}`]),
    ...(now?.rules === undefined || row === undefined
      ? []
      : [
          `  Newest message: ${lastMessageWords(now.lastMessage, timeZone)}`,
          ...ruleLines(now.rules, { conversation: row, lastMessage: now.lastMessage }, timeZone),
          minAgeLine(now.rules, formatDuration(policy.limits.minAge), { row, timeZone }),
          ...othersLines(now),
        ]),
    ...(now?.decision === undefined ? [] : [`  So: ${sentenceSafe(now.decision.reason, SENTENCE_COLUMNS)}.`]),
    ...latestLines(latest, { projectId, at }, timeZone),
  ];
}

function coverageWords({ isCovered, includedBy, excludedBy }: Coverage): string {
  if (includedBy === undefined) return 'It does not look at this project: no entry of include takes it.';
  const by = `include ${sentenceSafe(JSON.stringify(includedBy), SENTENCE_COLUMNS)}`;
  if (isCovered) return `It looks at this project: ${by}, and nothing excludes it.`;
  return `It does not look at this project: ${by} takes it, but exclude ${sentenceSafe(JSON.stringify(excludedBy), SENTENCE_COLUMNS)} keeps it out.`;
}

function ruleLines({ rules, first }: RulesExplained, subject: Subject, timeZone: string): readonly string[] {
  const decides = rules.findIndex(({ rule }) => rule.name === first);
  return rules.flatMap((one, index) => {
    const note =
      index === decides
        ? ' <- decides'
        : decides !== -1 && index > decides
          ? ' (not asked: an earlier rule decides)'
          : '';
    return [`  ${ruleWords(one)}${note}`, ...clauseLines(one.match, subject, { timeZone, indent: '    ' })];
  });
}

function ruleWords({ rule: { name, action }, match }: RuleExplained): string {
  return `Rule ${name} (${action}): ${TRUTH_WORDS[match.truth]}`;
}

function clauseLines(
  clause: ClauseExplained,
  subject: Subject,
  { timeZone, indent }: { readonly timeZone: string; readonly indent: string },
): readonly string[] {
  const compared = comparedWords(clause, subject, timeZone);
  const words = sentenceSafe(clauseWords(clause.selector), SENTENCE_COLUMNS);
  return [
    `${indent}${words}: ${TRUTH_WORDS[clause.truth]}${compared === '' ? '' : `: ${compared}`}`,
    ...clause.parts.flatMap((part) => clauseLines(part, subject, { timeZone, indent: `${indent}  ` })),
  ];
}

function minAgeLine(
  { minAge: { state, cutoff } }: RulesExplained,
  minAge: string,
  { row, timeZone }: { readonly row: Conversation; readonly timeZone: string },
): string {
  const words = { old_enough: 'true', younger: 'false: younger', unknown: 'unknown' }[state];
  return `  min_age ${minAge}: ${words}: created ${instantWords(row.createdAt, timeZone)}, cutoff ${minuteAndSecond(cutoff, timeZone)}`;
}

/** Where other policies keep it, and that they are asked only about what would be deleted. */
function othersLines({ others }: PolicyNow): readonly string[] {
  return others.map((other) => `  ${othersWords(other)}`);
}

function othersWords(other: OthersWord): string {
  if (other.kind === 'needs_last_message')
    return `Policy ${other.policy} may keep it: that depends on the newest message, which was not needed.`;
  const { by } = other;
  const keeps =
    by.verdict === 'keep' ? 'keeps it from this policy' : 'may keep it from this policy, which is not known';
  return `Rule ${foreignRuleName(by)} ${keeps}.`;
}

function latestLines(
  latest: LatestPlan | undefined,
  { projectId, at }: Pick<WhyReport, 'projectId' | 'at'>,
  timeZone: string,
): readonly string[] {
  if (latest === undefined) return ['  No plan of it is on record.'];
  const { plan, item, run } = latest;
  const incomplete = plan.projects.find((one) => one.projectId === projectId)?.incomplete;
  const said =
    item === undefined
      ? 'has no row of it: not listed then, or merely kept'
      : `${VERDICT_WORDS[item.verdict]}: ${sentenceSafe(item.reason, SENTENCE_COLUMNS)}`;
  const status = run === undefined ? `not applied` : `${run.runId} went by it and is ${run.status}`;
  const overdue = plan.status === 'open' && plan.expiresAt <= at ? ', and too old by now' : '';
  const name = `Latest plan ${plan.planId} of ${minuteAndSecond(plan.decidedAt, timeZone)}`;
  return [
    `  ${name}: ${said}.`,
    `  That plan: ${status}${overdue}.`,
    ...(item?.deferred === true ? ['  The limits left it to a later run.'] : []),
    ...(incomplete === undefined
      ? []
      : [`  It could not list this project: ${sentenceSafe(incomplete, SENTENCE_COLUMNS)}.`]),
    ...refusalLines(latest),
  ];
}

/** Limits that a plan passes are many where its projects are. */
const MOST_REASONS = 3;

function refusalLines({ run, refusals }: LatestPlan): readonly string[] {
  if (refusals.length === 0) return [];
  const said = refusals.slice(0, MOST_REASONS).map((one) => sentenceSafe(one, SENTENCE_COLUMNS));
  const more = refusals.length - said.length;
  const all = [...said, ...(more > 0 ? [`and ${grouped(more)} more`] : [])].join('; ');
  return [run === undefined ? `  A run would be refused: ${all}.` : `  The run was refused: ${all}.`];
}
