import { expect, it } from 'vitest';
import { facts } from './store-samples.ts';
import type { Suite } from './store-samples.ts';

export function populationTests({ store, reopen }: Suite): void {
  const intend = (projectId: number, sessionId: string) =>
    store().audit.append([
      facts('deletion.intended', { project_id: projectId, session_id: sessionId }),
      facts('deletion.verified', { project_id: projectId, session_id: sessionId }),
    ]);

  it('are kept for each policy, the latest in place of the earlier', async () => {
    expect(await store().populations.knownPopulations('p')).toEqual([]);
    await store().populations.recordPopulations('p', [
      { projectId: 1, count: 10 },
      { projectId: 2, count: 20 },
    ]);
    await store().populations.recordPopulations('q', [{ projectId: 1, count: 99 }]);
    await store().populations.recordPopulations('p', [
      { projectId: 3, count: 30 },
      { projectId: 2, count: 21 },
    ]);
    const again = await reopen();
    expect(await again.populations.knownPopulations('p')).toEqual([
      { projectId: 2, count: 21 },
      { projectId: 3, count: 30 },
    ]);
    expect(await again.populations.knownPopulations('q')).toEqual([{ projectId: 1, count: 99 }]);
  });

  it('count less what any policy intended to delete there since, each conversation once', async () => {
    await intend(1, 'session-0001');
    await store().populations.recordPopulations('p', [
      { projectId: 1, count: 10 },
      { projectId: 2, count: 1 },
    ]);
    await intend(1, 'session-0002');
    await intend(1, 'session-0002');
    await intend(1, 'session-0003');
    await intend(2, 'session-0004');
    await intend(2, 'session-0005');
    expect(await store().populations.knownPopulations('p')).toEqual([
      { projectId: 1, count: 8 },
      { projectId: 2, count: 0 },
    ]);
  });
}
