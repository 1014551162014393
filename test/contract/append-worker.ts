import { openState } from '../support/state.ts';

/** A process of its own that appends until it has written enough or is killed; prints each number once it is durable. */
const [stateDir = '', runId = '', count = '0'] = process.argv.slice(2);
const clock = { now: Date.now, monotonic: () => performance.now(), sleep: () => Promise.resolve() };
const store = await openState(stateDir, { clock });
for (let index = 0; index < Number(count); index++) {
  const [entry] = await store.audit.append([
    {
      event: 'deletion.intended',
      run_id: runId,
      policy: 'support-chats',
      policy_hash: null,
      rule: null,
      project_id: 42,
      session_id: `session-${String(index).padStart(8, '0')}`,
      facts: {},
    },
  ]);
  process.stdout.write(`${entry?.seq ?? 0}\n`);
}
await store.close();
