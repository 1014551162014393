// The accounts that most scenes start from.
import { Account, type Seed, several } from './account.js';

export const KEY = 'cgpt-outside-7Hk2Qm';

/** Due, by an age of 120 days: of the key's own user unless `by` says otherwise. */
export function old(count: number, more: Partial<Seed> & { called?: string } = {}): Seed[] {
  const { called, ...seed } = more;
  return several(count, called ?? 'old', { age_days: 120, ...seed });
}

/** Much too young to go: the witnesses that stay. */
export function young(count: number, more: Partial<Seed> = {}): Seed[] {
  return several(count, 'young', { age_days: 5, protect: true, ...more });
}

export function visitors(count: number): Seed[] {
  return several(count, 'young-visitor', { age_days: 5, protect: true, by: null });
}

/** One project, 101, with so many due and some young ones of both kinds. */
export function oneProject(due = 4): Account {
  const account = new Account(KEY);
  account.addProject(101, 'Support', [...old(due), ...young(3), ...visitors(2)]);
  return account;
}

export function accountOf(...projects: Seed[][]): Account {
  const account = new Account(KEY);
  projects.forEach((seeds, i) => account.addProject(nth(i), `Project ${nth(i)}`, seeds));
  return account;
}

/** The id of the n-th project of an account that was made here, from 0 on. */
export const nth = (n: number): number => 101 + 101 * n;

/** A project for each case, so that one run plays them all side by side. */
export function eachIn(cases: readonly unknown[], due: number): Account {
  return accountOf(...cases.map(() => [...old(due), ...young(3), ...visitors(2)]));
}
