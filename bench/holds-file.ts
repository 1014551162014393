import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { createHoldFile } from '../src/config/holds-file.ts';

export interface HoldsFilePace {
  readonly ms: number;
  /** Reading and checking the file, against its parser alone over the whole text. */
  readonly ratio: number;
  /** Finding that it is the same as before, against reading it. */
  readonly againRatio: number;
}

/** A file of so many holds. The best of some rounds. */
export async function holdsFilePace(entries: number): Promise<HoldsFilePace> {
  const folder = mkdtempSync(join(tmpdir(), 'retention-bench-'));
  const file = join(folder, 'holds.yaml');
  const text = `version: 1\nholds:\n${Array.from({ length: entries }, (_, index) => entryOf(index)).join('')}`;
  writeFileSync(file, text);
  try {
    const best = { bare: Infinity, read: Infinity, again: Infinity };
    for (let round = 0; round < 5; round += 1) {
      const holds = createHoldFile({ file, isNamed: true }, { now: () => Date.now() });
      best.bare = Math.min(best.bare, await msOf(() => parse(text)));
      best.read = Math.min(best.read, await msOf(() => holds.read()));
      best.again = Math.min(best.again, await msOf(() => holds.read()));
    }
    return { ms: best.read, ratio: best.read / best.bare, againRatio: best.again / best.read };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function entryOf(index: number): string {
  const session = `0b1e6f0c-5f0e-4f65-9a52-${String(index).padStart(12, '0')}`;
  return `  - project: ${1 + (index % 1000)}\n    session: ${session}\n    matter: CASE-17\n    reason: Litigation, do not delete\n    by: legal@example.com\n`;
}

async function msOf(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
