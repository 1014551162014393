import { nearestName } from './problems.ts';

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Three-letter names, the first of them standing for `from`. */
  readonly names: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const FIELDS = [
  { name: 'minute', from: 0, to: 59, names: [] },
  { name: 'hour', from: 0, to: 23, names: [] },
  { name: 'day of month', from: 1, to: 31, names: [] },
  { name: 'month', from: 1, to: 12, names: MONTHS },
  { name: 'day of week', from: 0, to: 7, names: WEEKDAYS },
] as const satisfies readonly Field[];

/** The longest that each month can be. */
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * The problem with a cron expression, as a phrase; undefined when it is one that every cron understands alike: the
 * alarm clock, the slot table and the words for people are three different libraries.
 */
export function problemOfCron(text: string): string | undefined {
  const fields = text.trim().split(/[ \t]+/);
  if (text.startsWith('@')) return `"${text}" is a shorthand: write the five fields, for example 30 3 * * *`;
  if (fields.length !== 5 || text !== text.trim()) {
    return `must be five fields (minute, hour, day of month, month, day of week), separated by spaces; it has ${fields.length}`;
  }
  const values = FIELDS.map((field, index) => readField(fields[index] ?? '', field));
  for (const value of values) if (typeof value === 'string') return value;
  const [, , days = '', , weekdays = ''] = fields;
  if (days !== '*' && weekdays !== '*') {
    return 'names both a day of month and a day of week, which some crons read as "and" and others as "or": one of them must be *';
  }
  const [, , dayValues, monthValues] = values as readonly (readonly number[])[];
  const exists = monthValues?.some((month) => dayValues?.some((day) => day <= (MONTH_DAYS[month - 1] ?? 0)));
  return exists === true ? undefined : 'names a day that none of its months has, so it would never run';
}

/** The values a field stands for, or the problem with it. */
function readField(text: string, field: Field): readonly number[] | string {
  const values: number[] = [];
  for (const part of text.split(',')) {
    const range = readPart(part, field);
    if (range === undefined) {
      return `has "${part}" as ${field.name}: write *, a number from ${field.from} to ${field.to}, a range like ${field.from}-${field.to}, a step like */2, or a list of them`;
    }
    for (let value = range.from; value <= range.to; value += range.step) values.push(value);
  }
  return values;
}

function readPart(
  part: string,
  field: Field,
): { readonly from: number; readonly to: number; readonly step: number } | undefined {
  const parts = /^(?:(\*)|([0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?)(?:\/([0-9]{1,2}))?$/i.exec(part);
  if (parts === null) return undefined;
  const [, star, first = '', second, stepText] = parts;
  const step = stepText === undefined ? 1 : Number(stepText);
  // 5/15 means "from 5 on" to some and nothing to others.
  if (stepText !== undefined && star === undefined && second === undefined) return undefined;
  if (step < 1 || step > field.to) return undefined;
  if (star !== undefined) return { from: field.from, to: field.to, step };
  const from = valueOf(first, field);
  const to = second === undefined ? from : valueOf(second, field);
  if (from === undefined || to === undefined || from > to) return undefined;
  return { from, to, step };
}

function valueOf(text: string, field: Field): number | undefined {
  const named = field.names.indexOf(text.toLowerCase());
  const value = named === -1 ? (/^[0-9]+$/.test(text) ? Number(text) : NaN) : named + field.from;
  return value >= field.from && value <= field.to ? value : undefined;
}

/** The problem with the name of a time zone, and the nearest name; undefined when there is such a zone. */
export function problemOfTimezone(
  text: string,
): { readonly message: string; readonly suggestion: string | undefined } | undefined {
  // Newer engines take offsets too; a retention schedule in "+02:00" would be an hour off for half of the year.
  if (/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/.test(text) && isZone(text)) return undefined;
  return {
    message: `"${text}" is not an IANA time zone, like Europe/Berlin or UTC`,
    suggestion: nearestName(text, ['UTC', ...Intl.supportedValuesOf('timeZone')]),
  };
}

function isZone(text: string): boolean {
  // Reading the tables of zones is the dearest part of checking a policy, and the most common name needs none of them.
  if (text === 'UTC') return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}
