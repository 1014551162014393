import { describe, expect, it } from 'vitest';
import { ApiError, RetentionError } from '../core/errors.ts';
import type { Policy, Schedule } from '../core/policy.ts';
import type { Log } from '../core/ports/surroundings.ts';
import type { SlotRequest } from './policy-schedule.ts';
import { createScheduler, type PoliciesNow, type Scheduler } from './scheduler.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Whoever looks more often than that looks for ever: then there is no answer any more. */
const MOST_LOOKS = 100_000;

interface Run extends SlotRequest {
  readonly policy: string;
  readonly startedAt: number;
  /** Ends it: well, with a fault in its result, or by throwing. */
  end(fault?: RetentionError): Promise<void>;
  throw(error: unknown): Promise<void>;
}

/** A machine with a clock and a store; daemons come and go on it. */
class Machine {
  at: number;
  readonly slots = new Map<string, number>();
  readonly recorded: string[] = [];
  readonly runs: Run[] = [];
  readonly lines: { level: string; facts: Record<string, unknown>; message: string }[] = [];
  readonly alarms = new Set<() => void>();
  /** Runs end by themselves unless a test wants to end them. */
  isRunByHand = false;
  looks = 0;
  storeFault: Error | undefined;
  onRun: (policy: Policy) => void = () => undefined;
  /** What the files say, where it is not what they said at the start. */
  folder: PoliciesNow | undefined;

  constructor(at: string) {
    this.at = Date.parse(at);
  }

  daemon(policies: readonly Policy[]): Scheduler {
    return createScheduler({
      policies,
      reread: () => Promise.resolve(this.folder ?? { policies }),
      clock: { now: () => this.at },
      log: Object.fromEntries(
        ['info', 'warn', 'error', 'debug'].map((level) => [
          level,
          (facts: Record<string, unknown>, message: string) => this.lines.push({ level, facts, message }),
        ]),
      ) as unknown as Log,
      slots: {
        lastSlot: (policy) => {
          this.looks += 1;
          return this.looks > MOST_LOOKS
            ? new Promise(() => undefined)
            : this.stored(() => this.slots.get(policy));
        },
        recordSlot: (policy, slotAt) =>
          this.stored(() => {
            this.recorded.push(iso(slotAt));
            this.slots.set(policy, Math.max(slotAt, this.slots.get(policy) ?? slotAt));
          }),
      },
      runPolicy: (policy, request) => this.run(policy, request),
      wake: (_schedule, onWake) => {
        this.alarms.add(onWake);
        return { stop: () => void this.alarms.delete(onWake) };
      },
    });
  }

  /** Time passes, and the alarms ring at every full `stepMs` of it. */
  async pass(ms: number, stepMs = MINUTE_MS): Promise<void> {
    const until = this.at + ms;
    for (;;) {
      const next = this.at + stepMs - (this.at % stepMs);
      if (next > until) break;
      this.at = next;
      await this.ring();
    }
    this.at = until;
  }

  /** Twice, as the guard and node-cron do. */
  async ring(): Promise<void> {
    for (const onWake of [...this.alarms, ...this.alarms]) onWake();
    await settled();
  }

  /** Everything in memory is gone, alarms and runs alike. */
  kill(): void {
    this.alarms.clear();
    this.runs.length = 0;
  }

  said(message: string): Record<string, unknown>[] {
    return this.lines.filter((line) => line.message === message).map(({ facts }) => facts);
  }

  slotsRun(): readonly string[] {
    return this.runs.map(({ slotAt, trigger }) => `${trigger} ${iso(slotAt)}`);
  }

  private stored<T>(work: () => T): Promise<T> {
    if (this.storeFault !== undefined) return Promise.reject(this.storeFault);
    return Promise.resolve(work());
  }

