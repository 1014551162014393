import { setMaxListeners } from 'node:events';
import type { AuditEvent, AuditFacts, Fact } from '../core/audit-entry.ts';

/** `stop`: no new DELETE. `abandon`, a few seconds later: do not wait for anything any more. */
export interface StopSignals {
  readonly stop: AbortSignal;
  readonly abandon: AbortSignal;
}

/** Stops when one of the given ones does, and then at once. */
export function joinStops(signals: StopSignals, other: AbortSignal): StopSignals {
  return eitherStops(signals, { stop: other, abandon: other });
}

/** Every request under way listens, so there is no bound on listeners. */
export function eitherStops(one: StopSignals, other: StopSignals): StopSignals {
  const stop = AbortSignal.any([one.stop, other.stop]);
  const abandon = AbortSignal.any([one.abandon, other.abandon]);
  setMaxListeners(0, stop, abandon);
  return { stop, abandon };
}

/** Which conversation an entry speaks of, and the rule that had it deleted. */
export interface AboutConversation {
  readonly projectId: number;
  readonly sessionId: string;
  readonly rule: string | null;
}

/** The one place where a run's audit entries get their common keys. */
export function auditFacts(
  run: { readonly runId: string; readonly policy: { readonly name: string; readonly hash: string | null } },
  event: AuditEvent,
  rest: {
    readonly about?: Partial<AboutConversation> | undefined;
    readonly facts?: { readonly [key: string]: Fact };
  } = {},
): AuditFacts {
  return {
    event,
    run_id: run.runId,
    policy: run.policy.name,
    policy_hash: run.policy.hash,
    rule: rest.about?.rule ?? null,
    project_id: rest.about?.projectId ?? null,
    session_id: rest.about?.sessionId ?? null,
    facts: rest.facts ?? {},
  };
}
