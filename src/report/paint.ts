import type { Outcome } from '../core/outcome.ts';
import type { RunStatus } from '../core/run.ts';
import type { PolicyState } from '../core/status.ts';
import type { Verdict } from '../core/verdict.ts';

/** What a colour says, beside the word that says it anyway. */
export type Style = 'good' | 'bad' | 'attention' | 'quiet' | 'kept';

/** Colours a text that is harmless and short; the text itself stays as it is. */
export type Paint = (style: Style, text: string) => string;

export const NO_PAINT: Paint = (_, text) => text;

/** How somebody reads: how wide the terminal is (undefined: there is none), and in which colours. */
export interface Look {
  readonly columns?: number | undefined;
  readonly paint?: Paint;
}

/** SGR codes: how a style begins, and how it ends. */
const CODES: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  good: [32, 39],
  bad: [31, 39],
  attention: [33, 39],
  quiet: [2, 22],
  kept: [36, 39],
};

export const TERMINAL_PAINT: Paint = (style, text) => {
  const [on, off] = CODES[style];
  return `\u001b[${on}m${text}\u001b[${off}m`;
};

export const VERDICT_STYLES: Readonly<Record<Verdict, Style>> = {
  delete: 'bad',
  keep: 'quiet',
  held: 'kept',
  unknown: 'attention',
};

export const RUN_STYLES: Readonly<Record<RunStatus, Style>> = {
  running: 'kept',
  completed: 'good',
  partial: 'attention',
  refused: 'attention',
  failed: 'bad',
  interrupted: 'attention',
};

export const OUTCOME_STYLES: Readonly<Record<Outcome | 'open', Style>> = {
  verified: 'good',
  already_gone: 'quiet',
  unverified: 'bad',
  failed: 'bad',
  skipped: 'attention',
  open: 'attention',
};

export const POLICY_STYLES: Readonly<Record<PolicyState, Style>> = {
  ok: 'good',
  failing: 'bad',
  overdue: 'attention',
  waiting: 'quiet',
};
