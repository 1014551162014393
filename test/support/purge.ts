import type { Policy } from '../../src/core/policy.ts';
import type { RunResult } from '../../src/run/around/close-run.ts';
import type { StopSignals } from '../../src/run/stop-signals.ts';
import { enterAccount } from '../../src/run/around/enter-account.ts';
import { runPolicy } from '../../src/run/run-policy.ts';
import { DAY, NOW, type TestWorld } from './world.ts';

/** Nobody stops this run. */
export const GO_ON: StopSignals = {
  stop: new AbortController().signal,
  abandon: new AbortController().signal,
};

export const AGE_POLICY = `
version: 1
name: by-age
mode: enforce
projects: { include: ["*"] }
rules:
  - { name: old, match: { older_than: 90d }, action: delete }
limits: { max_percent: 100 }
`;

/** A well-formed session id that says what it is for. */
export function sessionId(label: string, index: number): string {
  return `${label}-${String(index).padStart(8, '0')}`;
}

/** Adds a project with `old` expired and `young` recent conversations, oldest first; returns the ids of the old. */
export function addProject(
  world: TestWorld,
  id: number,
  counts: { readonly old: number; readonly young: number },
): readonly string[] {
  world.sandbox.accounts.addProject({ id, name: `project-${id}` });
  const old = Array.from({ length: counts.old }, (_, index) => sessionId(`old-${id}`, index));
  old.forEach((session, index) => {
    world.sandbox.accounts.addConversation(id, {
      sessionId: session,
      name: `secret name ${index}`,
      createdAt: NOW - 400 * DAY + index * 60_000,
    });
  });
  for (let index = 0; index < counts.young; index += 1) {
    world.sandbox.accounts.addConversation(id, {
      sessionId: sessionId(`young-${id}`, index),
      name: `secret name young ${index}`,
      createdAt: NOW - 10 * DAY + index * 60_000,
    });
  }
  return old;
}

export function runOnce(world: TestWorld, policy: Policy, signals: StopSignals = GO_ON): Promise<RunResult> {
  return runPolicy(world.deps, { policy, trigger: 'manual', signals });
}

/** Whose conversations they are: what a plan that is made by hand has to name. */
export async function accountOf({ deps }: TestWorld): Promise<string> {
  const { reader } = deps.openApi();
  const { text } = await enterAccount({ reader, accounts: deps.store.accounts, signal: undefined });
  return text;
}
