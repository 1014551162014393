// A server in CustomGPT.ai's place: one account of each key, the lies a scene asks for, and a journal of all requests.
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Account, Conversation } from './account.js';
import { type Place, answer, placeOf } from './answers.js';
import type { Behave, Route, Rule } from './behave.js';
import { type Reply, failure, made } from './bodies.js';
import { Rules } from './rules.js';
import { Turns } from './turns.js';

export interface Noted {
  at: number;
  method: string;
  path: string;
  query: string;
  route: Route;
  project: number | null;
  session: string | null;
  headers: IncomingMessage['headers'];
  /** 0 where the connection was cut or nothing was said. */
  status: number;
  key: string;
  /** DELETE: whether the account did it, and of which conversation. */
  executed: boolean;
  meant: Conversation | undefined;
  /** DELETE: whether its intent stood in the state at that time. */
  intended: boolean;
  /** Sessions of a list, or the one conversation that was shown. */
  shown: { session: string; createdAt: unknown; trashed: boolean }[];
  /** DELETE: the answer says that it was done. */
  accepted: boolean;
}

type Watch = (project: number, session: string) => boolean;

export class StandIn {
  readonly journal: Noted[] = [];
  /** Asked at each DELETE, before it is answered. */
  watch: Watch = () => true;
  /** Told of each request as it comes in, before it is answered. */
  seen: (noted: Noted) => void = () => undefined;
  /** What an answer has to wait for, if for anything. */
  wait: (noted: Noted) => Promise<unknown> | undefined = () => undefined;
  behave: Behave;
  private rules: Rules;
  private turns: Turns;
  private readonly server: Server;
  readonly accounts: Account[];

  constructor(accounts: Account[], behave: Behave) {
    this.accounts = accounts;
    this.behave = behave;
    this.rules = new Rules(behave);
    this.turns = new Turns(behave);
    this.server = createServer((request, response) => {
      request.resume();
      void this.serve(request, response);
    });
    this.server.keepAliveTimeout = 60_000;
  }

  async listen(): Promise<void> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  /** From now on it behaves in another way. */
  change(behave: Behave): void {
    this.behave = behave;
    this.rules = new Rules(behave);
    this.turns = new Turns(behave);
  }

  deletes(): Noted[] {
    return this.journal.filter((noted) => noted.method === 'DELETE');
  }

  /** How many requests a route has had. */
  asked(route: Route): number {
    return this.journal.filter((noted) => noted.route === route).length;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.origin);
    const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const account = this.accounts.find((one) => one.key === key);
    const noted = this.note(request, url, account);
    await this.wait(noted);
    if (account !== undefined) this.turns.take(account, this.journal);
    if (account === undefined || account.keyRevoked)
      this.send(response, noted, failure(401, url.href, 'API Token is either missing or invalid'));
    else this.reply({ account, noted, url, response });
  }

  private note(request: IncomingMessage, url: URL, account: Account | undefined): Noted {
    const place = placeOf(request.method ?? '', url.pathname);
    const { project, session } = place;
    const deleting = place.route === 'delete' && project !== null && session !== null;
    const noted: Noted = {
      ...place,
      at: Date.now(),
      method: request.method ?? '',
      path: url.pathname,
      query: url.search,
      headers: request.headers,
      status: 0,
      key: account?.key ?? '',
      executed: false,
      meant: session === null ? undefined : account?.find(project ?? -1, session),
      intended: deleting && this.watch(project, session),
      shown: [],
      accepted: false,
    };
    this.journal.push(noted);
    this.seen(noted);
    return noted;
  }

  private reply(ask: { account: Account; noted: Noted; url: URL; response: ServerResponse }): void {
    const { account, noted, url, response } = ask;
    const place: Place = { route: noted.route, project: noted.project, session: noted.session };
    const rule = this.rules.pick({
      ...place,
      page: Number(url.searchParams.get('page') ?? '1'),
      one: noted.meant,
      deletesBefore: (project) =>
        this.deletes().filter((other) => other !== noted && (project ?? other.project) === other.project)
          .length,
    });
    const truth = answer({ account, behave: this.behave, place, url });
    if (noted.route === 'delete') this.execute(account, noted, { rule, allowed: truth.status === 200 });
    if (rule === undefined || rule.answer === 'truth') this.send(response, noted, truth);
    else if (rule.answer === 'cut') response.socket?.destroy();
    else if (rule.answer !== 'silence') this.send(response, noted, made(rule.answer, url.href));
  }

  private execute(account: Account, noted: Noted, how: { rule: Rule | undefined; allowed: boolean }): void {
    const { rule } = how;
    const does = rule === undefined || rule.answer === 'truth' || rule.executes === true;
    if (!does || !how.allowed || noted.meant === undefined) return;
    noted.executed = noted.meant.goneAt === null;
    account.remove(noted.meant, 'delete');
    if (rule?.recreates === true) account.createAnew(noted.meant);
  }

  private send(response: ServerResponse, noted: Noted, reply: Reply): void {
    noted.status = reply.status;
    noted.shown = shownBy(noted, reply);
    noted.accepted = noted.method === 'DELETE' && [200, 204].includes(reply.status) && !denies(reply);
    const { date } = this.behave;
    response.sendDate = date === undefined;
    if (typeof date === 'number') response.setHeader('Date', new Date(Date.now() + date).toUTCString());
    response.writeHead(reply.status, reply.headers);
    response.end(reply.status === 204 ? undefined : reply.body);
  }
}

interface Said {
  data?: { deleted?: unknown; data?: unknown; conversation?: unknown };
}

function parsed(reply: Reply): Said | null {
  try {
    return JSON.parse(reply.body) as Said | null;
  } catch {
    return null;
  }
}

function denies(reply: Reply): boolean {
  return reply.status === 200 && parsed(reply)?.data?.deleted !== true; // unreadable is no yes
}

function shownBy(noted: Noted, reply: Reply): Noted['shown'] {
  if (reply.status !== 200 || (noted.route !== 'list' && noted.route !== 'messages')) return [];
  const said = parsed(reply)?.data;
  const rows: unknown = noted.route === 'list' ? said?.data : [said?.conversation];
  if (!Array.isArray(rows)) return [];
  return rows
    .filter((row): row is Record<string, unknown> => typeof row === 'object' && row !== null)
    .map((row) => ({
      session: String(row['session_id']),
      createdAt: row['created_at'],
      trashed: row['deleted_at'] !== undefined && row['deleted_at'] !== null,
    }));
}
