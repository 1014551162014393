import type { Conversation, LastMessage, Project } from './conversation.ts';
import { createDecider, type Decider, type Step } from './decide.ts';
import type { NearMiss } from './findings.ts';
import { foreignKeepsIn, withForeignKeeps, type Judged, type OtherPolicy } from './foreign-keeps.ts';
import { isOver, type Hold, type HoldIndex } from './hold.ts';
import { foldSessionId } from './ids.ts';
import { KeepTally, type KeepCount } from './keep-tally.ts';
import { NearMissWatch, protectivePatterns, type NearMissesInProject } from './near-miss.ts';
import type { PlanProject } from './plan.ts';
import type { Policy } from './policy.ts';
import { MissingIds, protectedIds, type ProtectedId } from './protected-ids.ts';

export interface HoldCount {
  readonly hold: Hold;
  readonly matched: number;
  /** Its project was listed to its end: what was not found there is not there. */
  readonly isKnown: boolean;
}

/** All that a plan saw of the protections of its policy. */
export interface Watched {
  readonly keeps: readonly KeepCount[];
  /** Those on the projects that were listed. */
  readonly holds: readonly HoldCount[];
  readonly nearMisses: readonly NearMiss[];
  /** Session ids that the policy's rules keep, and that no conversation listed has. */
  readonly missingIds: readonly ProtectedId[];
  readonly listed: number;
  /** Conversations that the policy's own rules would delete, and what other policies leave of them. */
  readonly wouldDelete: number;
  readonly deletes: number;
  /** Projects in which a hold or a keep rule protects something. */
  readonly protectedIn: readonly number[];
}

export interface WatchParts {
  readonly policy: Policy;
  readonly others: readonly OtherPolicy[];
  readonly holds: HoldIndex;
  readonly now: number;
}

/** Decides what a plan lists, by all that has a say in it, and counts what each protection did. */
export class ProtectionWatch {
  readonly #parts: WatchParts;
  readonly #nearMisses: NearMissWatch;
  readonly #missingIds: MissingIds;
  readonly #decider: Decider;
  readonly #projects: ProjectWatch[] = [];

  constructor(parts: WatchParts) {
    this.#parts = parts;
    const { policy, others, holds, now } = parts;
    this.#nearMisses = new NearMissWatch(protectivePatterns(policy, others));
    this.#missingIds = new MissingIds(protectedIds(policy.rules));
    this.#decider = createDecider(policy, holds, now);
  }

  inProject(project: Project): ProjectWatch {
    const watch = new ProjectWatch({
      ...this.#parts,
      project,
      decider: this.#decider,
      nearMisses: this.#nearMisses.inProject(project),
      missingIds: this.#missingIds,
    });
    this.#projects.push(watch);
    return watch;
  }

  result(): Watched {
    const projects = this.#projects;
    const total = new KeepTally(this.#parts.policy, this.#parts.others);
    for (const { keeps } of projects) total.add(keeps);
    return {
      keeps: total.counts(),
      holds: projects.flatMap((project) => project.holds()),
      nearMisses: this.#nearMisses.found(),
      missingIds: this.#missingIds.missing(),
      listed: projects.reduce((sum, { listed }) => sum + listed, 0),
      wouldDelete: projects.reduce((sum, { wouldDelete }) => sum + wouldDelete, 0),
      deletes: projects.reduce((sum, { deletes }) => sum + deletes, 0),
      protectedIn: projects.filter((project) => project.isProtected).map(({ projectId }) => projectId),
    };
  }
}

type ProjectParts = WatchParts & {
  readonly project: Project;
  readonly decider: Decider;
  readonly nearMisses: NearMissesInProject;
  readonly missingIds: MissingIds;
};

/** The decisions of one project. */
export class ProjectWatch implements Decider {
  readonly #parts: ProjectParts;
  readonly #decider: Decider;
  readonly #holds: HoldTally;
  #keeps: KeepTally;
  /** To be deleted by their rules, but marked as deleted already, until somebody has looked. */
  readonly #marked = new Map<string, Judged>();
  #isKnown = false;
  listed = 0;
  wouldDelete = 0;
  deletes = 0;

