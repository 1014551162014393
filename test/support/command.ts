import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { runCli } from '../../src/cli/program.ts';
import { newSigningKey, systemChance, systemClock, uniqueHolder } from '../../src/cli/surroundings.ts';
import type { AuditEntry, AuditEvent } from '../../src/core/audit-entry.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/server.ts';
import { sessionId } from './purge.ts';
import { DAY, intentCheck } from './world.ts';

/** The built command, as an installed package would start it. */
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** A key that is easily found again where it must not be. */
export const API_KEY = 'key-that-nobody-may-print-7f3a';

export type Env = Readonly<Record<string, string | undefined>>;

export interface Ended {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
}

/** A command under way. */
export interface Running {
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<Ended>;
}

export interface Limits {
  /** No file can grow beyond this many blocks of 512 bytes: to the command, a disk that is full. */
  readonly fileBlocks?: number;
  /** SIGKILL as a thread makes this call for the nth time. Needs strace. */
  readonly killAt?: { readonly call: string; readonly nth: number };
  /** From its nth time on, in a thread, this call fails; each time is written to the file. Needs strace. */
  readonly failAt?: {
    readonly call: string;
    readonly nth: number;
    readonly error: string;
    readonly record: string;
  };
  /** The folder cannot be written, not even by root. Needs unshare, and root. */
  readonly readOnly?: string;
  /** Standard output goes to this file. */
  readonly stdoutTo?: string;
  /** Standard error is a pipe that nobody reads. */
  readonly unreadStderr?: boolean;
  /** Started by this line of shell, to which the command is `"$@"`. Where it mounts something: only root. */
  readonly within?: string;
  /** So many open files at most. */
  readonly openFiles?: number;
  /** Started in a folder that is gone by then. */
  readonly inRemovedFolder?: boolean;
}

/** A folder with policies and state, a sandbox, and the built command to be started between them. */
export interface Terminal {
  readonly sandbox: Sandbox;
  readonly folder: string;
  readonly stateDir: string;
  /** Called as each DELETE arrives, before it is answered. */
  onDelete: (sessionId: string) => void;
  /** Writes `policies/<name>.yaml`. */
  policy(yaml: string, name?: string): string;
  /** Starts the command; a variable that is undefined is left out. */
  start(args: readonly string[], env?: Env, limits?: Limits): Running;
  /**
   * Runs the command to its end: in this process, as `main.ts` would call it, which saves the start of one for each of some
   * hundred commands; with `limits` as a process of its own.
   */
  run(args: readonly string[], env?: Env, limits?: Limits): Promise<Ended>;
  /** Makes a plan and returns its id. */
  plan(): Promise<string>;
  /** The exported audit log, or what it says of one event. */
  entries(event?: AuditEvent): Promise<readonly AuditEntry[]>;
  /** DELETEs that have arrived. */
  deleteCount(): number;
  /** No DELETE went out without its durable intent, and none of a project. */
  assertWireSound(): void;
  /** The same, and `audit verify` agrees. */
  assertSound(): Promise<void>;
  close(): Promise<void>;
}

