import type { AuditEntry } from '../../src/core/audit-entry.ts';
import type { Account, Talk } from './account.ts';
import type { HoldsPaper } from './holds-paper.ts';
import { HoldsReferee } from './holds-referee.ts';
import type { Route, Shown } from './api.ts';
import { ClaimsReferee } from './claims-referee.ts';
import { readSpan } from './oracle-dates.ts';
import { judge, othersIn, restsOn, type WrittenPolicy } from './oracle.ts';
import type { StateReader } from './referee-log.ts';
import type { RunWatch } from './run-watch.ts';
import { SafetyReferee } from './safety-referee.ts';
import type { Actor, Timeline } from './timeline.ts';
import type { Tally, Trace } from './trace.ts';
import type { Weather } from './weather.ts';
import type { Delivery } from './wire.ts';

/** A worker as the referee knows it. */
export interface Suspect {
  readonly holder: string;
  readonly name: string;
  readonly actor: Actor;
  /** Of the file of holds, which may come late. */
  readonly hasCopy: boolean;
  /** Whose DELETE it is that leaves, by conversation. */
  readonly senders: ReadonlyMap<string, RunWatch>;
  stoppedAt: number | undefined;
  stateFailedAt: number | undefined;
  /** What it was shown of each conversation, and when. */
  readonly sights: Map<string, Sight[]>;
  /** Whose key it has. */
  readonly account: Account;
  /** When it last heard what an id gets that nobody has, and in each project what one gets that is there. */
  readonly heard: { unknownAt: number; readonly thereAt: Map<number, number> };
  /** Until when a Retry-After forbids it to send anything. */
  toldToWaitUntil: number;
  lastSentAt: number;
}

interface Sight extends Shown {
  readonly at: number;
}

export interface SentDelete {
  readonly at: number;
  readonly runId: string;
  readonly policy: string;
  readonly projectId: number;
  readonly sessionId: string;
  readonly intentSeq: number;
  readonly worker: string;
  answer: number | undefined;
}

/** What is promised about the age of what a DELETE rests on (README, docs/how-it-works.md). */
const CHANGEABLE_MS = 60_000;
const UNCHANGEABLE_MS = 15 * 60_000;
const WAIT_MS = 60_000;
const PACE_SLACK_MS = 15;
const CLOCKS_APART_MS = 60_000 + 15_000;

export class Referee {
  readonly problems: { readonly rule: string; readonly what: string }[] = [];
  readonly sent: SentDelete[] = [];
  readonly committedAt = new Map<number, number>();
  /** What an intent was about, by its entry. */
  readonly targets = new Map<number, Talk | undefined>();
  readonly policies: ReadonlyMap<string, WrittenPolicy>;
  /** Intents of a run for a conversation since its last DELETE. */
  readonly #unsent = new Map<string, number>();
  /** How many there were with this one. */
  readonly #turns = new Map<number, number>();
  readonly #timeline: Timeline;
  readonly #account: Account;
  readonly #weather: Weather;
  readonly #trace: Trace;
  readonly #tally: Tally;
  readonly #state: StateReader;
  readonly #intervalMs: number;
  readonly #holds: HoldsReferee;
  readonly #claims: ClaimsReferee;
  readonly #safety: SafetyReferee;

  constructor(parts: {
    timeline: Timeline;
    account: Account;
    weather: Weather;
    trace: Trace;
    tally: Tally;
    state: StateReader;
    policies: ReadonlyMap<string, WrittenPolicy>;
    requestsPerMinute: number | 'unlimited';
    paper: HoldsPaper;
  }) {
    this.#timeline = parts.timeline;
    this.#account = parts.account;
    this.#weather = parts.weather;
    this.#trace = parts.trace;
    this.#tally = parts.tally;
    this.#state = parts.state;
    const blame = (rule: string, what: string): void => {
      this.blame(rule, what);
    };
    this.#holds = new HoldsReferee({ ...parts, blame });
    this.#safety = new SafetyReferee({ ...parts, committedAt: this.committedAt, blame });
    this.#claims = new ClaimsReferee({ ...parts, sent: this.sent, targets: this.targets, blame });
    this.policies = parts.policies;
    this.#intervalMs = parts.requestsPerMinute === 'unlimited' ? 0 : 60_000 / parts.requestsPerMinute;
  }

  blame(rule: string, what: string): void {
    this.problems.push({ rule, what });
    this.#trace.say('REFEREE', `${rule}: ${what}`);
  }

