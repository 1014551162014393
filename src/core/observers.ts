import type { RunObserver, RunWatch } from './ports/observer.ts';

const SILENT: RunWatch = {
  begin: () => undefined,
  enter: () => undefined,
  advance: () => undefined,
  end: () => undefined,
  requested: () => undefined,
  ended: () => undefined,
};

/** Wants to know nothing. */
export const NO_OBSERVER: RunObserver = { watch: () => SILENT };

/** A watch that cares for some of what happens. */
export function watching(parts: Partial<RunWatch>): RunWatch {
  return { ...SILENT, ...parts };
}

/** One for all of them. What one of them throws goes to `onFailure`, and concerns neither the others nor the run. */
export function allObservers(
  observers: readonly RunObserver[],
  onFailure: (error: unknown) => void,
): RunObserver {
  return {
    watch(run) {
      const watches: RunWatch[] = [];
      const each = <Watcher>(watchers: readonly Watcher[], tell: (watcher: Watcher) => void): void => {
        for (const watcher of watchers) {
          try {
            tell(watcher);
          } catch (error) {
            onFailure(error);
          }
        }
      };
      each(observers, (observer) => watches.push(observer.watch(run)));
      const told =
        <Name extends keyof RunWatch>(name: Name) =>
        (...facts: Parameters<RunWatch[Name]>): void => {
          each(watches, (watch) => {
            const tell = watch[name] as (...facts: Parameters<RunWatch[Name]>) => void;
            tell(...facts);
          });
        };
      return {
        begin: told('begin'),
        enter: told('enter'),
        advance: told('advance'),
        end: told('end'),
        requested: told('requested'),
        ended: told('ended'),
      };
    },
  };
}
