import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { codeOf } from '../core/error-code.ts';

export interface NoticeRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export type Answer =
  | {
      readonly status: number;
      readonly retryAfter: string | undefined;
      readonly date: string | undefined;
    }
  /** What the network said: `ECONNREFUSED`, `timeout`. */
  | { readonly code: string };

export interface Patience {
  /** From the first look at the host's name to the status line. */
  readonly timeoutMs: number;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

/**
 * One request on a connection of its own, and its status; never rejects. Redirects are answers like others, and what the
 * answer says beside its head is not read. Not by the client of the API: that one knows only routes of CustomGPT.
 */
export function sendOnce(request: NoticeRequest, { timeoutMs, signal }: Patience): Promise<Answer> {
  const { url, method, headers, body } = request;
  const deadline = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const options = { method, agent: false, signal: AbortSignal.any([signal, deadline]) } as const;
    const sent = send(url, { ...options, headers: { ...headers, 'user-agent': 'customgpt-retention' } });
    sent.once('response', (response) => {
      const { statusCode = 0, headers: answered } = response.on('error', () => undefined);
      resolve({ status: statusCode, retryAfter: answered['retry-after'], date: answered.date });
      sent.destroy();
    });
    sent.on('error', (error) => {
      resolve({ code: deadline.aborted ? 'timeout' : (codeOf(error) ?? 'network') });
    });
    // Last of all, and all there is where something else than an answer came, such as another protocol.
    sent.once('close', () => {
      resolve({ code: 'closed' });
    });
    sent.end(body);
  });
}
