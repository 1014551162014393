import { formatInstant } from '../core/instant.ts';
import { joinedRows } from './joined-rows.ts';
import { notesOf } from './notes.ts';
import { isDryRun, stateForPrograms, verdictOf, type Report, type ReportRow } from './report.ts';
import { planJson, runsJson } from './run-json.ts';

/** One document, one conversation a line. */
export async function* reportJson(report: Report): AsyncGenerator<string> {
  const { plan, finished, totals, auditHead, generatedAt, policyWords } = report;
  const [run] = finished === undefined ? [] : runsJson([finished]).runs;
  const head = {
    dry_run: isDryRun(report),
    verdict: verdictOf(report).sentence,
    notes: notesOf(report),
    run: run ?? null,
    // `refused_by`: null where limits were not checked for this report.
    plan: plan === undefined ? null : planOf(report, plan),
    policy_in_words: policyWords,
    by_rule: [...totals.byRule].map(([rule, counts]) => ({ rule, ...counts })),
    // `from_days`: where the band begins; null: of unknown age.
    ages: (plan?.findings.ages ?? []).map(({ fromDays, ...counts }) => ({
      from_days: fromDays,
      ...counts,
      deleted: totals.deletedByBand.get(fromDays) ?? 0,
    })),
    audit_head: auditHead,
    generated_at: formatInstant(generatedAt),
  };
  yield `${JSON.stringify(head).slice(0, -1)},"conversations":[`;
  yield* joinedRows(
    report.rows(),
    (row, index) => `${index === 0 ? '\n' : ',\n'}${JSON.stringify(rowJson(row, report))}`,
  );
  yield ']}\n';
}

function planOf(report: Report, plan: NonNullable<Report['plan']>) {
  const { breaches } = report;
  const document = planJson({ ...report, plan, breaches: breaches ?? [] });
  return breaches === undefined ? { ...document, refused_by: null } : document;
}

function rowJson({ deletion, ...row }: ReportRow, report: Report) {
  return {
    project_id: row.projectId,
    session_id: row.sessionId,
    ...(report.hasNames ? { name: row.name ?? null } : {}),
    state: stateForPrograms(row.state, isDryRun(report)),
    rule: row.rule,
    reason: row.reason ?? null,
    age_days: row.ageDays,
    proof:
      deletion === undefined
        ? null
        : {
            requested_at: deletion.requestedAt ?? null,
            delete_status: deletion.deleteStatus ?? null,
            verified_at: deletion.verifiedAt ?? null,
            verify_status: deletion.verifyStatus ?? null,
            not_listed_at: deletion.control?.at ?? null,
          },
  };
}
