import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Output } from '../src/cli/output.ts';
import { reportOf } from '../src/cli/report-of.ts';
import { showPlans } from '../src/cli/show-plans.ts';
import { createCommandLine } from '../src/cli/command-line.ts';
import type { Screen } from '../src/cli/surroundings.ts';
import { reportText } from '../src/report/report-formats.ts';
import { openState } from '../test/support/state.ts';
import { DONE, header, item, manualClock, PROJECT } from '../test/contract/store-samples.ts';

const PROJECTS = 1_000;

export interface StoredPlanRatios {
  /** The rows of one of 1,000 projects, against all rows of the plan. */
  readonly ofOneProject: number;
  /** The plan at a terminal, against reading its rows. */
  readonly atTerminal: number;
  /** The page of the plan, against reading its rows. */
  readonly asPage: number;
}

/** What a stored plan of so many rows costs who wants a few of them: each the median of seven turns. */
export async function storedPlanRatios(rows: number): Promise<StoredPlanRatios> {
  const stateDir = mkdtempSync(join(tmpdir(), 'retention-bench-'));
  const store = await openState(stateDir, { clock: manualClock() });
  try {
    const writer = await store.plans.createPlan(header('plan-1'));
    const each = Math.ceil(rows / PROJECTS);
    for (let projectId = 1; projectId <= PROJECTS; projectId += 1)
      await writer.add(Array.from({ length: each }, (_, index) => item(index + 1, { projectId })));
    const projects = Array.from({ length: PROJECTS }, (_, index) => ({ ...PROJECT, projectId: index + 1 }));
    const plan = await writer.finish({ ...DONE, projects });

    const all = () => store.plans.planItems(plan.planId);
    const ofOne = () => store.plans.planItems(plan.planId, { projectId: PROJECTS / 2 });
    const output = new Output({ stdout: terminal(), stderr: terminal(), env: {} }, {});
    const show = () =>
      showPlans(
        {
          surroundings: { stdout: terminal(), env: {} } as never,
          output,
          commandLine: createCommandLine({}),
          timeZone: 'UTC',
        },
        [{ plan, items: all(), cost: undefined, breaches: [] }],
      );
    const world = {
      surroundings: { clock: manualClock() },
      commandLine: createCommandLine({}),
      settings: () => ({ timeZone: 'UTC', stateDir }),
    } as never;
    const page = async (): Promise<void> => {
      await drain(reportText(await reportOf(world, store, { subject: { plan } }), 'html'));
    };
    // What draws charts is loaded once.
    await page();
    const ratios: StoredPlanRatios[] = [];
    for (let turn = 0; turn < 7; turn += 1) {
      const allMs = await timeOf(() => drain(all()));
      const ofOneMs = await timeOf(() => drain(ofOne()));
      const atTerminalMs = await timeOf(show);
      const asPageMs = await timeOf(page);
      ratios.push({
        ofOneProject: ofOneMs / allMs,
        atTerminal: atTerminalMs / allMs,
        asPage: asPageMs / allMs,
      });
    }
    const median = (of: (ratio: StoredPlanRatios) => number): number =>
      ratios.map(of).sort((a, b) => a - b)[3] ?? NaN;
    return {
      ofOneProject: median((one) => one.ofOneProject),
      atTerminal: median((one) => one.atTerminal),
      asPage: median((one) => one.asPage),
    };
  } finally {
    await store.close();
    rmSync(stateDir, { recursive: true });
  }
}

/** One that shows nothing. */
function terminal(): Screen {
  const nowhere = new Writable({
    write(_chunk, _encoding, done) {
      done();
    },
  });
  return Object.assign(nowhere, { isTTY: true, columns: 80 });
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const one of items) if (one === undefined) throw new Error('no row');
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
