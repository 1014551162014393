import type { AccountSight, Viewer } from '../account.ts';
import type { Conversation, Project, UnusableRow } from '../conversation.ts';
import type { RequestCounts } from '../run.ts';
import type { DeleteAnswer, Existence, ProjectAnswer } from '../vendor-answers.ts';

export interface ProjectPage {
  readonly projects: readonly Project[];
  readonly page: number;
  readonly lastPage: number;
  readonly total: number | undefined;
}

export interface ConversationPage {
  readonly rows: readonly (
    ({ readonly kind: 'conversation' } & Conversation) | ({ readonly kind: 'unusable' } & UnusableRow)
  )[];
  readonly page: number;
  readonly lastPage: number;
  /** Conversations in the project by the paginator; undefined when it did not say. */
  readonly total: number | undefined;
  /** When the answer had arrived. */
  readonly receivedAt: number;
  /** What it answers, as it was sent: method and path with query. */
  readonly request: string;
}

export type ListOrder = 'oldest_first' | 'newest_first' | 'by_id';

/** What the planner may do: look. There is no way to a DELETE from here. */
export interface CustomGptReader {
  /**
   * GET /user: whose key it is. An answer that names nobody (403, 404, 5xx after the retries, HTML …) is one; throws ApiError
   * where there is none, and for `unauthorized`, `throttled` and `aborted`.
   */
  account(signal?: AbortSignal): Promise<AccountSight>;
  /** Who is known by now, from `account` and since the key was exchanged. */
  viewer(): Viewer;
  /** Pages of all projects the key can see. Throws ApiError. */
  projectPages(signal?: AbortSignal): AsyncIterable<ProjectPage>;
  /**
   * Pages of a project's conversations, oldest first where nothing else is asked for. Goes on behind the page that calls
   * itself the last one, until one is empty: a reader that has all it wants stops. Throws ApiError.
   */
  conversationPages(
    projectId: number,
    signal?: AbortSignal,
    order?: ListOrder,
  ): AsyncIterable<ConversationPage>;
  /** One page by its number, oldest first. Throws ApiError. */
  conversationPage(projectId: number, page: number, signal?: AbortSignal): Promise<ConversationPage>;
  /** GET …/messages. Network failures, throttling and 5xx are retried within the client's patience; never throws ApiError
   * except `unauthorized` and `aborted`. `purpose` is for the request counts: with `verify` it is one request, with `messages` as
   * many as it takes to know the newest message. */
  existence(
    projectId: number,
    sessionId: string,
    options: {
      readonly purpose: 'messages' | 'calibrate' | 'verify';
      readonly signal?: AbortSignal;
      /** The newest message does not matter: one request, whatever the purpose. */
      readonly onlyFirstPage?: boolean;
      /** A message at or after this instant settles what the caller wants to know: no further page is read for a newer one. */
      readonly enoughAt?: number | undefined;
    },
  ): Promise<Existence>;
  /** Whether the project itself answers: GET …/conversations, first page. Throws ApiError unless it is a proper 200. */
  control(projectId: number, signal?: AbortSignal): Promise<ProjectAnswer>;
  /** Milliseconds that the pool of all calls has stood still so far, because the API was away or asked for it. */
  pausedMs(): number;
  /** Requests on the wire since the client was built, by purpose. */
  requestCounts(): RequestCounts;
  /** Server's clock minus ours in milliseconds by the latest `Date` header; undefined: no answer carried one. */
  clockSkewMs(): number | undefined;
}

export interface CustomGptDeleter extends CustomGptReader {
  /** DELETE …/conversations/{sessionId}. Throws ApiError `unauthorized` (401) and `aborted` only before it was sent. */
  deleteConversation(
    projectId: number,
    sessionId: string,
    options?: {
      readonly signal?: AbortSignal;
      /** Asked when its turn has come: when not, it is `aborted` instead, and when this throws, so does the call. */
      readonly mayBeSent?: () => Promise<boolean>;
      /** Asked again in the instant in which it is written: when not, it is `aborted` instead. */
      readonly mayStillBeSent?: () => boolean;
    },
  ): Promise<DeleteAnswer>;
}
