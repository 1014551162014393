import type { Account, Project } from './accounts.ts';
import type { Fields } from './bodies.ts';
import type { FaultEffect } from './fault-rules.ts';
import type { Faults } from './faults.ts';
import { pageNumber, type PageRequest } from './pages.ts';
import type { RouteMatch } from './routes.ts';

/** What every route works on. */
export interface World {
  readonly account: Account;
  readonly faults: Faults;
  readonly now: () => number;
}

/** One request, understood. */
export interface Call {
  readonly method: string;
  readonly route: RouteMatch;
  readonly query: URLSearchParams;
  readonly fields: Fields;
  /** Absolute, with the query: what error bodies name. */
  readonly url: string;
  /** Absolute, without the query: what page links are built on. */
  readonly listUrl: string;
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
  readonly effect: FaultEffect;
}

/** A call into a project that exists and may be entered. */
export interface ProjectCall extends Call {
  readonly project: Project;
  readonly projectId: number;
  /** Empty where the route has none. */
  readonly sessionId: string;
}

/** The page of a list that a call asks for. */
export function pageAsked({ faults }: World, call: Call, perPage: number): PageRequest {
  const page = pageNumber(call.query.get('page'));
  return { page, perPage, url: call.listUrl, twist: call.effect, stringly: faults.stringlyTyped };
}
