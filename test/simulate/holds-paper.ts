import { RetentionError } from '../../src/core/errors.ts';
import { contentOf, type ListedHold } from '../../src/core/hold.ts';
import type { HoldList } from '../../src/core/hold-list.ts';
import type { HoldFile } from '../../src/core/ports/holds.ts';

const NAME = 'holds.yaml';

interface Version {
  readonly at: number;
  /** `wrong`: what stands there cannot be used. */
  readonly content: readonly ListedHold[] | 'missing' | 'wrong';
  /** The same one whenever it is read. */
  readonly list: HoldList | undefined;
}

/** The file of holds as lawyers write it, with all that it ever said, and when. */
export class HoldsPaper {
  readonly #now: () => number;
  readonly #versions: Version[];
  /** So late does a copy of the file come to a worker that has one of its own. */
  lagMs = 0;
  /** The newest version that a worker has told the state of. */
  #known = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#versions = [{ at: 0, content: 'missing', list: undefined }];
  }

  get content(): Version['content'] {
    return this.#versions.at(-1)?.content ?? 'missing';
  }

  write(content: Version['content']): void {
    const at = this.#now();
    const isList = content !== 'missing' && content !== 'wrong';
    const list = isList ? { source: `/${NAME}`, holds: content, revision: at } : undefined;
    this.#versions.push({ at, content, list });
  }

  /** As a worker reads it; with a copy of its own, which may be an older one. */
  file({ isCopy }: { readonly isCopy: boolean }): HoldFile {
    const version = (): Version | undefined => {
      const lagMs = isCopy ? this.lagMs : 0;
      return this.#versions.findLast(({ at }) => at <= this.#now() - lagMs);
    };
    return {
      source: `/${NAME}`,
      name: NAME,
      read: () =>
        version()?.content === 'wrong'
          ? Promise.reject(new RetentionError('usage', 'simulated: the holds cannot be used'))
          : Promise.resolve(version()?.list),
    };
  }

  /** The state has it by now, whatever revision it was told. */
  onSynced({ holds }: Pick<HoldList, 'holds'>): void {
    const index = this.#versions.findIndex(({ list }) => list?.holds === holds);
    this.#known = Math.max(this.#known, index);
  }

  /** Since when it has been listed without a break, and for a while to come; undefined when it is not. */
  heldSince(projectId: number, sessionId: string): number | undefined {
    const now = this.#now();
    const covers = (hold: ListedHold): boolean =>
      hold.projectId === projectId &&
      (hold.sessionId === undefined || hold.sessionId.toUpperCase() === sessionId.toUpperCase()) &&
      (hold.untilAt === undefined || hold.untilAt > now + 120_000);
    return since(this.#versions, (content) => Array.isArray(content) && content.some(covers));
  }

  /** Since when nobody can use it. */
  wrongSince(): number | undefined {
    return since(this.#versions, (content) => content === 'wrong');
  }

  /** Since when a hold has not stood there, in what the state was told of; undefined when it does. */
  absentSince(hold: ListedHold): number | undefined {
    const sought = contentOf(hold);
    return since(
      this.#versions.slice(0, this.#known + 1),
      (content) => Array.isArray(content) && content.every((one: ListedHold) => contentOf(one) !== sought),
    );
  }
}

function since(
  versions: readonly Version[],
  isSo: (content: Version['content']) => boolean,
): number | undefined {
  let from: number | undefined;
  for (const { at, content } of versions.toReversed()) {
    if (!isSo(content)) break;
    from = at;
  }
  return from;
}
