import { hash as digest } from 'node:crypto';
import { AUDIT_EVENTS } from './audit-entry.ts';
import type { AuditEntry, AuditFacts, AuditHead } from './audit-entry.ts';
import { canonicalJson } from './canonical-json.ts';

const TEXTS = ['time', 'event', 'prev', 'hash'] as const;
const TEXTS_OR_NULL = ['run_id', 'policy', 'policy_hash', 'rule', 'session_id'] as const;
const COMMON_KEYS = ['seq', 'project_id', ...TEXTS, ...TEXTS_OR_NULL] as const;

const EVENTS: ReadonlySet<string> = new Set(AUDIT_EVENTS);
const TIME_SHAPE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** One entry against the head before it: the new head, or the place where the chain breaks and why. */
export type EntryCheck = { readonly ok: true; readonly head: AuditHead } | LogBreak;

export interface LogBreak {
  readonly ok: false;
  /** The entry that should have been here: one after the last good one. */
  readonly seq: number;
  /** Reads on from "entry 5 …". */
  readonly problem: string;
}

/**
 * Gives an entry its place behind `head`. `time` is RFC 3339, UTC, ms.
 * @throws Error when a fact would overwrite a common key, or has no canonical form (NaN, a lone surrogate)
 */
export function chainEntry(
  facts: AuditFacts,
  place: { readonly head: AuditHead; readonly time: string },
): AuditEntry {
  const key = commonKeyIn(facts.facts);
  if (key !== undefined) throw new Error(`fact ${key} of ${facts.event} is a common key`);
  const entry = {
    seq: place.head.seq + 1,
    time: place.time,
    event: facts.event,
    run_id: facts.run_id,
    policy: facts.policy,
    policy_hash: facts.policy_hash,
    rule: facts.rule,
    project_id: facts.project_id,
    session_id: facts.session_id,
    ...facts.facts,
    prev: place.head.hash,
  };
  return { ...entry, hash: hashOf(entry) };
}

/** A key of every entry that is found among an event's own facts, where it would take the place of the entry's. */
export function commonKeyIn(facts: object): string | undefined {
  return COMMON_KEYS.find((key) => Object.hasOwn(facts, key));
}

/** Whether `entry` is exactly the next one behind `head`. Time may go backwards: clocks do, and the order is `seq`. */
export function checkEntry(entry: unknown, head: AuditHead): EntryCheck {
  const seq = head.seq + 1;
  const broken = (problem: string): EntryCheck => ({ ok: false, seq, problem });
  if (!isEntry(entry)) return broken('is not readable');
  if (entry.seq !== seq) return broken(`is not there: entry ${entry.seq} stands in its place`);
  if (entry.prev !== head.hash) return broken('does not name the hash of the entry before it');
  if (recomputedHash(entry) !== entry.hash) return broken('does not match its hash');
  if (!EVENTS.has(entry.event)) return broken('has an unknown event');
  return { ok: true, head: { seq, hash: entry.hash } };
}

/** Whether an entry that is read by itself is still what its hash says; that it stands in its place, only the chain tells. */
export function hasItsHash(entry: AuditEntry): boolean {
  return recomputedHash(entry) === entry.hash;
}

function hashOf(entryWithoutHash: object): string {
  return digest('sha256', canonicalJson(entryWithoutHash));
}

function recomputedHash(entry: AuditEntry): string | undefined {
  try {
    // What is undefined has no place in canonical JSON.
    return hashOf({ ...entry, hash: undefined });
  } catch {
    // No canonical form (a lone surrogate, nesting without end): nothing that was ever written here.
    return undefined;
  }
}

function isEntry(value: unknown): value is AuditEntry {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entry = value as Readonly<Record<string, unknown>>;
  const projectId = entry['project_id'];
  return (
    Number.isSafeInteger(entry['seq']) &&
    TEXTS.every((key) => typeof entry[key] === 'string') &&
    TEXTS_OR_NULL.every((key) => entry[key] === null || typeof entry[key] === 'string') &&
    (projectId === null || Number.isSafeInteger(projectId)) &&
    TIME_SHAPE.test(entry['time'] as string)
  );
}
