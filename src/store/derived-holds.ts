import type { DerivedDifference } from '../core/ports/store.ts';
import type { Connection } from './connection.ts';
import { ALL, contentOfRecord, loggedHold, selectHoldEvents } from './hold-check.ts';
import { recordOf } from './hold-rows.ts';
import type { HoldRow } from './hold-rows.ts';

interface LoggedHold {
  readonly content: string;
  /** Who released it and why; undefined while nobody has. */
  readonly release: string | undefined;
}

/** All there ever were, those that are released or over, too. The times of a hold are not in the log to the millisecond. */
export function holdDifferences(connection: Connection): readonly DerivedDifference[] {
  const logged = new Map<string, LoggedHold>();
  for (const row of selectHoldEvents(connection).iterate(0, ALL)) {
    const { holdId, content, facts } = loggedHold(row);
    const release = JSON.stringify([facts['by'], facts['reason']]);
    if (row.event === 'hold.added') logged.set(holdId, { content, release: undefined });
    else logged.set(holdId, { content: logged.get(holdId)?.content ?? '', release });
  }
  const problems: string[] = [];
  const unseen = new Set(logged.keys());
  for (const row of connection.prepare<[], HoldRow>('SELECT * FROM holds ORDER BY rowid').iterate()) {
    const hold = recordOf(row);
    const said = logged.get(hold.holdId);
    unseen.delete(hold.holdId);
    const release = hold.release && JSON.stringify([hold.release.by, hold.release.reason]);
    if (said === undefined) problems.push(unlike(hold.holdId, 'it says nothing'));
    else if (said.content !== contentOfRecord(hold))
      problems.push(unlike(hold.holdId, 'what it says was altered'));
    else if (said.release !== release) problems.push(unlike(hold.holdId, 'its release was altered'));
  }
  for (const holdId of unseen) problems.push(unlike(holdId, 'it is missing here'));
  return problems.slice(0, 1).map((problem) => ({ table: 'holds', problem }));
}

function unlike(holdId: string, what: string): string {
  return `is not what the audit log says of ${holdId}: ${what}`;
}
