import { describe, expect, test } from 'vitest';
import { NEW_LIFE, type Life } from '../../core/deletion/life.ts';
import type { Passing } from '../prove/passing.ts';
import { ProjectWork } from './project-work.ts';

function work(planned = 100): ProjectWork {
  return new ProjectWork({ projectId: 7, planned, listingCost: 1 });
}

function passing(life: Partial<Life>): Passing {
  return { life: { ...NEW_LIFE, ...life } } as unknown as Passing;
}

const ABSENT = { is: 'absent', status: 404, at: 1, recreatedAt: undefined } as const;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('what has vanished bars a project', () => {
  test.each([
    [5, 10, false],
    [6, 10, true],
    [6, 60, false],
    [6, 59, true],
    [10, 100, false],
    [11, 100, true],
  ])('%i of %i: %s', (vanished, planned, isBarred) => {
    const project = work(planned);
    const bar = {
      reason: `${vanished} of its ${planned} planned conversations are no longer visible to this key`,
      cause: 'project',
    };
    project.vanished = vanished;
    expect(project.vanishedBar).toEqual(isBarred ? bar : undefined);
    expect(project.missingBar).toBeUndefined();
    project.vanished = 0;
    project.missing = vanished;
    expect(project.missingBar).toEqual(isBarred ? bar : undefined);
    expect(project.vanishedBar).toBeUndefined();
  });
});

describe('the run as a whole', () => {
  test('is told what is missing from the listing, and more only where more is found gone one by one', () => {
    const project = work();
    project.missing = 3;
    project.gone = 2;
    expect(project.outOfSight).toBe(3);
    project.gone = 4;
    expect(project.outOfSight).toBe(4);
  });

  test('takes a project for looked at that is calibrated, and listed again where it had to be', () => {
    const project = work();
    expect(project.isLookedAt).toBe(false);
    project.calibration = {} as unknown as NonNullable<ProjectWork['calibration']>;
    expect(project.isLookedAt).toBe(true);
    project.isUnreadable = true;
    expect(project.isLookedAt).toBe(false);
  });
});

test('those that were sent a DELETE are told from the others, and those without a 404 are in doubt', () => {
  const project = work();
  const sent = [passing({ attempts: 1, reading: ABSENT }), passing({ attempts: 1 })];
  project.waiting = [passing({ attempts: 0, reading: ABSENT }), ...sent];
  expect(project.sent).toEqual(sent);
  expect(project.doubtful).toBe(1);
});

describe('a fresh listing', () => {
  test('waits until nobody is inside, and lets nobody in meanwhile', async () => {
    const project = work();
    const story: string[] = [];
    let leave = (): void => undefined;
    const inside = project.inside(async () => {
      await new Promise<void>((resolve) => (leave = resolve));
      story.push('left');
    });
    const alone = project.alone(async () => {
      story.push('listing');
      await turn();
      story.push('listed');
    });
    expect(project.isClosed).toBe(true);
    const opened = project.opened().then(() => story.push('opened'));
    await turn();
    expect(story).toEqual([]);
    leave();
    await Promise.all([inside, alone, opened]);
    expect(story).toEqual(['left', 'listing', 'listed', 'opened']);
    expect(project.isClosed).toBe(false);
  });

  test('begins at once where nobody is inside, and passes on what it gives', async () => {
    const project = work();
    expect(await project.alone(() => Promise.resolve('facts'))).toBe('facts');
    expect(await project.inside(() => Promise.resolve('answer'))).toBe('answer');
    await project.opened();
  });

  test('that fails opens the project again, and so does who fails inside', async () => {
    const project = work();
    await expect(project.inside(() => Promise.reject(new Error('inside')))).rejects.toThrow('inside');
    await expect(project.alone(() => Promise.reject(new Error('alone')))).rejects.toThrow('alone');
    expect(project.isClosed).toBe(false);
    expect(await project.alone(() => Promise.resolve(1))).toBe(1);
  });
});
