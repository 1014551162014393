import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import { CircuitBreaker, type Lesson, type Ticket } from './circuit-breaker.ts';
import { createPace } from './pace.ts';
import { RequestQueue } from './request-queue.ts';

const NOTHING = { info: noop, warn: noop, error: noop, debug: noop };
const ANSWERED: Lesson = { kind: 'answered' };
function noop(): void {
  // Nobody reads it.
}
function throttled(retryAfterMs?: number): Lesson {
  return { kind: 'throttled', status: 429, retryAfterMs };
}
function trouble(place: string): Lesson {
  return { kind: 'trouble', failure: 'server_error', status: 503, place };
}

function setUp(options: { requestsPerMinute?: number; manual?: boolean; log?: object } = {}) {
  const clock = createVirtualClock(0, { manual: options.manual ?? false });
  const breaker = new CircuitBreaker({
    clock,
    chance: { fraction: () => 0.999_999, token: () => '' },
    log: { ...NOTHING, ...options.log },
    patience: { troubleMs: 300_000, throttledMs: 900_000 },
  });
  const queue = new RequestQueue({
    clock,
    breaker,
    pace: createPace(options.requestsPerMinute ?? 'unlimited'),
  });
  const start = clock.monotonic();
  async function enter(isRead = true, signal?: AbortSignal): Promise<Ticket> {
    const admission = await queue.enter(isRead, signal);
    if (admission.kind !== 'admitted') throw new Error(admission.kind);
    return admission.ticket;
  }
  return { clock, breaker, queue, enter, elapsed: () => Math.round(clock.monotonic() - start) };
}

describe('the pace', () => {
  it('keeps requests strictly apart, without a burst', async () => {
    const { enter, elapsed } = setUp({ requestsPerMinute: 90 });
    const starts: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        await enter();
        starts.push(elapsed());
      }),
    );
    const gaps = starts.slice(1).map((at, index) => at - (starts[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(666);
    expect(starts.at(-1)).toBeLessThan(19 * 668);
  });

  it('does not save up what was not used', async () => {
    const { clock, enter, elapsed } = setUp({ requestsPerMinute: 60 });
    await enter();
    await clock.advance(10_000);
    await Promise.all([enter(), enter()]);
    expect(elapsed()).toBe(11_000);
  });

  it('begins anew with a request that goes out after its turn, and nobody starts in between', async () => {
    const { clock, queue, enter, elapsed } = setUp({ requestsPerMinute: 60 });
    await enter();
    const goOn = queue.postpone();
    const starts: number[] = [];
    const others = [1, 2].map(async () => {
      await enter();
      starts.push(elapsed());
    });
    await clock.advance(5_500);
    expect(starts).toEqual([]);
    goOn();
    await Promise.all(others);
    expect(starts).toEqual([6_500, 7_500]);
  });

  it('is nobody to wait for where there is none', async () => {
    const { queue, enter, elapsed } = setUp();
    await enter();
    queue.postpone();
    await enter();
    expect(elapsed()).toBe(0);
  });

  it('catches up at most 50 ms where intervals are short', () => {
    const pace = createPace(60_000);
    pace.start(0);
    let burst = 0;
    while (pace.waitMs(1000) === 0) {
      pace.start(1000);
      burst += 1;
    }
    expect(burst).toBe(51);
  });

  it('refuses a rate that is none', () => {
    expect(() => createPace(0)).toThrow(RangeError);
    expect(() => createPace(-1)).toThrow(RangeError);
    expect(() => createPace(NaN)).toThrow(RangeError);
  });

  it('gives the turn of one who left to the next', async () => {
    const { enter, elapsed } = setUp({ requestsPerMinute: 60 });
    await enter();
    const leaving = new AbortController();
    const gone = Promise.all(Array.from({ length: 50 }, () => enter(true, leaving.signal).catch(String)));
    const last = enter();
    leaving.abort();
    await gone;
    await last;
    expect(elapsed()).toBe(1000);
  });
});

