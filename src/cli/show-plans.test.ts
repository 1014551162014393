import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { NO_FINDINGS } from '../core/findings.ts';
import type { PlanItem, PlanSummary } from '../core/plan.ts';
import { Output } from './output.ts';
import { showPlans } from './show-plans.ts';
import type { Surroundings } from './surroundings.ts';

const AT = Date.UTC(2026, 10, 23);

function itemAt(ordinal: number): PlanItem {
  const isOld = ordinal % 2 === 1;
  return {
    ordinal,
    projectId: 101,
    sessionId: `session-${String(ordinal).padStart(8, '0')}`,
    verdict: isOld ? 'delete' : 'held',
    rule: isOld ? 'old' : null,
    reason: isOld ? 'rule old matches' : 'held for M-17',
    ageDays: 120,
    seen: { name: `chat ${ordinal}`, createdAt: AT, updatedAt: AT, createdBy: '1' },
    seenAt: AT,
    lastMessageAt: undefined,
    lastMessageReadAt: undefined,
    deferred: undefined,
    failedBefore: undefined,
  };
}

async function* itemsUpTo(count: number): AsyncGenerator<PlanItem> {
  for (let ordinal = 1; ordinal <= count; ordinal += 1) yield await Promise.resolve(itemAt(ordinal));
}

const PLAN: PlanSummary = {
  ...{ planId: 'plan-1', policy: 'by-age', policyHash: 'ab'.repeat(32), account: 'a', policyPath: '/p.yaml' },
  ...{ mode: 'enforce', decidedAt: AT, expiresAt: AT, status: 'open', projects: [], findings: NO_FINDINGS },
  ...{ requestsUsed: 1, fingerprint: '', fileHash: undefined, deferred: 0 },
};

async function printed(count: number, isTTY: boolean): Promise<readonly string[]> {
  let text = '';
  const screen = Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString();
        done();
      },
    }),
    { isTTY },
  );
  const surroundings = { stdout: screen, stderr: screen, env: {} } as unknown as Surroundings;
  const output = new Output(surroundings, {});
  const plan = { plan: PLAN, items: itemsUpTo(count), cost: undefined, breaches: [] };
  const world = { surroundings, output, timeZone: 'UTC', commandLine: (words: string) => `tool ${words}` };
  await showPlans(world, [plan]);
  await output.end();
  return text.split('\n');
}

function rowsIn(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line.startsWith('101 '));
}

describe('a plan', () => {
  test('of which a terminal shows both ends says what is between, by which rules, and where all of it is', async () => {
    const lines = await printed(60_000, true);
    const rows = rowsIn(lines);
    expect(rows).toHaveLength(200);
    expect(rows[0]).toMatch(/chat 1$/);
    expect(rows[99]).toMatch(/chat 100$/);
    expect(rows[100]).toMatch(/chat 59901$/);
    expect(rows[199]).toMatch(/chat 60000$/);
    expect(lines.filter((line) => line.startsWith('PROJECT'))).toHaveLength(1);
    expect(lines).toContain('… 59,800 more: tool plan --show plan-1 > plan.txt');
    expect(lines.filter((line) => /^(old|\(held\)) +30,000$/.test(line))).toHaveLength(2);
  });

  test('is shown in full where it is no longer than that, and wherever it does not go to a terminal', async () => {
    const short = await printed(200, true);
    expect(rowsIn(short)).toHaveLength(200);
    expect(short.join('\n')).not.toContain('more');
    expect(rowsIn(await printed(1000, false))).toHaveLength(1000);
  });
});
