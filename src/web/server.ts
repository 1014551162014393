import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { hostInUrl, isLoopback } from '../core/api-access.ts';
import { codeOf } from '../core/error-code.ts';
import { RetentionError } from '../core/errors.ts';
import { createApp } from './app.ts';
import type { WebParts } from './parts.ts';

export interface WebServer {
  /** Where it listens, for a browser: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Ends at once what is still being sent. */
  close(): Promise<void>;
}

/** Files are what a worker has too few of when others hold its sockets open. */
const MOST_CONNECTIONS = 256;
const CHECKED_EACH_MS = 2_000;
const HEADERS_TIMEOUT_MS = 10_000;
const SILENT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 30_000;

/** Listens. Throws RetentionError `usage` where that address is not to be had. */
export async function startWebServer(
  { host, port }: { readonly host: string; readonly port: number },
  parts: Omit<WebParts, 'closing'>,
): Promise<WebServer> {
  const closing = new AbortController();
  const app = createApp({ ...parts, closing: closing.signal });
  const listener = getRequestListener(app.fetch);
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECKED_EACH_MS,
    },
    (request, response) => void listener(request, response),
  );
  server.maxConnections = MOST_CONNECTIONS;
  // Who does not read what he asked for holds up others.
  server.setTimeout(SILENT_MS);
  await listen(server, host, port);
  const bound = server.address() as AddressInfo;
  if (parts.access.isOpen && !isLoopback(hostInUrl(bound.address))) {
    server.close();
    throw new RetentionError(
      'usage',
      `RETENTION_HTTP_ADDRESS: ${host} is ${bound.address}, which others can reach`,
      {
        hint: 'Set RETENTION_HTTP_TOKEN_FILE, or use 127.0.0.1.',
      },
    );
  }
  return {
    url: `http://${hostInUrl(host)}:${bound.port}`,
    close() {
      closing.abort();
      return new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const why = {
        EADDRINUSE: 'it is in use',
        EACCES: 'not allowed',
        EADDRNOTAVAIL: 'no such address here',
      };
      const code = codeOf(error) ?? '';
      const words = Object.entries(why).find(([known]) => known === code)?.[1] ?? code;
      reject(
        new RetentionError('usage', `RETENTION_HTTP_ADDRESS: cannot listen on ${host}:${port} (${words})`, {
          cause: error,
        }),
      );
    });
    server.listen(port, host, () => {
      resolve();
    });
  });
}
