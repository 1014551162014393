import { reboundJson, reboundLines } from '../../report/account-text.ts';
import { rebindAccount } from '../../run/around/rebind-account.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { textOf } from '../flag-text.ts';
import { withStopSignals } from '../stopping.ts';
import { withWorker } from '../compose.ts';

export interface StateRebindInput {
  readonly by: string;
  readonly reason: string;
}

/** Gives the state to the account that the key is of, by a person's word. */
export const stateRebind: Command<StateRebindInput> = async (world, input) => {
  const request = { by: textOf('--by', input.by), reason: textOf('--reason', input.reason) };
  return withWorker(world, { forPeople: true }, async (worker) => {
    const { store } = worker;
    const { reader } = worker.openApi();
    const rebound = await withStopSignals(world.surroundings, ({ stop }) =>
      rebindAccount({ reader, accounts: store.accounts, audit: store.audit, signal: stop }, request),
    );
    await world.output.lines(...reboundLines(rebound));
    await world.output.document(reboundJson(rebound));
    return EXIT.done;
  });
};
