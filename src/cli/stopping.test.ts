import { expect, it } from 'vitest';
import { withStopSignals } from './stopping.ts';
import { systemClock, type Surroundings } from './surroundings.ts';

it('says what stopped it', async () => {
  let press: ((signal: string) => void) | undefined;
  const surroundings = {
    clock: systemClock,
    onStopRequest: (listener: (signal: string) => void) => {
      press = listener;
      return () => undefined;
    },
  } as unknown as Surroundings;
  await withStopSignals(surroundings, ({ stop }) => {
    press?.('SIGTERM');
    expect(stop.reason).toMatchObject({ kind: 'interrupted', message: 'stopped by SIGTERM' });
    return Promise.resolve();
  });
});
