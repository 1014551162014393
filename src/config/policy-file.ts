import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Policy } from '../core/policy.ts';
import { cutTextFaults } from './cut-texts.ts';
import { normalisePolicy } from './normalise.ts';
import { crossFaults } from './policy-rules.ts';
import { isHoldsFile } from './holds-file.ts';
import { HOLDS_UNDER_ANOTHER_NAME, unreadPolicies } from './lookalike-files.ts';
import { keysAt, policySchema } from './policy-schema.ts';
import type { Problem } from './problems.ts';
import { faultsOf } from './schema-problems.ts';
import { decodedText, fileProblem, problemOfAccess, readTextFile, type TextFile } from './text-file.ts';
import { readYaml, type YamlDocument } from './yaml-document.ts';

export interface PoliciesRead {
  /** In the order of the paths, files of a folder by name. Empty when there is any problem. */
  readonly policies: readonly Policy[];
  /** All problems of all files, each file's by line. */
  readonly problems: readonly Problem[];
}

/**
 * Reads policy files (`.yaml`, `.yml`) and folders of them. Files of holds, hidden files, and what else lies in a folder, are passed
 * over; symbolic links are followed. Each file is read once: what is hashed is what is used. Never throws for what the
 * user can have caused. One bad file leaves no policy, so that nobody runs half of what was meant. `except` names a file that is
 * something else.
 */
export async function readPolicies(
  paths: readonly string[],
  { except }: { readonly except?: string | undefined } = {},
): Promise<PoliciesRead> {
  const found: (string | Problem)[] = [];
  for (const given of paths) found.push(...(await filesAt(given)));
  if (paths.length === 0) found.push(fileProblem('.', 'no policy file or folder was named'));
  const policies: Policy[] = [];
  const problems: Problem[] = [];
  const seen = new Set<string>(except === undefined ? [] : [path.resolve(except)]);
  const firstOf = new Map<string, string>();
  for (const file of found) {
    if (typeof file !== 'string') {
      problems.push(file);
      continue;
    }
    if (seen.has(path.resolve(file))) continue;
    seen.add(path.resolve(file));
    const read = readPolicyFile(file);
    problems.push(...[...read.problems, ...repeatedName(read, file, firstOf)].sort(byPlace));
    if (read.policy !== undefined) policies.push(read.policy);
  }
  const [first = '.'] = paths;
  if (policies.length + problems.length === 0) problems.push(fileProblem(first, 'holds no policy'));
  return { policies: problems.length === 0 ? policies : [], problems };
}

function byPlace(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column;
}

const WORDS = { keysAt, top: 'version, name, projects, rules ...' };

interface PolicyRead {
  readonly policy?: Policy;
  readonly problems: readonly Problem[];
  /** Known even where other things are wrong, so that repeated names are reported together with them. */
  readonly document?: YamlDocument;
}

function repeatedName(
  { document }: PolicyRead,
  file: string,
  firstOf: Map<string, string>,
): readonly Problem[] {
  const data = document?.data as { readonly name?: unknown } | null | undefined;
  const name = data?.name;
  if (document === undefined || typeof name !== 'string') return [];
  const first = firstOf.get(name);
  if (first === undefined) firstOf.set(name, file);
  return first === undefined
    ? []
    : [document.problemAt(['name'], `is already the name of the policy in ${first}`)];
}

function readPolicyFile(file: string): PolicyRead {
  const read = readTextFile(file);
  return 'message' in read ? { problems: [read] } : readPolicyText(file, read);
}

/** A policy as it was kept, byte for byte; undefined where this version reads it otherwise than the one that went by it. */
export function readPolicySource(source: Uint8Array): Policy | undefined {
  const text = decodedText('', source);
  return typeof text === 'string' ? readPolicyText('', { bytes: source, text }).policy : undefined;
}

function readPolicyText(file: string, { bytes, text }: TextFile): PolicyRead {
  const yaml = readYaml(file, text);
  if (!yaml.ok) return { problems: yaml.problems };
  const { document } = yaml;
  if (isListOfHolds(document.data)) return { problems: [fileProblem(file, HOLDS_UNDER_ANOTHER_NAME)] };
  // Compiling the schema pays off after many policies, not after a few.
  const parsed = policySchema.safeParse(document.data, { reportInput: true, jitless: true });
  const faults = [
    ...(parsed.success ? [] : faultsOf(parsed.error.issues, WORDS)),
    ...crossFaults(document.data),
    ...cutTextFaults(document.cutTexts),
  ];
  const problems = [
    ...document.problems,
    ...faults.map(({ path: place, message, ...options }) => document.problemAt(place, message, options)),
  ];
  if (!parsed.success || problems.length > 0) return { problems, document };
  const hash = createHash('sha256').update(bytes).digest('hex');
  return {
    policy: normalisePolicy(parsed.data, { hash, source: bytes, path: path.resolve(file) }),
    problems,
    document,
  };
}

function isListOfHolds(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'holds' in data && !('rules' in data);
}

// ── Files ───────────────────────────────────────────────────────────────────────────────────────────────────

async function filesAt(given: string): Promise<readonly (string | Problem)[]> {
  try {
    if (!(await stat(given)).isDirectory()) {
      if (isHoldsFile(given)) return [fileProblem(given, 'a file of holds is no policy')];
      return [isYaml(given) ? given : fileProblem(given, 'the name of a policy file ends in .yaml or .yml')];
    }
    const all = (await readdir(given)).sort();
    const unread = unreadPolicies(given, all).map(({ file, problem }) => fileProblem(file, problem));
    const names = all.filter((name) => !name.startsWith('.') && isYaml(name));
    const policies = names.filter((name) => !isHoldsFile(name)).map((name) => path.join(given, name));
    if (unread.length + policies.length > 0) return [...unread, ...policies];
    const what = names.length === 0 ? 'no .yaml or .yml file' : 'no policy beside its holds';
    return [fileProblem(given, `the folder holds ${what}`)];
  } catch (error) {
    return [fileProblem(given, problemOfAccess(error))];
  }
}

function isYaml(name: string): boolean {
  return name.endsWith('.yaml') || name.endsWith('.yml');
}
