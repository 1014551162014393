import { EarlierAnswers } from '../../core/deletion/earlier.ts';
import { isNotOurs } from '../../core/deletion/life.ts';
import type { OpenIntent } from '../../core/open-intent.ts';
import type { AuditLog } from '../../core/ports/audit-log.ts';
import type { Passing } from './passing.ts';
import { reappearedIn } from '../plan/reappeared.ts';

/**
 * Runs of other policies may have had their DELETE for the same conversation accepted since this run looked at the log: what
 * that ended is not gone by somebody else's hand. Only what is on record as accepted counts. An intent without an answer may
 * not have been sent at all: of those that are given back, nobody can tell yet.
 */
export async function hearOthers(
  {
    audit,
    runId,
  }: {
    readonly audit: Pick<AuditLog, 'undoneAnswers' | 'openIntents' | 'verifiedSessions'>;
    readonly runId: string;
  },
  projectId: number,
  waiting: readonly Passing[],
): Promise<ReadonlySet<Passing>> {
  const undecided = new Set<Passing>();
  const weak = waiting.filter(({ life }) => isNotOurs(life));
  if (weak.length === 0) return undecided;
  const open = (await audit.openIntents()).filter((intent) => intent.runId !== runId);
  const answers = new EarlierAnswers(await audit.undoneAnswers(), open);
  // Listed again after it was verified, it would be on record as reappeared.
  const deleted = await reappearedIn(audit, projectId);
  for (const passing of weak) {
    const { about, createdAt, life } = passing;
    const isOurs = deleted.isVerified(about.sessionId) || answers.of({ ...about, createdAt }) === 'accepted';
    if (isOurs) passing.life = { ...life, strongest: 'accepted' };
    else if (isOpenElsewhere(open, passing)) undecided.add(passing);
  }
  return undecided;
}

/** In another run than the one that it is settled for. */
function isOpenElsewhere(open: readonly OpenIntent[], { about, run }: Passing): boolean {
  return open.some(
    ({ projectId, sessionId, runId }) =>
      projectId === about.projectId && sessionId === about.sessionId && runId !== run.runId,
  );
}
