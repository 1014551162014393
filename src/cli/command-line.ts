import { plainCommandLine, type CommandLine } from '../core/command-line.ts';

/** What the user gave that another command needs, too, to mean the same policies and the same state. */
export interface Given {
  readonly stateDir?: string | undefined;
  readonly paths?: readonly string[] | undefined;
  readonly policy?: string | undefined;
}

const VERBS = [
  ...[
    'demo',
    'sandbox',
    'validate',
    'plan',
    'apply',
    'policy',
    'report',
    'runs',
    'run',
    'serve',
    'status',
    'why',
  ],
  ...[
    'hold add',
    'hold list',
    'hold release',
    'audit verify',
    'audit export',
    'state rebind',
    'notices test',
  ],
];
const TAKES_PATHS = ['validate', 'plan', 'run', 'serve', 'status'];
const TAKES_POLICY = ['plan', 'run'];
/** They have a state of their own, or none. */
const TAKES_NO_STATE = ['demo', 'sandbox', 'notices test'];

const COMMAND = new RegExp(`customgpt-retention ((?:${VERBS.join('|')})\\b)([^\\n]*)`, 'g');

/** Repeats in each command that a hint names what the user gave: else it would look at another state, or other policies. */
export function createCommandLine(given: Given): CommandLine {
  return (words) => {
    const verb = verbOf(words);
    const [own, options] = splitAtOptions(words.slice(verb.length));
    return plainCommandLine(`${verb}${own}${flagsFor(given, verb, options)}${options}`);
  };
}

/** The same for a text that names commands somewhere: what belongs to one of them stands in no fixed place, so the flags come first. */
export function withGiven(given: Given, text: string): string {
  return text.replaceAll(COMMAND, (_, verb: string, rest: string) =>
    plainCommandLine(`${verb}${flagsFor(given, verb, rest)}${rest}`),
  );
}

function verbOf(words: string): string {
  return VERBS.find((verb) => words === verb || words.startsWith(`${verb} `)) ?? words;
}

function splitAtOptions(rest: string): readonly [own: string, options: string] {
  const at = rest.indexOf(' --');
  return at === -1 ? [rest, ''] : [rest.slice(0, at), rest.slice(at)];
}

function flagsFor({ stateDir, paths = [], policy }: Given, verb: string, rest: string): string {
  const shows = /^ --show\b/.test(rest);
  const flags = [
    ...(TAKES_PATHS.includes(verb) && !shows ? paths.map(quoted) : []),
    ...(policy !== undefined && TAKES_POLICY.includes(verb) && !shows && !rest.includes('--policy ')
      ? ['--policy', quoted(policy)]
      : []),
    ...(stateDir === undefined || TAKES_NO_STATE.includes(verb) ? [] : ['--state-dir', quoted(stateDir)]),
  ];
  return flags.map((flag) => ` ${flag}`).join('');
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