describe('the breaker', () => {
  it('pauses everybody after a 429, then lets one go, and all after its success', async () => {
    const { enter, queue, elapsed, clock } = setUp();
    queue.leave(await enter(), throttled(20_000));
    const entered: [number, Ticket][] = [];
    const all = Array.from({ length: 10 }, async () => {
      const ticket = await enter();
      entered.push([elapsed(), ticket]);
    });
    await Promise.race(all);
    await clock.advance(60_000);
    expect(entered.map(([at]) => at)).toEqual([20_000]);
    const [probe] = entered;
    if (probe === undefined) throw new Error('no probe');
    expect(probe[1].isProbe).toBe(true);
    queue.leave(probe[1], ANSWERED);
    await Promise.all(all);
    expect(entered).toHaveLength(10);
    expect(entered.slice(1).every(([, ticket]) => !ticket.isProbe)).toBe(true);
  });

  it('backs off twice as long after each failed probe, up to a minute', async () => {
    const { enter, queue, elapsed } = setUp();
    queue.leave(await enter(), throttled());
    const probes: number[] = [];
    let before = elapsed();
    for (let count = 0; count < 9; count += 1) {
      const ticket = await enter();
      probes.push(Math.round((elapsed() - before) / 1000));
      before = elapsed();
      queue.leave(ticket, throttled());
    }
    expect(probes).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('lets the next one probe when the probe was aborted', async () => {
    const { enter, queue, elapsed } = setUp();
    queue.leave(await enter(), throttled(5000));
    const probe = await enter();
    const next = enter();
    queue.leave(probe, { kind: 'nothing' });
    expect((await next).isProbe).toBe(true);
    expect(elapsed()).toBe(5000);
  });

  it('would rather probe with a read', async () => {
    const { enter, queue } = setUp();
    queue.leave(await enter(), throttled(5000));
    const order: string[] = [];
    const write = enter(false).then(() => order.push('write'));
    const read = enter(true).then((ticket) => {
      order.push('read');
      queue.leave(ticket, ANSWERED);
    });
    await Promise.all([write, read]);
    expect(order).toEqual(['read', 'write']);
  });

  it('does not back off further for those that were under way, but hears what they were told', async () => {
    const { enter, queue, elapsed } = setUp();
    const tickets = [await enter(), await enter(), await enter()];
    queue.leave(tickets[0] as Ticket, throttled());
    queue.leave(tickets[1] as Ticket, throttled());
    queue.leave(tickets[2] as Ticket, throttled(7000));
    await enter();
    expect(elapsed()).toBe(7000);
  });

  it('shuts for those who were let in and have not gone, a probe included, when somebody is told to wait', async () => {
    const { clock, enter, breaker, queue } = setUp();
    const [early, late, waiting] = [await enter(), await enter(), await enter()];
    const admits = (ticket: Ticket): boolean => breaker.admits(ticket, clock.monotonic());
    expect(admits(waiting)).toBe(true);
    queue.leave(early, throttled(2_000));
    expect(admits(waiting)).toBe(false);
    const probe = await enter();
    expect([admits(probe), admits(waiting)]).toEqual([true, false]);
    queue.leave(late, throttled(5_000));
    expect(admits(probe)).toBe(false);
    await clock.advance(5_000);
    expect(admits(probe)).toBe(true);
    queue.leave(probe, ANSWERED);
    expect(admits(waiting)).toBe(true);
  });

  it('does not open for an answer to a request from before', async () => {
    const { enter, queue, breaker } = setUp();
    const [early, late] = [await enter(), await enter()];
    queue.leave(early, throttled(7000));
    queue.leave(late, ANSWERED);
    expect(breaker.isPaused).toBe(true);
  });

  it('caps an absurd wait at a quarter of an hour and says so', async () => {
    const warnings: string[] = [];
    const log = { warn: (_: object, message: string) => warnings.push(message) };
    const { enter, queue, elapsed } = setUp({ log });
    queue.leave(await enter(), throttled(99_999_999_000));
    await enter();
    expect(elapsed()).toBe(900_000);
    expect(warnings).toContain('told to wait absurdly long');
  });

  it('goes on backing off when it is turned away right after opening', async () => {
    const { enter, queue, elapsed } = setUp();
    queue.leave(await enter(), throttled());
    queue.leave(await enter(), throttled());
    queue.leave(await enter(), ANSWERED);
    const before = elapsed();
    queue.leave(await enter(), throttled());
    await enter();
    expect(Math.round((elapsed() - before) / 1000)).toBe(4);
  });

  it('takes four failures over two places for trouble of all', async () => {
    const { enter, queue, breaker } = setUp();
    for (const place of ['/a', '/a', '/a', '/a', '/a']) queue.leave(await enter(), trouble(place));
    expect(breaker.isPaused).toBe(false);
    queue.leave(await enter(), ANSWERED);
    for (const place of ['/a', '/b', '/c']) queue.leave(await enter(), trouble(place));
    expect(breaker.isPaused).toBe(false);
    queue.leave(await enter(), trouble('/c'));
    expect(breaker.isPaused).toBe(true);
  });

  it('sends everybody home when the patience is over', async () => {
    const { enter, queue, elapsed } = setUp();
    for (const place of ['/a', '/b', '/c', '/d']) queue.leave(await enter(), trouble(place));
    let probeCount = 0;
    while (elapsed() < 300_000) {
      const probe = await enter();
      const waiting = enter();
      probeCount += 1;
      queue.leave(probe, trouble('/a'));
      if (elapsed() < 300_000) queue.leave(await waiting, { kind: 'nothing' });
      else await expect(waiting).rejects.toThrow('exhausted');
    }
    expect(elapsed()).toBeLessThan(361_000);
    expect(probeCount).toBeLessThan(12);
  });

  it('forgets an outage that nobody looked at for a while', async () => {
    const { enter, queue, breaker, clock } = setUp();
    queue.leave(await enter(), throttled());
    await clock.advance(3_600_000);
    const ticket = await enter();
    queue.leave(ticket, throttled());
    expect(ticket.isProbe).toBe(true);
    expect(breaker.exhausted(clock.monotonic())).toBeUndefined();
  });
});

describe('waiting', () => {
  it('ends at once with the signal, and leaves no alarm behind', async () => {
    const { enter, queue, clock } = setUp({ manual: true });
    queue.leave(await enter(), throttled(20_000));
    const stop = new AbortController();
    const waiting = enter(true, stop.signal);
    expect(clock.sleeping).toBe(1);
    stop.abort();
    await expect(waiting).rejects.toThrow('aborted');
    expect(clock.sleeping).toBe(0);
    await expect(enter(true, stop.signal)).rejects.toThrow('aborted');
  });

  it('ends when the client is closed', async () => {
    const { enter, queue, clock } = setUp({ manual: true });
    queue.leave(await enter(), throttled(20_000));
    const waiting = enter();
    queue.close();
    await expect(waiting).rejects.toThrow('aborted');
    await expect(enter()).rejects.toThrow('aborted');
    expect(clock.sleeping).toBe(0);
  });
});

it('is not opened by a probe before a time that was told while the probe was on its way', async () => {
  const { clock, queue, enter, elapsed } = setUp();
  const [first, slow] = [await enter(), await enter()];
  queue.leave(first, throttled());
  const probe = await enter();
  expect(probe.isProbe).toBe(true);
  queue.leave(slow, throttled(5000));
  const toldAt = elapsed();
  await clock.advance(500);
  const waiting = enter();
  queue.leave(probe, ANSWERED);
  const next = await waiting;
  expect(elapsed()).toBe(toldAt + 5000);
  queue.leave(next, ANSWERED);
  await enter();
  expect(elapsed()).toBe(toldAt + 5000);
});
