import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RetentionError } from '../../core/errors.ts';
import { countsOf, type PlanItem, type PlanSummary } from '../../core/plan.ts';
import type { AuditEntry } from '../../core/audit-entry.ts';
import { LogCheck } from '../../core/verify-log.ts';
import { planRowsTable } from '../../report/plan-rows-text.ts';
import { planHeadline } from '../../report/plan-text.ts';
import { RuleTotals } from '../../report/rule-totals.ts';
import { policyInWords } from '../../report/policy-words.ts';
import { runsJson } from '../../report/run-json.ts';
import { runSummary } from '../../report/run-text.ts';
import { applyStoredPlan } from '../../run/apply-stored-plan.ts';
import type { RunResult } from '../../run/around/close-run.ts';
import type { RunDeps } from '../../run/context.ts';
import { enterAccount } from '../../run/around/enter-account.ts';
import { estimateOf } from '../../run/apply/estimate-plan.ts';
import { checkLimits } from '../../run/plan/check-limits.ts';
import { planPolicy } from '../../run/plan/plan-policy.ts';
import { startSandbox, type Sandbox } from '../../sandbox/server.ts';
import type { Policy } from '../../core/policy.ts';
import { lookOf } from '../colour.ts';
import type { Command, CommandWorld } from '../command.ts';
import { createCommandLine } from '../command-line.ts';
import { DEMO_POLICY } from '../demo-policy.ts';
import { exitCodeOfRun } from '../exit-codes.ts';
import { loadPolicies, type Loaded } from '../policies.ts';
import { settingsOf } from '../settings-of.ts';
import { withStopSignals } from '../stopping.ts';
import { withWorker, type Worker } from '../compose.ts';
import { writeReport } from '../write-report.ts';

/** Rows of the plan that the demo prints; the report has all of them. */
const SHOWN = 8;

/** Plans, applies and verifies against the built-in sandbox, and leaves a folder with everything to look at. */
export const demo: Command<object> = async (world) => {
  if (world.flags.stateDir !== undefined) {
    throw new RetentionError(
      'usage',
      'the demo keeps its state in a folder of its own; leave --state-dir out',
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'customgpt-retention-demo-'));
  const sandbox = await startSandbox({ sample: 'demo', now: () => world.surroundings.clock.now() });
  try {
    const inside = demoWorld(world, folder, sandbox);
    const { policy, ...neighbours } = await demoPolicy(inside, folder);
    return await withWorker(inside, { forPeople: true }, (worker) =>
      perform(inside, { worker, deps: worker.depsWith(neighbours), folder, sandbox, policy }),
    );
  } finally {
    await sandbox.close();
  }
};

interface Demo {
  readonly worker: Worker;
  readonly deps: RunDeps;
  readonly folder: string;
  readonly sandbox: Sandbox;
  readonly policy: Policy;
}

/** The same world with settings of its own: the demo must not touch a real account, whatever the environment says. */
function demoWorld(world: CommandWorld, folder: string, sandbox: Sandbox): CommandWorld {
  const env = {
    CUSTOMGPT_API_KEY: sandbox.apiKey,
    CUSTOMGPT_BASE_URL: sandbox.url,
    RETENTION_REQUESTS_PER_MINUTE: 'unlimited',
    RETENTION_TIME_ZONE: world.surroundings.env['RETENTION_TIME_ZONE'],
    LOG_LEVEL: world.surroundings.env['LOG_LEVEL'] ?? 'silent',
  };
  // The demo's own state is not the one that a command looks at by itself.
  const stateDir = join(folder, 'state');
  const inside = {
    ...world,
    flags: { ...world.flags, stateDir },
    commandLine: createCommandLine({ stateDir }),
    surroundings: { ...world.surroundings, env },
  };
  return { ...inside, settings: settingsOf(inside) };
}

async function demoPolicy(
  world: CommandWorld,
  folder: string,
): Promise<{ readonly policy: Policy } & Omit<Loaded, 'policies'>> {
  const path = join(folder, 'policies', 'demo.yaml');
  await mkdir(join(folder, 'policies'));
  await writeFile(path, DEMO_POLICY);
  const {
    policies: [policy],
    ...neighbours
  } = await loadPolicies(world, [path]);
  if (policy === undefined) throw new RetentionError('usage', 'the policy of the demo cannot be read');
  return { policy, ...neighbours };
}

