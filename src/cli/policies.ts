import { stat } from 'node:fs/promises';
import path from 'node:path';
import {
  createHoldFile,
  holdsPlaces,
  isHoldsFile,
  readHolds,
  type HoldsPlace,
} from '../config/holds-file.ts';
import { readPolicies } from '../config/policy-file.ts';
import { formatProblem, type Problem } from '../config/problems.ts';
import { RetentionError } from '../core/errors.ts';
import type { ListedHold } from '../core/hold.ts';
import type { Policy } from '../core/policy.ts';
import type { HoldFile } from '../core/ports/holds.ts';
import type { KeepSource } from '../core/ports/policies.ts';
import type { CommandWorld } from './command.ts';

/** Where policies are looked for when nobody says where they are. */
export const DEFAULT_PATH = 'policies';

function givenOrDefault(paths: readonly string[]): readonly string[] {
  return paths.length === 0 ? [DEFAULT_PATH] : paths;
}

/** What a file of holds lists. */
export interface HoldsFound {
  readonly file: string;
  readonly holds: readonly ListedHold[];
}

export interface AllRead {
  readonly policies: readonly Policy[];
  /** The files of holds that are there. */
  readonly holds: readonly HoldsFound[];
  /** All places where a file of holds would count. */
  readonly places: readonly HoldsPlace[];
  readonly problems: readonly Problem[];
}

/** Policies, the holds that belong to them, and problems as they were found, for the command that reports on them. */
export async function readAll(world: CommandWorld, given: readonly string[]): Promise<AllRead> {
  const paths = givenOrDefault(given);
  const { holdsFile } = world.settings();
  const { policies, problems } = await readPolicies(paths, { except: holdsFile });
  const places = await holdsPlaces(paths, holdsFile);
  const read = await readHoldsAt(places);
  return { policies, places, holds: read.holds, problems: [...problems, ...read.problems] };
}

/** Files of holds alone, for whoever checks nothing else. */
export async function readHoldsOnly(
  world: CommandWorld,
  given: readonly string[],
): Promise<AllRead | undefined> {
  if (given.length === 0 || !given.every(isHoldsFile)) return undefined;
  const places = await holdsPlaces(given, world.settings().holdsFile);
  return { policies: [], places, ...(await readHoldsAt(places)) };
}

async function readHoldsAt(places: readonly HoldsPlace[]): Promise<Pick<AllRead, 'holds' | 'problems'>> {
  const holds: HoldsFound[] = [];
  const problems: Problem[] = [];
  for (const place of places) {
    const read = await readHolds(place);
    if (read.state === 'wrong') problems.push(...read.problems);
    if (read.state === 'read') holds.push({ file: place.file, holds: read.holds });
  }
  return { holds, problems };
}

/** Every problem of every file in the one error. */
export function unusable(problems: readonly Problem[]): RetentionError {
  return new RetentionError(
    'usage',
    `policies or holds cannot be used\n${problems.map(formatProblem).join('\n')}`,
    {
      hint: 'Correct them, then look with: customgpt-retention validate',
    },
  );
}

export interface Loaded {
  readonly policies: readonly Policy[];
  /** For the run to ask again and again. */
  readonly holdFiles: readonly HoldFile[];
  /** What the other policies of the same folders keep, for the run to ask as it starts. */
  readonly keeps: KeepSource;
}

/**
 * Reads the policies that a command works on, all others of their folders, and the holds that belong to them. Nothing runs
 * while one of them is wrong, because a policy that is missing is data kept too long, and a hold, or what another policy
 * keeps, that is missing is data lost. Throws `usage`.
 */
export async function loadPolicies(
  world: CommandWorld,
  paths: readonly string[],
  name?: string,
): Promise<Loaded> {
  const given = givenOrDefault(paths);
  const all = await withFolders(given);
  const read = await readAll(world, all);
  if (read.problems.length > 0) throw unusable(read.problems);
  const policies = read.policies.filter((policy) => isAt(policy, given));
  const holdFiles = holdFilesAt(world, read.places);
  const keeps = keepsAt(world, all);
  if (name === undefined) return { policies, holdFiles, keeps };
  const chosen = policies.filter((policy) => policy.name === name);
  if (chosen.length === 0) {
    const names = policies.map((policy) => policy.name).join(', ');
    throw new RetentionError('usage', `no policy is called ${JSON.stringify(name)}`, {
      hint: `There are: ${names}`,
    });
  }
  return { policies: chosen, holdFiles, keeps };
}

/** The folders of single files are read, too: a policy beside them may keep what they would delete. */
async function withFolders(given: readonly string[]): Promise<readonly string[]> {
  const folders: string[] = [];
  for (const one of given) if (await isFile(one)) folders.push(path.dirname(one));
  return [...given, ...folders];
}

async function isFile(given: string): Promise<boolean> {
  try {
    return (await stat(given)).isFile();
  } catch {
    // What is not there is told by whoever reads it.
    return false;
  }
}

function holdFilesAt(world: CommandWorld, places: readonly HoldsPlace[]): readonly HoldFile[] {
  return places.map((place) => createHoldFile(place, world.surroundings.clock));
}

/** Whether it is one of the files that were given, or lies in one of the folders. */
function isAt(policy: Policy, given: readonly string[]): boolean {
  const places = given.map((one) => path.resolve(one));
  return places.includes(policy.path) || places.includes(path.dirname(policy.path));
}

/** Reads the files anew whenever it is asked: what somebody has begun to keep meanwhile is kept. */
function keepsAt(world: CommandWorld, paths: readonly string[]): KeepSource {
  const { holdsFile } = world.settings();
  return {
    async othersThan(name) {
      const { policies, problems } = await readPolicies(paths, { except: holdsFile });
      if (problems.length > 0) throw unusable(problems);
      return policies.filter((policy) => policy.name !== name);
    },
  };
}

/**
 * The same files once more, with all that is beside them, for the daemon, which goes on when they are wrong. Never throws for
 * what is in them.
 */
export async function policiesNow(
  world: CommandWorld,
  paths: readonly string[],
): Promise<{ readonly policies: readonly Policy[] } | { readonly problems: readonly string[] }> {
  const given = givenOrDefault(paths);
  const { policies, problems } = await readAll(world, await withFolders(given));
  if (problems.length > 0) return { problems: problems.map(formatProblem) };
  return { policies: policies.filter((policy) => isAt(policy, given)) };
}

/** What belongs to the policy of a plan, by where it lies. Throws `usage`. */
export async function loadNeighbours(
  world: CommandWorld,
  policyPath: string,
): Promise<Pick<Loaded, 'holdFiles' | 'keeps'>> {
  const places = await holdsPlaces([policyPath], world.settings().holdsFile);
  const { problems } = await readHoldsAt(places);
  if (problems.length > 0) throw unusable(problems);
  const keeps = keepsAt(world, [path.dirname(policyPath)]);
  // Told before anything is sent.
  await keeps.othersThan('');
  return { holdFiles: holdFilesAt(world, places), keeps };
}
