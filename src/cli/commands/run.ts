import { accessSync, constants, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { codeOf } from '../../core/error-code.ts';
import { RetentionError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy.ts';
import { runsJson } from '../../report/run-json.ts';
import { ruleTotalsOf } from '../../report/rule-totals.ts';
import { wasOnlyPlanned } from '../../report/run-outcome.ts';
import { runSummary } from '../../report/run-text.ts';
import type { RunResult } from '../../run/around/close-run.ts';
import type { RunDeps } from '../../run/context.ts';
import type { StopSignals } from '../../run/stop-signals.ts';
import { runPolicy } from '../../run/run-policy.ts';
import { makeFolder } from '../../store/make-folder.ts';
import { lookOf } from '../colour.ts';
import type { Command, CommandWorld } from '../command.ts';
import { EXIT, exitCodeOfError, exitCodeOfRun, foremost, type ExitCode } from '../exit-codes.ts';
import { loadPolicies } from '../policies.ts';
import { withStops } from '../stopping.ts';
import { withWorker } from '../compose.ts';
import { writeReportOf } from '../write-report.ts';

export interface RunInput {
  readonly paths: readonly string[];
  readonly policy?: string | undefined;
  /** Folder for a page of each run. */
  readonly report?: string | undefined;
}

/** One pass over the policies, one after the other. */
export const run: Command<RunInput> = async (world, input) => {
  const { policies, ...neighbours } = await loadPolicies(world, input.paths, input.policy);
  if (input.report !== undefined) makeReportFolder(input.report);
  return withWorker(world, { forPeople: true }, async (worker) => {
    const deps = worker.depsWith(neighbours);
    const ends = await withStops(world.surroundings, worker.home, (signals) =>
      runAll(world, { deps, policies, signals, timeZone: worker.settings.timeZone, reports: input.report }),
    );
    await world.output.document(runsJson(ends.flatMap(({ result }) => result ?? [])));
    return foremost(ends.map(({ code }) => code));
  });
};

interface RunParts {
  readonly deps: RunDeps;
  readonly signals: StopSignals;
  readonly timeZone: string;
  /** Where a page of each run goes. */
  readonly reports: string | undefined;
}

interface End {
  readonly code: ExitCode;
  readonly result: RunResult | undefined;
}

async function runAll(
  world: CommandWorld,
  parts: RunParts & { readonly policies: readonly Policy[] },
): Promise<readonly End[]> {
  const ends: End[] = [];
  for (const policy of parts.policies) {
    if (parts.signals.stop.aborted) {
      // A run that was stopped has said so itself.
      if (ends.at(-1)?.code !== EXIT.interrupted) world.output.problem(parts.signals.stop.reason);
      return [...ends, { code: EXIT.interrupted, result: undefined }];
    }
    const end = await runOne(world, policy, parts);
    ends.push(end);
    // Another worker's lease is no reason to leave the other policies alone; a state that cannot be written is, and so
    // are holds that cannot be read.
    if (end.code === EXIT.state || end.code === EXIT.usage) break;
  }
  return ends;
}

async function runOne(
  world: CommandWorld,
  policy: Policy,
  { deps, signals, timeZone, reports }: RunParts,
): Promise<End> {
  const { output, commandLine } = world;
  try {
    const result = await runPolicy(deps, { policy, trigger: 'manual', signals });
    const totals = output.json ? [] : await totalsLines(world, deps, result);
    await output.lines(...runSummary(result, { commandLine, timeZone }), ...totals, '');
    if (result.fault !== undefined) output.problem(result.fault);
    const code = exitCodeOfRun(result);
    const isReported =
      reports === undefined || (await isReportWritten(world, deps, { result, folder: reports }));
    return { code: isReported ? code : foremost([code, EXIT.unexpected]), result };
  } catch (error) {
    if (!(error instanceof RetentionError)) throw error;
    output.problem(error);
    return { code: exitCodeOfError(error), result: undefined };
  }
}

/** Of a run that only planned: by which rules. */
async function totalsLines(
  world: CommandWorld,
  { store }: RunDeps,
  result: RunResult,
): Promise<readonly string[]> {
  const { plan } = result;
  if (plan === undefined || !wasOnlyPlanned(result)) return [];
  const totals = await ruleTotalsOf(store.plans.planItems(plan.planId));
  const lines = totals.lines(plan, lookOf(world));
  return lines.length === 0 ? [] : ['', ...lines];
}

/** Made before anything is sent: a run whose report has no place is not begun. Throws `usage`. */
function makeReportFolder(folder: string): void {
  try {
    makeFolder(resolve(folder));
    if (!statSync(folder).isDirectory()) throw new Error('it is a file');
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const why = codeOf(error) ?? (error as Error).message;
    throw new RetentionError('usage', `${folder} cannot be a folder for reports (${why})`, { cause: error });
  }
}

/** What was done is recorded, and stays what it is where its page cannot be written. */
async function isReportWritten(
  world: CommandWorld,
  { store }: RunDeps,
  { result, folder }: { readonly result: RunResult; readonly folder: string },
): Promise<boolean> {
  const file = join(folder, `${result.run.runId}.html`);
  try {
    const subject = { finished: result, plan: result.plan };
    await writeReportOf(world, store, { subject, file, format: 'html' });
    return true;
  } catch (error) {
    world.output.problem(error);
    return false;
  }
}
