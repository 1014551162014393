import type { Command } from 'commander';
import { REPORT_FORMATS } from '../report/format-names.ts';
import type { CommonFlags } from './command.ts';
import type { AuditExportInput } from './commands/audit-export.ts';
import type { AuditVerifyInput } from './commands/audit-verify.ts';
import type { NoticesTestInput } from './commands/notices-test.ts';
import type { ReportInput } from './commands/report.ts';
import { verbOf, verbs, type Perform } from './verbs.ts';

/** Commands that look back: reports, runs, policies as they were, the audit log. */
export function addHistory(program: Command, perform: Perform): void {
  verbOf(program, 'status [paths...]', {
    does: 'Does retention work? Last success, next run, failures in a row and why, for each policy; exits with 1 if somebody has to look',
    example: 'status policies/',
  }).action((paths: string[], flags: CommonFlags) => perform(verbs.status, { paths }, flags));
  verbOf(program, 'why <target> [paths...]', {
    does: 'Why a conversation (1234/SESSION) is, will be, or was deleted, or not: each rule, holds, plans, what was done',
    example: 'why 1234/0b1e6f0c-5f0e-4f65-9a52-3a9df1c3a7d1 policies/',
  })
    .option('--offline', 'only what is on record: needs no key, sends nothing')
    .action((target: string, paths: string[], flags: CommonFlags & { offline?: boolean }) =>
      perform(verbs.why, { target, paths, offline: flags.offline }, flags),
    );
  verbOf(program, 'report <plan-or-run>', {
    does: 'A report to read, keep and sign: what a plan would do, or what a run did, with its proof',
    example: 'report run-k3v9x2m7q4ab --out report.html',
  })
    .option('--out <file>', 'write it to a file: .html, .json, .csv or .md')
    .option(
      '--format <format>',
      `${REPORT_FORMATS.join(', ')}; without it by the name of the file, else html`,
    )
    .option('--redact', "leave names out of a plan's report; a run's has none")
    .action((id: string, flags: CommonFlags & Omit<ReportInput, 'id'>) =>
      perform(verbs.report, { ...flags, id }, flags),
    );
  verbOf(program, 'runs [id]', { does: 'History, or one run in full', example: 'runs' }).action(
    (id: string | undefined, flags: CommonFlags) => perform(verbs.runs, { id }, flags),
  );
  verbOf(program, 'policy <id>', {
    does: 'Print the policy that a plan, a run or an audit entry (policy_hash) refers to',
    example: 'policy run-k3v9x2m7q4ab',
  }).action((id: string, flags: CommonFlags) => perform(verbs.policyShow, { id }, flags));
  const audit = program
    .command('audit')
    .description('Check or export the audit log')
    .addHelpText('after', '\nExample:\n  $ customgpt-retention audit verify');
  verbOf(audit, 'verify [file]', {
    does: "Check the log's chain and signatures; compare an exported file with it",
    example: 'audit verify audit.jsonl --checkpoint kept/last-checkpoint',
  })
    .option(
      '--checkpoint <file>',
      'a checkpoint kept elsewhere (a note, or log lines) that the log must contain',
    )
    .option('--key <key>', 'verifier key to trust instead of our own; may be repeated', collected)
    .action((file: string | undefined, flags: CommonFlags & Omit<AuditVerifyInput, 'file'>) =>
      perform(verbs.auditVerify, { ...flags, file }, flags),
    );
  verbOf(audit, 'export', {
    does: 'Write the log as JSON Lines',
    example: 'audit export --run run-k3v9x2m7q4ab > run.jsonl',
  })
    .option('--run <id>', 'only this run')
    .action((flags: CommonFlags & AuditExportInput) => perform(verbs.auditExport, flags, flags));
}

/** Whom the program tells by itself. */
export function addNotices(program: Command, perform: Perform): void {
  const notices = program
    .command('notices')
    .description('Whom the program tells of its runs, by webhook, Slack and heartbeat')
    .addHelpText('after', '\nExample:\n  $ customgpt-retention notices test');
  verbOf(notices, 'test', {
    does: 'Send a test notice to everybody who is told of runs, and say what each answered; exits with 1 if one did not take it',
    example: 'notices test --policy support-chats',
  })
    .option('--policy <name>', 'the policy that {policy} in the heartbeat URL stands for')
    .action((flags: CommonFlags & NoticesTestInput) => perform(verbs.noticesTest, flags, flags));
}

function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
