/** Runs `onExpired` once `limitMs` have passed, unless the returned function was called before. */
export type StartDeadline = (limitMs: number, onExpired: () => void) => () => void;

/** In real time, as the sockets are. */
export const startDeadline: StartDeadline = (limitMs, onExpired) => {
  // eslint-disable-next-line no-restricted-globals -- the simulator gives its own wire, with its own deadlines
  const timer = setTimeout(onExpired, limitMs);
  return () => {
    clearTimeout(timer);
  };
};
