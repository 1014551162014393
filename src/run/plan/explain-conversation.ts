import pLimit from 'p-limit';
import type { Conversation, LastMessage, Project } from '../../core/conversation.ts';
import { coverageOf, explainRules } from '../../core/explain.ts';
import { foreignKeepsIn, foreignRules } from '../../core/foreign-keeps.ts';
import type { HoldIndex } from '../../core/hold.ts';
import type { Decision } from '../../core/plan.ts';
import type { Policy } from '../../core/policy.ts';
import type { KeepSource } from '../../core/ports/policies.ts';
import type { CustomGptReader } from '../../core/ports/vendor.ts';
import { ProtectionWatch } from '../../core/protection-watch.ts';
import { messageReachOf } from '../../core/reach.ts';
import type { OthersWord, PolicyNow } from '../../core/why.ts';
import { decideRow } from './decide-row.ts';
import type { Reappeared } from './reappeared.ts';

export interface ExplainParts {
  readonly reader: CustomGptReader;
  readonly keeps: KeepSource;
  readonly holds: HoldIndex;
  readonly known: Reappeared;
  /** Epoch ms: when all is judged. */
  readonly at: number;
  readonly signal?: AbortSignal | undefined;
}

/** A usable row, and where it was listed. */
export interface SeenRow {
  readonly row: Conversation;
  readonly project: Project;
}

/**
 * What one policy makes of one listed conversation: decided as a plan decides, by the same functions in the same order, and
 * then taken apart. Reads the newest message only where planning would.
 */
export async function explainConversation(
  parts: ExplainParts,
  policy: Policy,
  { row, project }: SeenRow,
): Promise<PolicyNow> {
  const { at, holds } = parts;
  const coverage = coverageOf(policy.projects, project);
  const others = await parts.keeps.othersThan(policy.name);
  if (!coverage.isCovered) return notDecided(coverage);
  const watch = new ProtectionWatch({ policy, others, holds, now: at }).inProject(project);
  const deciding = {
    ...{ watch, reader: parts.reader, limit: pLimit(1), signal: parts.signal },
    messageReach: messageReachOf([...policy.rules, ...foreignRules(others)], at),
  };
  const listed = { ...row, kind: 'conversation' as const };
  const decided = await decideRow(deciding, listed, { seenAt: at, known: parts.known });
  const lastMessage: LastMessage =
    decided.lastMessageReadAt === undefined
      ? { state: 'unread' }
      : { state: 'read', at: decided.lastMessageAt };
  const subject = { conversation: row, lastMessage };
  return {
    coverage,
    rules: explainRules(policy, subject, at),
    decision: decisionOf(decided),
    lastMessage,
    // Each is asked alone: together, they are asked no further than the first that keeps it.
    others: others.flatMap((other) => {
      const answer = foreignKeepsIn([other], project, at).ask(subject);
      return wordOf(other.name, answer);
    }),
  };
}

/** What a policy says of a project, where there is no row to decide. */
export function notDecided(coverage: PolicyNow['coverage']): PolicyNow {
  return { coverage, rules: undefined, decision: undefined, lastMessage: { state: 'unread' }, others: [] };
}

function decisionOf({ verdict, rule, reason, ageDays }: Decision): Decision {
  return { verdict, rule, reason, ageDays };
}

function wordOf(
  policy: string,
  answer: ReturnType<ReturnType<typeof foreignKeepsIn>['ask']>,
): readonly OthersWord[] {
  switch (answer.kind) {
    case 'free':
      return [];
    case 'kept':
      return [{ kind: 'kept', by: answer.by }];
    case 'needs_last_message':
      return [{ kind: 'needs_last_message', policy }];
  }
}