/** To be closed when done. */
export async function openTerminal(options: SandboxOptions = {}): Promise<Terminal> {
  const folder = mkdtempSync(join(tmpdir(), 'retention-e2e-'));
  const stateDir = join(folder, 'state');
  const hasIntent = intentCheck(stateDir);
  const sandbox = await startSandbox({
    sample: 'empty',
    apiKey: API_KEY,
    beforeDelete(projectId, session) {
      terminal.onDelete(session);
      return hasIntent(projectId, session);
    },
    ...options,
  });
  const children = new Set<Running>();
  const terminal: Terminal = {
    sandbox,
    folder,
    stateDir,
    onDelete: () => undefined,
    policy(yaml, name = 'policy') {
      mkdirSync(join(folder, 'policies'), { recursive: true });
      const path = join(folder, 'policies', `${name}.yaml`);
      writeFileSync(path, yaml);
      return path;
    },
    start(args, env, limits) {
      const command = lineOf([process.execPath, MAIN, ...args], limits);
      const child = spawnCommand(command, { cwd: folder, env: { ...environmentFor(sandbox), ...env } });
      children.add(child);
      void child.ended.then(() => children.delete(child));
      return child;
    },
    run: (args, env, limits) =>
      limits === undefined
        ? runHere(args, { cwd: folder, env: { ...environmentFor(sandbox), ...env } })
        : terminal.start(args, env, limits).ended,
    async plan() {
      return onlyPlan(await terminal.run(['plan', '--json'])).plan_id;
    },
    async entries(event) {
      const exported = await terminal.run(['audit', 'export']);
      const all = jsonLines(exported.stdout) as unknown as AuditEntry[];
      return event === undefined ? all : all.filter((entry) => entry.event === event);
    },
    deleteCount: () => sandbox.journal.count({ method: 'DELETE' }),
    assertWireSound() {
      if (sandbox.violations.length > 0) throw new Error(sandbox.violations.join('\n'));
      if (sandbox.journal.count({ route: 'projects.delete' }) > 0) throw new Error('a project was deleted');
    },
    async assertSound() {
      terminal.assertWireSound();
      if (!existsSync(join(stateDir, 'retention.db'))) return;
      const verified = await terminal.run(['audit', 'verify']);
      if (verified.code !== 0) throw new Error(`audit verify: ${verified.stdout}${verified.stderr}`);
    },
    async close() {
      for (const child of children) child.kill('SIGKILL');
      await Promise.all([...children].map(({ ended }) => ended));
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return terminal;
}

/** The settings of a quick run against the sandbox, and nothing of this process's own environment but the path. */
function environmentFor(sandbox: Sandbox): Env {
  return {
    PATH: process.env['PATH'],
    CUSTOMGPT_BASE_URL: sandbox.url,
    CUSTOMGPT_API_KEY: sandbox.apiKey,
    RETENTION_REQUESTS_PER_MINUTE: 'unlimited',
    RETENTION_VERIFY_TIMEOUT: '5s',
  };
}

function lineOf(
  command: readonly string[],
  { fileBlocks, killAt, failAt, readOnly, inRemovedFolder, ...streams }: Limits = {},
): readonly string[] {
  const { stdoutTo, unreadStderr, openFiles, within } = streams;
  if (within !== undefined) {
    const shell = ['/bin/sh', '-c', within, 'sh', ...command];
    return within.includes('mount ') ? ['unshare', '--mount', ...shell] : shell;
  }
  if (stdoutTo !== undefined)
    return ['/bin/sh', '-c', 'out=$1; shift; exec "$@" >"$out"', 'sh', stdoutTo, ...command];
  if (openFiles !== undefined) return ['/bin/sh', '-c', `ulimit -n ${openFiles}; exec "$0" "$@"`, ...command];
  // It holds the reading end itself, so that the pipe stays open, and does not read.
  if (unreadStderr === true)
    return ['/bin/sh', '-c', 'mkfifo pipe && exec 3<>pipe && rm pipe && exec "$0" "$@" 2>&3', ...command];
  if (failAt !== undefined) {
    const { call, nth, error, record } = failAt;
    const injected = ['-e', `trace=${call}`, '-e', `inject=${call}:error=${error}:when=${nth}+`];
    return ['strace', '-f', '-qqq', '-ttt', '-o', record, ...injected, ...command];
  }
  if (readOnly !== undefined) {
    const script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"';
    return ['unshare', '--mount', '/bin/sh', '-c', script, 'sh', readOnly, ...command];
  }
  if (killAt !== undefined) {
    const { call, nth } = killAt;
    const injected = ['-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${nth}`];
    return ['strace', '-f', '-qqq', '-o', '/dev/null', ...injected, ...command];
  }
  if (inRemovedFolder === true)
    return ['/bin/sh', '-c', 'mkdir gone && cd gone && rmdir ../gone && exec "$0" "$@"', ...command];
  if (fileBlocks === undefined) return command;
  return ['/bin/sh', '-c', `ulimit -f ${fileBlocks}; exec "$0" "$@"`, ...command];
}

function spawnCommand([file = '', ...args]: readonly string[], options: { cwd: string; env: Env }): Running {
  const startedAt = performance.now();
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code: code ?? undefined, stdout, stderr, tookMs: performance.now() - startedAt });
    });
  });
  return { stdout: () => stdout, stderr: () => stderr, kill: (signal) => void child.kill(signal), ended };
}

/** A process has one working directory: who works in another one waits until nobody works here. */
const here = { folder: '', count: 0, left: new EventEmitter().setMaxListeners(0) };

