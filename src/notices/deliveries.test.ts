import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { plainCommandLine } from '../core/command-line.ts';
import { auditBroken } from '../core/notice.ts';
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts';
import { recordLog, seededChance, type RecordedLog } from '../../test/support/world.ts';
import { signatureOf, startReceiver, type Receiver, type Reply } from '../../test/support/receiver.ts';
import { Deliveries, type DeliveryParts } from './deliveries.ts';
import { heartbeatOf, packed, type NoticeSettings, type Parcel } from './targets.ts';

const NOW = Date.parse('2026-03-01T12:00:00.700Z');
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const TOKEN = 'T0KEN-that-nobody-may-print';
const hidden = (text: string) => ({ reveal: () => text });

let receiver: Receiver;
let clock: VirtualClock;
let log: RecordedLog;
let times: number[];

beforeEach(async () => {
  receiver = await startReceiver();
  clock = createVirtualClock(NOW);
  log = recordLog();
  times = [];
});
afterEach(async () => {
  expect(log.lines.join('\n')).not.toContain(TOKEN);
  await receiver.close();
});

function settingsFor(url: string): NoticeSettings {
  const webhook = { url: hidden(url), secret: hidden(SECRET) };
  return { webhook, slackUrl: undefined, heartbeatUrl: undefined, eachRun: false };
}

/** Notes when each attempt was made. */
function parcelFor(url: string): Parcel {
  const packing = { commandLine: plainCommandLine, chance: seededChance() };
  const [parcel] = packed(auditBroken(NOW, 'entry 5 is missing'), settingsFor(url), packing);
  if (parcel === undefined) throw new Error('nothing was packed');
  return {
    ...parcel,
    requestAt(at) {
      times.push(at);
      return parcel.requestAt(at);
    },
  };
}

function deliveriesWith(parts: Partial<DeliveryParts> = {}): Deliveries {
  return new Deliveries({ clock, chance: seededChance(), log, ...parts });
}

/** Until it is delivered or given up. */
async function deliver(parcel: Parcel, parts: Partial<DeliveryParts> = {}): Promise<void> {
  const deliveries = deliveriesWith(parts);
  deliveries.start(parcel);
  await untilLogged();
}

