import { witnessesOf, type Kind } from '../../core/deletion/evidence.ts';
import type { Clock } from '../../core/ports/surroundings.ts';
import { endsTheRun } from '../api-faults.ts';
import { takeFreshListing, type FreshListingParts } from './fresh-listing.ts';

/** Other projects whose listing is read for a witness. */
const MOST_ASKED = 5;

/**
 * Where a project shows no row of a kind any more, another project that does speaks for the key's right to see it. Reads the
 * first pages of a few until all `kinds` have been seen. Throws ApiError `unauthorized` and `aborted`.
 */
export async function lookElsewhere(
  { reader, witnesses, clock, signal }: FreshListingParts & { readonly clock: Clock },
  projectId: number,
  kinds: ReadonlySet<Kind>,
): Promise<void> {
  const isSeen = (kind: Kind): boolean =>
    witnesses.elsewhere(projectId, witnessesOf(kind, reader.viewer()), clock.now()) !== undefined;
  let asked = 0;
  try {
    for await (const { projects } of reader.projectPages(signal)) {
      for (const project of projects) {
        if ([...kinds].every(isSeen) || asked === MOST_ASKED) return;
        if (project.id === projectId) continue;
        asked += 1;
        await takeFreshListing({ reader, witnesses, signal }, project.id, []);
      }
    }
  } catch (error) {
    if (endsTheRun(error)) throw error;
  }
}
