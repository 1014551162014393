import type { AuditEvent, AuditFacts, Fact } from './audit-entry.ts';
import type { Hold, HoldRecord, HoldRelease } from './hold.ts';
import { formatInstant } from './instant.ts';

export function holdAddedEntry({ source, reason, by, untilAt, ...hold }: HoldRecord): AuditFacts {
  const until = untilAt === undefined ? null : formatInstant(untilAt);
  const facts = { reason, by, until, source: source === undefined ? 'command' : 'file' };
  return entry('hold.added', { ...hold, untilAt }, facts);
}

export function holdReleasedEntry(hold: Hold, { reason, by }: HoldRelease): AuditFacts {
  return entry('hold.released', hold, { reason, by });
}

function entry(event: AuditEvent, hold: Hold, facts: { readonly [key: string]: Fact }): AuditFacts {
  const nobodys = { run_id: null, policy: null, policy_hash: null, rule: null };
  const { holdId, projectId, sessionId = null, matter } = hold;
  return {
    event,
    ...nobodys,
    project_id: projectId,
    session_id: sessionId,
    facts: { hold_id: holdId, matter, ...facts },
  };
}
