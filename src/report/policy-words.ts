import cronstrue from 'cronstrue';
import { durationInWords } from '../core/duration.ts';
import type { Limits, Policy, ProjectSelector, Rule, Schedule } from '../core/policy.ts';
import type { AgeClock, Selector } from '../core/selector.ts';
import { counted, enumerated, grouped } from './quantities.ts';
import { sentenceSafe } from './safe-text.ts';

/** Columns of one sentence; a list of ids that is longer is cut, since the file itself is at hand. */
const LONGEST = 2_000;

/** Ids and users are listed up to this many, and counted beyond. */
const MOST_LISTED = 5;

const SINCE: Readonly<Record<AgeClock, string>> = {
  created: 'created',
  updated: 'last updated',
  last_message: 'whose newest message was written',
};

/**
 * What a policy does, in plain English: one sentence or rule an element, safe for a terminal. `timeZone` (IANA name): where its
 * days begin if it has no schedule.
 */
export function policyInWords(policy: Policy, timeZone: string): readonly string[] {
  const sentences = [
    `Policy ${policy.name} ${modeInWords(policy)}`,
    ...(policy.description === undefined ? [] : [policy.description.trim().replaceAll(/\s+/g, ' ')]),
    scheduleInWords(policy.schedule),
    ...projectsInWords(policy.projects),
    ...policy.rules.map(ruleInWords),
    'What no rule matches is kept, and so is what a rule cannot be sure about.',
    ...bindingInWords(policy.rules),
    ...limitsInWords(policy, timeZone),
    `At most ${counted(policy.concurrency, 'conversation')} ${policy.concurrency === 1 ? 'is' : 'are'} worked on at once.`,
    ...unreached(policy.rules),
  ];
  return sentences.map((sentence) => sentenceSafe(sentence, LONGEST));
}

/** A selector as the end of "conversations …": `created more than 90 days ago`. */
export function selectorInWords(selector: Selector): string {
  switch (selector.kind) {
    case 'everything':
      return 'of every kind';
    case 'older_than':
      return `${SINCE[selector.clock]} more than ${durationInWords(selector.duration)} ago`;
    case 'name':
      return `whose name ${eitherOf(selector.matchers.map((matcher) => matcher.words))}`;
    case 'created_by':
      return `started by ${choice([...selector.users].map(userInWords), 'users')}`;
    case 'session_ids':
      return `with session id ${choice([...selector.ids], 'ids')}`;
    case 'any':
      return joined(selector.of, 'or');
    case 'all':
      return joined(selector.of, 'and');
    case 'not':
      return `other than those ${grouping(selector.of)}`;
  }
}

function modeInWords({ mode }: Policy): string {
  return mode === 'enforce'
    ? 'is enforced: run and serve delete what it plans.'
    : 'is a dry run: run and serve plan what it would delete, and delete nothing.';
}

function scheduleInWords(schedule: Schedule | undefined): string {
  if (schedule === undefined) return 'It has no schedule and runs only on command.';
  const words = cronstrue.toString(schedule.cron, { use24HourTimeFormat: true });
  return `It runs ${words.charAt(0).toLowerCase()}${words.slice(1)} (${schedule.timezone}).`;
}

function projectsInWords(projects: ProjectSelector): readonly string[] {
  const { include, exclude, released, allowUnmatched } = projects;
  const all = include.includes('*') ? 'all projects the key can see' : `the projects ${enumerated(include)}`;
  const ids = [...released].map(String);
  return [
    `It looks at ${all}${exclude.length === 0 ? '' : `, except ${enumerated(exclude)}`}.`,
    ...(ids.length === 0 ? [] : [`Excluded once and released: ${enumerated(ids)}.`]),
    ...(allowUnmatched.size === 0
      ? []
      : [`Of what it excludes, ${enumerated([...allowUnmatched])} need not match any project.`]),
  ];
}

