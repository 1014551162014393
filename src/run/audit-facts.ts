import type { AuditEvent, AuditFacts, Fact } from '../core/audit-entry.ts';

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
