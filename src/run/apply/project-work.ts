import type { Existence } from '../../core/vendor-answers.ts';
import type { Bar } from '../prove/bars.ts';
import type { ProjectCalibration } from '../prove/calibrate.ts';
import { isTooMuchGone } from '../../core/population.ts';
import type { Passing } from '../prove/passing.ts';

/** One project while a run deletes in it. */
export class ProjectWork {
  readonly projectId: number;
  readonly planned: number;
  /** Fresh listings need this many requests, as far as anybody can tell. */
  listingCost: number;
  calibration: ProjectCalibration | undefined;
  /** Its own GETs that calibrating read, by session id. */
  readonly known = new Map<string, Existence>();
  /** A DELETE was followed by the calibrated 404: from then on they need not go alone. */
  isProven = false;
  /** Deletions begun and not yet in `waiting` or settled. */
  open = 0;
  /** What only a fresh listing can settle. */
  waiting: Passing[] = [];
  /** DELETEs since the last fresh listing. */
  sentSinceListing = 0;
  /** Planned, not deleted by us, and no longer visible. */
  vanished = 0;
  /** The same, by the listing that a stored plan is applied by. */
  missing = 0;
  /** Those of the vanished that no other run of ours accounts for: each is counted before it may be called gone. */
  gone = 0;
  /** That listing could not be had: nothing of the project is looked at. */
  isUnreadable = false;
  /** Set while a DELETE that answered 404 has the project asked: the next one waits for it. */
  asking: Promise<void> | undefined;
  #inside = 0;
  #closed: Promise<void> | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(project: Pick<ProjectWork, 'projectId' | 'planned' | 'listingCost'>) {
    this.projectId = project.projectId;
    this.planned = project.planned;
    this.listingCost = project.listingCost;
  }

  /** Whether so much that was planned has gone from sight that the key, not somebody's work, may be the cause. */
  get vanishedBar(): Bar | undefined {
    return this.#barOver(this.vanished);
  }

  get missingBar(): Bar | undefined {
    return this.#barOver(this.missing);
  }

  /** What the run as a whole counts. Most that are missing from the listing turn out to be gone one by one: the same, not more. */
  get outOfSight(): number {
    return Math.max(this.missing, this.gone);
  }

  get isLookedAt(): boolean {
    return this.calibration !== undefined && !this.isUnreadable;
  }

  /** Those among the waiting that were sent a DELETE; the others wait for the end in any case. */
  get sent(): readonly Passing[] {
    return this.waiting.filter(({ life }) => life.attempts > 0);
  }

  /** Those among them that no 404 was read of. */
  get doubtful(): number {
    return this.sent.filter(({ life }) => life.reading?.is !== 'absent').length;
  }

  /** Resolves when no fresh listing is being taken. */
  async opened(): Promise<void> {
    while (this.#closed !== undefined) await this.#closed;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Does the work, which no fresh listing may see half done. To be called while it is not closed. */
  async inside<T>(work: () => Promise<T>): Promise<T> {
    this.#inside += 1;
    try {
      return await work();
    } finally {
      this.#inside -= 1;
      if (this.#inside === 0) this.#onEmpty?.();
    }
  }

  /** Does the work while nobody is inside. One at a time: the project's own loop is the only one who calls it. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    let open: () => void = () => undefined;
    this.#closed = new Promise((resolve) => (open = resolve));
    try {
      if (this.#inside > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
      return await work();
    } finally {
      this.#onEmpty = undefined;
      this.#closed = undefined;
      open();
    }
  }

  #barOver(gone: number): Bar | undefined {
    const { planned } = this;
    if (!isTooMuchGone(gone, planned)) return undefined;
    const reason = `${gone} of its ${planned} planned conversations are no longer visible to this key`;
    return { reason, cause: 'project' };
  }
}
