// One scene: a stand-in, a folder of policies, a state, some commands, and the referee at the end.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { expect } from 'vitest';
import type { Account, Conversation } from './account.js';
import { type Behave, inProject } from './behave.js';
import { type Entry, entriesOf, loggedIn } from './chain.js';
import { type Result, command } from './command.js';
import { intentIsDurable } from './intents.js';
import { type Played, judge } from './referee.js';
import { StandIn } from './stand-in.js';

export interface Setting {
  account: Account;
  /** More accounts on the same server, each with its own key. */
  others?: Account[];
  files?: Record<string, string>;
  behave?: Behave;
  env?: Record<string, string>;
  /** No conversation at all may be claimed or lost wrongly; this only widens what a claim may rest on. */
  leave?: 'wire';
  /** The log is exported too, and must hold what went out as log lines. */
  exported?: true;
}

/** A lease that keeps the run after a kill waiting for no longer than this. */
export const leaseMs = 3000;
export const shortLease = { RETENTION_LEASE: `${String(leaseMs / 1000)}s` };

export const pause = (ms: number): Promise<void> => new Promise((over) => setTimeout(over, ms));

export interface Extra {
  /** What is undefined here is not set at all. */
  env?: Record<string, string | undefined>;
  started?: (child: ChildProcess) => void;
  stdout?: number;
  state?: string;
  server?: StandIn;
}

export class Scene {
  readonly folder = mkdtempSync(join(tmpdir(), 'outside-'));
  readonly policies = join(this.folder, 'policies');
  readonly state = join(this.folder, 'state');
  readonly account: Account;
  readonly server: StandIn;
  readonly played: Played[] = [];
  private readonly states = new Set([this.state]);
  private readonly setting: Setting;
  /** What was played on the scene's own state, and so is in its log. */
  private readonly logging: Result[] = [];
  private read?: { after: number; entries: Entry[] };

  constructor(setting: Setting) {
    this.setting = setting;
    this.account = setting.account;
    this.server = new StandIn([setting.account, ...(setting.others ?? [])], setting.behave ?? {});
    this.server.watch = (_project, session) =>
      [...this.states].some((state) => intentIsDurable(state, session));
    this.write(setting.files ?? { 'p.yaml': policy() });
  }