  private run(policy: Policy, request: SlotRequest): Promise<{ fault: RetentionError | undefined }> {
    this.onRun(policy);
    if (!this.isRunByHand) {
      const ended = () => Promise.resolve();
      this.runs.push({ ...request, policy: policy.name, startedAt: this.at, end: ended, throw: ended });
      return Promise.resolve({ fault: undefined });
    }
    return new Promise((resolve, reject) => {
      this.runs.push({
        ...request,
        policy: policy.name,
        startedAt: this.at,
        end: (fault) => {
          resolve({ fault });
          return settled();
        },
        throw: (error) => {
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever a test likes
          reject(error);
          return settled();
        },
      });
    });
  }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const iso = (at: number) => new Date(at).toISOString().replace(/(:00)?\.000Z$/, 'Z');

function policy(name: string, cron?: string, timezone = 'UTC'): Policy {
  const schedule: Schedule | undefined = cron === undefined ? undefined : { cron, timezone };
  return { name, schedule } as Policy;
}

async function started(machine: Machine, ...policies: readonly Policy[]): Promise<Scheduler> {
  const scheduler = machine.daemon(policies);
  await scheduler.start();
  await settled();
  return scheduler;
}

/** A run of a nightly policy under way, to be ended by hand. */
async function nightlyUnderWay(): Promise<{ machine: Machine; scheduler: Scheduler; run: Run }> {
  const machine = new Machine('2026-05-01T12:00:00Z');
  machine.isRunByHand = true;
  const scheduler = await started(machine, policy('nightly', '0 3 * * *'));
  await machine.pass(15 * HOUR_MS, HOUR_MS);
  return { machine, scheduler, run: latest(machine) };
}

function latest(machine: Machine): Run {
  const run = machine.runs.at(-1);
  if (run === undefined) throw new Error('nothing ran');
  return run;
}

describe('slots', () => {
  it('run once each, at their instant', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    await started(machine, policy('nightly', '0 3 * * *'));
    await machine.pass(3 * DAY_MS, HOUR_MS);
    expect(machine.slotsRun()).toEqual([
      'schedule 2026-05-02T03:00Z',
      'schedule 2026-05-03T03:00Z',
      'schedule 2026-05-04T03:00Z',
    ]);
    expect(machine.runs.map(({ startedAt, slotAt }) => startedAt - slotAt)).toEqual([0, 0, 0]);
    expect(machine.recorded).toEqual([
      '2026-05-01T12:00Z',
      '2026-05-02T03:00Z',
      '2026-05-03T03:00Z',
      '2026-05-04T03:00Z',
    ]);
    expect(machine.lines.every(({ level }) => level === 'info')).toBe(true);
  });

  it.each([
    ['Berlin, gap', 'Europe/Berlin', '30 2 * * *', '2026-03-29', '01:00'],
    ['Berlin, overlap', 'Europe/Berlin', '30 2 * * *', '2026-10-25', '00:30'],
    ['New York, gap', 'America/New_York', '30 2 * * *', '2026-03-08', '07:00'],
    ['New York, overlap', 'America/New_York', '30 1 * * *', '2026-11-01', '05:30'],
  ])('run once on the day the clocks change: %s', async (...[, timezone, cron, day, time]) => {
    const machine = new Machine(`${day}T00:00:00Z`);
    await started(machine, policy('nightly', cron, timezone));
    await machine.pass(23 * HOUR_MS);
    expect(machine.slotsRun()).toEqual([`schedule ${day}T${time}Z`]);
  });

  it('are kept over months', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    await started(machine, policy('quarterly', '0 3 1 */3 *'));
    await machine.pass(60 * DAY_MS, HOUR_MS);
    expect(machine.runs).toEqual([]);
    await machine.pass(10 * DAY_MS, HOUR_MS);
    expect(machine.slotsRun()).toEqual(['schedule 2026-07-01T03:00Z']);
  });

