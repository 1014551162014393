import type { Account } from './account.ts';
import type { Reply, Route } from './api.ts';
import type { Suspect } from './referee.ts';
import type { StateReader } from './referee-log.ts';
import type { RunWatch } from './run-watch.ts';
import type { Timeline } from './timeline.ts';

/** A DELETE may have been on its way when a bar came up. */
const ON_ITS_WAY_MS = 1000;

/** Judges whether a DELETE may be sent at all in this account, project and kind. */
export class SafetyReferee {
  readonly #timeline: Timeline;
  readonly #account: Account;
  readonly #state: StateReader;
  readonly #committedAt: ReadonlyMap<number, number>;
  readonly #blame: (rule: string, what: string) => void;

  constructor(parts: {
    timeline: Timeline;
    account: Account;
    state: StateReader;
    committedAt: ReadonlyMap<number, number>;
    blame: (rule: string, what: string) => void;
  }) {
    this.#timeline = parts.timeline;
    this.#account = parts.account;
    this.#state = parts.state;
    this.#committedAt = parts.committedAt;
    this.#blame = parts.blame;
  }

  /** What can be told apart after this answer. */
  onHeard({ heard }: Suspect, { route, reply }: { readonly route: Route; readonly reply: Reply }): void {
    if (route.kind !== 'messages') return;
    const { projectId, sessionId } = route;
    const talks = this.#account.project(projectId)?.talks ?? [];
    const isKnown = talks.some(({ row }) => row.session_id === sessionId);
    const { now } = this.#timeline;
    if (!isKnown && reply.status === 404 && typeof reply.body === 'object') heard.unknownAt = now;
    if (isKnown && reply.status === 200 && reply.shown.length > 0) heard.thereAt.set(projectId, now);
  }

  checkDelete(
    worker: Suspect,
    watch: RunWatch,
    of: { readonly runId: string; readonly projectId: number; readonly sessionId: string },
  ): void {
    const { projectId, sessionId } = of;
    const where = `${projectId} ${sessionId}`;
    if (worker.account !== this.#account) this.#blame('account', `DELETE of ${where} in another account`);
    const began = this.#state.entriesOf(of.runId).find(({ event }) => event === 'run.started');
    const beganAt = this.#committedAt.get(began?.seq ?? 0) ?? 0;
    const { unknownAt, thereAt } = worker.heard;
    if (unknownAt < beganAt || (thereAt.get(projectId) ?? -Infinity) < beganAt)
      this.#blame('calibration', `DELETE of ${where} where nobody knows what gone and there look like`);
    this.#checkKind(worker, watch, of);
  }

  /** Where one of its kind was forbidden, no other is tried in that run. */
  #checkKind(
    { actor }: Suspect,
    { forbidden }: RunWatch,
    of: { readonly runId: string; readonly projectId: number; readonly sessionId: string },
  ): void {
    const kind = this.#kindOf(of);
    const { now } = this.#timeline;
    const isLate = (at: number): boolean => now - Math.max(at, actor.resumedAt) > ON_ITS_WAY_MS;
    // After an earlier DELETE that may have been carried out, a forbidden one settles nothing.
    const hasFailed = (one: { readonly sessionId: string }): boolean =>
      this.#state.lastWord(of.runId, of.projectId, one.sessionId)?.event === 'deletion.failed';
    const isBarred = forbidden.some(
      (one) =>
        one.projectId === of.projectId && this.#kindOf(one) === kind && isLate(one.at) && hasFailed(one),
    );
    if (isBarred)
      this.#blame('right', `DELETE of ${of.projectId} ${of.sessionId} after one of its kind was forbidden`);
  }

  #kindOf(of: { readonly projectId: number; readonly sessionId: string }): string {
    const talk = this.#account
      .project(of.projectId)
      ?.talks.findLast(({ row }) => row.session_id === of.sessionId);
    // Where the row does not say, the program has a kind of its own for it.
    if (talk === undefined || !('created_by' in talk.row)) return 'unstated';
    return this.#account.kindOf(talk);
  }
}
