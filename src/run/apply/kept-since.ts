import type { DeletableItem } from '../../core/plan.ts';
import type { Project } from '../../core/conversation.ts';
import { foreignKeepsIn } from '../../core/foreign-keeps.ts';
import type { Policy } from '../../core/policy.ts';

/** Why a planned conversation must stay after all; undefined: nothing keeps it. */
export type KeptSince = (item: DeletableItem) => string | undefined;

/** A plan that has just been made knows all keeps. */
export const NOTHING_KEPT_SINCE: KeptSince = () => undefined;

/**
 * What other policies keep by now of a plan that is older. They are asked about what the plan saw: where that has changed,
 * nothing is deleted anyway. A newest message that the plan did not have to read is not known, so it may keep.
 */
export function createKeptSince(
  others: readonly Policy[],
  projects: readonly Project[],
  now: number,
): KeptSince {
  const keeps = new Map(projects.map((project) => [project.id, foreignKeepsIn(others, project, now)]));
  return ({ projectId, sessionId, seen, lastMessageAt: at, lastMessageReadAt }) => {
    const lastMessage =
      lastMessageReadAt === undefined ? ({ state: 'unread' } as const) : ({ state: 'read', at } as const);
    const conversation = { projectId, sessionId, ...seen };
    const answer = keeps.get(projectId)?.ask({ conversation, lastMessage });
    switch (answer?.kind) {
      case undefined:
      case 'free':
        return undefined;
      case 'kept':
        return answer.by.reason;
      case 'needs_last_message':
        return 'whether another policy keeps it rests on its newest message, which this plan did not read';
    }
  };
}
