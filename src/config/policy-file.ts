import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Policy } from '../core/policy.ts';
import { normalisePolicy } from './normalise.ts';
import { crossFaults } from './policy-rules.ts';
import { policySchema } from './policy-schema.ts';
import type { Problem } from './problems.ts';
import { faultsOf } from './schema-problems.ts';
import { readYaml, type YamlDocument } from './yaml-document.ts';

/** Bytes: some thousand session ids. Checked before anything is read, and again on what was read. */
const LARGEST_FILE = 256 * 1024;

export interface PoliciesRead {
  /** In the order of the paths, files of a folder by name. Empty when there is any problem. */
  readonly policies: readonly Policy[];
  /** All problems of all files, each file's by line. */
  readonly problems: readonly Problem[];
}

/**
 * Reads policy files (`.yaml`, `.yml`) and folders of them. Hidden files, and what else lies in a folder, are passed
 * over; symbolic links are followed. Each file is read once: what is hashed is what is used. Never throws for what the
 * user can have caused. One bad file leaves no policy, so that nobody runs half of what was meant.
 */
export async function readPolicies(paths: readonly string[]): Promise<PoliciesRead> {
  const found: (string | Problem)[] = [];
  for (const given of paths) found.push(...(await filesAt(given)));
  if (paths.length === 0) found.push(fileProblem('.', 'no policy file or folder was named'));
  const policies: Policy[] = [];
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const firstOf = new Map<string, string>();
  for (const file of found) {
    if (typeof file !== 'string') {
      problems.push(file);
      continue;
    }
    if (seen.has(path.resolve(file))) continue;
    seen.add(path.resolve(file));
    const read = await readPolicyFile(file);
    problems.push(...[...read.problems, ...repeatedName(read, file, firstOf)].sort(byPlace));
    if (read.policy !== undefined) policies.push(read.policy);
  }
  return { policies: problems.length === 0 ? policies : [], problems };
}

function byPlace(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column;
}

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
    : [document.problemAt(['name'], `is the name of the policy in ${first} already`)];
}

async function readPolicyFile(file: string): Promise<PolicyRead> {
  const bytes = await readBytes(file);
  if ('message' in bytes) return { problems: [bytes] };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { problems: [fileProblem(file, 'the file is not UTF-8 text')] };
  }
  const yaml = readYaml(file, text);
  if (!yaml.ok) return { problems: yaml.problems };
  const { document } = yaml;
  const parsed = policySchema.safeParse(document.data, { reportInput: true });
  const faults = [...(parsed.success ? [] : faultsOf(parsed.error.issues)), ...crossFaults(document.data)];
  const problems = [
    ...document.problems,
    ...faults.map(({ path: place, message, ...options }) => document.problemAt(place, message, options)),
  ];
  if (!parsed.success || problems.length > 0) return { problems, document };
  const hash = createHash('sha256').update(bytes).digest('hex');
  return { policy: normalisePolicy(parsed.data, { hash, path: path.resolve(file) }), problems, document };
}

// ── Files ───────────────────────────────────────────────────────────────────────────────────────────────────

async function filesAt(given: string): Promise<readonly (string | Problem)[]> {
  try {
    if (!(await stat(given)).isDirectory()) {
      return [
        isPolicyFile(given) ? given : fileProblem(given, 'the name of a policy file ends in .yaml or .yml'),
      ];
    }
    const names = (await readdir(given)).filter((name) => !name.startsWith('.') && isPolicyFile(name)).sort();
    if (names.length === 0) return [fileProblem(given, 'the folder holds no .yaml or .yml file')];
    return names.map((name) => path.join(given, name));
  } catch (error) {
    return [fileProblem(given, problemOfAccess(error))];
  }
}

function isPolicyFile(name: string): boolean {
  return name.endsWith('.yaml') || name.endsWith('.yml');
}

/** The file's bytes, or why it cannot be one. */
async function readBytes(file: string): Promise<Uint8Array | Problem> {
  let handle: FileHandle | undefined;
  try {
    // Without O_NONBLOCK opening a named pipe would wait for a writer for ever.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await handle.stat();
    if (!found.isFile()) return fileProblem(file, 'it is not a file');
    if (found.size > LARGEST_FILE) return fileProblem(file, TOO_LARGE);
    const bytes = await readUpTo(handle, LARGEST_FILE + 1);
    return bytes.length > LARGEST_FILE ? fileProblem(file, TOO_LARGE) : bytes;
  } catch (error) {
    return fileProblem(file, problemOfAccess(error));
  } finally {
    await handle?.close();
  }
}

const TOO_LARGE = `the file is larger than ${LARGEST_FILE / 1024} KiB`;

/** The size is not believed: a file may grow, and some kinds of file have none. */
async function readUpTo(handle: FileHandle, most: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(most);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, most - length, null);
    length += bytesRead;
    if (bytesRead === 0 || length === most) return buffer.subarray(0, length);
  }
}

function problemOfAccess(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file or folder';
    case 'EACCES':
    case 'EPERM':
      return 'reading it is not permitted';
    default:
      return `it cannot be read (${typeof code === 'string' ? code : String(error)})`;
  }
}

function fileProblem(file: string, message: string): Problem {
  return { file, line: 1, column: 1, path: '', message };
}
