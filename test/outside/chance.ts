// A server drawn from a seed: an account, and misbehaviours that the rules of evidence must be able to see through.
import { Account, type Seed } from './account.js';
import type { Answer, Behave, Rule, Turn } from './behave.js';
import { KEY, old, visitors, young } from './seeds.js';

export interface Drawn {
  account: Account;
  behave: Behave;
  /** As which DELETE comes in the first run is killed; 0 for never. */
  killAt: number;
  again: boolean;
}

type Dice = () => number;

/** mulberry32: small, and the same everywhere. */
function dice(seed: number): Dice {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const among = <T>(roll: Dice, all: readonly [T, ...T[]]): T => all[Math.floor(roll() * all.length)] ?? all[0];
const upTo = (roll: Dice, most: number): number => Math.floor(roll() * (most + 1));

export function draw(seed: number): Drawn {
  const roll = dice(seed);
  const account = accountBy(roll);
  // Two lies at once about one conversation cannot be told from the truth: who answers 200 without doing it must
  // go on listing it, and so nothing else may take it out of the list.
  const liar = roll() < 0.4;
  const rules = [...deleteRules(roll, liar), ...readRules(roll, liar)];
  const behave: Behave = {
    rules,
    turns: liar ? [] : turnsBy(roll, account),
    missing: among(roll, ['documented', 'documented', 'framework', 'traced', 'stamped', 'by_project']),
    forbidden: among(roll, [403, 404]),
    stale: roll() < 0.3 ? { list_ms: upTo(roll, 500), read_ms: upTo(roll, 500) } : {},
    trashed: roll() < 0.15,
    paging: pagingBy(roll, liar),
  };
  if (roll() < 0.15) account.rights.delete.delete(among(roll, ['anonymous', 'team']));
  return { account, behave, killAt: roll() < 0.3 ? 1 + upTo(roll, 3) : 0, again: roll() < 0.4 };
}

function accountBy(roll: Dice): Account {
  const account = new Account(KEY);
  const projects = 1 + upTo(roll, 2);
  for (let i = 0; i < projects; i++) {
    const seeds: Seed[] = [
      ...someByColleagues(old(upTo(roll, 7), { called: `old-${String(i)}` })),
      ...old(upTo(roll, 4), { called: `old-visitor-${String(i)}`, by: null }),
      ...someByColleagues(young(upTo(roll, 4))),
      ...visitors(upTo(roll, 3)),
    ];
    account.addProject(101 + 101 * i, `Project ${String(i)}`, seeds);
  }
  return account;
}

function someByColleagues(seeds: Seed[]): Seed[] {
  return seeds.map((seed, i) => (i % 2 === 1 ? { ...seed, by: 44 } : seed));
}

const doubtful: readonly [Answer, ...Answer[]] = [
  { status: 500 },
  { status: 502, body: 'html' },
  { status: 504, body: 'empty' },
  { status: 200, body: 'half' },
  'cut',
];
const refusals: readonly [Answer, ...Answer[]] = [
  { status: 404 },
  { status: 404, body: 'gateway' },
  { status: 403 },
  { status: 409 },
  { status: 400 },
  { status: 200, body: { data: { deleted: false }, status: 'success' } },
];

function deleteRules(roll: Dice, liar: boolean): Rule[] {
  const rules: Rule[] = [];
  if (liar)
    rules.push({ on: 'delete', skip: upTo(roll, 3), times: 1 + upTo(roll, 4), answer: { status: 200 } });
  if (roll() < 0.6)
    rules.push({
      on: 'delete',
      skip: upTo(roll, 4),
      times: 1 + upTo(roll, 2),
      answer: among(roll, doubtful),
      executes: roll() < 0.6,
      recreates: roll() < 0.2,
    });
  if (roll() < 0.4)
    rules.push({
      on: 'delete',
      skip: upTo(roll, 4),
      times: 1 + upTo(roll, 3),
      answer: among(roll, refusals),
      executes: roll() < 0.2,
    });
  return rules;
}

const unclear: readonly [Answer, ...Answer[]] = [
  { status: 500 },
  { status: 403 },
  { status: 200, body: 'html' },
  { status: 200, body: 'empty' },
  { status: 404, body: 'html' },
  { status: 404, body: 'gateway' },
  'cut',
];

function readRules(roll: Dice, liar: boolean): Rule[] {
  const rules: Rule[] = [];
  if (roll() < 0.4)
    rules.push({
      on: 'messages',
      skip: upTo(roll, 5),
      times: 1 + upTo(roll, 4),
      answer: among(roll, unclear),
    });
  if (roll() < 0.3)
    rules.push({
      on: 'messages',
      after_deletes: upTo(roll, 3),
      answer: { status: 404, body: among(roll, ['framework', 'gateway', 'envelope']) },
    });
  if (roll() < 0.3 && !liar)
    rules.push({ on: 'list', skip: upTo(roll, 4), times: 1 + upTo(roll, 2), answer: among(roll, unclear) });
  return rules;
}

function turnsBy(roll: Dice, account: Account): Turn[] {
  if (roll() < 0.5) return [];
  const when = { after_deletes: upTo(roll, 4) };
  const first = account.all().find((one) => one.name?.startsWith('old') === true)?.name;
  return [
    among<Turn>(roll, [
      { ...when, forbid_read: among(roll, ['anonymous', 'team']) },
      { ...when, forbid_delete: among(roll, ['anonymous', 'team']) },
      { ...when, hide_project: 101 },
      { ...when, arrive: 5 },
      { ...when, revoke_key: true },
      { ...when, owner_deletes: typeof first === 'string' ? [first] : [] },
    ]),
  ];
}

function pagingBy(roll: Dice, liar: boolean): NonNullable<Behave['paging']> {
  return {
    size: among(roll, [3, 5, 10]),
    as_text: roll() < 0.2,
    order: among(roll, ['honoured', 'honoured', 'ignored', 'rises_at_first']),
    total_add: among(roll, [0, 0, 0, 7]),
    shuffle_ties: roll() < 0.2,
    ...(roll() < 0.2 && !liar ? { repeats: 'by_date' as const } : {}),
  };
}