  // ── The wire ──────────────────────────────────────────────────────────────────────────────────────────────

  onHandedOver(worker: Suspect): void {
    const { now } = this.#timeline;
    if (now < worker.toldToWaitUntil - 1) this.blame('retry-after', `${worker.name} asks before its time`);
    // Short intervals may catch up a little, and between its turn and the wire a DELETE asks the state once more.
    if (this.#intervalMs >= 50 && now - worker.lastSentAt < this.#intervalMs - PACE_SLACK_MS)
      this.blame(
        'pace',
        `${worker.name} sends ${Math.round(now - worker.lastSentAt)} ms after its last request`,
      );
    worker.lastSentAt = now;
  }

  onSent(worker: Suspect, route: Route): SentDelete | undefined {
    return route.kind === 'delete' ? this.#checkDelete(worker, route) : undefined;
  }

  onDelivered(worker: Suspect, { sent, route, reply, headers }: Delivery): void {
    const { now } = this.#timeline;
    this.#safety.onHeard(worker, { route, reply });
    for (const shown of reply.shown) {
      const key = `${shown.row.project_id} ${shown.row.session_id}`;
      const sights = worker.sights.get(key) ?? [];
      sights.push({ ...shown, at: now });
      worker.sights.set(key, sights);
    }
    const told = Number(headers['retry-after']);
    if (reply.status === 429 && told > 0)
      worker.toldToWaitUntil = Math.max(worker.toldToWaitUntil, now + Math.min(told, 900) * 1000);
    // A page of a proxy is no answer of the API's.
    if (sent !== undefined) sent.answer = typeof reply.body === 'object' ? reply.status : undefined;
  }

  #checkDelete(
    worker: Suspect,
    { projectId, sessionId }: Extract<Route, { kind: 'delete' }>,
  ): SentDelete | undefined {
    const { now } = this.#timeline;
    const where = `${projectId} ${sessionId}`;
    const watch = worker.senders.get(where);
    if (watch?.runId === undefined) {
      this.blame('run', `DELETE of ${where} by no run`);
      return undefined;
    }
    const intent = this.#state.lastWord(watch.runId, projectId, sessionId);
    if (intent?.event !== 'deletion.intended' || intent.policy === null) {
      this.blame('intent', `DELETE of ${where} after the word ${String(intent?.event)}`);
      return undefined;
    }
    const before = this.sent.filter(({ intentSeq }) => intentSeq === intent.seq);
    if (before.some(({ answer }) => answer !== 429))
      this.blame('one-delete', `a second DELETE of ${where} for the intent ${intent.seq}`);
    const sent: SentDelete = {
      ...{ at: now, runId: watch.runId, policy: intent.policy, projectId, sessionId },
      ...{ intentSeq: intent.seq, worker: worker.name, answer: undefined },
    };
    this.sent.push(sent);
    this.#safety.checkDelete(worker, watch, { runId: watch.runId, projectId, sessionId });
    this.#holds.checkDelete(worker, { projectId, sessionId });
    this.#checkWorker(worker, watch, { policy: intent.policy, where, projectId });
    if (watch.knowsGone(projectId, sessionId))
      this.blame('known-gone', `DELETE of ${where}, known to be gone`);
    const planId = String(intent.facts['plan_id']);
    const { runId } = watch;
    const { seq: intentSeq, policy } = intent;
    const about = { planId, policy, projectId, rule: intent.rule ?? '', where, runId, intentSeq };
    this.#checkSight(worker, about);
    return sent;
  }

