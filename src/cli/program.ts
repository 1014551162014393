import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { createCommandLine, type Given } from './command-line.ts';
import type { CommonFlags } from './command.ts';
import type { ApplyInput } from './commands/apply.ts';
import type { HoldAddInput, HoldReleaseInput } from './commands/hold.ts';
import type { PlanInput } from './commands/plan.ts';
import type { SandboxInput } from './commands/sandbox.ts';
import { EXIT, exitCodeOfError, foremost, type ExitCode } from './exit-codes.ts';
import type { StateRebindInput } from './commands/state.ts';
import { Output } from './output.ts';
import { addHistory, addNotices } from './program-history.ts';
import { settingsOf } from './settings-of.ts';
import type { Surroundings } from './surroundings.ts';
import { verbOf, verbs, type Load, type Perform } from './verbs.ts';
import { version } from './version.ts';

/** Runs one command line to its end. Never throws: every error is printed and becomes an exit code. */
export async function runCli(surroundings: Surroundings): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const perform = async <Input>(load: Load<Input>, input: Input, flags: CommonFlags): Promise<void> => {
    const given: Given = { ...input, ...flags };
    const output = new Output(surroundings, { ...given, json: flags.json });
    const commandLine = createCommandLine(given);
    try {
      const verb = await load();
      const settings = settingsOf({ surroundings, flags });
      code = await verb({ surroundings, output, flags, settings, commandLine }, input);
    } catch (error) {
      output.problem(error);
      code = exitCodeOfError(error);
    }
    code = await codeOnceWritten(output, code);
  };
  const help = new Output(surroundings, {});
  const program = buildProgram({ surroundings, help, perform });
  try {
    await program.parseAsync([...surroundings.argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return codeOnceWritten(help, error.exitCode === 0 ? EXIT.done : EXIT.usage);
  }
  return code;
}

/** Whatever a command did, an answer that is cut off is not done: a script must not take it for whole. */
async function codeOnceWritten(output: Output, code: ExitCode): Promise<ExitCode> {
  const incomplete = await output.end();
  if (incomplete === undefined) return code;
  output.problem(incomplete);
  return foremost([code, EXIT.unexpected]);
}

interface Parts {
  readonly surroundings: Surroundings;
  /** For what the parser prints. */
  readonly help: Output;
  readonly perform: Perform;
}

function buildProgram({ surroundings, help, perform }: Parts): Command {
  const program = new Command('customgpt-retention')
    .description(
      'Deletes expired CustomGPT.ai conversations according to YAML policies, and proves that they are gone.',
    )
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void help.raw(text),
      writeErr: (text) => surroundings.stderr.write(text),
    })
    .showHelpAfterError('Try --help for an example.')
    .addHelpText(
      'after',
      '\nStart with:\n  $ customgpt-retention demo\n\nExit codes: 0 done, 2 usage, 3 not all deleted, 4 refused by a limit or a protection; all in docs/commands.md',
    );
  const [first = ''] = surroundings.argv;
  const own = GROUPS.filter(({ verbs: names }) => names.includes(first));
  for (const { add } of own.length > 0 ? own : GROUPS) add(program, perform);
  return program;
}

/** A command is put together with those beside it alone, which is quicker; help, and what nobody knows, need all of them. */
const GROUPS: readonly {
  readonly verbs: readonly string[];
  readonly add: (program: Command, perform: Perform) => void;
}[] = [
  { verbs: ['demo', 'sandbox', 'validate', 'plan'], add: addLooking },
  { verbs: ['apply', 'run', 'serve', 'alive'], add: addDeleting },
  { verbs: ['hold'], add: addHolds },
  { verbs: ['status', 'why', 'report', 'runs', 'policy', 'audit'], add: addHistory },
  { verbs: ['state'], add: addState },
  { verbs: ['notices'], add: addNotices },
];

function addLooking(program: Command, perform: Perform): void {
  verbOf(program, 'demo', {
    does: 'Plan, apply and verify against the built-in sandbox; needs no account',
    example: 'demo',
    // Of what it refuses, its help must not tell.
    hasOwnState: true,
  }).action((flags: CommonFlags) => perform(verbs.demo, {}, flags));
  verbOf(program, 'sandbox', {
    does: 'Serve the built-in CustomGPT emulator until stopped',
    example: 'sandbox --port 4010 --scenario stale-reads',
  })
    .option('--port <n>', 'port to listen on (default: any free one)', portNumber)
    .option('--scenario <name>', 'how the server behaves', 'default')
    .action((flags: CommonFlags & SandboxInput) => perform(verbs.sandbox, flags, flags));
  verbOf(program, 'validate [paths...]', {
    does: 'Check policies and holds.yaml, and print them in plain words',
    example: 'validate policies/',
  })
    .option('--online', "also ask the API for the projects' own retention; needs the key")
    .action((paths: string[], flags: CommonFlags & { online?: boolean }) =>
      perform(verbs.validate, { paths, online: flags.online }, flags),
    );
  verbOf(program, 'plan [paths...]', {
    does: 'The dry run: list, decide, show; deletes nothing',
    example: 'plan --policy test-sessions --out plan.json',
  })
    .option('--policy <name>', 'only this policy')
    .option('--out <file>', 'also write the plan to a file that apply takes')
    .option('--report <file>', 'also write a report to look at: .html, .json, .csv or .md')
    .option(
      '--detailed-exitcode',
      'exit with 20 if something would be deleted, with 4 if a limit or protection would refuse it',
    )
    .option('--all', 'also list conversations that are merely kept')
    .option('--show <plan>', 'print a stored plan (id or file) again; sends nothing')
    .action((paths: string[], flags: PlanFlags) =>
      flags.show === undefined
        ? perform(verbs.plan, { ...flags, paths }, flags)
        : perform(verbs.planShow, { show: flags.show, others: makingFlags(paths, flags) }, flags),
    );
}

