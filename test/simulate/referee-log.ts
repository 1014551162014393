import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** An audit entry as it lies in the file. */
export interface LoggedEntry {
  readonly seq: number;
  readonly time: string;
  readonly event: string;
  readonly run_id: string | null;
  readonly policy: string | null;
  readonly rule: string | null;
  readonly project_id: number | null;
  readonly session_id: string | null;
  readonly hash: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

type Row = Omit<LoggedEntry, 'facts'> & { readonly facts: string };

const OUTCOMES = ['verified', 'already_gone', 'unverified', 'failed', 'skipped'];

/** Reads the state through a connection of its own: only what was committed counts. */
export class StateReader {
  readonly #database: Database.Database;
  readonly #entries: LoggedEntry[] = [];
  readonly #byRun = new Map<string, LoggedEntry[]>();
  readonly #statements = new Map<string, Database.Statement>();

  constructor(stateDir: string) {
    this.#database = new Database(join(stateDir, 'retention.db'), { readonly: true });
  }

  close(): void {
    this.#database.close();
  }

  /** The last word of a run on a conversation. */
  lastWord(runId: string, projectId: number, sessionId: string): LoggedEntry | undefined {
    return this.entriesOf(runId).findLast(
      ({ event, project_id: project, session_id: session }) =>
        project === projectId && session === sessionId && event.startsWith('deletion.'),
    );
  }

  entriesOf(runId: string): readonly LoggedEntry[] {
    this.entries();
    return this.#byRun.get(runId) ?? [];
  }

  /** All of them. What was read once is not read again: that it never changes is for the chain to show, at the end. */
  entries(): readonly LoggedEntry[] {
    const rows = this.#prepare('SELECT * FROM audit_entries WHERE seq > ? ORDER BY seq').all(
      this.#entries.length,
    );
    for (const entry of (rows as Row[]).map(read)) {
      this.#entries.push(entry);
      if (entry.run_id === null) continue;
      const own = this.#byRun.get(entry.run_id) ?? [];
      own.push(entry);
      this.#byRun.set(entry.run_id, own);
    }
    return this.#entries;
  }

  allAfresh(): readonly LoggedEntry[] {
    return (this.#prepare('SELECT * FROM audit_entries ORDER BY seq').all() as Row[]).map(read);
  }

  leaseHolder(name: string): string | null {
    const row = this.#prepare('SELECT holder FROM leases WHERE name = ?').get(name);
    return (row as { holder: string | null } | undefined)?.holder ?? null;
  }

  plan(planId: string): { readonly decidedAt: number; readonly policy: string } | undefined {
    const row = this.#prepare('SELECT decided_at AS decidedAt, policy FROM plans WHERE plan_id = ?').get(
      planId,
    );
    return row as { decidedAt: number; policy: string } | undefined;
  }

  planned(
    planId: string,
  ): readonly { readonly projectId: number; readonly sessionId: string; readonly verdict: string }[] {
    const rows = this.#prepare(
      'SELECT project_id AS projectId, session_id AS sessionId, verdict FROM plan_items WHERE plan_id = ?',
    ).all(planId);
    return rows as { projectId: number; sessionId: string; verdict: string }[];
  }

  planTotals(planId: string): ReadonlyMap<number, number> {
    const rows = this.#prepare('SELECT project_id AS id, total FROM plan_projects WHERE plan_id = ?').all(
      planId,
    );
    return new Map((rows as { id: number; total: number }[]).map(({ id, total }) => [id, total]));
  }

  lastSlot(policy: string): number | undefined {
    const row = this.#prepare('SELECT slot_at FROM slots WHERE policy = ?').get(policy);
    return (row as { slot_at: number } | undefined)?.slot_at;
  }

  #prepare(sql: string): Database.Statement {
    const known = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }
}

function read(row: Row): LoggedEntry {
  return { ...row, facts: JSON.parse(row.facts) as Record<string, unknown> };
}

export function outcomeIn(event: string): string | undefined {
  return OUTCOMES.find((outcome) => event === `deletion.${outcome}`);
}

/** How often each outcome was the last one of a conversation, by plain counting. */
export function foldEntries(entries: readonly LoggedEntry[]): Readonly<Record<string, number>> {
  const last = new Map<string, string>();
  for (const { event, project_id: project, session_id: session } of entries) {
    const outcome = outcomeIn(event);
    if (outcome !== undefined) last.set(`${project} ${session}`, outcome);
  }
  const counts: Record<string, number> = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0]));
  for (const outcome of last.values()) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** An intent without a final outcome of the same run. */
export interface OpenWord {
  readonly entry: LoggedEntry;
  /** The run that found, and reported, that nothing more can be learned of it for now. */
  readonly parkedBy: unknown;
}

/** Conversations whose last intent of a policy has no final outcome of the same run. */
export function openIn(entries: readonly LoggedEntry[]): ReadonlyMap<string, OpenWord> {
  const open = new Map<string, OpenWord>();
  for (const entry of entries) {
    const { event, policy, project_id: project, session_id: session, run_id: run, facts } = entry;
    const key = `${policy} ${project} ${session}`;
    if (event === 'deletion.intended') open.set(key, { entry, parkedBy: undefined });
    const outcome = outcomeIn(event);
    if (outcome === undefined) continue;
    const known = open.get(key)?.entry ?? entry;
    if (outcome === 'unverified') {
      const parkedBy = facts['parked'] === true ? facts['settled_by'] : undefined;
      if (known.run_id === run) open.set(key, { entry: known, parkedBy });
    } else if (known.run_id === run) open.delete(key);
  }
  return open;
}

/** The chain as the contract tells a stranger to check it. */
export function chainProblem(entries: readonly LoggedEntry[]): string | undefined {
  let prev = '0'.repeat(64);
  for (const [index, entry] of entries.entries()) {
    const { facts, hash, seq, time, event, run_id, policy, rule, project_id, session_id } = entry;
    const { policy_hash } = entry as LoggedEntry & { policy_hash: string | null };
    const whole = {
      seq,
      time,
      event,
      run_id,
      policy,
      policy_hash,
      rule,
      project_id,
      session_id,
      ...facts,
      prev,
    };
    if (seq !== index + 1) return `entry ${index + 1} has the number ${seq}`;
    if (createHash('sha256').update(canonical(whole)).digest('hex') !== hash)
      return `entry ${seq} has a wrong hash`;
    prev = hash;
  }
  return undefined;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical((value as Record<string, unknown>)[key])}`).join(',')}}`;
}
