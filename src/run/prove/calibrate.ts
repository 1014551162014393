import { hasWord, impossibleId } from '../../core/deletion/impossible-id.ts';
import { withoutName, type Calibration } from '../../core/deletion/reading.ts';
import { formatInstant } from '../../core/instant.ts';
import type { NotFoundWords } from '../../core/not-found-words.ts';
import type { Existence } from '../../core/vendor-answers.ts';
import { auditFacts } from '../audit-facts.ts';
import type { Run } from '../context.ts';

/** An id that nobody should have, yet that answers, is drawn anew this often. */
const MOST_DRAWS = 3;
/** What is no id at all to the API. */
const REFUSED_UNREAD = [400, 422];
/** So many projects of a run that say the same of an id that cannot exist speak for the others, too. */
const MOST_ASKED = 10;
/** Words that were unlike are compared with a fresh answer so often. */
const MOST_COMPARED = 3;

export interface KnownGone {
  readonly isKnown: true;
  readonly words: NotFoundWords;
  readonly wasAsked: boolean;
}

/** `said`: what an id that cannot exist was answered instead. */
export type Gone = KnownGone | { readonly isKnown: false; readonly said: string };

/** How it is known that what exists is answered otherwise. */
export interface There {
  readonly at: number;
  /** `recorded`: nothing is listed any more, and an intent on record had seen it. */
  readonly how: 'messages' | 'recorded';
  readonly sessionId: string | undefined;
}

type CalibratedRun = Pick<
  Run,
  'runId' | 'policy' | 'reader' | 'chance' | 'store' | 'fence' | 'warn' | 'signals'
>;

/** Finds out what *gone* looks like here today. One for each run; it remembers what its projects said. */
export class Calibrator {
  readonly #run: CalibratedRun;
  readonly #refused = new Set<string>();
  #agreed: { readonly words: NotFoundWords; count: number } | undefined;
  #isUnanimous = true;

  constructor(run: CalibratedRun) {
    this.#run = run;
  }

  /** Asks for an id in the shape of `like` that cannot exist. Throws ApiError `unauthorized` and `aborted`. */
  async gone(projectId: number, like: string): Promise<Gone> {
    const agreed = this.#agreed;
    if (this.#isUnanimous && agreed !== undefined && agreed.count >= MOST_ASKED)
      return { isKnown: true, words: agreed.words, wasAsked: false };
    const gone = await this.#ask(projectId, like);
    if (gone.isKnown) this.#remember(gone.words);
    return gone;
  }

  /** Writes that the project is calibrated, and gives what its 404s are compared with. */
  async calibrated(
    projectId: number,
    like: string,
    { gone: { words, wasAsked }, there }: { readonly gone: KnownGone; readonly there: There },
  ): Promise<ProjectCalibration> {
    const { store, fence, warn } = this.#run;
    const facts = {
      gone: { status: 404, said: words.said, documented: words.isDocumented, asked: wasAsked },
      there: { at: formatInstant(there.at), by: there.how, session_id: there.sessionId ?? null },
    };
    const [entry] = await store.audit.append(
      [auditFacts(this.#run, 'project.calibrated', { about: { projectId }, facts })],
      fence,
    );
    if (!words.isDocumented) warn(`the API's 404 is not in the documented words; it says: ${words.said}`);
    return new ProjectCalibration({ seq: entry?.seq ?? 0, words }, like, (asked) =>
      this.#ask(projectId, asked),
    );
  }

  /** Writes once that nothing is done in the project, and warns; `words` where it is not the whole project that waits. */
  async refused(projectId: number, reason: string, words = leftAlone(projectId, reason)): Promise<void> {
    const { store, fence, warn } = this.#run;
    if (this.#refused.has(words)) return;
    this.#refused.add(words);
    await store.audit.append(
      [auditFacts(this.#run, 'project.refused', { about: { projectId }, facts: { reason } })],
      fence,
    );
    warn(words);
  }

  async #ask(projectId: number, like: string): Promise<Gone> {
    const { reader, chance, signals } = this.#run;
    const { stop: signal } = signals;
    let keepsLetters = hasWord(like);
    for (let draw = 1; ; draw += 1) {
      const id = impossibleId(like, chance, { keepsLetters });
      const answer = await reader.existence(projectId, id, { purpose: 'calibrate', signal });
      if (answer.state === 'not_found') return { isKnown: true, words: answer.words, wasAsked: true };
      const isRefused = answer.state === 'no_evidence' && REFUSED_UNREAD.includes(answer.status ?? 0);
      if (draw < MOST_DRAWS && (answer.state === 'present' || isRefused)) {
        keepsLetters = !keepsLetters;
        continue;
      }
      return { isKnown: false, said: answer.state === 'present' ? 'HTTP 200' : answer.failure };
    }
  }

  #remember(words: NotFoundWords): void {
    this.#agreed ??= { words, count: 0 };
    if (this.#agreed.words.shape === words.shape) this.#agreed.count += 1;
    else this.#isUnanimous = false;
  }
}

function leftAlone(projectId: number, reason: string): string {
  return `project ${projectId} is left alone in this run (${reason}); it is tried again in the next`;
}

/** What *gone* looks like in one project: the words of an id that cannot exist, and others that were borne out since. */
export class ProjectCalibration implements Calibration {
  readonly seq: number;
  readonly shapes: Set<string>;
  readonly #ask: (like: string) => Promise<Gone>;
  readonly #like: string;
  #comparedCount = 0;

  constructor(
    { seq, words }: { readonly seq: number; readonly words: NotFoundWords },
    like: string,
    ask: (like: string) => Promise<Gone>,
  ) {
    this.seq = seq;
    this.shapes = new Set([words.shape]);
    this.#ask = ask;
    this.#like = like;
  }

  /** Words may change while a run is under way, by a new version or another language: what is unlike is compared once more. */
  async compareAnew(answer: Existence): Promise<void> {
    if (answer.state !== 'not_found' || this.shapes.has(answer.words.shape)) return;
    if (this.#comparedCount >= MOST_COMPARED) return;
    this.#comparedCount += 1;
    const gone = await this.#ask(this.#like);
    if (gone.isKnown) this.shapes.add(gone.words.shape);
  }
}

/** For reasons: what a conversation's own GET was answered where 200 was needed. Its name must not be in them. */
export function notThere(answer: Existence, name: string | null | undefined): string {
  if (answer.state === 'not_found') return `HTTP 404: ${withoutName(name, answer.words.said)}`;
  return answer.state === 'present' ? 'HTTP 200' : answer.failure;
}
