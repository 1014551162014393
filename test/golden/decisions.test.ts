import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readPolicies } from '../../src/config/policy-file.ts';
import type { Conversation, LastMessage } from '../../src/core/conversation.ts';
import { createDecider } from '../../src/core/decide.ts';
import { HoldIndex, type Hold } from '../../src/core/hold.ts';
import { parseInstant, parseRoughly } from '../../src/core/instant.ts';
import type { Policy } from '../../src/core/policy.ts';

/*
 * Each file: a policy, what is held, an instant, and conversations with the decision that must come out. Dates are
 * as the vendor would send them; a missing key is a missing field. `last_message: unread` means that the decision
 * must come without asking for it; `needs_last_message` as the verdict, that it must be asked for.
 */
const caseSchema = z.strictObject({
  about: z.string(),
  now: z.string(),
  policy: z.string(),
  holds: z
    .array(
      z.strictObject({ project: z.number(), session: z.string().optional(), until: z.string().optional() }),
    )
    .default([]),
  conversations: z.array(
    z.strictObject({
      is: z.string(),
      session: z.string().default('00000000-0000-4000-8000-000000000001'),
      name: z.string().optional(),
      created: z.unknown().optional(),
      updated: z.unknown().optional(),
      created_by: z.string().optional(),
      last_message: z.unknown().default('unread'),
      verdict: z.enum(['delete', 'keep', 'held', 'unknown', 'needs_last_message']),
      rule: z.string().nullable().optional(),
      age_days: z.number().nullable().optional(),
    }),
  ),
});

const folder = mkdtempSync(join(tmpdir(), 'golden-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function policyOf(file: string, text: string): Promise<Policy> {
  const path = join(folder, `policy-${file}`);
  writeFileSync(path, text);
  const { policies, problems } = await readPolicies([path]);
  expect(problems).toEqual([]);
  return policies[0] as Policy;
}

const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.yaml'));

describe.each(files)('%s', async (file) => {
  const golden = caseSchema.parse(parse(readFileSync(join(import.meta.dirname, file), 'utf8')));
  const now = parseInstant(golden.now);
  if (now === undefined) throw new Error(`${file}: now`);
  const holds: Hold[] = golden.holds.map((hold, index) => ({
    holdId: `hold-${index}`,
    projectId: hold.project,
    sessionId: hold.session,
    matter: 'M-1',
    untilAt: parseInstant(hold.until),
  }));
  const decider = createDecider(await policyOf(file, golden.policy), new HoldIndex(holds), now);

  test.each(golden.conversations)('$is', (row) => {
    const conversation: Conversation = {
      projectId: 7,
      sessionId: row.session,
      name: row.name,
      createdAt: parseRoughly(row.created),
      updatedAt: parseRoughly(row.updated),
      createdBy: row.created_by,
    };
    const lastMessage: LastMessage =
      row.last_message === 'unread'
        ? { state: 'unread' }
        : { state: 'read', at: parseRoughly(row.last_message) };
    const step = decider.decide(conversation, lastMessage);
    if (step.kind === 'needs_last_message') {
      expect(step.kind).toBe(row.verdict);
      return;
    }
    expect(step.decision).toMatchObject({
      verdict: row.verdict,
      ...(row.rule === undefined ? {} : { rule: row.rule }),
      ...(row.age_days === undefined ? {} : { ageDays: row.age_days }),
    });
    expect(step.decision.reason).not.toBe('');
    if (row.name !== undefined && row.name !== '') expect(step.decision.reason).not.toContain(row.name);
  });
});

test('there are golden cases', () => {
  expect(files.length).toBeGreaterThanOrEqual(6);
});
