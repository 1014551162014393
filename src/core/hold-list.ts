import { compareWithList } from './hold.ts';
import type { HoldRecord, ListedHold } from './hold.ts';

/** What a file lists. Two of one file are the same object while it stays as it was saved. */
export interface HoldList {
  /** Absolute path of the file. */
  readonly source: string;
  readonly holds: readonly ListedHold[];
  /** When it was saved (epoch ms, with fractions); undefined: nobody knows how old it is. */
  readonly revision: number | undefined;
}

/** What a state knows of the file at a path. */
export interface KnownList {
  /** Those from it that are not released. */
  readonly held: readonly HoldRecord[];
  /** The newest that was read, by any worker; undefined: none, or none whose age was known. */
  readonly revision: number | undefined;
}

/** So far may the clock that dates a file be ahead of ours. */
const CLOCKS_APART_MS = 60_000;

/**
 * Never later than now, or no list that is saved from now until then would count as newer. What claims to be of a far future
 * is of no known age.
 */
export function revisionOf(modifiedAt: number, now: number): number | undefined {
  return modifiedAt <= now + CLOCKS_APART_MS ? Math.min(modifiedAt, now) : undefined;
}

export interface ListComparison<Listed> {
  readonly missing: readonly Listed[];
  /** To be released. */
  readonly gone: readonly HoldRecord[];
  /** Not listed, and not to be released all the same. */
  readonly overruled: readonly HoldRecord[];
  /** Listed, and there. */
  readonly kept: readonly HoldRecord[];
  /** Of the list, where it is newer than all that were read. */
  readonly newRevision: number | undefined;
}

/**
 * Only a list that is newer than all that were read releases holds: an older copy, which another machine may have, would
 * otherwise end what the newer one lists. What any list has is held, however old the list is.
 */
export function compareRevisions<Listed extends ListedHold>(
  { held, revision: newest }: KnownList,
  { holds, revision }: { readonly holds: readonly Listed[]; readonly revision: number | undefined },
): ListComparison<Listed> {
  const { missing, gone } = compareWithList(held, holds);
  const isNewer = revision !== undefined && (newest === undefined || revision > newest);
  const newRevision = isNewer ? revision : undefined;
  const unlisted = new Set(gone);
  const kept = unlisted.size === 0 ? held : held.filter((hold) => !unlisted.has(hold));
  return { missing, kept, newRevision, gone: isNewer ? gone : [], overruled: isNewer ? [] : gone };
}