async function untilLogged(): Promise<void> {
  while (log.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}

async function delivered(...replies: readonly Reply[]): Promise<void> {
  receiver.replies = replies;
  await deliver(parcelFor(`${receiver.url}/${TOKEN}`));
}

function logged(): readonly Readonly<Record<string, unknown>>[] {
  return log.lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

describe('a webhook', () => {
  test('is posted once, signed by the specification', async () => {
    await delivered(200);
    const [request, ...others] = receiver.received;
    if (request === undefined) throw new Error('nothing arrived');
    expect(others).toEqual([]);
    expect(request).toMatchObject({
      ...{ method: 'POST', path: `/${TOKEN}` },
      headers: {
        'content-type': 'application/json',
        'user-agent': 'customgpt-retention',
        'webhook-id': expect.stringMatching(/^msg_[a-z0-9]{24}$/) as string,
        'webhook-timestamp': String(Math.floor(NOW / 1000)),
        'webhook-signature': signatureOf(request, SECRET),
      },
    });
    expect(logged()).toMatchObject([
      { level: 'debug', message: 'notice delivered', status: 200, attempts: 1, host: receiver.host },
    ]);
  });

  test('is repeated after what may pass, with the same id and a time stamp and signature of its own', async () => {
    await delivered(500, 'reset', 'half', 503, 204);
    expect(receiver.received).toHaveLength(5);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(5);
    for (const one of receiver.received)
      expect(one.headers['webhook-signature']).toBe(signatureOf(one, SECRET));
    expect(logged()).toMatchObject([{ message: 'notice delivered', attempts: 5 }]);
  });

  test('is given up after five attempts in about two minutes, and logged once', async () => {
    await delivered(500);
    expect(times).toHaveLength(5);
    const tookMs = (times.at(-1) ?? 0) - NOW;
    expect(tookMs).toBeGreaterThan(80_000);
    expect(tookMs).toBeLessThan(150_000);
    expect(logged()).toEqual([
      {
        ...{ level: 'warn', message: 'a notice was not delivered', target: 'webhook', host: receiver.host },
        ...{ notice: 'audit_broken', status: 500, attempts: 5 },
      },
    ]);
  });

  test.each([400, 401, 404, 410, 422, 304])('is not repeated after %i', async (status) => {
    await delivered(status);
    expect(receiver.received).toHaveLength(1);
    expect(logged()).toMatchObject([{ level: 'warn', status, attempts: 1 }]);
  });

  test.each([301, 302, 307, 308])('does not follow a redirect: %i', async (status) => {
    const elsewhere = await startReceiver();
    await delivered({ status, headers: { location: `${elsewhere.url}/` } });
    expect(receiver.received).toHaveLength(1);
    expect(elsewhere.received).toEqual([]);
    expect(logged()).toMatchObject([{ level: 'warn', status, attempts: 1 }]);
    await elsewhere.close();
  });

  test('comes back when a busy receiver says', async () => {
    await delivered({ status: 429, headers: { 'retry-after': '120' } }, 200);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBe(120_000);
    expect(logged()).toMatchObject([{ message: 'notice delivered' }]);
  });

  test('does not come back to a receiver that asks for more than five minutes', async () => {
    await delivered({ status: 429, headers: { 'retry-after': '301' } }, 200);
    expect(logged()).toMatchObject([{ level: 'warn', status: 429, attempts: 1 }]);
  });

  test('reads nothing of what the answer says', async () => {
    await delivered({ status: 200, body: 'x'.repeat(5_000_000) });
    expect(logged()).toMatchObject([{ message: 'notice delivered' }]);
  });

  test('does not wait longer than its time-out for an answer', async () => {
    receiver.replies = ['hang', 200];
    await deliver(parcelFor(receiver.url), { timeoutMs: 20 });
    expect(receiver.received).toHaveLength(2);
    expect(logged()).toMatchObject([{ message: 'notice delivered', attempts: 2 }]);
  });

  test('says what the network said where nobody listens', async () => {
    await receiver.close();
    await deliver(parcelFor(receiver.url));
    expect(logged()).toMatchObject([{ problem: 'ECONNREFUSED', attempts: 5, host: receiver.host }]);
    receiver = await startReceiver();
  });

  test('that takes another protocol is an attempt that failed', async () => {
    receiver.replies = [{ status: 101, headers: { upgrade: 'other', connection: 'upgrade' } }];
    await deliver(parcelFor(receiver.url));
    expect(logged()).toMatchObject([{ level: 'warn', attempts: 5 }]);
  });

  test('that cannot even be made is logged, and throws nothing', async () => {
    const broken: Parcel = {
      ...parcelFor(receiver.url),
      requestAt() {
        throw new TypeError(TOKEN);
      },
    };
    await deliver(broken);
    expect(logged()).toMatchObject([{ level: 'warn', problem: 'TypeError' }]);
  });
});

describe('a heartbeat', () => {
  test('is a GET of the address, with the name of the policy in it', async () => {
    const url = hidden(`${receiver.url}/ping/${TOKEN}/{policy}?create=1&rid={policy}`);
    await deliver(heartbeatOf('support-chats', url));
    expect(receiver.received).toMatchObject([
      { method: 'GET', path: `/ping/${TOKEN}/support-chats?create=1&rid=support-chats`, body: '' },
    ]);
  });
});

describe('at the end of the program', () => {
  test('what is under way gets five seconds, then is given up and named in one line', async () => {
    receiver.replies = ['hang'];
    const deliveries = deliveriesWith();
    deliveries.start(parcelFor(`${receiver.url}/${TOKEN}`));
    deliveries.start(heartbeatOf('chats', hidden(`${receiver.url}/${TOKEN}`)));
    while (receiver.received.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    const before = clock.now();
    await deliveries.close();
    expect(clock.now() - before).toBe(5_000);
    const { host } = receiver;
    expect(logged()).toEqual([
      {
        ...{ level: 'warn', message: 'notices were not delivered before the end' },
        not_delivered: [
          { target: 'webhook', host, notice: 'audit_broken' },
          { target: 'heartbeat', host, notice: 'heartbeat' },
        ],
      },
    ]);
  });

  test('an attempt that is waited for is given up, too', async () => {
    receiver.replies = [{ status: 503, headers: { 'retry-after': '200' } }];
    const deliveries = deliveriesWith();
    deliveries.start(parcelFor(receiver.url));
    const release = clock.hold();
    while (clock.sleeping === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    release();
    await deliveries.close();
    expect(receiver.received).toHaveLength(1);
    expect(clock.sleeping).toBe(0);
    expect(logged()).toMatchObject([{ not_delivered: [{ target: 'webhook' }] }]);
  });

  test('nobody waits where nothing is under way, and nothing begins after', async () => {
    const deliveries = deliveriesWith();
    await deliveries.close();
    expect(clock.now()).toBe(Math.floor(NOW));
    deliveries.start(parcelFor(receiver.url));
    await untilLogged();
    expect(receiver.received).toEqual([]);
    expect(logged()).toMatchObject([{ level: 'warn', message: 'a notice was not delivered' }]);
  });
});

test('a receiver that is away for long does not fill the memory', async () => {
  receiver.replies = ['hang'];
  const deliveries = deliveriesWith();
  for (let count = 0; count < 203; count += 1) deliveries.start(parcelFor(receiver.url));
  expect(logged()).toHaveLength(3);
  await deliveries.close();
  expect(logged()).toHaveLength(4);
});
