import { afterEach, describe, expect, test } from 'vitest';
import { parseInstant } from '../../src/core/instant.ts';
import { onlyPlan, openTerminal } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { DAY } from '../support/world.ts';

const zone = process.env['TZ'];
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

describe('a date without a zone is UTC', () => {
  test('under every zone of this machine', () => {
    const zones = Intl.supportedValuesOf('timeZone');
    expect(zones.length).toBeGreaterThan(300);
    for (const tz of zones) {
      process.env['TZ'] = tz;
      expect({ tz, at: parseInstant('2023-04-30 16:43:53') }).toEqual({ tz, at: 1_682_873_033_000 });
    }
  });

  test.each(['Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Asia/Kathmandu', 'America/St_Johns'])(
    'to a run under TZ=%s, to the hour',
    async (TZ) => {
      const terminal = await openTerminal();
      try {
        terminal.policy(AGE_POLICY);
        const { accounts, faults } = terminal.sandbox;
        faults.stringlyTyped = true;
        accounts.addProject({ id: 101, name: 'p' });
        // A minute to each side of the cutoff, so that half an hour of a zone would change the decision.
        const cutoff = Date.now() - 90 * DAY;
        accounts.addConversation(101, { sessionId: 'expired-1', createdAt: cutoff - 60_000 });
        accounts.addConversation(101, { sessionId: 'recent-01', createdAt: cutoff + 60_000 });
        const { decisions } = onlyPlan(await terminal.run(['plan', '--json', '--all'], { TZ }));
        expect(decisions.map(({ session_id, verdict }) => [session_id, verdict])).toEqual([
          ['expired-1', 'delete'],
          ['recent-01', 'keep'],
        ]);
      } finally {
        await terminal.close();
      }
    },
  );
});
