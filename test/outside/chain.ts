// The audit log as an auditor checks it, from the description of an entry and nothing else.
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

export interface Entry {
  seq: number;
  time: string;
  event: string;
  run_id: string | null;
  project_id: number | string | null;
  session_id: string | null;
  prev: string;
  hash: string;
  [fact: string]: unknown;
}

const always = [
  'seq',
  'time',
  'event',
  'run_id',
  'policy',
  'policy_hash',
  'rule',
  'project_id',
  'session_id',
];

export function entriesOf(jsonLines: string): Entry[] {
  return jsonLines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry);
}

/** The entries that went out as log lines. */
export function loggedIn(stderr: string): Entry[] {
  return stderr.split('\n').flatMap((line) => {
    if (!line.includes('"audit":{')) return [];
    const { audit } = JSON.parse(line) as { audit?: Entry };
    return audit === undefined ? [] : [audit];
  });
}

/** What is wrong with the chain, in words; nothing when it is whole. */
export function chainFaults(entries: Entry[]): string[] {
  const faults: string[] = [];
  let prev = '0'.repeat(64);
  entries.forEach((entry, i) => {
    const { hash, ...rest } = entry;
    if (entry.seq !== i + 1) faults.push(`entry ${i + 1} has seq ${entry.seq}`);
    if (entry.prev !== prev) faults.push(`entry ${entry.seq} does not follow the one before`);
    if (hash !== hashOf(rest)) faults.push(`entry ${entry.seq} has another hash than its content`);
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(entry.time))
      faults.push(`entry ${entry.seq} has the time ${entry.time}`);
    const lacks = always.filter((name) => !(name in entry));
    if (lacks.length > 0) faults.push(`entry ${entry.seq} lacks ${lacks.join(', ')}`);
    prev = hash;
  });
  return faults;
}

function hashOf(value: Record<string, unknown>): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error('an entry that is no JSON');
  return createHash('sha256').update(text).digest('hex');
}
