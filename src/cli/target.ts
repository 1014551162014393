import { RetentionError } from '../core/errors.ts';
import type { HoldRecord } from '../core/hold.ts';
import { isProjectId, isSessionId } from '../core/ids.ts';

/** `PROJECT` or `PROJECT/SESSION`. `verb`: for the example. Throws `usage`. */
export function targetOf(target: string, verb: string): Pick<HoldRecord, 'projectId' | 'sessionId'> {
  const [project = '', sessionId, ...more] = target.split('/');
  const projectId = /^\d{1,16}$/.test(project) ? Number(project) : undefined;
  const isSound = isProjectId(projectId) && more.length === 0;
  if (isSound && sessionId === undefined) return { projectId, sessionId };
  if (isSound && isSessionId(sessionId)) return { projectId, sessionId };
  throw new RetentionError(
    'usage',
    'what is meant is a project id, or a project id, a slash and a session id',
    { hint: `For example: ${verb} 1234/0b1e6f0c-5f0e-4f65-9a52-3a9df1c3a7d1` },
  );
}

/** `PROJECT/SESSION`. Throws `usage`. */
export function sessionTargetOf(target: string): { readonly projectId: number; readonly sessionId: string } {
  const { projectId, sessionId } = targetOf(target, 'why');
  if (sessionId !== undefined) return { projectId, sessionId };
  throw new RetentionError('usage', `${target} is a project: add a slash and the id of a conversation`, {
    hint: `For example: why ${projectId}/0b1e6f0c-5f0e-4f65-9a52-3a9df1c3a7d1`,
  });
}
