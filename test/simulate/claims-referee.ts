import type { AuditEntry } from '../../src/core/audit-entry.ts';
import type { Account, Talk } from './account.ts';
import type { SentDelete } from './referee.ts';
import type { StateReader } from './referee-log.ts';
import type { Timeline } from './timeline.ts';

/** A row of another project speaks for its kind for a minute; to read and to write takes its time. */
const SAME_TIME_MS = 60_000 + 20_000;
const OMITTED_MS = 3 * 60_000;

interface About {
  readonly projectId: number;
  readonly sessionId: string;
}

/** A DELETE with such an answer has not been carried out; undefined: nobody heard one. */
function isRefusal(answer: number | undefined): boolean {
  return answer !== undefined && answer >= 400 && answer < 500;
}

/** Judges what is claimed of deletions by what has really become of the conversations. */
export class ClaimsReferee {
  readonly #timeline: Timeline;
  readonly #account: Account;
  readonly #state: StateReader;
  readonly #sent: readonly SentDelete[];
  readonly #targets: ReadonlyMap<number, Talk | undefined>;
  readonly #blame: (rule: string, what: string) => void;
  /** Which conversations are known to have been ended by us. */
  readonly #known = new Set<Talk>();

  constructor(parts: {
    timeline: Timeline;
    account: Account;
    state: StateReader;
    sent: readonly SentDelete[];
    targets: ReadonlyMap<number, Talk | undefined>;
    blame: (rule: string, what: string) => void;
  }) {
    this.#timeline = parts.timeline;
    this.#account = parts.account;
    this.#state = parts.state;
    this.#sent = parts.sent;
    this.#targets = parts.targets;
    this.#blame = parts.blame;
  }

  check(entry: AuditEntry, about: About): void {
    if (entry.event === 'deletion.verified') this.#verified(entry, about);
    if (entry.event === 'deletion.already_gone') this.#alreadyGone(entry, about);
    if (entry.event === 'deletion.failed') this.#failed(about);
  }

  /**
   * There, and the claim is none the less what the contract has: hidden from the key, with a DELETE that was accepted, or with
   * a witness of the same minute; or left out by a list that seemed whole while its own GET was wrong, too.
   */
  #isBeyondTelling(entry: AuditEntry, talk: Talk): boolean {
    const { now } = this.#timeline;
    // Its own row and its own GET agree.
    if (talk.row.deleted_at !== undefined && entry['verify_status'] === 404) return true;
    const isHidden = this.#account.isHidden(talk);
    if (isHidden && now - this.#account.narrowedAt < SAME_TIME_MS) return true;
    if (isHidden && entry['answer'] === 'accepted' && entry['witness'] === 'none') return true;
    return now - talk.omittedAt < OMITTED_MS && !isHidden;
  }

  #verified(entry: AuditEntry, about: About): void {
    const { projectId, sessionId } = about;
    const where = `${projectId} ${sessionId}`;
    // Found gone before a DELETE of its own, a run may claim it by the answer that an earlier one got.
    const intent = this.#state
      .entries()
      .findLast(
        (one) =>
          one.event === 'deletion.intended' && one.session_id === sessionId && one.project_id === projectId,
      );
    if (intent === undefined) {
      this.#blame('verified', `${where} is verified without an intent`);
      return;
    }
    const target = this.#targets.get(intent.seq);
    if (target !== undefined && target.goneAt === undefined && !this.#isBeyondTelling(entry, target))
      this.#blame('verified', `${where} is verified and still there`);
    for (const one of this.#targets.values())
      if (one?.row.project_id === projectId && one.row.session_id === sessionId && one.goneAt !== undefined)
        this.#known.add(one);
    // Settled by a later run, an intent may never have become a DELETE: nobody can tell any more.
    if (entry['settled_by'] !== undefined) return;
    const isHere = (one: About): boolean => one.projectId === projectId && one.sessionId === sessionId;
    const mayHaveDone = this.#sent.some((one) => isHere(one) && !isRefusal(one.answer));
    // Nor can they where an earlier run died between its intent and its DELETE: the contract has it as ambiguous.
    if (entry['answer'] === 'ambiguous' && this.#hasUnsent(about)) return;
    if (!mayHaveDone) this.#blame('verified', `${where} is verified, but was gone before our DELETE`);
  }

  #hasUnsent({ projectId, sessionId }: About): boolean {
    return this.#state
      .entries()
      .some(
        (one) =>
          one.event === 'deletion.intended' &&
          one.project_id === projectId &&
          one.session_id === sessionId &&
          !this.#sent.some(({ intentSeq }) => intentSeq === one.seq),
      );
  }

  /** That the key may not delete it is no word for what our own DELETE ended. */
  #failed({ projectId, sessionId }: About): void {
    for (const { intentSeq } of this.#sent.filter(({ answer }) => !isRefusal(answer))) {
      const talk = this.#targets.get(intentSeq);
      if (talk?.row.project_id !== projectId || talk.row.session_id !== sessionId) continue;
      const { goneAt, goneBy, listedUntil, answersUntil } = talk;
      if (goneAt === undefined || goneBy !== 'us') continue;
      // What goes on answering for longer than anybody waits looks as if it were there.
      if (this.#timeline.now < Math.max(listedUntil, answersUntil) + SAME_TIME_MS) continue;
      this.#blame('failed', `${projectId} ${sessionId} has failed, yet our DELETE ended it`);
      return;
    }
  }

  #alreadyGone(entry: AuditEntry, { projectId, sessionId }: About): void {
    const talks =
      this.#account.project(projectId)?.talks.filter(({ row }) => row.session_id === sessionId) ?? [];
    const [talk] = talks;
    if (talk === undefined || talks.length > 1) return;
    if (talk.goneAt === undefined && !this.#isBeyondTelling(entry, talk))
      this.#blame('already-gone', `${projectId} ${sessionId} is called gone and has been there all the time`);
    // Once the log says that it was us, whoever comes late with an older plan finds it gone already.
    if (this.#known.has(talk)) return;
    const wasOurs = this.#sent.some((one) => one.answer === 200 && this.#targets.get(one.intentSeq) === talk);
    if (wasOurs) this.#blame('already-gone', `${projectId} ${sessionId} is called gone, but not by us`);
  }
}
