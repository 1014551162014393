import type { DeletableItem } from '../../core/plan.ts';
import type { EarlierAnswers } from '../../core/deletion/earlier.ts';
import { kindOf, witnessesOf, type Kind } from '../../core/deletion/evidence.ts';
import { NEW_LIFE } from '../../core/deletion/life.ts';
import type { ApplyContext, Slot } from './context.ts';
import type { Bars } from '../prove/bars.ts';
import type { Brake } from './brake.ts';
import type { Calibrator, ProjectCalibration } from '../prove/calibrate.ts';
import type { OutOfSight } from '../prove/out-of-sight.ts';
import { thereAt, type Passing } from '../prove/passing.ts';
import type { KeptSince } from './kept-since.ts';
import type { ProjectWork } from './project-work.ts';
import type { Rests } from './recheck.ts';
import type { Relisting } from './relist.ts';
import type { Room } from './room.ts';
import type { Witnesses } from '../prove/witnesses.ts';

/** What the deletions of a run share. */
export interface DeletionContext extends ApplyContext {
  /** Bounds the conversations that have requests in flight, over all projects. */
  readonly slot: Slot;
  readonly room: Room;
  readonly brake: Brake;
  readonly bars: Bars;
  readonly outOfSight: OutOfSight;
  readonly calibrator: Calibrator;
  readonly witnesses: Witnesses;
  /** What DELETEs of earlier runs were answered: one that may have been carried out weighs more than what a new one is. */
  readonly earlier: EarlierAnswers;
  readonly restsOn: (rule: string | null) => Rests;
  readonly relisting: Relisting | undefined;
  readonly keptSince: KeptSince;
  /** Called at the first error that must end the run: no further DELETE. */
  readonly onError: () => void;
}

/** One conversation and what it is deleted with. */
export interface Underway {
  readonly work: ProjectWork;
  readonly item: DeletableItem;
  readonly passing: Passing & { readonly kind: Kind };
  readonly calibration: ProjectCalibration;
}

/** A conversation of the plan at the beginning of its way. */
export function passingOf(context: DeletionContext, item: DeletableItem): Passing & { readonly kind: Kind } {
  const { projectId, sessionId, rule, seen } = item;
  const viewer = context.deleter.viewer();
  const kind = kindOf(seen.createdBy, viewer);
  return {
    about: { projectId, sessionId, rule },
    createdAt: seen.createdAt,
    bornBefore: undefined,
    thereAt: thereAt(item.seenAt),
    kind,
    bystanders: (before) => context.bystanders.count(projectId, witnessesOf(kind, viewer), before),
    name: seen.name ?? null,
    run: context,
    common: {},
    life: { ...NEW_LIFE, strongest: context.earlier.of({ projectId, sessionId, createdAt: seen.createdAt }) },
    sent: { attempts: 0, requestedAt: undefined, sight: undefined },
    patience: undefined,
    onKnown: undefined,
    hasFailedBefore: item.failedBefore === true,
  };
}