async function perform(world: CommandWorld, demo: Demo): ReturnType<Command<object>> {
  const { output, surroundings, commandLine } = world;
  const { deps, sandbox, policy, folder } = demo;
  const { timeZone } = demo.worker.settings;
  const projects = sandbox.accounts.projects();
  const conversations = projects.reduce((sum, { id }) => sum + sandbox.accounts.count(id), 0);
  await output.lines(
    `1. A sandbox of the CustomGPT API is running, with ${conversations} invented conversations in ${projects.length} projects.`,
    '',
    '2. The policy, in plain words:',
    ...policyInWords(policy, timeZone).map((line) => `   ${line}`),
    '',
    '3. The dry run (customgpt-retention plan):',
    '',
  );
  const plan = await planAndShow(world, demo);
  await output.lines('', '4. Applying exactly that plan (customgpt-retention apply):', '');
  const result = await withStopSignals(surroundings, (signals) =>
    applyStoredPlan(deps, { plan, policy, override: undefined, signals }),
  );
  await output.lines(...runSummary(result, { commandLine, timeZone }), '');
  const left = projects.reduce((sum, { id }) => sum + sandbox.accounts.count(id), 0);
  const files = await leaveFiles(world, demo, result);
  await output.lines(
    `5. The sandbox itself now counts ${left} conversations: ${conversations - left} are gone.`,
    `   The audit log has ${files.entries} entries and ${files.isWhole ? 'its chain is whole' : 'IS BROKEN'}.`,
    '',
    'To look at:',
    `  dry run    ${join(folder, 'dry-run.html')}`,
    `  report     ${files.report}`,
    `  audit log  ${files.audit}`,
    `  policy     ${policy.path}`,
    '',
    'Next: write a policy of your own, see "Your first policy" in README.md.',
  );
  await output.document({ ...runsJson([result]), folder, report: files.report, audit: files.audit });
  return exitCodeOfRun(result);
}

async function planAndShow(
  world: CommandWorld,
  { worker, deps, policy, folder }: Demo,
): Promise<PlanSummary> {
  const { output, commandLine } = world;
  const { store, settings } = worker;
  const { reader } = deps.openApi();
  const { text: account } = await enterAccount({ reader, accounts: store.accounts, signal: undefined });
  const { plan, others, tookMs } = await planPolicy(
    { ...deps, reader, progress: worker.progress },
    { policy, account, withKept: false },
  );
  const rows: PlanItem[] = [];
  const totals = new RuleTotals();
  const look = lookOf(world);
  for await (const item of store.plans.planItems(plan.planId)) {
    if (rows.length < SHOWN) rows.push(item);
    totals.add(item);
  }
  const { requestsPerMinute, timeZone } = settings;
  const cost = { requestsPerMinute, ...estimateOf(policy, plan, { tookMs, requestsPerMinute, others }) };
  const { projects } = plan;
  const { refusing } = await checkLimits(deps, { policy, projects, at: world.surroundings.clock.now() });
  const more = countsOf(projects).planned - rows.length;
  await output.lines(
    planRowsTable(rows, { header: true, ...look }),
    ...(more > 0 ? [`… and ${more} more, all in the report.`] : []),
    '',
    ...totals.lines(plan, look),
    '',
    ...planHeadline(plan, { cost, breaches: refusing, commandLine, timeZone }),
  );
  await writeReport(world, store, {
    subject: { plan, cost, breaches: refusing },
    file: join(folder, 'dry-run.html'),
    format: 'html',
  });
  return plan;
}

async function leaveFiles(
  world: CommandWorld,
  { worker: { store }, folder }: Demo,
  result: RunResult,
): Promise<{ report: string; audit: string; entries: number; isWhole: boolean }> {
  const entries: AuditEntry[] = [];
  const check = new LogCheck({ known: [{ ...(await store.audit.head()), how: 'recorded' }] });
  for await (const entry of store.audit.entries()) {
    entries.push(entry);
    check.take(entry);
  }
  const audit = join(folder, 'audit.jsonl');
  await writeFile(audit, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  const report = join(folder, 'report.html');
  await writeReport(world, store, {
    subject: { finished: result, plan: result.plan },
    file: report,
    format: 'html',
  });
  return { report, audit, entries: entries.length, isWhole: check.end().ok };
}