  write(files: Record<string, string>): void {
    rmSync(this.policies, { recursive: true, force: true });
    mkdirSync(this.policies, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      const file = join(this.policies, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }

  async command(args: string[], extra: Extra = {}): Promise<Result> {
    const state = extra.state ?? this.state;
    this.states.add(state);
    const account = this.accountBy(extra.env?.['CUSTOMGPT_API_KEY']);
    const result = await command({
      args,
      cwd: this.folder,
      env: {
        CUSTOMGPT_BASE_URL: (extra.server ?? this.server).origin,
        CUSTOMGPT_API_KEY: this.account.key,
        RETENTION_REQUESTS_PER_MINUTE: 'unlimited',
        RETENTION_STATE_DIR: state,
        RETENTION_VERIFY_TIMEOUT: '2s',
        ...this.setting.env,
        ...extra.env,
      },
      ...(extra.started === undefined ? {} : { started: extra.started }),
      ...(extra.stdout === undefined ? {} : { stdout: extra.stdout }),
    });
    if (state === this.state) this.logging.push(result);
    this.played.push({ result, remaining: this.due(account).map((one) => one.name ?? '') });
    return result;
  }

  private accountBy(key: string | undefined): Account {
    return this.server.accounts.find((one) => one.key === key) ?? this.account;
  }

  run(extra: Extra = {}): Promise<Result> {
    return this.command(['run', this.policies, '--json'], extra);
  }

  /** Runs once the lease of a run that was killed has ended, in a scene with a short lease. */
  async runAfterKill(extra: Extra = {}): Promise<Result> {
    for (let tries = 1; ; tries++) {
      await pause(tries === 1 ? leaseMs : 500);
      const result = await this.run(extra);
      if (result.exit !== 7 || tries === 4) return result;
    }
  }

  /** Plans, and gives the one plan's id. */
  async plan(extra: Extra = {}): Promise<string> {
    const result = await this.command(['plan', this.policies, '--json'], extra);
    const id = result.plans[0]?.plan_id;
    if (id === undefined) throw new Error(`no plan\n${result.said}`);
    return id;
  }

  apply(plan: string, extra: Extra = {}): Promise<Result> {
    return this.command(['apply', plan, '--json'], extra);
  }

  /** The log; read once as long as no further command was played. */
  async audit(): Promise<Entry[]> {
    if (this.read?.after === this.played.length) return this.read.entries;
    const entries = await this.log();
    this.read = { after: this.played.length, entries };
    return entries;
  }

  /** Every entry goes out as a log line, so that an export is needed only where a kill may have cut lines off. */
  private async log(): Promise<Entry[]> {
    const killed = this.logging.some(({ signal }) => signal !== null);
    if (killed) return this.export();
    const logged = this.logging.flatMap(({ stderr }) => loggedIn(stderr)).sort((a, b) => a.seq - b.seq);
    if (this.setting.exported === true) expect(logged).toEqual(await this.export());
    return logged;
  }

  private async export(): Promise<Entry[]> {
    const result = await command({
      args: ['audit', 'export', '--state-dir', this.state],
      cwd: this.folder,
      env: { LOG_LEVEL: 'error' },
    });
    return entriesOf(result.stdout);
  }

  /** The events of one conversation's outcome, in order, or of all of them. */
  async events(name?: string): Promise<string[]> {
    const sessions = this.account.all().filter((one) => name === undefined || one.name === name);
    const wanted = new Set(sessions.map((one) => one.session));
    const entries = await this.audit();
    return entries
      .filter((entry) => name === undefined || wanted.has(entry.session_id ?? ''))
      .map(({ event }) => event);
  }

  /** How many conversations of a project have ended in which way, by the log. */
  async outcomes(project: number): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const entry of await this.audit()) {
      const outcome = /^deletion\.(verified|already_gone|unverified|failed|skipped)$/.exec(entry.event)?.[1];
      if (outcome === undefined || String(entry.project_id) !== String(project)) continue;
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
    return counts;
  }

  /** By a convention of these scenes, what is named old… is due by every policy in them. */
  due(account = this.account): Conversation[] {
    return account
      .live()
      .filter((one) => one.name?.startsWith('old') === true && !one.protect)
      .filter((one) => account.rights.read.has(one.kind) && !account.unseen.has(one.project));
  }

  async faults(): Promise<string[]> {
    if (this.server.journal.length === 0) return [];
    return judge({
      account: this.account,
      server: this.server,
      played: this.played,
      entries: await this.audit(),
      listStaleMs: (project) => inProject(this.setting.behave ?? {}, project).stale?.list_ms ?? 0,
      ...(this.setting.leave === undefined ? {} : { leave: this.setting.leave }),
    });
  }

  transcript(): string {
    const wire = this.server.journal.map(
      (noted) => `${noted.method} ${noted.path}${noted.query} ${noted.status}`,
    );
    return this.played
      .map(
        ({ result }) =>
          `$ ${result.args.join(' ')} → ${result.exit ?? 'signal'}\n${result.said.slice(-3000)}`,
      )
      .concat(wire.slice(-40).join('\n'))
      .join('\n');
  }
}

/** Plays a scene, and has the referee judge it when its own expectations held. */
export async function play(setting: Setting, act: (scene: Scene) => Promise<void>): Promise<void> {
  const scene = new Scene(setting);
  await scene.server.listen();
  try {
    await act(scene);
    const faults = await scene.faults();
    if (faults.length > 0) throw new Error(`The referee: ${faults.join('; ')}`);
  } catch (error) {
    if (error instanceof Error) error.message += `\n${scene.transcript()}`;
    throw error;
  } finally {
    await scene.server.close();
    rmSync(scene.folder, { recursive: true, force: true });
  }
}

export interface PolicyText {
  name?: string;
  rules?: string;
  include?: string;
  exclude?: string;
  mode?: 'enforce' | 'dry-run';
  limits?: string;
  concurrency?: number;
}

/** A policy that deletes everything older than 90 days, without a limit in its way, unless said otherwise. */
export function policy(text: PolicyText = {}): string {
  const projects = [
    `include: ${text.include ?? "['*']"}`,
    ...(text.exclude === undefined ? [] : [`exclude: ${text.exclude}`]),
  ];
  return [
    'version: 1',
    `name: ${text.name ?? 'p'}`,
    `mode: ${text.mode ?? 'enforce'}`,
    `projects: { ${projects.join(', ')} }`,
    'rules:',
    text.rules ?? '  - { name: aged, match: { older_than: 90d }, action: delete }',
    `limits: { ${text.limits ?? 'max_percent: 100'} }`,
    `concurrency: ${text.concurrency ?? 4}`,
    '',
  ].join('\n');
}
