// Misbehaviour as data: what a scene can ask of the server beyond telling the truth.
import type { Kind } from './account.js';

export type Route = 'user' | 'projects' | 'project' | 'settings' | 'list' | 'messages' | 'delete' | 'none';

/** Bodies that servers, gateways and proxies are known to send. */
export type BodyName = 'envelope' | 'gateway' | 'framework' | 'html' | 'empty' | 'text' | 'half' | 'list';

export interface Made {
  status: number;
  body?: BodyName | Record<string, unknown>;
  headers?: Record<string, string>;
}

/** `truth`: the answer that the account gives. `cut`: the connection breaks. `silence`: nothing comes. */
export type Answer = Made | 'truth' | 'cut' | 'silence';

export interface Where {
  project?: number;
  kind?: Kind;
  /** Beginnings of names. */
  names?: string[];
  /** Whether the account has it now, had it once, or never had it. */
  state?: 'there' | 'gone' | 'never';
  /** Lists: pages from this one on. */
  page_from?: number;
}

export interface Rule {
  on: Route | Route[] | 'any';
  where?: Where;
  /** In force once that many DELETEs have come in, in the project of `where` if it names one. */
  after_deletes?: number;
  /** That many matches go by untouched. */
  skip?: number;
  /** So many matches at most; all unless said. */
  times?: number;
  /** How long after the first match it stays in force. */
  lasts_ms?: number;
  answer: Answer;
  /** DELETE only: whether the account does it all the same. */
  executes?: boolean;
  /** DELETE only: a widget posts to the session at once. */
  recreates?: boolean;
}

/** Something that happens to the account while a command is running. */
export interface Turn {
  after_deletes?: number;
  after_lists?: number;
  after_reads?: number;
  forbid_read?: Kind;
  forbid_delete?: Kind;
  revoke_key?: true;
  remove_project?: number;
  hide_project?: number;
  owner_deletes?: string[];
  arrive?: number;
}

export interface Paging {
  size?: number;
  as_text?: boolean;
  total_factor?: number;
  total_add?: number;
  last_page_factor?: number;
  /** The last row of each page is the first of the next one, and one row is lost for it: in lists by date, or in all. */
  repeats?: 'by_date' | 'always';
  /** Pages beyond this one answer 422. */
  deepest?: number;
  shuffle_ties?: boolean;
  order?: 'honoured' | 'ignored' | 'rises_at_first';
  /** Conversations whose names begin so are on no page. */
  omits?: string[];
}

export interface MessagePaging {
  size?: number;
  order?: 'honoured' | 'ignored' | 'oldest_page_first';
  last_page?: number;
  total?: number;
  date?: 'iso' | 'rough';
}

/** How a project's own answers are worded, ordered and delayed. */
export interface Manner {
  /** How a true 404 is worded. */
  missing?: 'documented' | 'framework' | 'traced' | 'stamped' | 'by_project';
  /** How long, after a DELETE, lists and reads go on as before. */
  stale?: { list_ms?: number; read_ms?: number };
  /** Deleted rows stay in the list, with their deleted_at. */
  trashed?: boolean;
  paging?: Paging;
  messages?: MessagePaging;
  /** Ids of another shape are answered with 400. */
  shape?: RegExp;
  /** What a right that is missing looks like. */
  forbidden?: 403 | 404;
}

export interface Behave extends Manner {
  rules?: Rule[];
  turns?: Turn[];
  date?: 'absent' | number;
  /** Projects that have manners of their own, so that one scene can play several of them side by side. */
  in?: Record<number, Manner>;
}

export function inProject(behave: Behave, project: number | null): Behave {
  return { ...behave, ...behave.in?.[project ?? -1] };
}