function ruleInWords({ name, selector, action }: Rule, index: number): string {
  const does = action === 'delete' ? 'deletes' : 'keeps';
  const which =
    selector.kind === 'everything' ? 'every conversation' : `conversations ${selectorInWords(selector)}`;
  return `Rule ${index + 1}, ${name}, ${does} ${which}.`;
}

/** A keep rule binds every policy of the folder, unless it says otherwise or matches everything. */
function bindingInWords(rules: readonly Rule[]): readonly string[] {
  const keeps = rules.filter(({ action, selector }) => action === 'keep' && selector.kind !== 'everything');
  const kept = (wanted: Rule['binds'], others: string): readonly string[] => {
    const names = keeps.filter(({ binds }) => binds === wanted).map(({ name }) => name);
    const keep = names.length === 1 ? 'keeps' : 'keep';
    return names.length === 0 ? [] : [`${others} what ${enumerated(names)} ${keep}.`];
  };
  return [
    ...kept('every_policy', 'No other policy of this folder deletes'),
    ...kept('this_policy', 'Other policies may delete'),
  ];
}

function limitsInWords({ limits, rules, schedule }: Policy, timeZone: string): readonly string[] {
  if (!rules.some((rule) => rule.action === 'delete')) return ['No rule deletes anything.'];
  if (limits.maxDeletions === 0) return ['It may delete nothing: max_deletions is 0.'];
  if (limits.maxPercent === 0) return ['It may delete nothing: max_percent is 0.'];
  const zone = schedule?.timezone ?? timeZone;
  return [
    `It deletes at most ${counted(limits.maxDeletions, 'conversation')} a run, ${grouped(limits.maxPerDay)} a day and ${grouped(limits.maxPerWeek)} in seven days (today and the six before, in ${zone}); ${EXCEEDED[limits.whenExceeded]}.`,
    percentInWords(limits),
    `Nothing created less than ${durationInWords(limits.minAge)} ago is deleted, whatever a rule says.`,
  ];
}

const EXCEEDED: Readonly<Record<Limits['whenExceeded'], string>> = {
  refuse: 'a run with more is refused as a whole',
  oldest_first: 'if there are more, the oldest go first and the rest in later runs',
};

function percentInWords({ maxPercent, percentAppliesFrom }: Limits): string {
  if (maxPercent === 100) return 'A project may lose all of its conversations: max_percent is 100.';
  const fewer =
    percentAppliesFrom > 1
      ? `; projects that would lose fewer than ${grouped(percentAppliesFrom)} count together as one`
      : '';
  return `A run is refused when a project would lose more than ${maxPercent} % of its conversations${fewer}.`;
}

/** Rules that stand behind one which matches everything; most of all a keep rule there keeps nothing. */
function unreached(rules: readonly Rule[]): readonly string[] {
  const last = rules.findIndex((rule) => rule.selector.kind === 'everything');
  if (last === -1 || last === rules.length - 1) return [];
  const names = rules.slice(last + 1).map((rule) => rule.name);
  return [
    `Attention: ${enumerated(names)} ${names.length === 1 ? 'is' : 'are'} never reached, because ${rules[last]?.name ?? ''} matches everything.`,
  ];
}

function joined(of: readonly Selector[], word: 'and' | 'or'): string {
  return of.map(grouping).join(` ${word} `);
}

function grouping(selector: Selector): string {
  const isCompound = (selector.kind === 'any' || selector.kind === 'all') && selector.of.length > 1;
  return isCompound ? `(${selectorInWords(selector)})` : selectorInWords(selector);
}

/** In brackets where an `and` could stand beside it. */
function eitherOf(words: readonly string[]): string {
  return words.length === 1 ? words.join('') : `(${words.join(' or ')})`;
}

function userInWords(user: string): string {
  return user === 'anonymous' ? 'anonymous visitors' : `user ${user}`;
}

function choice(names: readonly string[], many: string): string {
  if (names.length > MOST_LISTED) return `one of ${grouped(names.length)} ${many}`;
  return eitherOf(names);
}
