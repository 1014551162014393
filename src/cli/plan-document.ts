import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { RetentionError } from '../core/errors.ts';
import type { PlanSummary } from '../core/plan.ts';
import type { PlanStore } from '../core/ports/plans.ts';
import { wholePlanId, type Say } from './whole-ids.ts';

/** SHA-256 (hex) of a file's bytes; undefined when there is no such file. */
async function hashOfFile(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch {
    return undefined;
  }
  return hash.digest('hex');
}

/** Writes the chunks to a new file that only its owner can read, and resolves with the SHA-256 of its bytes. Rejects as the file system does. */
export async function writeHashed(path: string, chunks: AsyncIterable<string>): Promise<string> {
  const hash = createHash('sha256');
  const file = createWriteStream(path, { mode: 0o600, flush: true });
  const done = finished(file);
  // An error is reported by `done`; until it is awaited it must not count as unhandled.
  done.catch(() => undefined);
  for await (const chunk of chunks) {
    hash.update(chunk);
    if (!file.write(chunk)) await Promise.race([once(file, 'drain'), done]);
  }
  file.end();
  await done;
  return hash.digest('hex');
}

/**
 * The stored plan that this file was written from, or the one with this id, or with the only id that begins like this; which one
 * that is, is told before anything is done with it. Throws RetentionError (`plan_stale`, `usage`).
 */
export async function findPlan(plans: PlanStore, idOrFile: string, say: Say): Promise<PlanSummary> {
  const fileHash = await hashOfFile(idOrFile);
  const plan =
    fileHash === undefined
      ? await plans.plan(await wholePlanId(plans, idOrFile, say))
      : await plans.planByFileHash(fileHash);
  if (plan !== undefined) return plan;
  const message =
    fileHash === undefined
      ? `${idOrFile} is neither a plan in this state directory nor a file`
      : `${idOrFile} is not a plan file of this state directory, or was edited since it was written`;
  throw new RetentionError('plan_stale', message, { hint: 'Make a new one: customgpt-retention plan' });
}

/** A plan as it stands now: that it is overdue is marked by the next run only, and nobody can apply it any more. */
export function asOf(plan: PlanSummary, now: number): PlanSummary {
  return plan.status === 'open' && plan.expiresAt <= now ? { ...plan, status: 'expired' } : plan;
}
