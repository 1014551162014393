import { isStopped, stopInWords, type Stop } from './findings.ts';
import { breachInWords, LIMIT_NAMES, type Breach } from './limits.ts';

/** Why a run was refused, as its record says it: what no override passes first, then each limit. */
export function refusalInWords(stops: readonly Stop[], breaches: readonly Breach[]): string {
  return [...stops.map(stopInWords), ...breaches.map(breachInWords)].join('; ');
}

/** The same, one element each: a record may name a thousand projects. */
export function refusalParts(problem: string): readonly string[] {
  const parts: string[] = [];
  for (const piece of problem.split('; ')) {
    const before = beginsPart(piece) ? undefined : parts.pop();
    parts.push(before === undefined ? piece : `${before}; ${piece}`);
  }
  return parts;
}

function beginsPart(piece: string): boolean {
  return (
    isStopped(piece) ||
    LIMIT_NAMES.some((name) => /^[ :]/.test(piece.slice(name.length)) && piece.startsWith(name))
  );
}
