import { Option, type Command } from 'commander';
import type { Command as Verb, CommonFlags } from './command.ts';

/** A command is loaded when it is called: help is quick, and a plan does not carry the sandbox in its memory. */
export type Load<Input> = () => Promise<Verb<Input>>;
export type Perform = <Input>(load: Load<Input>, input: Input, flags: CommonFlags) => Promise<void>;

export const verbs = {
  demo: async () => (await import('./commands/demo.ts')).demo,
  sandbox: async () => (await import('./commands/sandbox.ts')).sandbox,
  validate: async () => (await import('./commands/validate.ts')).validate,
  plan: async () => (await import('./commands/plan.ts')).plan,
  planShow: async () => (await import('./commands/plan-show.ts')).planShow,
  apply: async () => (await import('./commands/apply.ts')).apply,
  run: async () => (await import('./commands/run.ts')).run,
  serve: async () => (await import('./commands/serve.ts')).serve,
  policyShow: async () => (await import('./commands/policy-show.ts')).policyShow,
  alive: async () => (await import('./commands/alive.ts')).alive,
  status: async () => (await import('./commands/status.ts')).status,
  why: async () => (await import('./commands/why.ts')).why,
  report: async () => (await import('./commands/report.ts')).report,
  runs: async () => (await import('./commands/runs.ts')).runs,
  holdAdd: async () => (await import('./commands/hold.ts')).holdAdd,
  holdList: async () => (await import('./commands/hold-list.ts')).holdList,
  holdRelease: async () => (await import('./commands/hold.ts')).holdRelease,
  stateRebind: async () => (await import('./commands/state.ts')).stateRebind,
  noticesTest: async () => (await import('./commands/notices-test.ts')).noticesTest,
  auditVerify: async () => (await import('./commands/audit-verify.ts')).auditVerify,
  auditExport: async () => (await import('./commands/audit-export.ts')).auditExport,
} as const;

/** A subcommand with the flags that every command takes. */
export function verbOf(
  parent: Command,
  usage: string,
  text: { readonly does: string; readonly example: string; readonly hasOwnState?: boolean },
): Command {
  const stateDir = new Option('--state-dir <dir>', 'where retention.db lives (RETENTION_STATE_DIR)');
  return parent
    .command(usage)
    .description(text.does)
    .option('--json', 'one JSON document on stdout, nothing else there')
    .addOption(text.hasOwnState === true ? stateDir.hideHelp() : stateDir)
    .addHelpText('after', `\nExample:\n  $ customgpt-retention ${text.example}`);
}
