import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Account } from './accounts.ts';
import { Api } from './api.ts';
import { Desk } from './desk.ts';
import { Faults } from './faults.ts';
import { Journal } from './journal.ts';
import { loadSample, type SampleSize } from './sample-data.ts';
import { playScenario } from './scenarios.ts';

export { SCENARIOS } from './scenarios.ts';
export type { SampleSize } from './sample-data.ts';

export interface SandboxOptions {
  /** Default 0: any free one. */
  readonly port?: number;
  readonly host?: string;
  readonly seed?: number;
  /** A name from `SCENARIOS`. */
  readonly scenario?: string;
  readonly sample?: SampleSize;
  /** Epoch ms. Rules the `Date` header, the ages of the sample, staleness and what is created later. */
  readonly now?: () => number;
  readonly apiKey?: string;
  /**
   * Asked as a DELETE of a conversation arrives, before anything is done. A string is a violation: it is recorded, and
   * the DELETE answers 500 unexecuted.
   */
  readonly beforeDelete?: (projectId: number, sessionId: string) => string | undefined;
}

export interface Sandbox {
  readonly url: string;
  readonly apiKey: string;
  readonly accounts: Account;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly violations: readonly string[];
  close(): Promise<void>;
}

/** Starts an emulator of the vendor's REST API on a real socket. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { seed = 1, sample = 'demo', now = Date.now, apiKey = 'sandbox-key', host = '127.0.0.1' } = options;
  const account = new Account(now, seed);
  const faults = new Faults(seed, now);
  const journal = new Journal();
  const violations: string[] = [];
  loadSample(account, sample, { seed, nowMs: now() });
  playScenario(options.scenario ?? 'default', { account, faults, nowMs: now() });

  const world = { account, faults, now };
  const report = (violation: string): void => {
    violations.push(violation);
  };
  const mayDelete = (projectId: number, sessionId: string): boolean => {
    const violation = options.beforeDelete?.(projectId, sessionId);
    if (violation !== undefined) report(violation);
    return violation === undefined;
  };
  const desk = new Desk({ world, api: new Api(world, apiKey), journal, mayDelete, report });
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    void desk.serve(request, response);
  });
  // Longer than any client pools a connection, so that it is never this side that closes under a request.
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 0;
  server.listen(options.port ?? 0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shownHost}:${port}`,
    apiKey,
    accounts: account,
    faults,
    journal,
    violations,
    close: () => {
      desk.close();
      return shut(server);
    },
  };
}

function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // A second close reports that the server is not running, which is what was wanted.
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
