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

/** A hold as it is kept: who placed it, when (epoch ms) and why, and how it ended. */
export interface HoldRecord extends Hold {
  readonly reason: string;
  readonly by: string;
  readonly addedAt: number;
  /** `undefined`: not released. It may still be over by its date. */
  readonly release: HoldRelease | undefined;
}

/** The hold that covers this conversation at `now`, if there is one. */
export function holdOver(
  holds: readonly Hold[],
  conversation: { readonly projectId: number; readonly sessionId: string },
  now: number,
): Hold | undefined {
  return holds.find(
    (hold) =>
      hold.projectId === conversation.projectId &&
      (hold.sessionId === undefined || isSame(hold.sessionId, conversation.sessionId)) &&
      (hold.untilAt === undefined || hold.untilAt > now),
  );
}

/** A UUID is often copied in capitals. Holding one too many is the safe side. */
function isSame(held: string, sessionId: string): boolean {
  return held.toLowerCase() === sessionId.toLowerCase();
}
