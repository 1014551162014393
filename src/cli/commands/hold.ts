import { isFault, RetentionError } from '../../core/errors.ts';
import { compareWithList, HoldIndex, type HoldRecord } from '../../core/hold.ts';
import { endOfHoldDay, LONGEST_MATTER, NO_HOLD_DAY } from '../../core/hold-fields.ts';
import type { Store } from '../../core/ports/store.ts';
import type { Clock } from '../../core/ports/surroundings.ts';
import { holdJson, holdSentence } from '../../report/hold-text.ts';
import type { Command, CommandWorld } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { textOf } from '../flag-text.ts';
import { withHistory } from '../history.ts';
import { targetOf } from '../target.ts';
import { wholeSessionId } from '../whole-ids.ts';
import { lookAtPlace } from '../look-at-place.ts';
import { loggingOf, openState } from '../compose.ts';

export interface HoldAddInput {
  /** `PROJECT` or `PROJECT/SESSION`. */
  readonly target: string;
  readonly matter: string;
  readonly reason: string;
  readonly by: string;
  readonly until?: string;
  /** Asks nobody whether it exists. */
  readonly offline?: boolean;
}

export interface HoldReleaseInput {
  readonly holdId: string;
  readonly reason: string;
  readonly by: string;
}

/**
 * Places a hold: from its end on no deletion of what it covers begins, whatever a policy or a plan says. Deletions whose
 * intent was on disk before are named. Looks first whether there is such a place.
 */
export const holdAdd: Command<HoldAddInput> = async (world, input) => {
  const { clock, chance } = world.surroundings;
  const { stateDir, timeZone } = world.settings();
  const addedAt = clock.now();
  const hold = {
    holdId: `hold-${chance.token(12)}`,
    ...(await placeOf(world, input.target)),
    matter: textOf('--matter', input.matter, LONGEST_MATTER),
    reason: textOf('--reason', input.reason),
    by: textOf('--by', input.by),
    addedAt,
    untilAt: input.until === undefined ? undefined : untilOf(input.until, addedAt),
  };
  const record = { ...hold, source: undefined, release: undefined };
  const found = input.offline === true ? [] : await lookAtPlace(world, hold);
  const underWay = await withState(world, async (store) => {
    await store.holds.addHold(hold);
    const held = new HoldIndex([hold]);
    return (await store.audit.openIntents()).filter((intent) => held.over(intent, addedAt) !== undefined);
  });
  await world.output.lines(
    holdSentence(record, timeZone),
    ...underWay.map(
      ({ projectId, sessionId }) =>
        `Deletion already begun for conversation ${projectId}/${sessionId}: if its DELETE is on its way, it will be carried out.`,
    ),
    ...found,
    `Recorded in ${stateDir}: workers with another state directory do not see it.`,
  );
  await world.output.document({
    ...holdJson(record, addedAt),
    warnings: found,
    already_begun: underWay.map(({ projectId, sessionId }) => ({
      project_id: projectId,
      session_id: sessionId,
    })),
  });
  return EXIT.done;
};

/** What is meant: of a session, by the start of its id, where a plan or the log in this state knows the whole. */
async function placeOf(
  world: CommandWorld,
  target: string,
): Promise<Pick<HoldRecord, 'projectId' | 'sessionId'>> {
  const { projectId, sessionId } = targetOf(target, 'hold add');
  if (sessionId === undefined) return { projectId, sessionId };
  try {
    return await withHistory(world, async (store) => ({
      projectId,
      sessionId: await wholeSessionId(store, { projectId, sessionId }, world.output.note),
    }));
  } catch (error) {
    // There may be none yet; what else is wrong with it is told when it is opened to be written.
    if (isFault(error, 'state_unusable')) return { projectId, sessionId };
    throw error;
  }
}

/** Ends a hold. What it covered is decided anew by the next plan; an older plan deletes no more than it names. */
export const holdRelease: Command<HoldReleaseInput> = async (world, input) => {
  const at = world.surroundings.clock.now();
  const release = { at, by: textOf('--by', input.by), reason: textOf('--reason', input.reason) };
  const released = await withState(world, async (store) => {
    const hold = (await store.holds.holds()).find((one) => one.holdId === input.holdId);
    await assertNotListed(hold, world.surroundings.clock);
    const done = await store.holds.releaseHold(input.holdId, release);
    if (done !== undefined) return done;
    const why =
      hold === undefined
        ? `there is no hold ${input.holdId} to release`
        : `hold ${input.holdId} is released already`;
    throw new RetentionError('usage', why, { hint: 'See: customgpt-retention hold list' });
  });
  await world.output.lines(holdSentence(released, world.settings().timeZone));
  await world.output.document(holdJson(released, at));
  return EXIT.done;
};

/** What is still in its file would be added again by the next run. A file that is gone lists nothing any more. */
async function assertNotListed(hold: HoldRecord | undefined, clock: Clock): Promise<void> {
  if (hold?.source === undefined || hold.release !== undefined) return;
  // Loaded only here: what reads files of holds brings the parsers of YAML and of schemas along.
  const { createHoldFile } = await import('../../config/holds-file.ts');
  const list = await createHoldFile({ file: hold.source, isNamed: false }, clock).read();
  if (list === undefined || compareWithList([hold], list.holds).gone.length > 0) return;
  throw new RetentionError(
    'usage',
    `${hold.holdId} is listed in ${hold.source}: take it out of that file instead`,
    {
      hint: 'The next run, or plan, that reads the file releases it.',
    },
  );
}

async function withState<T>(world: CommandWorld, work: (store: Store) => Promise<T>): Promise<T> {
  const settings = world.settings();
  const store = await openState(world, settings, await loggingOf(world, settings, true));
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** A day counts to its end, in UTC. */
function untilOf(text: string, now: number): number {
  const untilAt = endOfHoldDay(text);
  if (untilAt === undefined) throw new RetentionError('usage', `--until ${NO_HOLD_DAY}`);
  if (untilAt <= now) throw new RetentionError('usage', '--until is over already');
  return untilAt;
}
