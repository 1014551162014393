import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readPolicies, type PoliciesRead } from '../../src/config/policy-file.ts';
import { readYaml } from '../../src/config/yaml-document.ts';
import { before, parseDuration } from '../../src/core/duration.ts';
import { createDecider } from '../../src/core/decide.ts';
import type { Policy } from '../../src/core/policy.ts';
import type { Selector } from '../../src/core/selector.ts';
import { fuzz, tellCases } from './cases.ts';
import { ago, naivelyDeletes, type NaiveConversation } from './naive-reading.ts';
import { asYaml, durations, policies, SESSIONS, USERS, type WrittenPolicy } from './written-policies.ts';
import { NO_HOLDS } from '../../src/core/hold.ts';

tellCases('policy files');
const folder = mkdtempSync(join(tmpdir(), 'retention-fuzz-'));
const file = join(folder, 'policy.yaml');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Reads a file with this content, and holds the answer to its contract: never both, never neither, never slowly. */
async function read(content: string | Uint8Array): Promise<PoliciesRead> {
  writeFileSync(file, content);
  const startedAt = process.cpuUsage();
  const answer = await readPolicies([file]);
  const { user, system } = process.cpuUsage(startedAt);
  expect((user + system) / 1000).toBeLessThan(1000);
  expect(answer.policies.length === 1).toBe(answer.problems.length === 0);
  for (const { file: where, line, column, message } of answer.problems) {
    expect(where).toBe(file);
    expect(Number.isSafeInteger(line) && line >= 1 && Number.isSafeInteger(column) && column >= 1).toBe(true);
    expect(message).not.toBe('');
  }
  return answer;
}

/** All of a policy but the file it came from; patterns by their words. */
function meaningOf(policy: Policy): unknown {
  const excludeEntries = policy.projects.excludeEntries.map(({ written, kind }) => ({ written, kind }));
  const projects = {
    ...policy.projects,
    includes: undefined,
    includesForKeeps: undefined,
    includedBy: undefined,
    excludeEntries,
  };
  return {
    ...policy,
    hash: undefined,
    source: undefined,
    path: undefined,
    projects,
    rules: policy.rules.map(ruleOf),
  };
}

function ruleOf({ selector, ...rule }: Policy['rules'][number]): unknown {
  return { ...rule, selector: plainSelector(selector) };
}

function plainSelector(selector: Selector): unknown {
  switch (selector.kind) {
    case 'name':
      return { kind: 'name', matchers: selector.matchers.map(({ words }) => words) };
    case 'any':
    case 'all':
      return { kind: selector.kind, of: selector.of.map(plainSelector) };
    case 'not':
      return { kind: 'not', of: plainSelector(selector.of) };
    default:
      return selector;
  }
}

/** What was accepted says the same when it is read again, and when it is written out anew. */
async function expectSameAgain(
  content: string | Uint8Array,
  { policies: [policy] }: PoliciesRead,
): Promise<void> {
  if (policy === undefined) return;
  const again = (await read(content)).policies[0];
  expect(again?.hash).toBe(policy.hash);
  expect(again === undefined ? undefined : meaningOf(again)).toEqual(meaningOf(policy));
  const yaml = readYaml(file, Buffer.from(content).toString('utf8'));
  if (!yaml.ok) throw new Error('accepted, and yet not readable');
  const anew = await read(asYaml(yaml.document.data));
  expect(anew.problems).toEqual([]);
  expect(anew.policies.map(meaningOf)).toEqual([meaningOf(policy)]);
}

/** What somebody's editor, or a bad disk, does to a text. */
const edits = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    cut: fc.nat({ max: 12 }),
    put: fc.oneof(
      fc.constantFrom(
        ...['', ' ', '\n', '  ', '\t', ':', ': ', '- ', '#', '"', "'", '{', '}', '[', ']', ',', '*'],
      ),
      fc.constantFrom(
        ...['&a ', '!x ', '|\n', '>-\n', '? ', '---\n', '\0', '\uFEFF', '\r\n', '0', '-', '1e9', 'm'],
      ),
      fc.constantFrom(...['null', 'true', '~', 'match', 'everything', 'rules:', '<<: ', '__proto__: ', '😀']),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
  }),
  { minLength: 1, maxLength: 4 },
);

function edited(text: string, changes: readonly { at: number; cut: number; put: string }[]): string {
  return changes.reduce((before, { at, cut, put }) => {
    const from = Math.floor(at * (before.length + 1));
    return before.slice(0, from) + put + before.slice(from + cut);
  }, text);
}

