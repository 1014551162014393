import { afterEach, describe, expect, test } from 'vitest';
import type { Policy } from '../../src/core/policy.ts';
import type { CustomGptDeleter } from '../../src/core/ports/vendor.ts';
import { applyStoredPlan } from '../../src/run/apply-stored-plan.ts';
import type { RunDeps } from '../../src/run/context.ts';
import { makePlan } from '../../src/run/plan/make-plan.ts';
import { runPolicy } from '../../src/run/run-policy.ts';
import { accountOf, AGE_POLICY, GO_ON, runOnce, sessionId } from '../support/purge.ts';
import { createWorld, DAY, NOW, type TestWorld } from '../support/world.ts';
import { NO_HOLDS } from '../../src/core/hold.ts';

/*
 * A key whose right to read the team's conversations was withdrawn may still see those of its own user: they say nothing about
 * a colleague's.
 */

let world: TestWorld;
afterEach(async () => {
  await world.assertSound();
  await world.close();
});

/** The key's user. */
const OWN = 9_001;
const COLLEAGUE = 9_002;

/** Expired ones of a colleague and of the key's own user, and as many of each that are young. */
async function addTeam(each: number): Promise<{ readonly colleagues: string[]; readonly own: string[] }> {
  world = await createWorld();
  world.sandbox.accounts.addProject({ id: 101, name: 'project-101' });
  add('young-colleague', COLLEAGUE, { each, ageDays: 10 });
  add('young-own', OWN, { each, ageDays: 10 });
  return {
    own: add('own', OWN, { each, ageDays: 300 }),
    colleagues: add('colleague', COLLEAGUE, { each, ageDays: 400 }),
  };
}

function add(
  kind: string,
  createdBy: number,
  of: { readonly each: number; readonly ageDays: number },
): string[] {
  return Array.from({ length: of.each }, (_, index) => {
    const session = sessionId(kind, index);
    const createdAt = NOW - of.ageDays * DAY + index;
    world.sandbox.accounts.addConversation(101, { sessionId: session, createdBy, createdAt });
    return session;
  });
}

function isThere(session: string): boolean {
  return world.sandbox.accounts.has(101, session);
}

async function lastWordOn(session: string): Promise<string | undefined> {
  return (await world.entries()).filter((entry) => entry.session_id === session).at(-1)?.event;
}

/** A run whose client is changed. */
function runWith(policy: Policy, change: (deleter: CustomGptDeleter) => Partial<CustomGptDeleter>) {
  const openApi: RunDeps['openApi'] = () => {
    const { reader, deleter } = world.deps.openApi();
    const changed = change(deleter);
    return { reader: { ...reader, ...changed }, deleter: { ...deleter, ...changed } };
  };
  return runPolicy({ ...world.deps, openApi }, { policy, trigger: 'manual', signals: GO_ON });
}

describe('the right to read the team’s conversations', () => {
  test.each([404, 403] as const)(
    'is withdrawn in mid-run: what it hid is claimed in no run (HTTP %i)',
    async (missingRight) => {
      const { colleagues, own } = await addTeam(2);
      const { faults } = world.sandbox;
      const [victim = ''] = colleagues;
      faults.missingRight = missingRight;
      faults.add({ when: { method: 'DELETE', sessionId: victim }, then: { cut: 'before' } });
      const policy = await world.policy(`${AGE_POLICY}concurrency: 1\n`);
      await runWith(policy, (deleter) => ({
        deleteConversation: async (projectId, id, options) => {
          const answer = await deleter.deleteConversation(projectId, id, options);
          if (id === victim) faults.unreadable.add('colleague');
          return answer;
        },
      }));
      for (let later = 0; later < 2; later += 1) {
        expect(await lastWordOn(victim)).toBe('deletion.unverified');
        expect((await runOnce(world, policy)).run.status).toBe('partial');
      }
      expect(isThere(victim)).toBe(true);
      expect(own.some(isThere)).toBe(false);
    },
  );

  test('is withdrawn between plan and apply: what it hid is not called gone', async () => {
    const { colleagues, own } = await addTeam(3);
    const { faults } = world.sandbox;
    const policy = await world.policy(AGE_POLICY);
    const { deps } = world;
    const parts = { ...deps, reader: deps.openApi().reader };
    const account = await accountOf(world);
    const plan = await makePlan(parts, { policy, account, others: [], holds: NO_HOLDS, withKept: false });
    faults.unreadable.add('colleague');
    faults.missingRight = 404;
    const result = await applyStoredPlan(deps, { plan, policy, override: undefined, signals: GO_ON });
    expect(result.counts).toMatchObject({ planned: 6, verified: 3, already_gone: 0, skipped: 3 });
    expect(colleagues.every(isThere)).toBe(true);
    expect(own.some(isThere)).toBe(false);
  });
});