  constructor(parts: ProjectParts) {
    this.#parts = parts;
    const { policy, others, project, holds, now } = parts;
    this.#keeps = new KeepTally(policy, others);
    this.#holds = new HoldTally(holds.inProject(project.id).filter((hold) => !isOver(hold, now)));
    const keeps = foreignKeepsIn(others, project, now);
    this.#decider = withForeignKeeps(parts.decider, keeps, (judged) => {
      this.#note(judged);
    });
  }

  get projectId(): number {
    return this.#parts.project.id;
  }

  get keeps(): KeepTally {
    return this.#keeps;
  }

  get isProtected(): boolean {
    return this.#holds.any || this.#keeps.counts().some(({ matched }) => matched > 0);
  }

  decide(conversation: Conversation, lastMessage: LastMessage): Step {
    return this.#decider.decide(conversation, lastMessage);
  }

  /** One that is marked as deleted is still there. Those of which nobody says so count for nothing. */
  confirm(sessionId: string): void {
    const judged = this.#marked.get(sessionId);
    this.#marked.delete(sessionId);
    if (judged !== undefined) this.#count(judged);
  }

  /** The listing begins again: what was seen is not there twice. */
  restart(): void {
    this.#keeps = new KeepTally(this.#parts.policy, this.#parts.others);
    this.#holds.restart();
    this.#marked.clear();
    this.#parts.nearMisses.restart();
    this.listed = this.wouldDelete = this.deletes = 0;
  }

  /** No further conversation of the project. Of one whose listing failed nothing is deleted. */
  end({ incomplete, sampled }: Pick<PlanProject, 'incomplete' | 'sampled'>): void {
    this.#isKnown = incomplete === undefined && sampled === undefined;
    if (incomplete === undefined) {
      this.#parts.nearMisses.end();
      return;
    }
    this.#parts.nearMisses.restart();
    this.wouldDelete = this.deletes = 0;
  }

  holds(): readonly HoldCount[] {
    return this.#holds.counts().map((count) => ({ ...count, isKnown: this.#isKnown }));
  }

  #note(judged: Judged): void {
    const { conversation, answer } = judged;
    if (conversation.deletedAt !== undefined && answer?.kind === 'free')
      this.#marked.set(conversation.sessionId, judged);
    else this.#count(judged);
  }

  #count(judged: Judged): void {
    const { conversation, own, answer } = judged;
    const isDeleted = answer?.kind === 'free';
    this.listed += 1;
    if (answer !== undefined) this.wouldDelete += 1;
    if (isDeleted) this.deletes += 1;
    this.#keeps.note(judged);
    if (own.verdict === 'held') this.#holds.note(conversation.sessionId);
    this.#parts.missingIds.see(conversation.sessionId);
    this.#parts.nearMisses.see(conversation, isDeleted);
  }
}

/** How many conversations each hold of a project covers. There may be thousands of either. */
class HoldTally {
  readonly #holds: readonly Hold[];
  /** Those that a hold names, folded. */
  readonly #sessions: ReadonlySet<string>;
  readonly #bySession = new Map<string, number>();
  #all = 0;

  constructor(holds: readonly Hold[]) {
    this.#holds = holds;
    this.#sessions = new Set(
      holds.flatMap(({ sessionId }) => (sessionId === undefined ? [] : [foldSessionId(sessionId)])),
    );
  }

  get any(): boolean {
    return this.#holds.length > 0;
  }

  restart(): void {
    this.#all = 0;
    this.#bySession.clear();
  }

  note(sessionId: string): void {
    this.#all += 1;
    const key = foldSessionId(sessionId);
    if (this.#sessions.has(key)) this.#bySession.set(key, (this.#bySession.get(key) ?? 0) + 1);
  }

  counts(): readonly Omit<HoldCount, 'isKnown'>[] {
    return this.#holds.map((hold) => ({
      hold,
      matched:
        hold.sessionId === undefined ? this.#all : (this.#bySession.get(foldSessionId(hold.sessionId)) ?? 0),
    }));
  }
}