describe('a policy file', () => {
  test('of any bytes is refused with places, or a policy', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 2000 }),
      fc.string({ unit: 'binary', maxLength: 500 }).map((text) => new TextEncoder().encode(text)),
    );
    await fuzz(
      fc.asyncProperty(bytes, async (content) => {
        await expectSameAgain(content, await read(content));
      }),
      150,
    );
  });

  test('of a good policy that was damaged is refused with places, or says what it says', async () => {
    await fuzz(
      fc.asyncProperty(policies, edits, async (policy, changes) => {
        const text = edited(asYaml(policy), changes);
        await expectSameAgain(text, await read(text));
      }),
      200,
    );
  });

  test('whose data is any JSON under the right keys is refused with places, or a policy', async () => {
    const keys = [
      'version',
      'name',
      'mode',
      'projects',
      'rules',
      'limits',
      'schedule',
      'match',
      'action',
      'older_than',
    ];
    const any = fc.jsonValue({ maxDepth: 3 });
    const data = fc
      .tuple(policies, fc.dictionary(fc.constantFrom(...keys), any, { maxKeys: 3 }))
      .map(([policy, others]) => ({ ...policy, ...others }));
    await fuzz(
      fc.asyncProperty(data, async (policy) => {
        const text = asYaml(policy);
        await expectSameAgain(text, await read(text));
      }),
      100,
    );
  });
});

// ── What it means ───────────────────────────────────────────────────────────────────────────────────────────

const NOW = Date.UTC(2026, 2, 31, 12, 30);

/** Instants around the cutoffs of a policy: to the millisecond, long ago, in the future, or not known. */
function instants(cutoffs: readonly number[]): fc.Arbitrary<number | undefined> {
  const around = cutoffs.flatMap((at) => [at - 1, at, at + 1]);
  return fc.oneof(
    fc.constantFrom(undefined, NOW, NOW + 1, NOW - 1, Date.UTC(2010, 0, 1), ...around),
    fc.integer({ min: NOW - 800 * 86_400_000, max: NOW }),
  );
}

function durationsIn(policy: WrittenPolicy): readonly string[] {
  return [...JSON.stringify(policy).matchAll(/"(?:older_than|min_age)":"(\w+)"/g)].map(
    ([, text = '']) => text,
  );
}

const judged = policies.chain((policy) => {
  const at = instants(['1d', ...durationsIn(policy)].map((duration) => ago(NOW, duration)));
  const row: fc.Arbitrary<NaiveConversation> = fc.record({
    sessionId: fc.constantFrom(...SESSIONS),
    name: fc.option(fc.string({ unit: fc.constantFrom('a', 'b', 'B', '-', '*'), maxLength: 5 }), {
      nil: undefined,
    }),
    createdBy: fc.constantFrom(undefined, ...USERS),
    createdAt: at,
    updatedAt: at,
    lastMessageAt: at,
  });
  return fc.tuple(fc.constant(policy), fc.array(row, { minLength: 1, maxLength: 8 }));
});

describe('a policy as it is used', () => {
  test('deletes exactly what the written one deletes when somebody reads it slowly', async () => {
    await fuzz(
      fc.asyncProperty(judged, async ([written, rows]) => {
        const {
          policies: [policy],
          problems,
        } = await read(asYaml(written));
        expect(problems).toEqual([]);
        if (policy === undefined) throw new Error('neither');
        const decider = createDecider(policy, NO_HOLDS, NOW);
        for (const { lastMessageAt, ...row } of rows) {
          const conversation = { projectId: 1, ...row };
          const step = decider.decide(conversation, { state: 'read', at: lastMessageAt });
          const verdict = step.kind === 'decided' ? step.decision.verdict : 'none';
          const expected = naivelyDeletes(written, { lastMessageAt, ...row }, NOW);
          expect({ row, deletes: verdict === 'delete' }).toEqual({ row, deletes: expected });
          // Before the newest message is read, nothing may be deleted that would be kept after.
          const early = decider.decide(conversation, { state: 'unread' });
          if (early.kind === 'decided') expect(early.decision.verdict).toBe(verdict);
        }
      }),
      250,
    );
  });

  test('has the cutoffs of a calendar on the wall', async () => {
    await fuzz(
      fc.property(durations, fc.integer({ min: Date.UTC(2001, 0), max: Date.UTC(2100, 0) }), (text, now) => {
        const parsed = parseDuration(text);
        expect(parsed.ok && before(now, parsed.duration)).toBe(ago(now, text));
      }),
      1000,
    );
  });
});
