/**
 * Milliseconds of processor time that `work` takes, the best of three rounds: what other programs do on this machine
 * meanwhile is not the work's fault.
 */
export function cpuMs(work: () => unknown): number {
  const rounds = [1, 2, 3].map(() => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...rounds);
}