  it('of two policies do not wait for each other', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    machine.isRunByHand = true;
    const scheduler = await started(machine, policy('a', '*/10 * * * *'), policy('b', '*/10 * * * *'));
    await machine.pass(10 * MINUTE_MS);
    const [a, b] = machine.runs;
    expect([a?.policy, b?.policy]).toEqual(['a', 'b']);
    await b?.end();
    await machine.pass(10 * MINUTE_MS);
    expect(machine.runs.map((run) => `${run.policy} ${iso(run.slotAt)}`)).toEqual([
      'a 2026-05-01T12:10Z',
      'b 2026-05-01T12:10Z',
      'b 2026-05-01T12:20Z',
    ]);
    for (const run of machine.runs) await run.end();
    await scheduler.stop();
  });

  it('of a policy without a schedule, or with one that names no date, never come', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    await started(machine, policy('by-hand'));
    expect(machine.said('no policy has a schedule: nothing will ever run')).toHaveLength(1);
    await started(machine, policy('february', '0 0 30 2 *'));
    expect(machine.said('never runs: its schedule names no date that will come')).toHaveLength(1);
    expect(machine.alarms.size).toBe(0);
  });

  it('noticed early by an alarm wait for their time', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    await started(machine, policy('nightly', '0 3 * * *'));
    machine.at = Date.parse('2026-05-02T02:59:59.999Z');
    await machine.ring();
    expect(machine.runs).toEqual([]);
    machine.at += 1;
    await machine.ring();
    expect(machine.slotsRun()).toEqual(['schedule 2026-05-02T03:00Z']);
  });

  it('that come while the store is asked are not slept through', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    await started(machine, policy('nightly', '0 3 * * *'));
    machine.at = Date.parse('2026-05-02T02:59:59.999Z');
    for (const onWake of machine.alarms) onWake();
    // The look has read the clock by now, but has not ended.
    await Promise.resolve();
    machine.at += 1;
    await machine.ring();
    expect(machine.slotsRun()).toEqual(['schedule 2026-05-02T03:00Z']);
  });
});

describe('missed slots', () => {
  it('from before the first start are nobody’s debt', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    await started(machine, policy('nightly', '0 3 * * *'));
    expect(machine.runs).toEqual([]);
  });

  it('count from the first start on, even if the first slot was slept through', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    await started(machine, policy('nightly', '0 3 * * *'));
    machine.kill();
    machine.at += DAY_MS;
    await started(machine, policy('nightly', '0 3 * * *'));
    expect(machine.slotsRun()).toEqual(['catch-up 2026-05-02T03:00Z']);
  });

  it('of five days down are one run at start, and said so', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    const first = await started(machine, policy('nightly', '0 3 * * *'));
    await machine.pass(DAY_MS, HOUR_MS);
    await first.stop();
    machine.runs.length = 0;
    machine.at += 5 * DAY_MS;
    await started(machine, policy('nightly', '0 3 * * *'));
    await machine.pass(HOUR_MS);
    expect(machine.slotsRun()).toEqual(['catch-up 2026-05-07T03:00Z']);
    expect(machine.said('slots were missed: one run catches up')).toEqual([
      { policy: 'nightly', slot_at: '2026-05-07T03:00:00.000Z', trigger: 'catch-up', missed: 5 },
    ]);
  });

  it('while the machine slept are one run at the next wake', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    await started(machine, policy('hourly', '0 * * * *'));
    machine.at += 5 * HOUR_MS + 10 * MINUTE_MS;
    await machine.ring();
    await machine.pass(49 * MINUTE_MS);
    expect(machine.slotsRun()).toEqual(['catch-up 2026-05-01T17:00Z']);
  });
});

describe('a run longer than its interval', () => {
  it('covers the slots that come meanwhile, and each is said to be skipped', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    machine.isRunByHand = true;
    await started(machine, policy('often', '*/10 * * * *'));
    await machine.pass(35 * MINUTE_MS);
    expect(machine.slotsRun()).toEqual(['schedule 2026-05-01T12:10Z']);
    const skipped = machine.said('skipped: still running');
    expect(skipped.map((facts) => facts['slot_at'])).toEqual([
      '2026-05-01T12:20:00.000Z',
      '2026-05-01T12:30:00.000Z',
    ]);
    expect(skipped.every((facts) => facts['skipped'] === 1)).toBe(true);
    await latest(machine).end();
    expect(machine.recorded.at(-1)).toBe('2026-05-01T12:30Z');
    await machine.pass(5 * MINUTE_MS);
    expect(machine.slotsRun()).toEqual(['schedule 2026-05-01T12:10Z', 'schedule 2026-05-01T12:40Z']);
  });

  it('says so at its end, where no alarm rang meanwhile', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    machine.isRunByHand = true;
    await started(machine, policy('often', '*/10 * * * *'));
    await machine.pass(10 * MINUTE_MS);
    machine.at += 25 * MINUTE_MS;
    await latest(machine).end();
    await machine.ring();
    expect(machine.runs).toHaveLength(1);
    expect(machine.said('skipped: still running')).toEqual([
      {
        policy: 'often',
        slot_at: '2026-05-01T12:30:00.000Z',
        running_slot_at: '2026-05-01T12:10:00.000Z',
        skipped: 2,
      },
    ]);
  });
});

