import { RetentionError } from '../../core/errors.ts';
import { testNotice } from '../../core/notice.ts';
import { Deliveries, type Attempt } from '../../notices/deliveries.ts';
import { heartbeatOf, packed, type Parcel } from '../../notices/targets.ts';
import type { Command, CommandWorld } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { loggingOf } from '../compose.ts';
import { hasTargets } from '../open-notices.ts';

export interface NoticesTestInput {
  /** What `{policy}` of the heartbeat's address stands for. */
  readonly policy?: string;
}

/** One attempt for each target, and what it answered. */
export const noticesTest: Command<NoticesTestInput> = async (world, { policy }) => {
  const { surroundings, output } = world;
  const settings = world.settings();
  if (!hasTargets(settings)) {
    throw new RetentionError('usage', 'nobody is told of anything: no target for notices is set', {
      hint: 'Set RETENTION_NOTICE_URL, RETENTION_NOTICE_SLACK_URL or RETENTION_HEARTBEAT_URL; see docs/notices.md',
    });
  }
  const { log } = await loggingOf(world, settings, true);
  const { clock, chance } = surroundings;
  const deliveries = new Deliveries({ clock, chance, log });
  const parcels = parcelsOf(world, policy);
  const results = await Promise.all(
    parcels.map(async (parcel) => ({ parcel, attempt: await deliveries.try(parcel) })),
  );
  await output.lines(
    ...results.map(({ parcel, attempt }) => `${parcel.target} (${parcel.host}): ${inWords(attempt)}`),
  );
  if (isHeartbeatLeftOut(world, policy))
    await output.lines('heartbeat: not tried, because its address has {policy} in it: add --policy NAME');
  await output.document({ targets: results.map(({ parcel, attempt }) => resultJson(parcel, attempt)) });
  return results.every(({ attempt }) => attempt.is === 'delivered') ? EXIT.done : EXIT.attention;
};

function parcelsOf(world: CommandWorld, policy: string | undefined): readonly Parcel[] {
  const { commandLine, surroundings } = world;
  const { clock, chance } = surroundings;
  const { notices } = world.settings();
  const { heartbeatUrl } = notices;
  const parcels = packed(testNotice(clock.now()), notices, { commandLine, chance });
  if (heartbeatUrl === undefined || isHeartbeatLeftOut(world, policy)) return parcels;
  return [...parcels, heartbeatOf(policy ?? '', heartbeatUrl)];
}

function isHeartbeatLeftOut(world: CommandWorld, policy: string | undefined): boolean {
  const { heartbeatUrl } = world.settings().notices;
  return policy === undefined && heartbeatUrl?.reveal().includes('{policy}') === true;
}

function inWords(attempt: Attempt): string {
  const { is } = attempt;
  const what = is === 'missed' && attempt.code !== undefined ? attempt.code : `HTTP ${attempt.status ?? '?'}`;
  return is === 'delivered' ? `delivered (${what})` : `not delivered (${what})`;
}

function resultJson({ target, host }: Parcel, attempt: Attempt) {
  const problem = attempt.is === 'missed' ? (attempt.code ?? null) : null;
  return { target, host, delivered: attempt.is === 'delivered', status: attempt.status ?? null, problem };
}
