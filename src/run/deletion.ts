import type { Fact } from '../core/audit-entry.ts';
import { formatInstant } from '../core/instant.ts';
import type { Outcome } from '../core/outcome.ts';
import type { DeleteAnswer } from '../core/ports.ts';
import type { Brake } from './brake.ts';
import { auditFacts, type ApplyContext, type Slot } from './context.ts';
import type { ControlDesk } from './control-desk.ts';
import type { DeletableItem, Relisting, Rests, Seen } from './recheck.ts';
import { VerifiedDeletions } from './verified-deletions.ts';

export interface DeletionContext extends ApplyContext {
  /** Bounds the conversations that have requests in flight, over all projects. */
  readonly slot: Slot;
  readonly desk: ControlDesk;
  readonly brake: Brake;
  readonly restsOn: (rule: string | null) => Rests;
  readonly relisting: Relisting | undefined;
  /** Called at the first error that must end the run: no further DELETE. */
  readonly onError: () => void;
  /** Projects found missing or forbidden in this run, and why: nothing more is sent for them. */
  readonly lostProjects: Map<number, string>;
  /** By project: what was recorded as verified, for the fresh listing to confirm. */
  readonly verified: Map<number, VerifiedDeletions>;
}

export interface Sent {
  readonly attempt: number;
  readonly seen: Seen;
  readonly requestedAt: number;
  readonly answer: DeleteAnswer;
}

/** What came before an attempt: a DELETE that stayed open, or turns that came too late. */
export interface Begun {
  readonly previous: Sent | undefined;
  readonly late: number;
}

export type Stage =
  | { readonly stage: 'settled' }
  | { readonly stage: 'watching'; readonly sent: Sent }
  | { readonly stage: 'proving'; readonly outcome: 'verified' | 'already_gone'; readonly facts: Facts }
  | { readonly stage: 'again'; readonly begun: Begun };

export type Facts = { readonly [key: string]: Fact };

export const SETTLED: Stage = { stage: 'settled' };

/** What an outcome says of the DELETE that was sent. */
export function factsOf(sent: Sent): Facts {
  return {
    attempts: sent.attempt,
    requested_at: formatInstant(sent.requestedAt),
    delete_status: 'status' in sent.answer ? (sent.answer.status ?? null) : null,
  };
}

/** Writes the outcome: the one way a deletion ends. */
export async function record(
  context: DeletionContext,
  item: DeletableItem,
  {
    outcome,
    facts,
    unanswered,
  }: {
    readonly outcome: Outcome;
    readonly facts: Facts;
    /** The DELETE of which nobody could tell what became. */
    readonly unanswered?: Sent | undefined;
  },
): Promise<Stage> {
  await context.audit.append([auditFacts(context, `deletion.${outcome}`, { about: item, facts })]);
  if (outcome === 'verified') remember(context, item);
  if (!context.lostProjects.has(item.projectId)) {
    const { clock, brake } = context;
    const doubt = unanswered && { requestedAt: unanswered.requestedAt, settledAt: clock.now() };
    brake.settled(outcome, doubt);
  }
  context.progress.advance(1);
  return SETTLED;
}

/** No DELETE, or no further one. What was never sent is skipped; after one that stayed open, only a later GET can tell. */
export function recordUnsent(
  context: DeletionContext,
  item: DeletableItem,
  { previous, reason }: { readonly previous: Sent | undefined; readonly reason: string },
): Promise<Stage> {
  return previous === undefined
    ? record(context, item, { outcome: 'skipped', facts: { reason } })
    : record(context, item, { outcome: 'unverified', facts: { ...factsOf(previous), reason } });
}

function remember(context: DeletionContext, item: DeletableItem): void {
  const known = context.verified.get(item.projectId) ?? new VerifiedDeletions();
  known.add(item);
  context.verified.set(item.projectId, known);
}