type PlanFlags = CommonFlags & Omit<PlanInput, 'paths'> & { readonly show?: string };

/** What is there to make a new plan, as the user typed it. */
function makingFlags(paths: readonly string[], { policy, out, report, all }: PlanFlags): readonly string[] {
  const given = {
    'path of a policy': paths[0],
    '--policy': policy,
    '--out': out,
    '--report': report,
    '--all': all,
  };
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}

function addDeleting(program: Command, perform: Perform): void {
  verbOf(program, 'apply <plan>', {
    does: 'Execute exactly that plan (id or file)',
    example: 'apply plan-k3v9x2m7q4ab',
  })
    .option(
      '--override-limits',
      'override the limits, never a protection, for this one plan; needs --by and --reason',
    )
    .option('--by <who>', 'who takes responsibility; it stays in the audit log')
    .option('--reason <text>', 'why; it stays in the audit log')
    .action((id: string, flags: CommonFlags & Omit<ApplyInput, 'plan'>) =>
      perform(verbs.apply, { ...flags, plan: id }, flags),
    );
  verbOf(program, 'run [paths...]', {
    does: 'One pass: plan, then apply if the policy says enforce and nothing refuses the plan',
    example: 'run policies/ --json',
  })
    .option('--policy <name>', 'only this policy')
    .option('--report <dir>', 'write a page for each run into this folder')
    .action((paths: string[], flags: CommonFlags & { policy?: string; report?: string }) =>
      perform(verbs.run, { paths, policy: flags.policy, report: flags.report }, flags),
    );
  verbOf(program, 'serve [paths...]', {
    does: 'The daemon: run each policy on its schedule until SIGTERM',
    example: 'serve /policies --state-dir /state',
  }).action((paths: string[], flags: CommonFlags) => perform(verbs.serve, { paths }, flags));
  verbOf(program, 'alive', {
    does: 'Does serve turn? Exits with 1 if it has given no sign of life for 3 minutes; for probes without a shell',
    example: 'alive --state-dir /state',
  }).action((flags: CommonFlags) => perform(verbs.alive, {}, flags));
}

function addHolds(program: Command, perform: Perform): void {
  const hold = program
    .command('hold')
    .description('Keep a project or a conversation from being deleted, whatever a policy says')
    .addHelpText(
      'after',
      '\nIf you keep holds in git, list them in holds.yaml beside the policies.\n\nExample:\n  $ customgpt-retention hold list',
    );
  verbOf(hold, 'add <target>', {
    does: 'Hold a project (1234) or one conversation (1234/SESSION)',
    example: 'hold add 1234 --matter M-17 --reason "Smith v. Acme" --by legal --until 2027-12-31',
  })
    .requiredOption('--matter <id>', 'what the hold belongs to')
    .requiredOption('--reason <text>', 'why; it stays in the audit log')
    .requiredOption('--by <who>', 'who places it')
    .option(
      '--until <day>',
      'the last day of the hold, to its end in UTC; without it the hold lasts until released',
    )
    .option('--offline', 'do not ask the API whether it exists')
    .action((target: string, flags: CommonFlags & Omit<HoldAddInput, 'target'>) =>
      perform(verbs.holdAdd, { ...flags, target }, flags),
    );
  verbOf(hold, 'list', { does: 'All holds, those in force first', example: 'hold list --json' }).action(
    (flags: CommonFlags) => perform(verbs.holdList, {}, flags),
  );
  verbOf(hold, 'release <hold>', {
    does: 'End a hold; what it covered is decided anew by the next plan',
    example: 'hold release hold-k3v9x2m7q4ab --by legal --reason "case closed"',
  })
    .requiredOption('--reason <text>', 'why; it stays in the audit log')
    .requiredOption('--by <who>', 'who ends it')
    .action((holdId: string, flags: CommonFlags & Omit<HoldReleaseInput, 'holdId'>) =>
      perform(verbs.holdRelease, { ...flags, holdId }, flags),
    );
}

function addState(program: Command, perform: Perform): void {
  const state = program
    .command('state')
    .description('Which account the state directory belongs to')
    .addHelpText(
      'after',
      '\nExample:\n  $ customgpt-retention state rebind --by "J. Doe" --reason "the API moved to another host"',
    );
  verbOf(state, 'rebind', {
    does: "Bind the state to the key's account, when a run says that it belongs to another",
    example: 'state rebind --by "J. Doe" --reason "the API moved to another host"',
  })
    .requiredOption('--by <who>', 'who takes responsibility')
    .requiredOption('--reason <text>', 'why; it stays in the audit log')
    .action((flags: CommonFlags & StateRebindInput) => perform(verbs.stateRebind, flags, flags));
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('a port is a number from 0 to 65535');
  return port;
}
