import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { LARGEST_HOLDS_FILE, readTextFile } from './text-file.ts';

/*
 * Files in a folder of policies that somebody meant to be read, and that are not: `holds.YAML`, `holds.json`, `p.YML`. A
 * hold that nobody reads holds nothing, so they are refused by their names. What editors leave for a moment is not.
 */

export const HOLDS_FILES: readonly string[] = ['holds.yaml', 'holds.yml'];

/** `holds`, `.holds.yaml`, `hold (1).json`, `legal-holds.yaml.bak`, `holds.yaml~`; the second part are the endings. */
const HOLDS = /^\.?(?:legal[-_ ]?)?holds?(?:[-_ (][^.]*)?((?:\.[^.~]*)*)~?$/;

const DATA: ReadonlySet<string> = new Set(['yaml', 'yml', 'json', 'jsonc', 'json5', 'toml', 'csv', 'txt']);

/** Endings of what is no list of holds, or gone in a moment. */
const OTHER: ReadonlySet<string> = new Set([
  ...['example', 'sample', 'template', 'tmpl', 'dist', 'schema', 'md', 'lock', 'part', 'swp', 'swo', 'swx'],
]);

/** By its name alone: a list of holds under a name that is read neither as holds nor as a policy. */
function isNamedLikeHolds(name: string): boolean {
  if (HOLDS_FILES.includes(name) || isReadAsPolicy(name)) return false;
  const lower = name.toLowerCase();
  const endings = HOLDS.exec(lower)?.[1]?.split('.').slice(1);
  if (endings === undefined || endings.some((ending) => OTHER.has(ending))) return false;
  // Hidden copies with one ending more are those that rsync and editors write and rename.
  if (lower.startsWith('.')) return DATA.has(endings.at(-1) ?? '');
  return endings.length === 0 || endings.some((ending) => DATA.has(ending));
}

function isReadAsPolicy(name: string): boolean {
  return !name.startsWith('.') && /\.ya?ml$/.test(name) && !HOLDS_FILES.includes(name);
}

export const HOLDS_UNDER_ANOTHER_NAME =
  'it looks like holds and is not read: name it holds.yaml, or move it out of this folder';

const HOLDS_IN_A_SUBFOLDER =
  'it looks like holds and is not read, because it lies in a subfolder: move it up beside the policies, or out of their folder';

export interface Unread {
  readonly file: string;
  readonly problem: string;
}

/** Lists of holds in a folder and one level below it that no command reads. `isAlone`: its other policies are not read. */
export async function unreadHolds(
  folder: string,
  { isAlone }: { readonly isAlone: boolean },
): Promise<Unread[]> {
  const found: Unread[] = [];
  for (const name of await namesIn(folder)) {
    const file = path.join(folder, name);
    if (await isFolder(file)) {
      if (!name.startsWith('.')) found.push(...(await unreadHoldsBelow(file, isAlone)));
    } else if (isNamedLikeHolds(name) || (isAlone && isReadAsPolicy(name) && isListOfHolds(file))) {
      found.push({ file, problem: HOLDS_UNDER_ANOTHER_NAME });
    }
  }
  return found;
}

/**
 * A folder that is itself called holds has nothing else in it. One with policies of its own, below a policy that was named
 * alone, is another folder of policies, whose holds are theirs.
 */
async function unreadHoldsBelow(folder: string, isAlone: boolean): Promise<Unread[]> {
  const isOfHolds = /^holds?$/i.test(path.basename(folder));
  const all = await namesIn(folder);
  if (isAlone && !isOfHolds && all.some(isReadAsPolicy)) return [];
  const names = all.filter(
    (name) => HOLDS_FILES.includes(name) || isNamedLikeHolds(name) || (isOfHolds && isReadAsPolicy(name)),
  );
  return names.map((name) => ({ file: path.join(folder, name), problem: HOLDS_IN_A_SUBFOLDER }));
}

function isListOfHolds(file: string): boolean {
  return hasKeys(file, ['holds']) && !hasKeys(file, ['rules']);
}

/** Policies in a folder that no command reads, because of how their names end. */
export function unreadPolicies(folder: string, names: readonly string[]): readonly Unread[] {
  return names.flatMap((name): readonly Unread[] => {
    if (name.startsWith('.') || /\.ya?ml$/.test(name) || isNamedLikeHolds(name)) return [];
    const file = path.join(folder, name);
    const bare = name.replace(/\.(?:ya?ml|json|txt)/gi, '');
    const problem = `it looks like a policy and is not read: name it ${bare}.yaml, or move it out of this folder`;
    if (/\.ya?ml$/i.test(name)) return [{ file, problem }];
    const isMeant = /\.(?:json|ya?ml\.txt)$/i.test(name) && hasKeys(file, ['rules', 'projects']);
    return isMeant ? [{ file, problem }] : [];
  });
}

/** Keys at the start of a line, or in quotes as JSON has them. A glance: the file is not parsed. */
function hasKeys(file: string, keys: readonly string[]): boolean {
  const read = readTextFile(file, LARGEST_HOLDS_FILE);
  if ('message' in read) return false;
  return keys.every((key) => new RegExp(`^${key}\\s*:|["']${key}["']\\s*:`, 'm').test(read.text));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch {
    return [];
  }
}

export async function isFolder(given: string): Promise<boolean> {
  try {
    return (await stat(given)).isDirectory();
  } catch {
    return false;
  }
}
