import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface BenchSandbox {
  readonly url: string;
  readonly apiKey: string;
  counts(): Promise<{ readonly requests: number; readonly deletes: number }>;
  stop(): Promise<void>;
}

/** How many were deleted, and how long that took without setting up and closing. */
export interface Timed {
  readonly deleted: number;
  readonly seconds: number;
}

export interface SandboxSize {
  /** Of the whole account. */
  readonly conversations: number;
  /** That they are spread over; 1 unless said otherwise. */
  readonly projects?: number;
  readonly latencyMs: number;
  readonly spanDays: number;
}

export async function forkSandbox({
  conversations,
  projects = 1,
  latencyMs,
  spanDays,
}: SandboxSize): Promise<BenchSandbox> {
  const script = new URL('./sandbox-process.ts', import.meta.url);
  const child = fork(script, [conversations, projects, latencyMs, spanDays].map(String));
  const { url, apiKey } = await answer<{ url: string; apiKey: string }>(child);
  return {
    url,
    apiKey,
    counts() {
      child.send('count');
      return answer(child);
    },
    async stop() {
      const ended = once(child, 'exit');
      child.send('stop');
      await ended;
    },
  };
}

async function answer<T>(child: ChildProcess): Promise<T> {
  const [message] = (await once(child, 'message')) as [T];
  return message;
}
