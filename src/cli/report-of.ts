import { readPolicySource } from '../config/policy-file.ts';
import type { Settings } from '../config/settings.ts';
import { hasItsHash } from '../core/audit-chain.ts';
import { isFault, RetentionError } from '../core/errors.ts';
import { LastOutcomes } from '../core/last-outcomes.ts';
import type { PlanSummary } from '../core/plan.ts';
import type { Store } from '../core/ports/store.ts';
import { runCountsOf } from '../core/run.ts';
import { Deletions, settledLaterCount } from '../report/deletion-proof.ts';
import { notesIn } from '../report/notes.ts';
import { policyInWords } from '../report/policy-words.ts';
import { rowsOf, totalsOf, type Report, type ReportRow } from '../report/report.ts';
import type { FinishedRun } from '../report/run-outcome.ts';
import { openStateHome } from '../state-home/state-home.ts';
import type { CommandWorld } from './command.ts';
import { ownVerifierKey } from './signing.ts';

/** What a report is about: a plan, or a run with the plan that it went by. */
export type ReportSubject = Partial<Pick<Report, 'cost' | 'breaches' | 'deferral' | 'finished'>> & {
  readonly plan: PlanSummary | undefined;
};

/** Gathers a report from the store: all but its rows, which are read when it is written. */
export async function reportOf(
  { surroundings: { clock }, commandLine, settings }: CommandWorld,
  store: Store,
  { subject, redact = false }: { readonly subject: ReportSubject; readonly redact?: boolean },
): Promise<Report> {
  const { plan } = subject;
  // First: what is written meanwhile belongs to a later report.
  const auditHead = await store.audit.head();
  if (subject.finished === undefined && plan?.status === 'open') await assertAsPlanned(store, plan);
  const { finished, deletions, entryNotes } = await loggedOf(store, subject.finished, auditHead.seq);
  // A run's report is kept for years: names have no place in it. Where the plan is closed there are none any more.
  const hasNames = !redact && finished === undefined && plan?.status === 'open';
  const rows = (): AsyncIterable<ReportRow> =>
    rowsOf(plan === undefined ? NOTHING : store.plans.planItems(plan.planId), deletions, hasNames);
  const hash = finished?.run.policyHash ?? plan?.policyHash;
  const source = hash === undefined ? undefined : await store.policies.policySource(hash);
  const policy = source === undefined ? undefined : readPolicySource(source);
  return {
    ...{ plan, finished, cost: subject.cost, breaches: subject.breaches, deferral: subject.deferral },
    totals: await totalsOf(rows()),
    entryNotes,
    policyWords: policy === undefined ? [] : policyInWords(policy, settings().timeZone),
    auditHead,
    verifierKey: verifierKeyOf(settings()),
    matters: new Map((await store.holds.holds()).map(({ holdId, matter }) => [holdId, matter])),
    generatedAt: clock.now(),
    timeZone: settings().timeZone,
    commandLine,
    hasNames,
    rows,
  };
}

/** Where its private half may not be read, the report does without. */
function verifierKeyOf(settings: Settings): string | undefined {
  try {
    return ownVerifierKey(settings, openStateHome(settings.stateDir))?.key.text;
  } catch (error) {
    if (isFault(error, 'state_unusable')) return undefined;
    throw error;
  }
}

const NOTHING = {
  async *[Symbol.asyncIterator]() {
    // Nothing was planned.
  },
};

/** @throws RetentionError `state_unusable` where the rows of a plan are not those that were planned */
async function assertAsPlanned({ plans }: Store, { planId, fingerprint }: PlanSummary): Promise<void> {
  if ((await plans.planFingerprint(planId)) !== fingerprint) throw altered(`what is stored of ${planId}`);
}

/** What the log says of a run, up to an entry; of a plan it says nothing. Its counts are folded from the same entries. */
async function loggedOf(
  { audit }: Store,
  finished: FinishedRun | undefined,
  upTo: number,
): Promise<{
  readonly finished: FinishedRun | undefined;
  readonly deletions: Deletions['all'];
  readonly entryNotes: readonly string[];
}> {
  const deletions = new Deletions();
  const entryNotes: string[] = [];
  if (finished === undefined) return { finished, deletions: deletions.all, entryNotes };
  const outcomes = new LastOutcomes();
  for await (const entry of audit.entries({ runId: finished.run.runId })) {
    if (entry.seq > upTo) break;
    if (!hasItsHash(entry)) throw altered(`audit entry ${entry.seq}`);
    deletions.take(entry);
    entryNotes.push(...notesIn(entry));
    const { project_id: projectId, session_id: sessionId, event } = entry;
    if (projectId !== null && sessionId !== null)
      outcomes.take({ projectId, sessionId }, event, entry['cause']);
  }
  const { counts, skipped } = outcomes.outcomes();
  const settledLater = settledLaterCount(deletions.all.values());
  const folded = { ...finished, settledLater, counts: runCountsOf(finished.plan, counts), skipped };
  return { finished: folded, deletions: deletions.all, entryNotes };
}

function altered(what: string): RetentionError {
  return new RetentionError('state_unusable', `${what} is not as it was written`, {
    hint: 'Run `audit verify`, find out who changed it, and restore the state directory from a backup.',
  });
}
