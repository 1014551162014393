import { startSandbox } from '../src/sandbox/server.ts';

/** A sandbox in a process of its own, so that it does not share a thread with what is measured. */
const [conversations = '1000', projects = '1', latencyMs = '0', spanDays = '700'] = process.argv.slice(2);

const sandbox = await startSandbox({
  sample: {
    projects: Number(projects),
    conversationsPerProject: Number(conversations) / Number(projects),
    spanDays: Number(spanDays),
  },
});
sandbox.journal.limit = 0;
if (Number(latencyMs) > 0) sandbox.faults.add({ then: { latencyMs: Number(latencyMs) } });
process.on('message', (message) => {
  if (message === 'count')
    process.send?.({
      requests: sandbox.journal.count(),
      deletes: sandbox.journal.count({ method: 'DELETE' }),
    });
  if (message === 'stop') process.exit(0);
});
process.send?.({ url: sandbox.url, apiKey: sandbox.apiKey });
