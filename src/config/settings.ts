import type { KeyObject } from 'node:crypto';
import { readBaseUrl } from '../core/api-access.ts';
import { RetentionError } from '../core/errors.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../core/instant.ts';
import { readApiKey } from './api-key.ts';
import { readHttpSettings, type HttpSettings } from './http-settings.ts';
import { readNoticeSettings, type NoticeSettings } from './notice-settings.ts';
import { nearestName } from './problems.ts';
import type { Secret } from './secret.ts';
import { problemOfTimezone } from './schedule-rules.ts';
import { readSigningKey } from './signing-key.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Settings {
  /** Undefined when none is set; commands that call the API ask {@link requireApiKey}. */
  readonly apiKey: Secret | undefined;
  /** Scheme, host and port, without a slash at the end. */
  readonly baseUrl: string;
  /** As written; relative to the working directory. */
  readonly stateDir: string;
  /** A file of holds beside those that lie with the policies. */
  readonly holdsFile: string | undefined;
  readonly requestsPerMinute: number | 'unlimited';
  readonly leaseMs: number;
  readonly verifyTimeoutMs: number;
  /** IANA name: how times are printed for people, and where their days begin, for policies without a schedule. */
  readonly timeZone: string;
  readonly logLevel: LogLevel;
  /** Undefined when none is named: the state directory has one of its own. */
  readonly signingKey: KeyObject | undefined;
  /** Where `serve` answers HTTP; undefined: nowhere. */
  readonly http: HttpSettings | undefined;
  readonly notices: NoticeSettings;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export type SettingsResult =
  | { readonly ok: true; readonly settings: Settings }
  /** Every problem, each one line that names the setting and what to write. */
  | { readonly ok: false; readonly problems: readonly string[] };

type Read<Value> = { readonly value: Value } | { readonly problem: string };

/**
 * Reads all settings. One that cannot be read is a problem, never a default. Values are not repeated: some are secret.
 * `--state-dir` beats its variable, which is then not even read.
 */
export function readSettings(env: Environment, stateDirFlag?: string): SettingsResult {
  const problems: string[] = [];
  const read = <Value>(source: Source, fallback: Value, parse: (text: string) => Read<Value>): Value => {
    if (source.text === undefined) return fallback;
    // Set but empty is most often another variable that was not set: the default could be another server.
    const result = source.text === '' ? { problem: 'is empty: set it or remove it' } : parse(source.text);
    if ('value' in result) return result.value;
    problems.push(`${source.name} ${result.problem}`);
    return fallback;
  };
  const variable = (name: string): Source => ({ name, text: env[name] });
  const key = readApiKey(env);
  if (!key.ok) problems.push(key.problem);
  const { http, problems: httpProblems } = readHttpSettings(env);
  problems.push(...httpProblems);
  const notices = readNoticeSettings(env);
  const settings: Settings = {
    apiKey: key.ok ? key.key : undefined,
    baseUrl: read(variable('CUSTOMGPT_BASE_URL'), 'https://app.customgpt.ai', readBaseUrl),
    stateDir: read(
      stateDirFlag === undefined
        ? variable('RETENTION_STATE_DIR')
        : { name: '--state-dir', text: stateDirFlag },
      './state',
      pathOf,
    ),
    holdsFile: read(variable('RETENTION_HOLDS_FILE'), undefined, pathOf),
    requestsPerMinute: read(variable('RETENTION_REQUESTS_PER_MINUTE'), 60, paceOf),
    leaseMs: read(variable('RETENTION_LEASE'), 60_000, millisecondsOf),
    verifyTimeoutMs: read(variable('RETENTION_VERIFY_TIMEOUT'), 60_000, millisecondsOf),
    timeZone: read(variable('RETENTION_TIME_ZONE'), 'UTC', timeZoneOf),
    logLevel: read(variable('LOG_LEVEL'), 'info', logLevelOf),
    signingKey: read(variable('RETENTION_SIGNING_KEY_FILE'), undefined, signingKeyOf),
    http,
    notices: notices.settings,
  };
  problems.push(...notices.problems);
  // Not there yet, and not to be passed over in silence: it would work on other state.
  read(variable('RETENTION_DATABASE_URL'), undefined, () => ({
    problem:
      'is set, but PostgreSQL is not supported by this version: remove it and use RETENTION_STATE_DIR (SQLite)',
  }));
  return problems.length === 0 ? { ok: true, settings } : { ok: false, problems };
}

/**
 * The API key, for a command that needs it.
 * @throws RetentionError `usage` when none is set
 */
export function requireApiKey(settings: Pick<Settings, 'apiKey'>): Secret {
  if (settings.apiKey !== undefined) return settings.apiKey;
  throw new RetentionError('usage', 'no API key is set', {
    hint: 'Set CUSTOMGPT_API_KEY, or CUSTOMGPT_API_KEY_FILE to a file that holds the key.',
  });
}

interface Source {
  readonly name: string;
  readonly text: string | undefined;
}

function pathOf(text: string): Read<string> {
  return text.includes('\0') ? { problem: 'is not a path' } : { value: text };
}

function paceOf(text: string): Read<number | 'unlimited'> {
  if (text === 'unlimited') return { value: text };
  if (/^[1-9][0-9]{0,6}$/.test(text)) return { value: Number(text) };
  return { problem: 'must be a whole number of at least 1, or unlimited' };
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: MINUTE_MS, h: HOUR_MS };

function millisecondsOf(text: string): Read<number> {
  const parts = /^([1-9][0-9]{0,8})(ms|s|m|h)$/.exec(text);
  const value = Number(parts?.[1]) * (UNITS[parts?.[2] ?? ''] ?? NaN);
  if (value <= DAY_MS) return { value };
  return { problem: 'must be a whole number with ms, s, m or h, up to 24h, for example 60s' };
}

function logLevelOf(text: string): Read<LogLevel> {
  const level = LOG_LEVELS.find((name) => name === text);
  if (level !== undefined) return { value: level };
  const suggestion = nearestName(text, LOG_LEVELS);
  const hint = suggestion === undefined ? '' : ` (did you mean "${suggestion}"?)`;
  return { problem: `must be one of ${LOG_LEVELS.join(', ')}${hint}` };
}

function timeZoneOf(text: string): Read<string> {
  const problem = problemOfTimezone(text);
  if (problem === undefined) return { value: text };
  const hint = problem.suggestion === undefined ? '' : ` (did you mean "${problem.suggestion}"?)`;
  return { problem: `must be an IANA time zone, like Europe/Berlin or UTC${hint}` };
}

function signingKeyOf(file: string): Read<KeyObject | undefined> {
  const result = readSigningKey(file);
  return result.ok ? { value: result.key } : { problem: result.problem };
}
