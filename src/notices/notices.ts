import type { CommandLine } from '../core/command-line.ts';
import type { Protection } from '../core/findings.ts';
import { isGood, noticesOf, type EndSeen, type Notice } from '../core/notice.ts';
import { watching } from '../core/observers.ts';
import type { RunEnd, RunObserver, RunWatch } from '../core/ports/observer.ts';
import type { Store } from '../core/ports/store.ts';
import type { RunRecord } from '../core/run.ts';
import { Deliveries, type DeliveryParts } from './deliveries.ts';
import { heartbeatOf, packed, type NoticeSettings } from './targets.ts';

/** Runs of a policy that are looked back at. */
const MOST_EARLIER = 500;

export interface NoticesParts extends DeliveryParts {
  readonly settings: NoticeSettings;
  readonly store: Pick<Store, 'runs' | 'plans' | 'audit'>;
  /** How a notice names a command. */
  readonly commandLine: CommandLine;
}

/** Tells people of what they must know, in the background: it holds up no run, and a notice that fails fails nothing. */
export class Notices implements RunObserver {
  readonly #parts: NoticesParts;
  readonly #deliveries: Deliveries;
  readonly #deciding = new Set<Promise<void>>();

  constructor(parts: NoticesParts) {
    this.#parts = parts;
    this.#deliveries = new Deliveries(parts);
  }

  readonly watch = (run: RunRecord): RunWatch =>
    watching({
      ended: (end) => {
        const deciding = this.#tellOfEnd(run, end)
          .catch((error: unknown) => {
            const problem = error instanceof Error ? error.name : 'unexpected';
            this.#parts.log.warn({ run_id: run.runId, problem }, 'the notices of a run were not sent');
          })
          .finally(() => this.#deciding.delete(deciding));
        this.#deciding.add(deciding);
      },
    });

  /** Sends a notice to every target, in the background. */
  readonly tell = (notice: Notice): void => {
    for (const parcel of packed(notice, this.#parts.settings, this.#parts)) this.#deliveries.start(parcel);
  };

  /** Until it is decided what is to be told of the runs that have ended; the state is not needed after. */
  async decided(): Promise<void> {
    await Promise.all(this.#deciding);
  }

  /** Waits for what is under way, but not for long. */
  async close(): Promise<void> {
    await this.decided();
    await this.#deliveries.close();
  }

  async #tellOfEnd(begun: RunRecord, end: RunEnd | undefined): Promise<void> {
    const { settings, clock } = this.#parts;
    const run = end?.run ?? begun;
    if (isGood(run) && settings.heartbeatUrl !== undefined)
      this.#deliveries.start(heartbeatOf(run.policy, settings.heartbeatUrl));
    if (settings.webhook === undefined && settings.slackUrl === undefined) return;
    const seen: EndSeen = { at: clock.now(), run, counts: end?.counts, ...(await this.#around(run)) };
    for (const notice of noticesOf(seen, settings)) this.tell(notice);
  }

  /** Where the state cannot be read, the end of the run is told all the same, by what it says itself. */
  async #around(run: RunRecord): Promise<Omit<EndSeen, 'at' | 'run' | 'counts'>> {
    try {
      return await whatWasAround(this.#parts.store, run);
    } catch {
      return { earlier: [], protections: [], protectionsBefore: [], open: [] };
    }
  }
}

async function whatWasAround(
  { runs, plans, audit }: NoticesParts['store'],
  { policy, planId, runId }: RunRecord,
): Promise<Omit<EndSeen, 'at' | 'run' | 'counts'>> {
  const all = await runs.runs({ policy, limit: MOST_EARLIER });
  // Another one may have begun by now.
  const at = all.findIndex((one) => one.runId === runId);
  const earlier = at === -1 ? [] : all.slice(at + 1);
  const protectionsOf = async (id: string | undefined): Promise<readonly Protection[]> =>
    id === undefined ? [] : ((await plans.plan(id))?.findings.protections ?? []);
  const planBefore = earlier.find((one) => one.planId !== undefined)?.planId;
  // Quickly answered, and most often with none.
  const isAnyOpen = (await audit.openIntentCount(policy, runId)) > 0;
  const open = isAnyOpen ? await audit.openIntents() : [];
  return {
    earlier,
    protections: await protectionsOf(planId),
    protectionsBefore: await protectionsOf(planBefore),
    open: open.filter((intent) => intent.policy === policy),
  };
}
