import { builtCommand } from './built-command.ts';
import type { BenchSandbox, Timed } from './sandbox.ts';

/**
 * The whole job as a user runs it: the built command with its log lines and a state directory on the disk. Timed from
 * the run's start to its end by its own record, so without the start of the process.
 */
export async function workerRun(sandbox: BenchSandbox, concurrency: number): Promise<Timed> {
  const policy = `version: 1
name: purge
mode: enforce
projects: { include: ["*"] }
rules:
  - { name: old, match: { older_than: 1d }, action: delete }
limits: { max_deletions: 1000000, max_percent: 100, min_age: 1h }
concurrency: ${concurrency}
`;
  const printed = await builtCommand(sandbox, 'run', { policy, keep: 'document' });
  const { runs } = JSON.parse(printed) as { runs: readonly RunDocument[] };
  const [run] = runs;
  if (run === undefined) throw new Error('no run in the document');
  const seconds = (Date.parse(run.ended_at) - Date.parse(run.started_at)) / 1000;
  return { deleted: run.counts.verified, seconds };
}

interface RunDocument {
  readonly counts: { readonly verified: number };
  readonly started_at: string;
  readonly ended_at: string;
}
