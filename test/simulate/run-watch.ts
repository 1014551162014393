import { ApiError } from '../../src/core/errors.ts';
import type { CustomGptDeleter, CustomGptReader, Store } from '../../src/core/ports.ts';
import type { RunDeps } from '../../src/run/conduct-run.ts';

type DeleteOptions = NonNullable<Parameters<CustomGptDeleter['deleteConversation']>[2]>;

/** What one run has been told through its ports, and who it is. */
export class RunWatch {
  runId: string | undefined;
  /** What it was told last about each conversation. */
  readonly #gone = new Map<string, boolean>();
  /** Projects that a control or a DELETE found missing or forbidden, and when. */
  readonly lostAt = new Map<number, number>();
  refusedAt: number | undefined;
  readonly #time: { readonly now: number };
  /** Called in the turn in which a DELETE leaves. */
  readonly #onDelete: (watch: RunWatch, sessionId: string) => void;

  constructor(time: { readonly now: number }, onDelete: (watch: RunWatch, sessionId: string) => void) {
    this.#time = time;
    this.#onDelete = onDelete;
  }

  knowsGone(projectId: number, sessionId: string): boolean {
    return this.#gone.get(`${projectId} ${sessionId}`) === true;
  }

  watchStore(store: Store): Store {
    return {
      ...store,
      startRun: (run) => {
        this.runId = run.runId;
        return store.startRun(run);
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
      conversationPages: (...args) => this.#pages(reader.conversationPages(...args)),
      existence: async (projectId, sessionId, options) => {
        const answer = await this.#heard(reader.existence(projectId, sessionId, options));
        const key = `${projectId} ${sessionId}`;
        if (answer.state !== 'no_evidence') this.#gone.set(key, answer.state === 'gone');
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
    pages: ReturnType<CustomGptReader['conversationPages']>,
  ): ReturnType<CustomGptReader['conversationPages']> {
    for await (const page of pages) {
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
    const mayBeSent = async (): Promise<boolean> => {
      if ((await options.mayBeSent?.()) === false) return false;
      this.#onDelete(this, sessionId);
      return true;
    };
    const sent = deleter.deleteConversation(projectId, sessionId, { ...options, mayBeSent });
    const answer = await this.#heard(sent);
    if (answer.kind === 'refused' && answer.failure === 'forbidden') this.#lose(projectId);
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
