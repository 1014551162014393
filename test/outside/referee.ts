// Says what the product did wrong or claimed wrongly, by the account's truth and the journal of the wire.
import type { Account, Conversation } from './account.js';
import type { Entry } from './chain.js';
import { chainFaults } from './chain.js';
import type { Result } from './command.js';
import type { Noted, StandIn } from './stand-in.js';
import { ADDRESS, SPOKEN } from './talk.js';

/** A command and the account as it was when the command ended. */
export interface Played {
  result: Result;
  /** Names of those that were due and visible, and are still there. */
  remaining: string[];
}

export interface Match {
  account: Account;
  server: StandIn;
  played: Played[];
  entries: Entry[];
  /** How long the lists of a project went on showing what was gone. */
  listStaleMs: (project: number) => number;
  /** `wire`: a claim may rest on what was seen before its project was removed. */
  leave?: 'wire';
}

export function judge(match: Match): string[] {
  return [
    ...chainFaults(match.entries),
    ...claims(match).flatMap((entry) => falseClaim(match, entry)),
    ...(match.leave === 'wire' ? [] : claims(match).flatMap((entry) => unshownClaim(match, entry))),
    ...match.entries.flatMap((entry) => unsupported(match, entry)),
    ...wireFaults(match),
    ...protectedFaults(match),
    ...match.played.flatMap(silentRest),
    ...leaks(match),
  ];
}

function claims(match: Match): Entry[] {
  return match.entries.filter(
    ({ event }) => event === 'deletion.verified' || event === 'deletion.already_gone',
  );
}

/** The conversation that an entry speaks of: the one created then, else the first of its session. */
function claimed(match: Match, entry: Entry): Conversation | undefined {
  const all = match.account
    .all()
    .filter((one) => one.session === entry.session_id && one.project === Number(entry.project_id));
  const said = typeof entry['created_at'] === 'string' ? Date.parse(entry['created_at']) : NaN;
  return all.find((one) => one.createdAt === said) ?? all[0];
}

function falseClaim(match: Match, entry: Entry): string[] {
  const one = claimed(match, entry);
  const what = `entry ${entry.seq} says ${entry.event}`;
  if (one === undefined) return [`${what} of a conversation that never was`];
  const at = Date.parse(entry.time);
  if (one.goneAt === null || one.goneAt > at) return [`${what} of ${one.name ?? one.session}, which exists`];
  if (match.account.project(one.project) !== undefined && at < one.goneAt + match.listStaleMs(one.project))
    return [`${what} of ${one.name ?? one.session}, which was still listed`];
  return [];
}

/**
 * A claim needs a 404 of its own after the last DELETE, or a 200 of one that was created anew under its id, as the entry says,
 * and a list of the project that was read after that DELETE.
 */
function unshownClaim(match: Match, entry: Entry): string[] {
  const at = Date.parse(entry.time);
  const before = match.server.journal.filter(
    (noted) => noted.at <= at && noted.project === Number(entry.project_id),
  );
  const sent = before.filter((noted) => noted.method === 'DELETE' && noted.session === entry.session_id);
  const after = before.slice(before.findLastIndex((noted) => noted === sent.at(-1)) + 1);
  const own = after.some(
    (noted) =>
      noted.route === 'messages' &&
      noted.session === entry.session_id &&
      (noted.status === 404 || showsAnew(noted, entry)),
  );
  const list = after.findLast((noted) => noted.route === 'list' && noted.status === 200);
  return [
    ...(own ? [] : [`entry ${entry.seq} says ${entry.event} without a 404 after the last DELETE`]),
    ...(list === undefined
      ? [`entry ${entry.seq} says ${entry.event} without a list after the last DELETE`]
      : []),
  ];
}

function showsAnew({ shown }: Noted, { session_id, recreated_at }: Entry): boolean {
  if (typeof recreated_at !== 'string') return false;
  const at = Date.parse(recreated_at);
  return shown.some((row) => row.session === session_id && Date.parse(String(row.createdAt)) === at);
}

/** What an outcome by today's rule says of its own evidence must be in the log. */
function unsupported(match: Match, entry: Entry): string[] {
  if (entry['evidence'] !== 2 || !/verified|already_gone/.test(entry.event)) return [];
  if (entry.event === 'deletion.unverified') return [];
  const faults: string[] = [];
  const calibration = match.entries.find((one) => one.seq === entry['calibration']);
  if (
    calibration?.event !== 'project.calibrated' ||
    String(calibration.project_id) !== String(entry.project_id)
  )
    faults.push(`entry ${entry.seq} rests on no calibration of its project`);
  const accepted = entry['delete_status'] === 200 || entry['delete_status'] === 204;
  if (entry.event === 'deletion.verified' && !accepted && entry['delete_status'] !== null)
    faults.push(
      `entry ${entry.seq} is verified after a DELETE that was answered ${JSON.stringify(entry['delete_status'])}`,
    );
  if (!accepted && (entry['witness'] === 'none' || entry['witness'] == null))
    faults.push(`entry ${entry.seq} says ${entry.event} without a witness`);
  if (strangeWitness(match, entry)) faults.push(`entry ${entry.seq} has a witness that cannot speak for it`);
  return faults;
}

