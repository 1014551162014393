import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that a receiver of notices got. */
export interface Received {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What it does with a request: a status, an answer with headers, or none. */
export type Reply =
  | number
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | 'hang'
  | 'reset'
  | 'half';

export interface Receiver {
  readonly url: string;
  readonly host: string;
  readonly received: readonly Received[];
  /** One for each request; the last one goes on. */
  replies: readonly Reply[];
  /** What has arrived since this was asked last. */
  take(): readonly Received[];
  /** All that ever arrived, to be searched for what must not be there. */
  everything(): string;
  close(): Promise<void>;
}

export interface NoticeDocument {
  readonly type: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A receiver of notices on a real socket. */
export async function startReceiver(...replies: readonly Reply[]): Promise<Receiver> {
  const received: Received[] = [];
  const ever: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.once('end', () => {
      const { method = '', url: path = '', headers } = request;
      received.push({ method, path, headers, body });
      ever.push({ method, path, headers, body });
      const reply = receiver.replies[ever.length - 1] ?? receiver.replies.at(-1) ?? 204;
      if (reply === 'hang') return;
      if (reply === 'reset') request.socket.resetAndDestroy();
      else if (reply === 'half') request.socket.end('HTTP/1.1 2');
      else if (typeof reply === 'number') response.writeHead(reply).end();
      else response.writeHead(reply.status, reply.headers).end(reply.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    received,
    replies,
    take: () => received.splice(0),
    everything: () => JSON.stringify(ever),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
  return receiver;
}

export function documentIn({ body }: Received): NoticeDocument {
  return JSON.parse(body) as NoticeDocument;
}

/** The signature by the text of the Standard Webhooks specification, without the package that signs. */
export function signatureOf({ headers, body }: Received, secret: string): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}
