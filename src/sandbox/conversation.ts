/** A point in time as a caller may write it: epoch milliseconds, or text that `Date.parse` understands. */
export type Moment = number | string;

export interface NewMessage {
  readonly createdAt: Moment;
  readonly query: string;
  readonly response: string;
}

export interface NewConversation {
  readonly sessionId?: string;
  readonly name?: string | null;
  readonly createdAt?: Moment;
  readonly updatedAt?: Moment;
  /** A user's id, or null for an anonymous visitor (the default). */
  readonly createdBy?: number | null;
  readonly messages?: readonly NewMessage[];
  /** Fields of the row as sent, over what the data would give; a value of undefined leaves the field out. */
  readonly raw?: Readonly<Record<string, unknown>>;
}

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
  readonly createdBy: number | null;
  readonly raw: Readonly<Record<string, unknown>> | undefined;
}

export interface Conversation extends ConversationRecord {
  readonly messages: readonly Message[];
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