describe('a worker that dies in mid-run', () => {
  it('leaves its slot, and what came during the run, to one run of the next start', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    machine.isRunByHand = true;
    await started(machine, policy('often', '*/10 * * * *'));
    await machine.pass(25 * MINUTE_MS);
    machine.kill();
    await started(machine, policy('often', '*/10 * * * *'));
    expect(machine.slotsRun()).toEqual(['catch-up 2026-05-01T12:20Z']);
    await latest(machine).end();
    await machine.pass(4 * MINUTE_MS);
    expect(machine.runs).toHaveLength(1);
  });
});

describe('a run that fails', () => {
  it.each([
    [
      'with an error of ours',
      new RetentionError('api_unreachable', 'no answer'),
      'api_unreachable',
      'no answer',
    ],
    ['with one of the vendor', apiError(), 'server_error', 'GET /x: HTTP 500'],
    ['with one of nobody', new TypeError('x is not a function'), 'TypeError', 'x is not a function'],
    ['with no error at all', 'words', 'string', 'words'],
  ])('%s is logged, had its slot, and leaves the daemon alive', async (...[, error, kind, message]) => {
    const { machine, run } = await nightlyUnderWay();
    await run.throw(error);
    expect(machine.said('run failed')).toEqual([
      { policy: 'nightly', slot_at: '2026-05-02T03:00:00.000Z', kind, message },
    ]);
    await machine.pass(23 * HOUR_MS, HOUR_MS);
    expect(machine.runs).toHaveLength(1);
    await machine.pass(HOUR_MS);
    expect(machine.slotsRun().at(-1)).toBe('schedule 2026-05-03T03:00Z');
  });

  it('in its result is treated alike', async () => {
    const { machine, run } = await nightlyUnderWay();
    await run.end(new RetentionError('credential_refused', 'revoked'));
    expect(machine.said('run failed')).toMatchObject([{ kind: 'credential_refused', message: 'revoked' }]);
    expect(machine.recorded.at(-1)).toBe('2026-05-02T03:00Z');
  });

  it('because its state cannot be written is not repeated every minute, but at the next start', async () => {
    const { machine, run } = await nightlyUnderWay();
    machine.storeFault = new RetentionError('state_unusable', 'disk full');
    await run.throw(machine.storeFault);
    await machine.pass(3 * MINUTE_MS);
    expect(machine.said('schedule could not be kept')).toHaveLength(3);
    machine.storeFault = undefined;
    await machine.pass(HOUR_MS);
    expect(machine.runs).toHaveLength(1);
    machine.kill();
    await started(machine, policy('nightly', '0 3 * * *'));
    expect(machine.slotsRun()).toEqual(['catch-up 2026-05-02T03:00Z']);
  });
});

describe('a run whose state failed for a moment', () => {
  it('leaves its slot to the next start, though the slot could be recorded by now', async () => {
    const { machine, run } = await nightlyUnderWay();
    await run.throw(new RetentionError('state_unusable', 'database is locked'));
    await machine.pass(HOUR_MS);
    expect(machine.runs).toHaveLength(1);
    machine.kill();
    await started(machine, policy('nightly', '0 3 * * *'));
    expect(machine.slotsRun()).toEqual(['catch-up 2026-05-02T03:00Z']);
  });
});

