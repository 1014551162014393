import { isLoopback } from '../core/api-access.ts';
import { causeOf, readFileStart } from './file-start.ts';
import { Secret } from './secret.ts';

/** Where notices go. */
export interface NoticeSettings {
  /** Signed, as Standard Webhooks have it; the secret is `whsec_…`. */
  readonly webhook: { readonly url: Secret; readonly secret: Secret } | undefined;
  readonly slackUrl: Secret | undefined;
  /** Asked after each good run; may hold `{policy}`. */
  readonly heartbeatUrl: Secret | undefined;
  /** Good runs are told of, too. */
  readonly eachRun: boolean;
}

export interface NoticeSettingsRead {
  readonly settings: NoticeSettings;
  /** One line each. Addresses are secrets, because they carry tokens: nothing of them is repeated. */
  readonly problems: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Bytes. A longer file is neither an address nor a secret, but a file named by mistake. */
const LONGEST_FILE = 16 * 1024;
const HOW = 'make one with: echo "whsec_$(openssl rand -base64 32)"';
/** Bytes, by the specification of Standard Webhooks. */
const SHORTEST_SECRET = 24;
const LONGEST_SECRET = 64;

export function readNoticeSettings(env: Environment): NoticeSettingsRead {
  const problems: string[] = [];
  const url = (name: string, problemOf = problemOfUrl): Secret | undefined => {
    const read = readText(env, name, problemOf);
    if (read !== undefined && 'problem' in read) problems.push(read.problem);
    return read !== undefined && 'value' in read ? read.value : undefined;
  };
  const webhookUrl = url('RETENTION_NOTICE_URL');
  const slackUrl = url('RETENTION_NOTICE_SLACK_URL');
  const heartbeatUrl = url('RETENTION_HEARTBEAT_URL', problemOfHeartbeat);
  const secretRead = readText(env, 'RETENTION_NOTICE_SECRET', problemOfSecret);
  const secret = secretRead !== undefined && 'value' in secretRead ? secretRead.value : undefined;
  if (secretRead !== undefined && 'problem' in secretRead) problems.push(secretRead.problem);
  const isUrlSet = isSet(env, 'RETENTION_NOTICE_URL');
  if (isUrlSet && secretRead === undefined)
    problems.push(`RETENTION_NOTICE_URL needs RETENTION_NOTICE_SECRET_FILE, to sign with: ${HOW}`);
  if (!isUrlSet && secretRead !== undefined)
    problems.push('RETENTION_NOTICE_SECRET_FILE is set without RETENTION_NOTICE_URL: set both, or none');
  const eachRun = env['RETENTION_NOTICE_EACH_RUN'] ?? 'false';
  if (eachRun !== 'true' && eachRun !== 'false')
    problems.push('RETENTION_NOTICE_EACH_RUN must be true or false');
  const webhook = webhookUrl === undefined || secret === undefined ? undefined : { url: webhookUrl, secret };
  return { settings: { webhook, slackUrl, heartbeatUrl, eachRun: eachRun === 'true' }, problems };
}

function isSet(env: Environment, name: string): boolean {
  return env[name] !== undefined || env[`${name}_FILE`] !== undefined;
}

type Read = { readonly value: Secret } | { readonly problem: string };

/** A text from a variable, or from the file that the variable with `_FILE` names. Undefined: neither is set. */
function readText(
  env: Environment,
  name: string,
  problemOf: (text: string) => string | undefined,
): Read | undefined {
  const fileName = `${name}_FILE`;
  const [direct, file] = [env[name], env[fileName]];
  if (direct !== undefined && file !== undefined)
    return { problem: `${name} and ${fileName} are both set: keep one of them` };
  if (direct !== undefined) return checked(direct, name, problemOf);
  if (file === undefined) return undefined;
  if (file === '') return { problem: `${fileName} is empty: set it or remove it` };
  try {
    // What an editor or `echo` leaves at its end, and nothing more.
    const text = readFileStart(file, LONGEST_FILE).replace(/\r?\n$/, '');
    return checked(text, `the file of ${fileName} (${file})`, problemOf);
  } catch (error) {
    return { problem: `${fileName}: ${file} cannot be read (${causeOf(error)})` };
  }
}

function checked(text: string, source: string, problemOf: (text: string) => string | undefined): Read {
  // Set but empty is most often another variable that was not set: notices would go nowhere, unnoticed.
  const problem = text === '' ? 'is empty: set it or remove it' : problemOf(text);
  return problem === undefined ? { value: new Secret(text) } : { problem: `${source} ${problem}` };
}

function problemOfUrl(text: string): string | undefined {
  if (/[\s\p{Cc}\\]/u.test(text)) return 'holds spaces or signs that do not belong in a URL';
  if (!URL.canParse(text)) return 'is not a URL: write it like https://hooks.example.org/path';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must start with https://';
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    return 'must start with https://: over plain http its token would be readable on the way';
  if (url.username !== '' || url.password !== '') return 'must not hold a user or password';
  if (text.includes('#')) return 'must not hold #, since what follows it is never sent';
  return undefined;
}

/** What a policy's name can stand for, without changing where the request goes. */
function problemOfHeartbeat(text: string): string | undefined {
  const problem = problemOfUrl(text.replaceAll('{policy}', 'a'));
  if (problem !== undefined) return problem;
  if (/[{}]/.test(text.replaceAll('{policy}', ''))) return 'holds { or }: only {policy} is filled in';
  const [one, other] = ['a', 'b'].map((name) => new URL(text.replaceAll('{policy}', name)).origin);
  return one === other ? undefined : 'must not hold {policy} in the host: write it in the path or behind ?';
}

function problemOfSecret(text: string): string | undefined {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1] ?? '';
  const key = Buffer.from(encoded, 'base64');
  const isWhole = key.toString('base64') === encoded;
  if (isWhole && key.length >= SHORTEST_SECRET && key.length <= LONGEST_SECRET) return undefined;
  return `holds no secret (whsec_ and ${SHORTEST_SECRET} to ${LONGEST_SECRET} bytes in Base64): ${HOW}`;
}
