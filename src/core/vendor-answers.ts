import type { Conversation } from './conversation.ts';
import type { Instant } from './instant.ts';
import type { NotFoundWords } from './not-found-words.ts';

/** What `GET …/messages` says about one conversation. What a 404 means is another question: its words have to be calibrated. */
export type Existence =
  | {
      readonly state: 'present';
      readonly status: 200;
      /** `data.conversation` of the answer, where it was readable. */
      readonly conversation: Conversation | undefined;
      /** Newest message; undefined: no message, or it cannot be known. */
      readonly lastMessageAt: Instant | undefined;
      readonly receivedAt: number;
    }
  /** 404 as JSON. */
  | {
      readonly state: 'not_found';
      readonly status: 404;
      readonly words: NotFoundWords;
      readonly receivedAt: number;
    }
  /** 401, 403, 429, 5xx, HTML, an empty body, an answer from a cache, no answer at all. */
  | {
      readonly state: 'no_evidence';
      readonly status: number | undefined;
      /** In words: `HTTP 500`, `no connection (ECONNREFUSED 127.0.0.1:4010)`. */
      readonly failure: string;
      readonly receivedAt: number;
    };

/**
 * What one DELETE answered. Sent once; repeated inside only where it was certainly not carried out: after a 429, which
 * says so, or when no connection could be had for it.
 */
export type DeleteAnswer =
  /** 200 or 204, and not `deleted: false`. */
  | { readonly kind: 'accepted'; readonly status: number }
  /** 404 as JSON: says that something is missing, not what. */
  | { readonly kind: 'not_found'; readonly status: 404 }
  /** 403; 400, 405, 409, 422; 429 that does not pass: certainly not carried out. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly failure: 'forbidden' | 'bad_request' | 'throttled';
    }
  /** Given up before it was written, because the API answered nobody: certainly not carried out. */
  | { readonly kind: 'not_sent'; readonly failure: string }
  /** 5xx, a cut connection, a time-out, an unreadable answer, also a 404 that is no JSON: only a GET can tell. */
  | { readonly kind: 'ambiguous'; readonly status: number | undefined; readonly failure: string };

/** A project answers, by the first page of its listing. */
export interface ProjectAnswer {
  /** `GET /api/v1/projects/7/conversations?page=1…` */
  readonly request: string;
  readonly status: number;
  readonly receivedAt: number;
}