describe('a slot whose lease another worker holds', () => {
  const held = new RetentionError('lease_held', 'another worker is running policy:nightly');

  it('is covered once that worker has recorded it, and said once', async () => {
    const { machine, run } = await nightlyUnderWay();
    await run.throw(held);
    expect(machine.recorded.at(-1)).toBe('2026-05-01T12:00Z');
    await machine.pass(MINUTE_MS);
    await latest(machine).throw(held);
    expect(machine.said('left to another worker, which is running this policy')).toHaveLength(1);
    expect(machine.said('due')).toHaveLength(1);
    const attempts = machine.runs.length;
    machine.slots.set('nightly', Date.parse('2026-05-02T03:00:00Z'));
    await machine.pass(HOUR_MS);
    expect(machine.runs).toHaveLength(attempts);
    expect(machine.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it('is taken over when that worker vanished', async () => {
    const { machine, run } = await nightlyUnderWay();
    await run.throw(held);
    await machine.pass(2 * MINUTE_MS);
    expect(latest(machine).slotAt).toBe(Date.parse('2026-05-02T03:00:00Z'));
    await latest(machine).end();
    expect(machine.recorded.at(-1)).toBe('2026-05-02T03:00Z');
  });

  it('stays due when the lease was lost in mid-run, and is tried again at the next wake', async () => {
    const { machine, run } = await nightlyUnderWay();
    await machine.pass(2 * MINUTE_MS);
    await run.end(new RetentionError('interrupted', 'stopped on request'));
    expect(machine.recorded.at(-1)).toBe('2026-05-01T12:00Z');
    expect(machine.runs).toHaveLength(1);
    await machine.pass(MINUTE_MS);
    expect(machine.runs).toHaveLength(2);
  });

  it('stays due while something stops each run, and what does is said once', async () => {
    const { machine, run } = await nightlyUnderWay();
    const stopped = new RetentionError('interrupted', 'stopped by the file /state/STOP');
    await run.end(stopped);
    for (let minute = 0; minute < 3; minute += 1) {
      await machine.pass(MINUTE_MS);
      await latest(machine).end(stopped);
    }
    expect(machine.runs.length).toBeGreaterThan(2);
    expect(machine.said('interrupted: the slot stays due')).toMatchObject([
      { reason: 'stopped by the file /state/STOP' },
    ]);
  });
});

describe('stopping', () => {
  it('waits for the run under way, and begins none any more', async () => {
    const { machine, scheduler, run } = await nightlyUnderWay();
    const alarms = [...machine.alarms];
    let isStopped = false;
    const stopping = scheduler.stop().then(() => (isStopped = true));
    await settled();
    expect(isStopped).toBe(false);
    await run.end();
    await stopping;
    // By now the store may be closed: an alarm that comes late must not touch it.
    machine.storeFault = new Error('closed');
    machine.at += DAY_MS;
    for (const onWake of alarms) onWake();
    await settled();
    expect(machine.said('schedule could not be kept')).toEqual([]);
    expect(machine.runs).toHaveLength(1);
    expect(machine.alarms.size).toBe(0);
    expect(machine.recorded.at(-1)).toBe('2026-05-02T03:00Z');
  });

  it('leaves the slot of an interrupted run due at the next start', async () => {
    const { machine, scheduler, run } = await nightlyUnderWay();
    const stopping = scheduler.stop();
    await run.end(new RetentionError('interrupted', 'SIGTERM'));
    await stopping;
    await started(machine, policy('nightly', '0 3 * * *'));
    expect(latest(machine)).toMatchObject({ trigger: 'schedule', slotAt: run.slotAt });
    expect(machine.runs).toHaveLength(2);
  });

  it('before a run that was being decided has begun means that it does not begin', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    const scheduler = await started(machine, policy('nightly', '0 3 * * *'));
    machine.at = Date.parse('2026-05-02T03:00:00Z');
    for (const onWake of machine.alarms) onWake();
    await scheduler.stop();
    expect(machine.runs).toEqual([]);
  });

  it('during the start means that nothing begins', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    machine.slots.set('nightly', Date.parse('2026-04-01T03:00:00Z'));
    const scheduler = machine.daemon([policy('nightly', '0 3 * * *')]);
    const starting = scheduler.start();
    await scheduler.stop();
    await starting;
    await settled();
    expect(machine.runs).toEqual([]);
    expect(machine.alarms.size).toBe(0);
  });
});

describe('a state that cannot be used', () => {
  it('refuses the start, and nothing has begun', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    machine.storeFault = new RetentionError('state_unusable', 'disk full');
    await expect(machine.daemon([policy('nightly', '0 3 * * *')]).start()).rejects.toThrow('disk full');
    expect(machine.alarms.size).toBe(0);
  });

  it('later only delays: the slot runs when it can be read again', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    await started(machine, policy('nightly', '0 3 * * *'));
    machine.storeFault = new Error('locked');
    await machine.pass(15 * HOUR_MS, HOUR_MS);
    expect(machine.runs).toEqual([]);
    expect(machine.said('schedule could not be kept').at(-1)).toEqual({
      policy: 'nightly',
      kind: 'Error',
      message: 'locked',
    });
    machine.storeFault = undefined;
    await machine.pass(5 * MINUTE_MS);
    expect(machine.slotsRun()).toEqual(['schedule 2026-05-02T03:00Z']);
  });
});

