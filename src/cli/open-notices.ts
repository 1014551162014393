import type { Settings } from '../config/settings.ts';
import { allObservers } from '../core/observers.ts';
import type { Notice } from '../core/notice.ts';
import type { RunObserver } from '../core/ports/observer.ts';
import type { Store } from '../core/ports/store.ts';
import type { Log } from '../core/ports/surroundings.ts';
import type { CommandWorld } from './command.ts';

/** Who tells people of runs, and of what else they must know. */
export interface NoticeSender {
  readonly observers: readonly RunObserver[];
  readonly tell: (notice: Notice) => void;
  /** The state is not needed any more after this. */
  readonly decided: () => Promise<void>;
  /** Waits a few seconds for what is under way. */
  readonly close: () => Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();
const NOBODY: NoticeSender = { observers: [], tell: () => undefined, decided: nothing, close: nothing };

export function hasTargets({ notices }: Pick<Settings, 'notices'>): boolean {
  return [notices.webhook, notices.slackUrl, notices.heartbeatUrl].some((target) => target !== undefined);
}

export async function openNotices(
  { surroundings: { clock, chance }, commandLine }: CommandWorld,
  settings: Settings,
  { store, log }: { readonly store: Store; readonly log: Log },
): Promise<NoticeSender> {
  if (!hasTargets(settings)) return NOBODY;
  // Loaded only where somebody is told.
  const { Notices } = await import('../notices/notices.ts');
  const notices = new Notices({ settings: settings.notices, store, clock, chance, log, commandLine });
  return {
    observers: [notices],
    tell: notices.tell,
    decided: () => notices.decided(),
    close: () => notices.close(),
  };
}

/** All who watch runs; whoever of them fails is logged. */
export function watchedBy(observers: readonly RunObserver[], log: Log): RunObserver {
  return allObservers(observers, (error) => {
    const problem = error instanceof Error ? error.message : String(error);
    log.warn({ problem }, 'somebody who watches runs failed; the run goes on');
  });
}