test('where the key may not delete the team’s conversations, its own user’s are deleted', async () => {
  const { colleagues, own } = await addTeam(3);
  world.sandbox.faults.undeletable.add('colleague');
  const result = await runOnce(world, await world.policy(AGE_POLICY));
  expect(own.some(isThere)).toBe(false);
  expect(colleagues.every(isThere)).toBe(true);
  expect(result.run.warnings).toContain(
    'the key may not delete conversations of team members in project 101 (HTTP 403): give its role that right',
  );
});

describe('where nobody says whose the key is', () => {
  test.each([
    [[COLLEAGUE], 'deletion.unverified'],
    [[COLLEAGUE, 9_003], 'deletion.verified'],
  ])('one creator may be its own user, of two one is a colleague: %j', async (creators, lastWord) => {
    world = await createWorld();
    const { accounts, faults } = world.sandbox;
    faults.user = 404;
    accounts.addProject({ id: 101, name: 'project-101' });
    const [victim = ''] = add('old', OWN, { each: 1, ageDays: 400 });
    for (const creator of creators) add(`young-${creator}`, creator, { each: 2, ageDays: 10 });
    faults.add({ when: { method: 'DELETE' }, then: { cut: 'after' } });
    await runOnce(world, await world.policy(AGE_POLICY));
    expect(isThere(victim)).toBe(false);
    expect(await lastWordOn(victim)).toBe(lastWord);
  });
});

describe('an own conversation whose DELETE was cut off', () => {
  /** Carried out, but nothing more is heard of it in that run. */
  async function leaveOpen(): Promise<{ readonly policy: Policy; readonly victim: string }> {
    world = await createWorld();
    const { accounts, faults } = world.sandbox;
    accounts.addProject({ id: 101, name: 'project-101' });
    const [victim = ''] = add('own', OWN, { each: 1, ageDays: 400 });
    add('young-own', OWN, { each: 1, ageDays: 10 });
    const policy = await world.policy(AGE_POLICY);
    faults.add({ when: { method: 'DELETE' }, then: { cut: 'after' } });
    const mute = { when: { route: 'messages.list', sessionId: victim }, then: { status: 500 } } as const;
    await runWith(policy, (deleter) => ({
      deleteConversation: async (projectId, id, options) => {
        const answer = await deleter.deleteConversation(projectId, id, options);
        faults.add(mute);
        return answer;
      },
    }));
    faults.clearRules();
    expect(await lastWordOn(victim)).toBe('deletion.unverified');
    expect(isThere(victim)).toBe(false);
    return { policy, victim };
  }

  test('is settled by another own one, in a later run, too', async () => {
    const { policy, victim } = await leaveOpen();
    const result = await runOnce(world, policy);
    expect(result.run.status).toBe('completed');
    expect(await lastWordOn(victim)).toBe('deletion.verified');
  });

  test('is a colleague’s to the key of another user, whose own ones say nothing of it', async () => {
    const { policy, victim } = await leaveOpen();
    add('young-colleague', COLLEAGUE, { each: 1, ageDays: 10 });
    const { accounts, faults } = world.sandbox;
    accounts.user.id = COLLEAGUE;
    faults.unreadable.add('colleague');
    const another = { viewer: () => ({ key: 'key:another', users: new Set([String(COLLEAGUE)]) }) };
    expect((await runWith(policy, () => another)).run.status).toBe('partial');
    expect(await lastWordOn(victim)).toBe('deletion.unverified');
    faults.unreadable.clear();
    expect((await runWith(policy, () => another)).run.status).toBe('completed');
    expect(await lastWordOn(victim)).toBe('deletion.verified');
  });
});
