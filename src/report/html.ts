import { formatInstant } from '../core/instant.ts';
import { minuteAndSecond } from './quantities.ts';
import { escapeHtml } from './safe-text.ts';

/** Markup that was built here. A plain string is never markup: it is escaped wherever it is put. */
export interface Html {
  readonly html: string;
}

type Part = string | number | Html | readonly Html[];

export const NOTHING: Html = { html: '' };

/** Markup from a template; whatever is put into it is escaped unless it is markup itself. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = strings[0] ?? '';
  for (const [index, part] of parts.entries()) text += rendered(part) + (strings[index + 1] ?? '');
  return { html: text };
}

/**
 * An instant of the log (RFC 3339, UTC), to the millisecond, since one after another may be a matter of those. Its
 * date is left out on `day` (`2026-05-04`), which the table names once.
 */
export function timeHtml(time: string, day: string): Html {
  const [date = '', clock = ''] = time.replace('Z', '').split('T');
  return html`<time datetime="${time}">${date === day ? clock : `${date} ${clock}`}</time>`;
}

/** An instant (epoch ms) in a sentence. `timeZone`: IANA name. */
export function instantHtml(at: number, timeZone = 'UTC'): Html {
  return html`<time datetime="${formatInstant(at)}">${minuteAndSecond(at, timeZone)} ${timeZone}</time>`;
}

function rendered(part: Part): string {
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  return 'html' in part ? part.html : part.map(({ html: text }) => text).join('');
}
