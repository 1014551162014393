// The built command as a user starts it: its own process, an environment, two streams and an exit code.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const hangsAfter = 60_000;
const atOnce = 4;

export interface Run {
  run_id: string;
  policy: string;
  mode: string;
  status: string;
  counts: Record<string, number>;
  plan_id: string | null;
  warnings?: string[];
  as_before?: number;
}

export interface Decision {
  project_id: number;
  session_id: string;
  name: string | null;
  verdict: string;
  rule: string | null;
  reason: string;
}

export interface Plan {
  plan_id: string;
  policy: string;
  counts: Record<string, number>;
  decisions: Decision[];
}

export interface Result {
  args: string[];
  exit: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  startedAt: number;
  /** Empty unless it was run with --json and printed runs or plans. */
  runs: Run[];
  plans: Plan[];
  /** Both streams, as a person sees them. */
  said: string;
}

export interface Start {
  args: string[];
  env: Record<string, string | undefined>;
  cwd: string;
  /** Called with the process, so that a scene can signal it. */
  started?: (child: ChildProcess) => void;
  stdout?: number;
}

let running = 0;
const queue: (() => void)[] = [];

async function turn(): Promise<void> {
  if (running >= atOnce) await new Promise<void>((go) => queue.push(go));
  else running++;
}

function leave(): void {
  const next = queue.shift();
  if (next === undefined) running--;
  else next();
}

export async function command(start: Start): Promise<Result> {
  if (!existsSync(program)) throw new Error('dist/main.js is missing: npm run build');
  await turn();
  try {
    return await play(start);
  } finally {
    leave();
  }
}

async function play(start: Start): Promise<Result> {
  const startedAt = Date.now();
  const child = spawn(process.execPath, [program, ...start.args], {
    cwd: start.cwd,
    env: { PATH: process.env['PATH'], ...start.env },
    stdio: ['ignore', start.stdout ?? 'pipe', 'pipe'],
  });
  start.started?.(child);
  const hung = new AbortController();
  const guard = setTimeout(() => {
    hung.abort();
    child.kill('SIGKILL');
  }, hangsAfter);
  const [stdout, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), ended(child)]);
  clearTimeout(guard);
  if (hung.signal.aborted)
    throw new Error(`${start.args.join(' ')} hung for ${hangsAfter} ms\n${stderr.slice(-2000)}`);
  const document = parsed(stdout);
  const said = `${stdout}\n${stderr}`;
  const lists = { runs: document.runs ?? [], plans: document.plans ?? [] };
  return { args: start.args, ...end, stdout, stderr, startedAt, ...lists, said };
}

function ended(child: ChildProcess): Promise<{ exit: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (exit, signal) => {
      done({ exit, signal });
    });
  });
}

async function text(stream: NodeJS.ReadableStream | null): Promise<string> {
  let all = '';
  if (stream === null) return all;
  stream.setEncoding('utf8');
  for await (const piece of stream) all += String(piece);
  return all;
}

function parsed(stdout: string): { runs?: Run[]; plans?: Plan[] } {
  if (!stdout.startsWith('{')) return {};
  try {
    return JSON.parse(stdout) as { runs?: Run[]; plans?: Plan[] };
  } catch {
    return {};
  }
}