  #checkWorker(
    worker: Suspect,
    watch: RunWatch,
    of: { readonly policy: string; readonly where: string; readonly projectId: number },
  ): void {
    const { now } = this.#timeline;
    const holder = this.#state.leaseHolder(`policy:${of.policy}`);
    if (holder !== worker.holder)
      this.blame('lease', `DELETE of ${of.where} while ${String(holder)} has the lease`);
    const late = (at: number | undefined): boolean => at !== undefined && now > at + 1000;
    if (late(worker.stoppedAt)) this.blame('stop', `DELETE of ${of.where} after SIGTERM`);
    if (late(worker.stateFailedAt)) this.blame('disk', `DELETE of ${of.where} after a failed write`);
    if (watch.refusedAt !== undefined) this.blame('key', `DELETE of ${of.where} after the key was refused`);
    if (watch.lostAt.has(of.projectId)) this.blame('project', `DELETE of ${of.where} in a lost project`);
  }

  /** Whether what the worker was shown lately, put together in any way, allowed this deletion. */
  #checkSight(
    worker: Suspect,
    of: {
      readonly planId: string;
      readonly policy: string;
      readonly projectId: number;
      readonly rule: string;
      readonly where: string;
      readonly runId: string;
      readonly intentSeq: number;
    },
  ): void {
    const { now, suspendedMs } = this.#timeline;
    const policy = this.policies.get(of.policy);
    const plan = this.#state.plan(of.planId);
    const project = this.#account.project(of.projectId);
    if (policy === undefined || plan === undefined || project === undefined) {
      this.blame('plan', `DELETE of ${of.where} without a plan`);
      return;
    }
    this.#unsent.delete(`${of.runId} ${of.where}`);
    const late = (this.#turns.get(of.intentSeq) ?? 1) - 1;
    // A turn that comes too late has the look repeated, and may be twice as late the next time. A machine that sleeps
    // for less than a lease does not notice.
    const waitMs = WAIT_MS * 2 ** late + Math.min(suspendedMs, 60_000) + 10;
    const others = othersIn(this.policies, policy, project);
    const rests = restsOn(policy, of.rule, others);
    const listedSince = now - waitMs - (rests.listed ? CHANGEABLE_MS : UNCHANGEABLE_MS);
    const readSince = now - waitMs - CHANGEABLE_MS;
    const sights = worker.sights.get(of.where) ?? [];
    const rows = sights.filter(({ at }) => at >= listedSince);
    const whole = sights.filter(({ at }) => at >= readSince).map(({ messages }) => messages);
    // Nobody reads on behind a message that is too young for every rule, so a still younger one may not have been read.
    const isOld = (date: unknown): boolean => !((readSpan(date)?.from ?? 0) > plan.decidedAt);
    const inPart = whole.map((messages) => (messages === 'unread' ? messages : messages.filter(isOld)));
    const readings = [...whole, ...inPart];
    const isAllowed = rows.some(({ row }) =>
      [...readings, 'unread' as const].some(
        (messages) => judge({ policy, row, messages, holds: [], now: plan.decidedAt, others }) === 'delete',
      ),
    );
    if (isAllowed) return;
    const ages = sights.map(({ at }) => Math.round((now - at) / 1000)).join(', ');
    this.blame(
      'sight',
      `DELETE of ${of.where} (${of.policy}, ${of.rule}) rests on nothing; seen ${ages} s ago`,
    );
  }

  // ── The state ─────────────────────────────────────────────────────────────────────────────────────────────

  onPlanBegun(planId: string, decidedAt: number): void {
    const { now } = this.#timeline;
    const apart = decidedAt - now - this.#weather.dateErrorMs;
    if (Math.abs(apart) > CLOCKS_APART_MS)
      this.blame('clock', `${planId} is decided by a clock that is ${Math.round(apart / 1000)} s wrong`);
    if (this.#weather.hidesDate) this.blame('clock', `${planId} is decided without a Date`);
  }

  onHoldsChanged(): void {
    this.#holds.onHoldsChanged();
  }

  onCommitted(entries: readonly AuditEntry[], worker: Suspect): void {
    for (const entry of entries) {
      if (worker.account !== this.#account && entry.event.startsWith('deletion.'))
        this.blame('account', `${worker.name} writes ${entry.event} by what another account answers`);
      this.committedAt.set(entry.seq, this.#timeline.now);
      this.#tally.add(`entry: ${entry.event}`);
      this.#trace.say(
        'audit',
        `${entry.seq} ${entry.event} ${entry.session_id ?? ''} ${entry.hash.slice(0, 8)}`,
      );
      if (entry.project_id === null || entry.session_id === null) continue;
      const about = { projectId: entry.project_id, sessionId: entry.session_id };
      if (entry.event === 'deletion.intended') this.#intended(entry, about);
      this.#claims.check(entry, about);
    }
  }

  #intended(entry: AuditEntry, about: { projectId: number; sessionId: string }): void {
    const key = `${String(entry.run_id)} ${about.projectId} ${about.sessionId}`;
    const turns = (this.#unsent.get(key) ?? 0) + 1;
    this.#unsent.set(key, turns);
    this.#turns.set(entry.seq, turns);
    this.targets.set(entry.seq, this.#account.living(about.projectId, about.sessionId));
  }
}
