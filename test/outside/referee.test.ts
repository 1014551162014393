// A referee that never whistles is worth nothing: each kind of false claim is put before it.
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { describe, expect, it } from 'vitest';
import type { Entry } from './chain.js';
import type { Run } from './command.js';
import { judge } from './referee.js';
import { oneProject } from './seeds.js';
import { type Noted, StandIn } from './stand-in.js';

type Match = Parameters<typeof judge>[0];

function chained(facts: Record<string, unknown>[]): Entry[] {
  let prev = '0'.repeat(64);
  return facts.map((fact, i) => {
    const open = {
      seq: i + 1,
      time: new Date().toISOString(),
      run_id: 'r',
      policy: 'p',
      policy_hash: 'h',
      rule: 'aged',
    };
    const rest = { ...open, event: 'run.started', project_id: 101, session_id: null, ...fact, prev };
    prev = createHash('sha256')
      .update(String(canonicalize(rest)))
      .digest('hex');
    return { ...rest, hash: prev };
  });
}

function match(): Match & { name: (name: string) => string } {
  const account = oneProject(2);
  const server = new StandIn([account], {});
  const name = (wanted: string): string => account.named(wanted).session;
  return { account, server, played: [], entries: [], listStaleMs: () => 0, name };
}

function sent(game: Match, of: string, more: Partial<Noted>): Noted {
  const meant = game.account.named(of);
  const path = `/api/v1/projects/101/conversations/${meant.session}`;
  const noted: Noted = {
    ...{
      at: Date.now(),
      method: 'DELETE',
      path,
      query: '',
      route: 'delete',
      project: 101,
      session: meant.session,
    },
    ...{
      headers: {},
      status: 200,
      key: game.account.key,
      executed: false,
      meant,
      intended: true,
      shown: [],
      accepted: true,
    },
    ...more,
  };
  game.server.journal.push(noted);
  return noted;
}

describe('the referee', () => {
  it.each(['deletion.verified', 'deletion.already_gone'])('sees %s of what exists', (event) => {
    const game = match();
    game.entries = chained([{ event, session_id: game.name('old-0') }]);
    expect(judge(game).join()).toContain('old-0, which exists');
  });

  it('sees a claim that came too early, while it was listed', () => {
    const game = match();
    game.account.remove(game.account.named('old-0'), 'delete');
    game.listStaleMs = () => 60_000;
    game.entries = chained([{ event: 'deletion.verified', session_id: game.name('old-0') }]);
    expect(judge(game).join()).toContain('still listed');
  });

  it('sees a claim without a 404 and without a list after the DELETE', () => {
    const game = match();
    sent(game, 'old-0', {});
    game.account.remove(game.account.named('old-0'), 'delete');
    game.entries = chained([{ event: 'deletion.verified', session_id: game.name('old-0') }]);
    expect(judge(game).join()).toMatch(/without a 404.*without a list/);
  });

  it('sees a DELETE without an intent, a blind second one, one of a project, and one of what was protected', () => {
    const game = match();
    sent(game, 'old-0', { intended: false });
    sent(game, 'old-0', {});
    sent(game, 'young-0', {});
    sent(game, 'old-1', { route: 'none', path: '/api/v1/projects/101' });
    const faults = judge(game).join('\n');
    expect(faults).toMatch(/no durable intent/);
    expect(faults).toMatch(/blind second DELETE/);
    expect(faults).toMatch(/DELETE \/api\/v1\/projects\/101 was sent/);
    expect(faults).toMatch(/protected/);
  });

  it('lets a refused DELETE be sent again after a list that shows it still, and no other one', () => {
    const again = (status: number): string => {
      const game = match();
      sent(game, 'old-0', { status });
      const { session, createdAt } = game.account.named('old-0');
      const shown = [{ session, createdAt: new Date(createdAt).toISOString(), trashed: false }];
      sent(game, 'old-0', { method: 'GET', route: 'list', session: null, shown });
      sent(game, 'old-0', {});
      return judge(game).join();
    };
    expect(again(403)).toBe('');
    expect(again(200)).toMatch(/blind second DELETE/);
    expect(again(0)).toMatch(/blind second DELETE/);
  });

  it('sees silence about what stayed', () => {
    const game = match();
    const run: Run = {
      run_id: 'r',
      policy: 'p',
      mode: 'enforce',
      status: 'completed',
      counts: { planned: 0 },
      plan_id: null,
    };
    const streams = { stdout: '', stderr: '', said: '', startedAt: 0, signal: null, args: ['run'] };
    game.played = [{ result: { ...streams, exit: 0, runs: [run], plans: [] }, remaining: ['old-0'] }];
    expect(judge(game).join()).toContain('without a word old-0 stayed');
  });

  it('sees a chain that was touched, and a name in the log', () => {
    const game = match();
    const entries = chained([{}, { note: 'about young-0' }]);
    game.entries = entries.map((entry, i) => (i === 0 ? { ...entry, rule: 'another' } : entry));
    const faults = judge(game).join('\n');
    expect(faults).toContain('entry 1 has another hash');
    expect(faults).toContain('"young-0" is in the log');
  });

  it('sees evidence that points to nothing, and a stray claim without a witness', () => {
    const game = match();
    const claim = {
      event: 'deletion.already_gone',
      session_id: game.name('old-0'),
      evidence: 2,
      calibration: 1,
    };
    game.entries = chained([{}, { ...claim, witness: 'none', delete_status: 404 }]);
    expect(judge(game).join()).toMatch(/rests on no calibration.*without a witness/);
  });

  it('sees a witness of another kind, and one that never was', () => {
    const game = match();
    const claim = { event: 'deletion.verified', session_id: game.name('old-0'), evidence: 2 };
    game.entries = chained([
      { ...claim, witness: game.name('young-0') },
      { ...claim, witness: game.name('young-visitor-0') },
      { ...claim, witness: 'nobody' },
    ]);
    const faults = judge(game).filter((fault) => fault.includes('cannot speak for it'));
    expect(faults.map((fault) => /entry (\d)/.exec(fault)?.[1])).toEqual(['2', '3']);
  });

  it('has nothing to say of an ordinary run', () => {
    expect(judge(match())).toEqual([]);
  });
});
