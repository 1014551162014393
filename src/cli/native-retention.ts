import { requireApiKey } from '../config/settings.ts';
import type { ProjectRetention } from '../core/native-retention.ts';
import type { Policy } from '../core/policy.ts';
import type { PlaceReader } from '../core/place.ts';
import { asRunFault } from '../run/api-faults.ts';
import { visibleProjects } from '../run/plan/projects.ts';
import type { CommandWorld } from './command.ts';
import { loggingOf, openClient } from './compose.ts';

/** A plan asks for no more: each is a request, and `validate --online` asks for all. */
export const MOST_ASKED = 10;

/** The vendor's own retention in these projects, where it can be read. Throws RetentionError as a run does. */
export async function readRetention(
  places: PlaceReader,
  projectIds: readonly number[],
  signal?: AbortSignal,
): Promise<readonly ProjectRetention[]> {
  const found: ProjectRetention[] = [];
  try {
    for (const projectId of projectIds) {
      const retention = await places.nativeRetention(projectId, signal);
      if (retention !== undefined) found.push({ projectId, ...retention });
    }
  } catch (error) {
    throw asRunFault(error);
  }
  return found;
}

/** The same for all projects that the policies look at. */
export async function retentionOf(
  world: CommandWorld,
  policies: readonly Policy[],
): Promise<readonly ProjectRetention[]> {
  const settings = world.settings();
  const apiKey = requireApiKey(settings);
  const { log } = await loggingOf(world, settings, true);
  const client = await openClient(world, { ...settings, apiKey }, { log });
  try {
    const visible = await visibleProjects(client.reader, undefined);
    const ids = visible
      .filter((project) => policies.some(({ projects }) => projects.includes(project)))
      .map(({ id }) => id);
    return await readRetention(
      client.places,
      ids.sort((a, b) => a - b),
    );
  } finally {
    await client.close();
  }
}
