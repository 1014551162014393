import type { Conversation } from '../../core/conversation.ts';
import { IdSet } from '../../core/id-set.ts';
import type { AuditLog } from '../../core/ports/audit-log.ts';
import type { ListedRow } from './list-project.ts';
import type { Planning } from './planning.ts';

/** Conversations of one page that are listed again after they were verified as deleted, each told once. */
export interface Reappeared {
  /** Whether the log says that this conversation was deleted, and nothing since that it is there again. */
  isVerified(sessionId: string): boolean;
  among(rows: readonly ListedRow[]): readonly Conversation[];
}

/**
 * An open chat widget may post into a session that was deleted, and a restored backup brings back many. What the log says
 * of the old conversation stays true; the one that answers now is decided like any other, with the age it has now.
 */
export async function reappearedIn(
  audit: Pick<AuditLog, 'verifiedSessions'>,
  projectId: number,
): Promise<Reappeared> {
  const verified = new IdSet();
  for await (const sessionIds of audit.verifiedSessions(projectId))
    sessionIds.forEach((id) => verified.add(id));
  const told = new IdSet();
  return {
    isVerified: (sessionId) => verified.has(sessionId),
    among: (rows) =>
      verified.size === 0
        ? []
        : rows.filter(
            (row): row is ListedRow & { readonly kind: 'conversation' } =>
              row.kind === 'conversation' &&
              // A list may go on showing what was deleted, marked as such.
              row.deletedAt === undefined &&
              verified.has(row.sessionId) &&
              told.add(row.sessionId),
          ),
  };
}

/** To the log, and to whoever made the plan. */
export async function sayReappeared(
  { log, onReappeared }: Pick<Planning, 'log' | 'onReappeared'>,
  conversations: readonly Conversation[],
): Promise<void> {
  const [first] = conversations;
  if (first === undefined) return;
  log.warn(
    { project_id: first.projectId, count: conversations.length },
    'listed again although they were verified as deleted: new conversations, with the age they have now',
  );
  await onReappeared?.(conversations);
}
