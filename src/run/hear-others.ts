import { EarlierAnswers } from '../core/deletion/earlier.ts';
import type { AuditLog } from '../core/ports.ts';
import type { Passing } from './passing.ts';

/**
 * Runs of other policies may have had their DELETE for the same conversation accepted since this run looked at the log: what
 * that ended is not gone by somebody else's hand. Only what is on record as accepted counts: an intent without an answer may
 * not have been sent at all.
 */
export async function hearOthers(
  {
    audit,
    runId,
  }: { readonly audit: Pick<AuditLog, 'undoneAnswers' | 'openIntents'>; readonly runId: string },
  waiting: readonly Passing[],
): Promise<void> {
  const weak = waiting.filter(
    ({ life: { strongest } }) => strongest === 'never_sent' || strongest === 'not_found',
  );
  if (weak.length === 0) return;
  const open = (await audit.openIntents()).filter((intent) => intent.runId !== runId);
  const answers = new EarlierAnswers(await audit.undoneAnswers(), open);
  for (const passing of weak) {
    const { about, createdAt, life } = passing;
    if (answers.of({ ...about, createdAt }) === 'accepted') passing.life = { ...life, strongest: 'accepted' };
  }
}