async function workingIn<T>(folder: string, work: () => Promise<T>): Promise<T> {
  while (here.count > 0 && here.folder !== folder) await once(here.left, 'all');
  const before = process.cwd();
  here.folder = folder;
  here.count += 1;
  process.chdir(folder);
  try {
    return await work();
  } finally {
    here.count -= 1;
    if (here.count === 0) {
      process.chdir(before);
      here.left.emit('all');
    }
  }
}

function runHere(argv: readonly string[], { cwd, env }: { cwd: string; env: Env }): Promise<Ended> {
  return workingIn(cwd, async () => {
    const startedAt = performance.now();
    const [stdout, stderr] = [new TextScreen(), new TextScreen()];
    const nobodyAsks = () => () => undefined;
    const code = await runCli({
      ...{ argv, env, stdout, stderr, onStopRequest: nobodyAsks, onReloadRequest: nobodyAsks },
      ...{ clock: systemClock, chance: systemChance, newSigningKey, holder: uniqueHolder(process.pid) },
    });
    return { code, stdout: stdout.text, stderr: stderr.text, tookMs: performance.now() - startedAt };
  });
}

class TextScreen extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Adds a project with `old` expired and `young` recent conversations; returns the session ids of the old. */
export function addConversations(
  { accounts }: Sandbox,
  projectId: number,
  counts: { readonly old: number; readonly young?: number },
): readonly string[] {
  accounts.addProject({ id: projectId, name: `project-${projectId}` });
  const add = (label: string, count: number, ageDays: number): readonly string[] =>
    Array.from({ length: count }, (_, index) => {
      const createdAt = Date.now() - ageDays * DAY + index * 60_000;
      const messages = [{ createdAt, query: `secret question ${index}`, response: `secret answer ${index}` }];
      const session = sessionId(`${label}-${projectId}`, index);
      accounts.addConversation(projectId, {
        sessionId: session,
        name: `secret name ${index}`,
        createdAt,
        messages,
      });
      return session;
    });
  const old = add('old', counts.old, 400);
  add('young', counts.young ?? 0, 10);
  return old;
}

/** Waits for something to become true, looking often. */
export async function until(isSo: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not so within ${timeoutMs} ms: ${String(isSo)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

export function jsonLines(text: string): readonly JsonObject[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonObject);
}

/** All of stdout as the one JSON document that it has to be. */
export function documentOf({ stdout }: Pick<Ended, 'stdout'>): unknown {
  return JSON.parse(stdout);
}

/** A run as the contract promises it to scripts. */
export interface RunDocument {
  readonly run_id: string;
  readonly policy: string;
  readonly mode: string;
  readonly warnings: readonly string[];
  readonly trigger: string;
  readonly status: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly requests: Readonly<Record<string, number>>;
  readonly plan_id: string | null;
  readonly started_at: string;
  readonly ended_at: string;
  readonly audit_head: string;
}

export function runsOf(ended: Pick<Ended, 'stdout'>): readonly RunDocument[] {
  return (documentOf(ended) as { readonly runs: readonly RunDocument[] }).runs;
}

/** The only run in the document of `run --json` or `apply --json`. */
export function onlyRun(ended: Pick<Ended, 'stdout'>): RunDocument {
  const [run, ...others] = runsOf(ended);
  if (run === undefined || others.length > 0) throw new Error(`not one run: ${ended.stdout}`);
  return run;
}

export interface PlanDocument {
  readonly plan_id: string;
  readonly policy_hash: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly estimate: object;
  readonly refused_by: readonly object[];
  readonly decisions: readonly {
    readonly session_id: string;
    readonly name: string | null;
    readonly verdict: string;
    readonly rule: string;
    readonly reason: string;
    readonly age_days: number;
  }[];
}

/** The only plan in the document of `plan --json`. */
export function onlyPlan(ended: Pick<Ended, 'stdout'>): PlanDocument {
  const [plan, ...others] = (documentOf(ended) as { readonly plans: readonly PlanDocument[] }).plans;
  if (plan === undefined || others.length > 0) throw new Error(`not one plan: ${ended.stdout}`);
  return plan;
}

/** Audit entries among the log lines, in the order in which they were written. */
export function auditLines({ stderr }: Pick<Ended, 'stderr'>): readonly AuditEntry[] {
  return jsonLines(stderr).flatMap((line) => ('audit' in line ? [line['audit'] as AuditEntry] : []));
}
