import Database from 'better-sqlite3';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { addConversations, openTerminal, type Terminal } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';

/*
 * Kills the built command, by SIGKILL, at each write to its state, each sync of the disk and each write to a socket of a
 * small run; kills the run that recovers, too, at another point; and then looks at what the next run makes of it.
 * Needs strace. `npm run crash -- --every 5` takes every fifth point.
 */

/** How state and sockets are written, and made durable. The count is per thread: the disk is also synced from others. */
const CALLS = ['pwrite64', 'fdatasync', 'fsync', 'write', 'ftruncate', 'unlink'];
const POLICY = `${AGE_POLICY}concurrency: 2\n`;

const { values } = parseArgs({ options: { every: { type: 'string', default: '1' } } });
const every = Number(values.every);
if (!Number.isSafeInteger(every) || every < 1) throw new Error('--every takes a whole number from 1 on');

interface Kill {
  readonly call: string;
  readonly nth: number;
}

/** Resolves with how many runs were killed: 0 when the run came to its end before the point. */
async function killedTwice(kill: Kill): Promise<number> {
  const terminal = await openTerminal();
  try {
    terminal.policy(POLICY);
    const old = [
      ...addConversations(terminal.sandbox, 101, { old: 4, young: 2 }),
      ...addConversations(terminal.sandbox, 102, { old: 2, young: 1 }),
    ];
    // One DELETE is carried out and answered with an error: its fate has to be found out.
    const [, unclear = ''] = old;
    const when = { method: 'DELETE', sessionId: unclear } as const;
    terminal.sandbox.faults.add({ when, then: { status: 502, executed: true } });
    if (!(await isKilled(terminal, kill))) return 0;
    // Somewhere else, spread over the run without chance, so that a failure can be played again.
    const again = { call: kill.call, nth: 1 + ((kill.nth * 37) % 60) };
    const kills = (await isKilled(terminal, again)) ? 2 : 1;
    letLeasesLapse(terminal);
    const last = await terminal.run(['run', '--json']);
    if (last.code !== 0) throw new Error(`the next run ended with ${String(last.code)}: ${last.stderr}`);
    await assertSettled(terminal, old);
    return kills;
  } catch (error) {
    throw new Error(`killed at ${kill.call} ${kill.nth}`, { cause: error });
  } finally {
    await terminal.close();
  }
}

async function isKilled(terminal: Terminal, killAt: Kill): Promise<boolean> {
  letLeasesLapse(terminal);
  const { code, stderr } = await terminal.run(['run', '--json'], {}, { killAt });
  if (code !== undefined && code !== 0) throw new Error(`a run ended with ${code}: ${stderr}`);
  return code === undefined;
}

/** As if the dead worker's lease had run out. */
function letLeasesLapse({ stateDir }: Terminal): void {
  try {
    const database = new Database(join(stateDir, 'retention.db'), { fileMustExist: true });
    database.prepare('UPDATE leases SET expires_at = 0').run();
    database.close();
  } catch {
    // Killed before there was a state, or a table in it.
  }
}

/** Every conversation is kept or proved gone; each was deleted once, with its intent; the log is whole. */
async function assertSettled(terminal: Terminal, old: readonly string[]): Promise<void> {
  await terminal.assertSound();
  const { accounts, journal } = terminal.sandbox;
  const left = [...accounts.conversationIds(101), ...accounts.conversationIds(102)];
  const young = left.filter((session) => session.startsWith('young-'));
  if (left.length !== 3 || young.length !== 3) throw new Error(`left are ${left.join(', ')}`);
  const entries = await terminal.entries();
  for (const session of old) {
    const own = entries.filter(({ session_id: id }) => id === session);
    const last = own.filter(({ event }) => event.startsWith('deletion.')).at(-1)?.event;
    if (last !== 'deletion.verified') throw new Error(`the last word on ${session} is ${String(last)}`);
    const deletes = journal.count({ method: 'DELETE', sessionId: session });
    if (deletes !== 1) throw new Error(`${deletes} DELETEs arrived for ${session}`);
  }
  const others = entries.filter(
    ({ event, session_id: id }) => event.startsWith('deletion.') && !old.includes(String(id)),
  );
  if (others.length > 0) throw new Error(`${others.length} entries speak of what is kept`);
}

let points = 0;
let kills = 0;
for (const call of CALLS) {
  let reached = 0;
  for (let nth = 1; ; nth += every) {
    const count = await killedTwice({ call, nth });
    if (count === 0) break;
    points += 1;
    kills += count;
    reached = nth;
  }
  console.log(`${call}: killed at points up to ${reached}, all settled`);
}
console.log(`${kills} kills from ${points} points: every conversation kept or verified, one DELETE each`);
if (points === 0) throw new Error('no run was killed: is strace there?');
