import type { Project } from '../../core/conversation.ts';
import { RetentionError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy.ts';
import type { CustomGptReader } from '../../core/ports/vendor.ts';
import { asRunFault, assertClockTrusted } from '../api-faults.ts';
import { InconsistentListing } from './list-project.ts';
import { mostPages } from './list-reading.ts';

export interface ProjectsOfPolicy {
  /** In the order of their ids. */
  readonly selected: readonly Project[];
  /** Ids that the policy names and the key cannot see: not deleted projects, but ones nothing is known of. */
  readonly invisible: readonly number[];
  /** All that the key can see. */
  readonly visible: readonly Project[];
}

const ATTEMPTS = 3;
/** Pages in a row that bring no project that was not known. */
const MOST_BARREN = 3;

/** Lists all projects the key can see and picks the policy's. Throws as {@link visibleProjects} does. */
export async function findProjects(
  reader: CustomGptReader,
  policy: Pick<Policy, 'projects'>,
  signal: AbortSignal | undefined,
): Promise<ProjectsOfPolicy> {
  const visible = await visibleProjects(reader, signal);
  const selected = visible.filter((project) => policy.projects.includes(project)).sort((a, b) => a.id - b.id);
  const seen = new Set(visible.map((project) => project.id));
  const named = policy.projects.include.filter((pattern) => /^\d+$/.test(pattern)).map(Number);
  return { selected, invisible: named.filter((id) => !seen.has(id)), visible };
}

/**
 * All projects the key can see. The answers are the first of a run, so they also say whether the clock can be trusted.
 * Throws RetentionError (`credential_refused`, `api_unreachable`, `clock_untrusted`).
 */
export async function visibleProjects(
  reader: CustomGptReader,
  signal: AbortSignal | undefined,
): Promise<readonly Project[]> {
  try {
    const visible = await listAll(reader, signal);
    assertClockTrusted(reader);
    return visible;
  } catch (error) {
    if (error instanceof InconsistentListing) {
      throw new RetentionError('api_unreachable', error.message, {
        hint: 'Run again later. Nothing was deleted.',
      });
    }
    throw asRunFault(error);
  }
}

async function listAll(
  reader: CustomGptReader,
  signal: AbortSignal | undefined,
): Promise<readonly Project[]> {
  for (let attempt = 1; ; attempt += 1) {
    const seen = new Map<number, Project>();
    let firstTotal: number | undefined;
    let firstSize: number | undefined;
    let barren = 0;
    for await (const page of reader.projectPages(signal)) {
      firstTotal ??= page.total;
      firstSize ??= page.projects.length;
      const sizeBefore = seen.size;
      for (const project of page.projects) seen.set(project.id, project);
      barren = seen.size === sizeBefore ? barren + 1 : 0;
      // Else it would never end. Whether all have come, its count says.
      if (barren === MOST_BARREN) break;
      if (page.page > mostPages(firstTotal, firstSize))
        throw new InconsistentListing(
          `the list of projects goes on behind page ${page.page}, where it should have ended`,
        );
    }
    if (firstTotal === undefined || seen.size >= firstTotal) return [...seen.values()];
    if (attempt === ATTEMPTS) {
      throw new InconsistentListing(`${seen.size} projects arrived where the API counts ${firstTotal}`);
    }
  }
}