describe('files that change while it runs', () => {
  const WRONG: PoliciesNow = {
    problems: ['policies/a.yaml:3:1: name: is missing', 'policies/b.yaml: is empty'],
  };
  const nightly = (hash: string, cron = '0 3 * * *'): Policy => ({ ...policy('nightly', cron), hash });

  it('are read at each slot: the run is of what they say by then', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    const ran: string[] = [];
    machine.onRun = (one) => ran.push(one.hash);
    await started(machine, nightly('first'));
    machine.folder = { policies: [nightly('second')] };
    await machine.pass(DAY_MS);
    expect(ran).toEqual(['second']);
    expect(machine.said('policy changed: from here on as its file says')).toEqual([
      expect.objectContaining({ policy: 'nightly', before: 'first', after: 'second' }),
    ]);
    await machine.pass(DAY_MS);
    expect(machine.lines.filter(({ message }) => message.startsWith('policy '))).toHaveLength(1);
  });

  it('that are wrong let nothing run; the slot stays due, and all problems are said once', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    await started(machine, nightly('first'), policy('other', '0 3 * * *'));
    const recorded = [...machine.recorded];
    machine.folder = WRONG;
    await machine.pass(16 * HOUR_MS);
    expect(machine.runs).toEqual([]);
    expect(machine.recorded).toEqual(recorded);
    const said = machine.said('due, but the policies or holds cannot be used: the slot stays due');
    expect(said).toEqual(
      ['nightly', 'other'].map((name) => ({
        policy: name,
        slot_at: '2026-05-02T03:00:00.000Z',
        problems: WRONG.problems,
      })),
    );
    expect(machine.lines.filter(({ level }) => level === 'error')).toHaveLength(2);
    machine.folder = { policies: [nightly('second'), policy('other', '0 3 * * *')] };
    await machine.pass(MINUTE_MS);
    expect(machine.slotsRun()).toEqual(['catch-up 2026-05-02T03:00Z', 'catch-up 2026-05-02T03:00Z']);
  });

  it('are read when somebody asks for it, and what is due then runs at once', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    const scheduler = await started(machine, nightly('first'));
    machine.folder = WRONG;
    await machine.pass(15 * HOUR_MS);
    await scheduler.reload();
    expect(machine.said('policies or holds cannot be used: nothing runs until they can')).toEqual([WRONG]);
    machine.folder = { policies: [nightly('second')] };
    await scheduler.reload();
    await settled();
    expect(machine.slotsRun()).toEqual(['schedule 2026-05-02T03:00Z']);
  });

  it('may bring a policy, take one away, and bring it back', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    const scheduler = await started(machine, nightly('first'));
    machine.folder = {
      policies: [
        { ...policy('hourly', '30 * * * *'), hash: 'h' },
        { ...policy('on-command'), hash: 'o' },
      ],
    };
    await scheduler.reload();
    expect(machine.said('policy added: from here on as its file says')).toHaveLength(2);
    expect(machine.said('policy removed: from here on as its file says')).toHaveLength(1);
    await machine.pass(DAY_MS);
    expect(machine.runs).toHaveLength(24);
    expect(machine.runs.every((run) => run.policy === 'hourly')).toBe(true);
    machine.folder = { policies: [nightly('first')] };
    await scheduler.reload();
    await machine.pass(DAY_MS);
    expect(machine.runs.slice(24).map((run) => `${run.policy} ${iso(run.slotAt)}`)).toEqual([
      'nightly 2026-05-03T03:00Z',
    ]);
    machine.folder = { policies: [] };
    await scheduler.reload();
    expect(machine.said('no policy has a schedule: nothing will ever run')).toHaveLength(1);
    expect(machine.alarms.size).toBe(0);
  });

  it('may name other slots: those before are no debt, those to come are kept', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    const scheduler = await started(machine, nightly('first'));
    machine.folder = { policies: [nightly('second', '0 11 * * *')] };
    await scheduler.reload();
    await machine.pass(DAY_MS);
    expect(machine.slotsRun()).toEqual(['schedule 2026-05-02T11:00Z']);
    expect(machine.said('scheduled').map(({ next_at: at }) => at)).toEqual([
      '2026-05-02T03:00:00.000Z',
      '2026-05-02T11:00:00.000Z',
    ]);
    await scheduler.stop();
    machine.kill();
    machine.folder = undefined;
    await started(machine, nightly('second', '0 11 * * *'));
    expect(machine.runs).toEqual([]);
  });

  it('never make a policy run twice at a time', async () => {
    const { machine, scheduler, run } = await nightlyUnderWay();
    machine.folder = { policies: [] };
    await scheduler.reload();
    machine.folder = { policies: [nightly('second', '* * * * *')] };
    await scheduler.reload();
    await machine.pass(5 * MINUTE_MS);
    expect(machine.runs).toHaveLength(1);
    await run.end(new RetentionError('interrupted', 'stopped'));
    await machine.pass(MINUTE_MS);
    expect(machine.runs).toHaveLength(2);
  });

  it('that cannot be taken up are tried again', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    const scheduler = await started(machine, nightly('first'));
    machine.folder = { policies: [nightly('first'), policy('new', '0 5 * * *')] };
    machine.storeFault = new Error('locked');
    await expect(scheduler.reload()).rejects.toThrow('locked');
    machine.storeFault = undefined;
    await scheduler.reload();
    await machine.pass(DAY_MS);
    expect(machine.runs.map((run) => run.policy)).toEqual(['nightly', 'new']);
  });
});

