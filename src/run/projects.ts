import type { Project } from '../core/conversation.ts';
import type { Policy } from '../core/policy.ts';
import type { CustomGptReader } from '../core/ports.ts';
import { InconsistentListing } from './list-project.ts';

export interface ProjectsOfPolicy {
  /** In the order of their ids. */
  readonly selected: readonly Project[];
  /** Ids that the policy names and the key cannot see: not deleted projects, but ones nothing is known of. */
  readonly invisible: readonly number[];
}

const ATTEMPTS = 3;

/** Lists all projects the key can see and picks the policy's. Throws ApiError or InconsistentListing. */
export async function projectsOf(
  reader: CustomGptReader,
  policy: Pick<Policy, 'projects'>,
  signal: AbortSignal | undefined,
): Promise<ProjectsOfPolicy> {
  const all = await listAll(reader, signal);
  const selected = all.filter((project) => policy.projects.includes(project)).sort((a, b) => a.id - b.id);
  const visible = new Set(all.map((project) => project.id));
  const named = policy.projects.include.filter((pattern) => /^\d+$/.test(pattern)).map(Number);
  return { selected, invisible: named.filter((id) => !visible.has(id)) };
}

async function listAll(
  reader: CustomGptReader,
  signal: AbortSignal | undefined,
): Promise<readonly Project[]> {
  for (let attempt = 1; ; attempt += 1) {
    const seen = new Map<number, Project>();
    let firstTotal: number | undefined;
    for await (const page of reader.projectPages(signal)) {
      firstTotal ??= page.total;
      for (const project of page.projects) seen.set(project.id, project);
    }
    if (firstTotal === undefined || seen.size >= firstTotal) return [...seen.values()];
    if (attempt === ATTEMPTS) {
      throw new InconsistentListing(`${seen.size} projects arrived where the API counts ${firstTotal}`);
    }
  }
}
