import type { Project } from '../../core/conversation.ts';
import { ApiError } from '../../core/errors.ts';
import { coverageOf } from '../../core/explain.ts';
import type { Policy } from '../../core/policy.ts';
import type { CustomGptReader } from '../../core/ports/vendor.ts';
import { totalRequests } from '../../core/run.ts';
import type { PolicyNow, WhyReport, WhySight } from '../../core/why.ts';
import { asRunFault, endsTheRun, listProblem } from '../api-faults.ts';
import type { LookingRun } from '../context.ts';
import { explainConversation, notDecided, type ExplainParts } from './explain-conversation.ts';
import { findRow } from './find-row.ts';
import { visibleProjects } from './projects.ts';
import { reappearedIn } from './reappeared.ts';
import { whyOnRecord, type OnRecord, type WhyQuestion } from './why-record.ts';

export type Asking = OnRecord &
  Pick<LookingRun, 'reader' | 'holds' | 'keeps' | 'progress'> & {
    readonly signal?: AbortSignal | undefined;
  };

/**
 * What is on record of a conversation, what the API shows of it now, and what each policy makes of that. Sends nothing but
 * GET. Throws RetentionError (`credential_refused`, `api_unreachable`, `clock_untrusted`, `usage`).
 */
export async function whyConversation(asking: Asking, question: WhyQuestion): Promise<WhyReport> {
  const { store, reader, keeps, signal } = asking;
  const { projectId, at } = question;
  // First: what the files list is in the store from here on.
  const holds = await asking.holds.holdsInForce(at);
  const known = await reappearedIn(store.audit, projectId);
  const report = await whyOnRecord(asking, question);
  try {
    const sight = await look(asking, question);
    const policies: WhyReport['policies'][number][] = [];
    for (const one of report.policies) {
      const now = await judge({ reader, keeps, holds, known, at, signal }, one.policy, sight);
      policies.push({ ...one, now });
    }
    return { ...report, sight, policies, requests: totalRequests(reader.requestCounts()) };
  } catch (error) {
    throw asRunFault(error);
  }
}

async function judge(parts: ExplainParts, policy: Policy, sight: WhySight): Promise<PolicyNow | undefined> {
  if (!('project' in sight)) return undefined;
  if (sight.state === 'listed') return explainConversation(parts, policy, sight);
  return notDecided(coverageOf(policy.projects, sight.project));
}

async function look(asking: Asking, question: WhyQuestion): Promise<WhySight> {
  const { reader, progress, signal } = asking;
  const project = (await visibleProjects(reader, signal)).find(({ id }) => id === question.projectId);
  if (project === undefined) return { state: 'no_project' };
  progress.begin('listing', undefined);
  try {
    return await lookIn(asking, question, project);
  } catch (error) {
    if (!(error instanceof ApiError) || endsTheRun(error)) throw error;
    return { state: 'not_readable', project, problem: listProblem(error) };
  } finally {
    progress.end();
  }
}

async function lookIn(
  { reader, progress, signal }: Asking,
  { projectId, sessionId }: WhyQuestion,
  project: Project,
): Promise<WhySight> {
  const onRows = (count: number): void => {
    progress.advance(count);
  };
  const found = await findRow(reader, { projectId, sessionId, signal, onRows });
  if (found.state === 'found') {
    const { row } = found;
    return row.kind === 'conversation'
      ? { state: 'listed', project, row }
      : { state: 'unusable', project, row };
  }
  return { ...found, project, own: await ownAnswer(reader, { projectId, sessionId }, signal) };
}

/** A list that lacks it is one thing; what its own address says is another. */
async function ownAnswer(
  reader: CustomGptReader,
  { projectId, sessionId }: Pick<WhyQuestion, 'projectId' | 'sessionId'>,
  signal: AbortSignal | undefined,
): Promise<Extract<WhySight, { state: 'not_listed' }>['own']> {
  const options = { purpose: 'verify', ...(signal === undefined ? {} : { signal }) } as const;
  const answer = await reader.existence(projectId, sessionId, options);
  return answer.state === 'present' ? 'answers' : answer.state;
}
