import { ApiError } from '../../src/core/errors.ts';
import type { Store } from '../../src/core/ports/store.ts';
import type { CustomGptDeleter, CustomGptReader } from '../../src/core/ports/vendor.ts';
import type { RunDeps } from '../../src/run/context.ts';

type DeleteOptions = NonNullable<Parameters<CustomGptDeleter['deleteConversation']>[2]>;

/** What one run has been told through its ports, and who it is. */
export class RunWatch {
  runId: string | undefined;
  /** What it was told last about each conversation. */
  readonly #gone = new Map<string, boolean>();
  /** Projects that a control found missing or forbidden, and when. */
  readonly lostAt = new Map<number, number>();
  /** Conversations whose DELETE was forbidden, and when. */
  readonly forbidden: { readonly projectId: number; readonly sessionId: string; readonly at: number }[] = [];
  refusedAt: number | undefined;
  readonly #time: { readonly now: number };
  /** Whose DELETE it is that leaves, by conversation: shared by all runs of a worker. */
  readonly #senders: Map<string, RunWatch>;

  constructor(time: { readonly now: number }, senders: Map<string, RunWatch>) {
    this.#time = time;
    this.#senders = senders;
  }

  knowsGone(projectId: number, sessionId: string): boolean {
    return this.#gone.get(`${projectId} ${sessionId}`) === true;
  }

  watchStore(store: Store): Store {
    return {
      ...store,
      runs: {
        ...store.runs,
        startRun: (run) => {
          this.runId = run.runId;
          return store.runs.startRun(run);
        },
      },
    };
  }

  watchApi(api: ReturnType<RunDeps['openApi']>): ReturnType<RunDeps['openApi']> {
    const reader = this.#watchReader(api.reader);
    const deleter: CustomGptDeleter = {
      ...this.#watchReader(api.deleter),
      deleteConversation: (projectId, sessionId, options = {}) =>
        this.#delete(api.deleter, { projectId, sessionId }, options),
    };
    return { reader, deleter };
  }

  #watchReader(reader: CustomGptReader): CustomGptReader {
    return {
      ...reader,
      conversationPages: (projectId, ...how) =>
        this.#pages(projectId, reader.conversationPages(projectId, ...how)),
      existence: async (projectId, sessionId, options) => {
        const answer = await this.#heard(reader.existence(projectId, sessionId, options));
        const key = `${projectId} ${sessionId}`;
        if (answer.state !== 'no_evidence') this.#gone.set(key, answer.state === 'not_found');
        return answer;
      },
      control: async (projectId, signal) => {
        try {
          return await this.#heard(reader.control(projectId, signal));
        } catch (error) {
          const isLost =
            error instanceof ApiError && (error.failure === 'not_found' || error.failure === 'forbidden');
          if (isLost) this.#lose(projectId);
          throw error;
        }
      },
    };
  }

  async *#pages(
    projectId: number,
    pages: ReturnType<CustomGptReader['conversationPages']>,
  ): ReturnType<CustomGptReader['conversationPages']> {
    for await (const page of pages) {
      // What was lost while earlier work was settled may be there again when the run itself begins.
      this.lostAt.delete(projectId);
      for (const row of page.rows)
        if (row.kind === 'conversation') this.#gone.set(`${row.projectId} ${row.sessionId}`, false);
      yield page;
    }
  }

  async #delete(
    deleter: CustomGptDeleter,
    { projectId, sessionId }: { readonly projectId: number; readonly sessionId: string },
    options: DeleteOptions,
  ): ReturnType<CustomGptDeleter['deleteConversation']> {
    // The last that is asked of a run before its DELETE is written.
    const mayStillBeSent = (): boolean => {
      this.#senders.set(`${projectId} ${sessionId}`, this);
      return options.mayStillBeSent?.() ?? true;
    };
    const asked = { ...options, mayStillBeSent };
    const answer = await this.#heard(deleter.deleteConversation(projectId, sessionId, asked));
    if (answer.kind === 'refused' && answer.failure === 'forbidden')
      this.forbidden.push({ projectId, sessionId, at: this.#time.now });
    return answer;
  }

  #lose(projectId: number): void {
    if (!this.lostAt.has(projectId)) this.lostAt.set(projectId, this.#time.now);
  }

  async #heard<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof ApiError && error.failure === 'unauthorized') this.refusedAt ??= this.#time.now;
      throw error;
    }
  }
}