/**
 * A visitor's conversation speaks for visitors' ones, a colleague's for colleagues' and for one's own, and one's own for these
 * alone; one that never was for none. One of another project is named with its project.
 */
function strangeWitness(match: Match, entry: Entry): boolean {
  const of = claimed(match, entry);
  if (of === undefined || entry['witness'] == null || entry['witness'] === 'none') return false;
  const named = (one: Conversation): string[] => [one.session, `${String(one.project)}/${one.session}`];
  const witness = match.account.all().find((one) => named(one).includes(String(entry['witness'])));
  if (witness === undefined) return true;
  return witness.kind !== of.kind && !(of.kind === 'own' && witness.kind === 'team');
}

function wireFaults(match: Match): string[] {
  return match.server.journal.flatMap((noted, i) => {
    const what = `${noted.method} ${noted.path}`;
    if (noted.method === 'GET')
      return noted.path.startsWith('/api/v1/') ? [] : [`${what} is no path of the API`];
    if (noted.route !== 'delete') return [`${what} was sent`];
    return [
      ...(noted.intended ? [] : [`${what} had no durable intent`]),
      ...again(match.server.journal, noted, i),
    ];
  });
}

/** Answers after which a DELETE counts as never sent. */
const refused = [400, 401, 403, 405, 409, 422];

/**
 * A second DELETE goes only after a GET that showed the same conversation. After one that was refused, and so counts as
 * never sent, a list that still shows it will do; and what was throttled was not looked at, and is sent again.
 */
function again(journal: Noted[], noted: Noted, i: number): string[] {
  const ours = (other: Noted): boolean => other.project === noted.project && other.session === noted.session;
  const before = journal.findLastIndex(
    (other, j) => j < i && other.method === 'DELETE' && ours(other) && other.status !== 429,
  );
  const earlier = journal[before];
  if (earlier === undefined) return [];
  const first = earlier.meant?.createdAt;
  const seen = journal
    .slice(before + 1, i)
    .some(
      (other) =>
        (other.route === 'messages' || (other.route === 'list' && refused.includes(earlier.status))) &&
        other.project === noted.project &&
        other.shown.some(
          (row) => row.session === noted.session && Date.parse(String(row.createdAt)) === first,
        ),
    );
  const faults = seen ? [] : [`a blind second DELETE ${noted.path}`];
  if (noted.meant !== earlier.meant)
    faults.push(`DELETE ${noted.path} under the intent of an earlier conversation`);
  return faults;
}

function protectedFaults(match: Match): string[] {
  const sent = match.server.deletes().flatMap((noted) => (noted.meant?.protect === true ? [noted.path] : []));
  const gone = match.account.all().filter((one) => one.protect && one.goneBy === 'delete');
  return [
    ...sent.map((path) => `DELETE ${path} was sent for something protected`),
    ...gone.map((one) => `${one.name ?? one.session} was protected and is deleted`),
  ];
}

function silentRest({ result, remaining }: Played): string[] {
  const worked = result.runs.filter((run) => run.status === 'completed' && run.mode !== 'dry-run');
  if (result.exit !== 0 || worked.length === 0 || remaining.length === 0) return [];
  const said = worked.some((run) => {
    const open = ['skipped', 'failed', 'unverified', 'unknown', 'held', 'deferred'];
    return (run.warnings ?? []).length > 0 || open.some((name) => (run.counts[name] ?? 0) > 0);
  });
  return said ? [] : [`completed with exit 0, and without a word ${remaining.join(', ')} stayed`];
}

/** Names, texts, addresses and the key stay out of the log, of stderr and of a run's own document. */
function leaks(match: Match): string[] {
  const texts = [
    JSON.stringify(match.entries),
    ...match.played.map(({ result }) => result.stderr + (result.runs.length > 0 ? result.stdout : '')),
  ];
  const names = match.account.all().flatMap(({ name }) => (name !== null && name.length >= 5 ? [name] : []));
  const keys = match.server.accounts.map((account) => account.key);
  return [...new Set([...names, ...keys, SPOKEN, ADDRESS])]
    .filter((secret) => texts.some((text) => isIn(text, secret)))
    .map((secret) => `"${secret}" is in the log or in the output`);
}

/** As a word of its own: `old-2` is not in `hold-2opl`. */
function isIn(text: string, secret: string): boolean {
  for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1)) {
    const around = [text.charAt(at - 1), text.charAt(at + secret.length)];
    if (!around.some((sign) => /[A-Za-z0-9]/.test(sign))) return true;
  }
  return false;
}
