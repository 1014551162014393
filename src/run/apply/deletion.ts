import type { DeletableItem } from '../../core/plan.ts';
import { kindOf, witnessesOf, type Kind } from '../../core/deletion/evidence.ts';
import { NEW_LIFE } from '../../core/deletion/life.ts';
import type { Application } from './context.ts';
import type { ProjectCalibration } from '../prove/calibrate.ts';
import { thereAt, type Passing } from '../prove/passing.ts';
import type { ProjectWork } from './project-work.ts';

/** One conversation and what it is deleted with. */
export interface Underway {
  readonly work: ProjectWork;
  readonly item: DeletableItem;
  readonly passing: Passing & { readonly kind: Kind };
  readonly calibration: ProjectCalibration;
}

/** A conversation of the plan at the beginning of its way. */
export function passingOf(context: Application, item: DeletableItem): Passing & { readonly kind: Kind } {
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
    hasFailedBefore: item.failedBefore === true,
  };
}
