import type { Clock, CustomGptReader, Existence } from '../core/ports.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;

interface Watcher {
  readonly reader: CustomGptReader;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

interface Watched {
  readonly projectId: number;
  readonly sessionId: string;
}

/**
 * Polls the follow-up GET until it answers 404, the time is up, or `enough` says that the last answer settles the
 * question at hand. Returns the last answer. The first look is immediate; pauses double up to five seconds.
 * Throws ApiError `unauthorized` or `aborted`.
 */
export async function watchUntilGone(
  watcher: Watcher,
  conversation: Watched,
  options: {
    readonly timeoutMs: number;
    readonly enough?: (answer: Existence, elapsedMs: number) => boolean;
  },
): Promise<Existence> {
  const startedAt = watcher.clock.monotonic();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const answer = await look(watcher, conversation);
    const elapsedMs = watcher.clock.monotonic() - startedAt;
    if (answer.state === 'gone' || elapsedMs >= options.timeoutMs) return answer;
    if (options.enough?.(answer, elapsedMs) === true) return answer;
    await watcher.clock.sleep(Math.min(pauseMs, options.timeoutMs - elapsedMs), watcher.signal);
  }
}

/** One follow-up GET. */
export function look(
  { reader, signal }: Pick<Watcher, 'reader' | 'signal'>,
  { projectId, sessionId }: Watched,
): Promise<Existence> {
  return reader.existence(projectId, sessionId, { purpose: 'verify', signal });
}
