import type { Project } from './conversation.ts';
import type { JudgedExclusions } from './exclusions.ts';
import type { PlanFindings, Protection } from './findings.ts';
import { isBinding, mayCover, type OtherPolicy } from './foreign-keeps.ts';
import type { Hold } from './hold.ts';
import { formatInstant } from './instant.ts';
import type { KeepCount } from './keep-tally.ts';
import type { HoldCount, Watched } from './protection-watch.ts';

/** The latest plan of a policy in which a protection matched anything. */
export interface KnownProtection extends Pick<Protection, 'kind' | 'name' | 'matched'> {
  /** Epoch ms. */
  readonly at: number;
}

/** Ids that one warning names. */
const MOST_NAMED = 5;

/** What a plan says of the protections of its policy: how often each matched, and what a person should look at. */
export function findProtections(seen: {
  readonly watched: Watched;
  readonly exclusions: JudgedExclusions;
  readonly holds: readonly Hold[];
  /** All projects that the key can see. */
  readonly visible: readonly Project[];
  readonly known: readonly KnownProtection[];
  /** The other policies of the folder. */
  readonly others: readonly OtherPolicy[];
}): Omit<PlanFindings, 'ages'> {
  const { watched, exclusions, known } = seen;
  const lost = lostHolds(seen.holds, seen.visible);
  const before = new Map(known.map((one) => [`${one.kind} ${one.name}`, one]));
  const of = (kind: Protection['kind'], name: string, matched: number): Protection => ({
    ...{ kind, name, matched },
    before: before.get(`${kind} ${name}`)?.matched,
  });
  const loudly = (kind: Protection['kind'], name: string, now: string): string => {
    const then = before.get(`${kind} ${name}`);
    return then === undefined ? now : `Attention: ${now}; it matched ${inThePlan(then)}, now none`;
  };
  return {
    protections: [
      ...watched.keeps.map(({ name, matched }) => of('rule', name, matched)),
      ...exclusions.counts.map(({ entry, matched }) => of('exclude', entry, matched)),
      ...watched.holds.map(({ hold, matched }) => of('hold', hold.holdId, matched)),
      ...lost.map(({ holdId }) => of('hold', holdId, 0)),
    ],
    warnings: [
      ...watched.keeps.flatMap((keep) =>
        zeroKeep(keep, watched, before.has(`rule ${keep.name}`)).map((said) =>
          loudly('rule', keep.name, said),
        ),
      ),
      ...coveringNothing(seen.others, seen.visible),
      ...missingIds(watched),
      ...exclusions.warnings,
      ...watched.holds.flatMap((count) =>
        zeroHold(count).map((said) => loudly('hold', count.hold.holdId, said)),
      ),
      ...lost.map(({ holdId, projectId }) =>
        loudly('hold', holdId, `hold ${holdId} covers nothing: the key sees no project ${projectId}`),
      ),
      ...nothingLeft(watched),
    ],
    stops: [
      ...exclusions.stops.map((stop) => ({ kind: 'exclusion' as const, ...stop })),
      ...watched.nearMisses.map((miss) => ({ kind: 'near_miss' as const, ...miss })),
    ],
    protectedIn: watched.protectedIn,
  };
}

/** What of it is to be remembered. */
export function matchedNow({ protections }: Pick<PlanFindings, 'protections'>): readonly Protection[] {
  return protections.filter(({ matched }) => matched > 0);
}

/** `isKnown`: it matched something in an earlier plan. */
function zeroKeep(keep: KeepCount, { listed, wouldDelete }: Watched, isKnown: boolean): readonly string[] {
  const { name, asked, matched, unknown, isForeign, keepsAll } = keep;
  if (matched + unknown > 0 || keepsAll || listed === 0) return [];
  if (asked > 0)
    return [`keep rule ${name} matched none of the ${conversations(asked)} it was checked against`];
  if (isForeign) {
    // Asked about nothing, because nothing would be deleted, or because it is meant for other projects.
    if (wouldDelete === 0 || !isKnown) return [];
    return [
      `keep rule ${name} was not checked against any of the ${conversations(wouldDelete)} that this policy would delete: its policy covers none of their projects`,
    ];
  }
  return [
    `keep rule ${name} matched nothing: holds and earlier rules decide all of the ${conversations(listed)} listed`,
  ];
}

/** Its projects may have been renamed, or never were called so. */
function coveringNothing(others: readonly OtherPolicy[], visible: readonly Project[]): readonly string[] {
  return others.flatMap((other) => {
    const rules = other.rules.filter(isBinding).map(({ name }) => name);
    if (rules.length === 0 || visible.some((project) => mayCover(other, project))) return [];
    return [
      `policy ${other.name} covers no project that the key can see, so what it keeps (rule ${rules.join(', ')}) protects nothing: look at its projects.include`,
    ];
  });
}

function missingIds({ missingIds: missing, listed }: Watched): readonly string[] {
  const rules = [...new Set(missing.map(({ rule }) => rule))];
  return rules.map((rule) => {
    const ids = missing.filter((one) => one.rule === rule).map(({ sessionId }) => sessionId);
    const more = ids.length > MOST_NAMED ? ` and ${ids.length - MOST_NAMED} more` : '';
    const named = `${ids.slice(0, MOST_NAMED).join(', ')}${more}`;
    return `rule ${rule} keeps session ids that none of the ${conversations(listed)} listed has: ${named}`;
  });
}

function zeroHold({ hold, matched, isKnown }: HoldCount): readonly string[] {
  if (matched > 0 || !isKnown || hold.sessionId === undefined) return [];
  const { holdId, projectId, sessionId } = hold;
  return [
    `hold ${holdId} covers nothing: project ${projectId} was listed completely and has no conversation ${sessionId}`,
  ];
}

function lostHolds(holds: readonly Hold[], visible: readonly Project[]): readonly Hold[] {
  const ids = new Set(visible.map(({ id }) => id));
  return holds.filter(({ projectId }) => !ids.has(projectId));
}

function nothingLeft({ wouldDelete, deletes, keeps }: Watched): readonly string[] {
  if (wouldDelete === 0 || deletes > 0) return [];
  const by = keeps.filter(({ isForeign, matched, unknown }) => isForeign && matched + unknown > 0);
  const names = by.map(({ name }) => name).join(', ');
  return [`other policies keep all ${conversations(wouldDelete)} that this one would delete: rule ${names}`];
}

function inThePlan({ matched, at }: KnownProtection): string {
  return `${conversations(matched)} in the plan of ${formatInstant(at)}`;
}

function conversations(count: number): string {
  return count === 1 ? '1 conversation' : `${count} conversations`;
}
