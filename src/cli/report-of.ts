import { readPolicySource } from '../config/policy-file.ts';
import type { PlanSummary } from '../core/plan.ts';
import type { Store } from '../core/ports/store.ts';
import { Deletions } from '../report/deletion-proof.ts';
import { notesIn } from '../report/notes.ts';
import { policyInWords } from '../report/policy-words.ts';
import { rowsOf, totalsOf, type Report, type ReportRow } from '../report/report.ts';
import type { FinishedRun } from '../report/run-outcome.ts';
import type { CommandWorld } from './command.ts';

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
  const { plan, finished } = subject;
  const { deletions, entryNotes } = await loggedOf(store, finished);
  // A run's report is kept for years: names have no place in it. Where the plan is closed there are none any more.
  const hasNames = !redact && finished === undefined && plan?.status === 'open';
  const rows = (): AsyncIterable<ReportRow> =>
    rowsOf(plan === undefined ? NOTHING : store.plans.planItems(plan.planId), deletions, hasNames);
  const hash = finished?.run.policyHash ?? plan?.policyHash;
  const source = hash === undefined ? undefined : await store.policies.policySource(hash);
  const policy = source === undefined ? undefined : readPolicySource(source);
  return {
    ...{ plan, finished, cost: subject.cost, breaches: subject.breaches ?? [], deferral: subject.deferral },
    totals: await totalsOf(rows()),
    entryNotes,
    policyWords: policy === undefined ? [] : policyInWords(policy),
    auditHead: await store.audit.head(),
    generatedAt: clock.now(),
    timeZone: settings().timeZone,
    commandLine,
    hasNames,
    rows,
  };
}

const NOTHING = {
  async *[Symbol.asyncIterator]() {
    // Nothing was planned.
  },
};

/** What the log says of a run; of a plan it says nothing. */
async function loggedOf(
  { audit }: Store,
  finished: FinishedRun | undefined,
): Promise<{ readonly deletions: Deletions['all']; readonly entryNotes: readonly string[] }> {
  const deletions = new Deletions();
  const entryNotes: string[] = [];
  if (finished !== undefined) {
    for await (const entry of audit.entries({ runId: finished.run.runId })) {
      deletions.take(entry);
      entryNotes.push(...notesIn(entry));
    }
  }
  return { deletions: deletions.all, entryNotes };
}
