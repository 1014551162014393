import type { Conversation } from './conversation.ts';
import { foldSessionId } from './ids.ts';

/** A named reason that nothing of a project, or of one conversation, may be deleted. It beats every rule. */
export interface Hold {
  readonly holdId: string;
  readonly projectId: number;
  /** `undefined`: the whole project. */
  readonly sessionId: string | undefined;
  readonly matter: string;
  /** Epoch milliseconds; `undefined`: until released. */
  readonly untilAt: number | undefined;
}

/** Who ended a hold, when (epoch ms) and why. */
export interface HoldRelease {
  readonly at: number;
  readonly by: string;
  readonly reason: string;
}

/** A hold in force, and where it came from. */
export interface SourcedHold extends Hold {
  /** Absolute path of the file that lists it; `undefined`: placed by command. */
  readonly source: string | undefined;
}

/** A hold as it is kept: who placed it, when (epoch ms) and why, and how it ended. */
export interface HoldRecord extends SourcedHold {
  readonly reason: string;
  readonly by: string;
  readonly addedAt: number;
  /** `undefined`: not released. It may still be over by its date. */
  readonly release: HoldRelease | undefined;
}

/** A hold as a file lists it. */
export type ListedHold = Omit<Hold, 'holdId'> & Pick<HoldRecord, 'reason' | 'by'>;

/** Holds by what they cover: under 5,000 of them a conversation is looked up as fast as under one. */
export class HoldIndex {
  readonly all: readonly Hold[];
  readonly #byProject: ReadonlyMap<number, HoldsOfProject>;

  constructor(holds: readonly Hold[]) {
    this.all = holds;
    const byProject = new Map<number, HoldsOfProject>();
    for (const hold of holds) {
      const { projectId, sessionId } = hold;
      const found = byProject.get(projectId) ?? { all: [], onAll: [], bySession: new Map<string, Hold[]>() };
      byProject.set(projectId, found);
      found.all.push(hold);
      if (sessionId === undefined) found.onAll.push(hold);
      else pushTo(found.bySession, foldSessionId(sessionId), hold);
    }
    this.#byProject = byProject;
  }

  inProject(projectId: number): readonly Hold[] {
    return this.#byProject.get(projectId)?.all ?? [];
  }

  /** The hold that covers this conversation at `now`, if there is one; rather one on its project. */
  over(conversation: Pick<Conversation, 'projectId' | 'sessionId'>, now: number): Hold | undefined {
    const found = this.#byProject.get(conversation.projectId);
    if (found === undefined) return undefined;
    for (const hold of found.onAll) if (!isOver(hold, now)) return hold;
    const own = found.bySession.get(foldSessionId(conversation.sessionId));
    return own?.find((hold) => !isOver(hold, now));
  }
}

interface HoldsOfProject {
  readonly all: Hold[];
  /** Those on the whole project. */
  readonly onAll: Hold[];
  /** By the folded id. */
  readonly bySession: Map<string, Hold[]>;
}

function pushTo(lists: Map<string, Hold[]>, key: string, hold: Hold): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [hold]);
  else list.push(hold);
}

export const NO_HOLDS = new HoldIndex([]);

/** Whether the hold's last day has passed. */
export function isOver({ untilAt }: Pick<Hold, 'untilAt'>, now: number): boolean {
  return untilAt !== undefined && untilAt <= now;
}

/** What has to happen so that the holds in force are those of the list: each is known by all that it says. */
export function compareWithList<Held extends ListedHold, Listed extends ListedHold>(
  held: readonly Held[],
  listed: readonly Listed[],
): { readonly missing: readonly Listed[]; readonly gone: readonly Held[] } {
  const kept = new Set(held.map(contentOf));
  const wanted = new Map(listed.map((hold) => [contentOf(hold), hold]));
  return {
    missing: [...wanted].flatMap(([content, hold]) => (kept.has(content) ? [] : [hold])),
    gone: held.filter((hold) => !wanted.has(contentOf(hold))),
  };
}

/** The same text for two holds that say the same. */
export function contentOf({ projectId, sessionId, matter, reason, by, untilAt }: ListedHold): string {
  return JSON.stringify([projectId, sessionId ?? null, matter, reason, by, untilAt ?? null]);
}
