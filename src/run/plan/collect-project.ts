import { AgeTally, type AgeBand } from '../../core/age-bands.ts';
import { kindOf } from '../../core/deletion/evidence.ts';
import { ApiError } from '../../core/errors.ts';
import type { PlanItem, PlanProject } from '../../core/plan.ts';
import { fewestFor } from '../../core/population.ts';
import { endsTheRun, listProblem } from '../api-faults.ts';
import { DAY_MS, type Instant } from '../../core/instant.ts';
import { dateOf } from './bystanders.ts';
import { decideRow, type DecidedRow } from './decide-row.ts';
import type { ProjectPlanning } from './planning.ts';
import { reappearedIn, sayReappeared, type Reappeared } from './reappeared.ts';
import {
  InconsistentListing,
  listProject,
  notShownIn,
  withEnd,
  type Listing,
  type ListOptions,
} from './list-project.ts';

const STARTS = 3;
/** Rows that go into the store in one transaction. */
const BATCH = 250;
/** A daily run that is a little late must not make it more than 30 days. */
const FULL_READING_EVERY_MS = 29 * DAY_MS;

export interface Collected {
  readonly project: PlanProject;
  /** Conversations that the project counts, by its paginator, and that its whole list does not show. */
  readonly notShown: number;
  readonly ages: readonly AgeBand[];
}

/**
 * Lists one project, decides every conversation, and streams what is not merely kept into the plan. A list that changes
 * while it is read is read again; where it cannot be read completely, the project is *incomplete*: nothing of it stays in
 * the plan.
 */
export async function collectProject(context: ProjectPlanning, projectId: number): Promise<Collected> {
  const known = await reappearedIn(context.store.audit, projectId);
  const inFull = await isFullReadingDue(context, projectId);
  for (let start = 1; ; start += 1) {
    const tally = new Tally(context, projectId);
    context.watch.restart();
    context.bystanders?.begin(projectId);
    try {
      const listing = await collect(context, { projectId, inFull, known, tally });
      await tally.flush();
      if (listing.how === 'read_in_full')
        await context.store.plans.recordReadInFull(projectId, context.decidedAt);
      return { project: tally.project(listing), notShown: notShownIn(listing), ages: tally.ages.bands() };
    } catch (error) {
      if (!(error instanceof InconsistentListing) && endsTheRun(error)) throw error;
      await context.writer.dropProject(projectId);
      const again = error instanceof InconsistentListing && error.mayPass && start < STARTS;
      const problem = problemOf(error);
      context.log.warn(
        { project_id: projectId, problem, attempt: start },
        again ? 'listing again' : 'listing incomplete',
      );
      if (!again) return { project: tally.incomplete(problem), notShown: 0, ages: [] };
    }
  }
}

/** Samples may miss what a full reading finds: so each project is read in full now and then, counted from its first listing. */
async function isFullReadingDue({ store, decidedAt }: ProjectPlanning, projectId: number): Promise<boolean> {
  const lastAt = await store.plans.lastReadInFull(projectId);
  if (lastAt === undefined) {
    await store.plans.recordReadInFull(projectId, decidedAt);
    return false;
  }
  // A record from the future says nothing: the clock was set back since.
  return lastAt > decidedAt || decidedAt - lastAt >= FULL_READING_EVERY_MS;
}

function problemOf(error: unknown): string {
  if (error instanceof InconsistentListing) return error.message;
  return error instanceof ApiError ? listProblem(error) : 'the listing failed';
}

async function collect(
  context: ProjectPlanning,
  parts: {
    readonly projectId: number;
    readonly inFull: boolean;
    readonly known: Reappeared;
    readonly tally: Tally;
  },
): Promise<Listing> {
  const { projectId, inFull, known, tally } = parts;
  const { reader, reach, signal, chance } = context;
  const options: ListOptions = { reach, signal, chance, inFull, mayStop: () => tally.isEnough };
  let listing: Listing | undefined;
  const pages = withEnd(listProject(reader, projectId, options), (end) => (listing = end));
  for await (const { rows, receivedAt } of pages) {
    await sayReappeared(context, known.among(rows));
    const decided = await Promise.all(
      rows.map((row) => decideRow(context, row, { seenAt: receivedAt, known })),
    );
    const viewer = reader.viewer();
    rows.forEach((row, index) => {
      const isBystander = decided[index]?.verdict !== 'delete' && decided[index]?.isDeleted === false;
      if (isBystander && row.kind === 'conversation')
        context.bystanders?.note(projectId, kindOf(row.createdBy, viewer), dateWithin(row.createdAt, reach));
      if (row.kind === 'unusable' && row.problem === 'wrong_project') tally.foreign += 1;
    });
    await tally.take(decided);
    context.progress.advance(rows.length);
  }
  if (listing === undefined) throw new Error('a listing ended without a word');
  return listing;
}

/** Of what is beyond the reach no fresh listing need speak before it is read in full. */
function dateWithin(createdAt: Instant | undefined, reach: number): number {
  const at = dateOf(createdAt);
  return at < reach ? at : Infinity;
}

/** Counts the verdicts of one project and hands the items on in batches. */
class Tally {
  readonly #context: ProjectPlanning;
  readonly #projectId: number;
  readonly #verdicts = { delete: 0, keep: 0, held: 0, unknown: 0 };
  readonly ages = new AgeTally();
  #deleted = 0;
  /** Rows of other projects: none of this one's conversations, whatever they are doing here. */
  foreign = 0;
  #batch: PlanItem[] = [];
  #items = 0;

  constructor(context: ProjectPlanning, projectId: number) {
    this.#context = context;
    this.#projectId = projectId;
  }

  async take(decided: readonly DecidedRow[]): Promise<void> {
    for (const { isDeleted, ...one } of decided) {
      this.#verdicts[one.verdict] += 1;
      if (isDeleted) this.#deleted += 1;
      else this.ages.add(one.ageDays, one.verdict);
      if (one.verdict === 'keep' && !this.#context.withKept) continue;
      this.#items += 1;
      this.#batch.push({ ...one, ordinal: this.#items });
    }
    if (this.#batch.length >= BATCH) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#batch.length > 0) await this.#context.writer.add(this.#batch);
    this.#batch = [];
  }

  /** Whether as many were seen as it takes for the percentage of what is planned so far. */
  get isEnough(): boolean {
    return this.#present >= fewestFor(this.#verdicts.delete, this.#context.policy.limits.maxPercent);
  }

  project({ how, total: claimed }: Listing): PlanProject {
    const { delete: planned, keep: kept, held, unknown } = this.#verdicts;
    return {
      projectId: this.#projectId,
      listed: this.#listed,
      total: this.#present,
      ...{ kept, held, unknown, planned, incomplete: undefined },
      ...(how === 'read_in_full' ? {} : { sampled: { claimed: this.#withoutDeleted(claimed) } }),
    };
  }

  /** What an incomplete listing showed counts as unknown: it was read, and nothing follows from it. */
  incomplete(problem: string): PlanProject {
    const listed = this.#listed;
    return {
      ...{ projectId: this.#projectId, listed, total: this.#present },
      ...{ kept: 0, held: 0, unknown: listed, planned: 0, incomplete: problem },
    };
  }

  #withoutDeleted(claimed: number | undefined): number | undefined {
    return claimed === undefined ? undefined : Math.max(0, claimed - this.#deleted);
  }

  get #listed(): number {
    const { delete: planned, keep: kept, held, unknown } = this.#verdicts;
    return planned + kept + held + unknown;
  }

  get #present(): number {
    return this.#listed - this.#deleted - this.foreign;
  }
}