describe('a clock that was set back', () => {
  it('by seconds repeats nothing', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    await started(machine, policy('nightly', '0 3 * * *'));
    await machine.pass(15 * HOUR_MS, HOUR_MS);
    machine.at -= 5000;
    await machine.ring();
    await machine.pass(HOUR_MS);
    expect(machine.runs).toHaveLength(1);
    expect(machine.lines.every(({ level }) => level === 'info')).toBe(true);
  });

  it('during a run does not keep it looking until the clock has caught up', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    machine.isRunByHand = true;
    await started(machine, policy('nightly', '0 3 * * *'));
    await machine.pass(15 * HOUR_MS + MINUTE_MS);
    machine.at -= 20 * MINUTE_MS;
    machine.looks = 0;
    await machine.runs[0]?.end();
    await settled();
    expect(machine.looks).toBeLessThan(3);
    await machine.pass(2 * DAY_MS);
    expect(machine.looks).toBeGreaterThan(100);
  });

  it('by years is said, once, and does not silence the policy', async () => {
    const machine = new Machine('2026-05-01T12:00:00Z');
    machine.slots.set('nightly', Date.parse('2031-01-01T03:00:00Z'));
    await started(machine, policy('nightly', '0 3 * * *'));
    expect(machine.runs).toEqual([]);
    await machine.pass(2 * DAY_MS, HOUR_MS);
    expect(machine.slotsRun()).toEqual(['schedule 2026-05-02T03:00Z', 'schedule 2026-05-03T03:00Z']);
    const said = machine.said('the last slot on record lies in the future: was the clock set back?');
    expect(said).toEqual([{ policy: 'nightly', recorded_at: '2031-01-01T03:00:00.000Z' }]);
  });
});

function apiError(): ApiError {
  return new ApiError({ failure: 'server_error', method: 'GET', path: '/x', status: 500 });
}
