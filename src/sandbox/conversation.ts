/** A point in time as a caller may write it: epoch milliseconds, or text that `Date.parse` understands. */
export type Moment = number | string;

/** Times are epoch milliseconds. */
export interface Message {
  readonly id: number;
  readonly createdAt: number;
  readonly query: string;
  readonly response: string;
  readonly userIp: string;
}

/** What a list row is made of. Times are epoch milliseconds. */
export interface ConversationRecord {
  readonly id: number;
  readonly projectId: number;
  readonly sessionId: string;
  readonly name: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** A user's id, or null for an anonymous visitor. */
  readonly createdBy: number | null;
  /** Fields of the row as sent, over what the data would give; a value of undefined leaves the field out. */
  readonly raw: Readonly<Record<string, unknown>> | undefined;
}

export interface Conversation extends ConversationRecord {
  readonly messages: readonly Message[];
}

/** By default an anonymous visitor's, created now. */
export interface NewConversation extends Partial<
  Pick<ConversationRecord, 'sessionId' | 'name' | 'createdBy' | 'raw'>
> {
  readonly createdAt?: Moment;
  readonly updatedAt?: Moment;
  readonly messages?: readonly (Pick<Message, 'query' | 'response'> & { readonly createdAt: Moment })[];
}

/** Computes what sample conversations contain from nothing but their id, so that it need not be stored. */
export interface ContentSource {
  facts(id: number, createdAt: number): Pick<ConversationRecord, 'name' | 'createdBy' | 'updatedAt'>;
  messages(id: number, createdAt: number): readonly Message[];
}

/** Message ids are computed from the conversation's; this is how many each conversation may have. */
export const MESSAGE_IDS_PER_CONVERSATION = 10_000;

export function epochMs(moment: Moment): number {
  const ms = typeof moment === 'number' ? moment : Date.parse(moment);
  if (!Number.isFinite(ms)) throw new Error(`Not a point in time: ${String(moment)}`);
  return ms;
}
