import { RetentionError } from '../../src/core/errors.ts';
import { contentOf, type ListedHold } from '../../src/core/hold.ts';
import type { HoldList } from '../../src/core/hold-list.ts';
import type { HoldFile } from '../../src/core/ports/holds.ts';

const NAME = 'holds.yaml';

interface Version {
  readonly at: number;
  /** `wrong`: what stands there cannot be used. */
  readonly content: readonly ListedHold[] | 'missing' | 'wrong';
}

/** The file of holds as lawyers write it, with all that it ever said, and when. */
export class HoldsPaper {
  readonly #now: () => number;
  readonly #versions: Version[];
  #list: HoldList | undefined;

  constructor(now: () => number) {
    this.#now = now;
    this.#versions = [{ at: 0, content: 'missing' }];
  }

  get content(): Version['content'] {
    return this.#versions.at(-1)?.content ?? 'missing';
  }

  write(content: Version['content']): void {
    this.#versions.push({ at: this.#now(), content });
    this.#list = content === 'missing' || content === 'wrong' ? undefined : this.#listOf(content);
  }

  /** As a worker reads it. */
  file(): HoldFile {
    return {
      source: `/${NAME}`,
      name: NAME,
      read: () =>
        this.content === 'wrong'
          ? Promise.reject(new RetentionError('usage', 'simulated: the holds cannot be used'))
          : Promise.resolve(this.#list),
    };
  }

  /** Since when it has been listed without a break, and for a while to come; undefined when it is not. */
  heldSince(projectId: number, sessionId: string): number | undefined {
    const now = this.#now();
    const covers = (hold: ListedHold): boolean =>
      hold.projectId === projectId &&
      (hold.sessionId === undefined || hold.sessionId.toUpperCase() === sessionId.toUpperCase()) &&
      (hold.untilAt === undefined || hold.untilAt > now + 120_000);
    return this.#since((content) => Array.isArray(content) && content.some(covers));
  }

  /** Since when nobody can use it. */
  wrongSince(): number | undefined {
    return this.#since((content) => content === 'wrong');
  }

  /** Since when a hold has not stood there; undefined when it does. */
  absentSince(hold: ListedHold): number | undefined {
    const sought = contentOf(hold);
    return this.#since(
      (content) => Array.isArray(content) && content.every((one: ListedHold) => contentOf(one) !== sought),
    );
  }

  #since(isSo: (content: Version['content']) => boolean): number | undefined {
    let since: number | undefined;
    for (const { at, content } of this.#versions.toReversed()) {
      if (!isSo(content)) break;
      since = at;
    }
    return since;
  }

  #listOf(holds: readonly ListedHold[]): HoldList {
    return { source: `/${NAME}`, holds, revision: this.#now() };
  }
}
