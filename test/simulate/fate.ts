import type { Route } from './api.ts';
import type { Random } from './random.ts';

/** What becomes of one request. */
export type Fate =
  | { readonly kind: 'answered' }
  /** No connection can be had, so not a byte of it is written. */
  | { readonly kind: 'refused' }
  /** It never arrives, or arrives and nobody hears the answer; `hang`: without a word, until somebody gives up. */
  | { readonly kind: 'lost'; readonly arrives: boolean; readonly hang: boolean }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly executed: boolean;
      readonly retryAfter?: string;
    }
  | { readonly kind: 'garbled'; readonly how: 'html' | 'html-404' | 'empty' | 'cut' | 'other-page' }
  | { readonly kind: 'listing'; readonly how: 'short' | 'empty' | 'repeated' | 'row-missing' | 'no-ids' }
  /** A DELETE that is answered with 200 and carried out later, or never. */
  | { readonly kind: 'accepted'; readonly afterMs: number }
  /** A DELETE that finds nothing, whatever there is. */
  | { readonly kind: 'blind' }
  /** A DELETE that is answered with 200 and only breaks the conversation's own GET. */
  | { readonly kind: 'hollow' }
  /** 404 by a gateway that does not know the way. */
  | { readonly kind: 'no-route' };

export function throttled(random: Random): Fate {
  const retryAfter = random.pick([undefined, undefined, '1', '5', '20', '-3', 'soon', '99999']);
  return {
    kind: 'status',
    status: 429,
    executed: false,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}

/** As it is counted. */
export function nameOf(route: Route, fate: Exclude<Fate, { kind: 'answered' }>): string {
  const what = route.kind === 'delete' ? 'DELETE' : 'GET';
  switch (fate.kind) {
    case 'refused':
      return `${what} finds no connection`;
    case 'lost':
      return `${what} ${fate.hang ? 'hangs' : 'is cut'} ${fate.arrives ? 'after' : 'before'} it arrives`;
    case 'status':
      return nameOfStatus(route, fate);
    case 'garbled':
    case 'listing':
      return `${fate.kind}: ${fate.how}`;
    case 'accepted':
      return `DELETE accepted, ${fate.afterMs === Infinity ? 'never executed' : 'executed later'}`;
    case 'blind':
      return 'DELETE 404, yet it is there';
    case 'hollow':
      return 'DELETE 200, only its GET breaks';
    case 'no-route':
      return `no route for ${route.kind}`;
  }
}

function nameOfStatus(route: Route, fate: Extract<Fate, { kind: 'status' }>): string {
  if (fate.status === 429) return `429 ${fate.retryAfter === undefined ? 'without' : 'with'} Retry-After`;
  return route.kind === 'delete' ? `DELETE 5xx ${fate.executed ? '' : 'not '}executed` : 'GET 5xx';
}
