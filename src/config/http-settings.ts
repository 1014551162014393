import { digestOf, type AccessToken } from '../core/access-token.ts';
import { hostInUrl, isLoopback } from '../core/api-access.ts';
import { causeOf, readFileStart } from './file-start.ts';

/** Where `serve` answers HTTP, and to whom. */
export interface HttpSettings {
  /** Name or address to listen on, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Names by which people reach it, in lower case, beside addresses and `localhost`. */
  readonly names: readonly string[];
  /** Empty: loopback, where anybody may look and nobody may stop a run. */
  readonly tokens: readonly AccessToken[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const ADDRESS = 'RETENTION_HTTP_ADDRESS';
const TOKEN_FILE = 'RETENTION_HTTP_TOKEN_FILE';
const HOSTS = 'RETENTION_HTTP_HOSTS';

const LONGEST_FILE = 64 * 1024;
/** What every header and form carries as it is. */
const TOKEN = /^[A-Za-z0-9+/=_.~-]+$/;
const HOLDER = /^[\p{L}\p{N}._@-]{1,64}$/u;
const FEWEST_SIGNS = 6;
/** What nobody guesses: 16 signs of `openssl rand -base64 24` are 96 bits. */
const SHORTEST_TOKEN = 16;

/** All three settings together: none means anything without the first. Values are not repeated: some are secret. */
export function readHttpSettings(env: Environment): {
  readonly http: HttpSettings | undefined;
  readonly problems: readonly string[];
} {
  const text = env[ADDRESS];
  const unused = [TOKEN_FILE, HOSTS].filter((name) => env[name] !== undefined);
  if (text === undefined || text === 'off') {
    const problems = unused.map((name) => `${name} is set without ${ADDRESS}: set that too, or remove it`);
    return { http: undefined, problems };
  }
  const address = addressOf(text);
  const tokens = tokensOf(env[TOKEN_FILE]);
  const names = namesOf(env[HOSTS]);
  const problems = [address, tokens, names].flatMap((read) => ('problem' in read ? [read.problem] : []));
  if ('problem' in address || 'problem' in tokens || 'problem' in names) return { http: undefined, problems };
  if (tokens.value.length === 0 && !isLoopback(hostInUrl(address.value.host))) {
    const problem = `${ADDRESS} is not a loopback address: others could read the page. Set ${TOKEN_FILE}, or use 127.0.0.1`;
    return { http: undefined, problems: [problem] };
  }
  return { http: { ...address.value, tokens: tokens.value, names: names.value }, problems: [] };
}

type Read<Value> = { readonly value: Value } | { readonly problem: string };

/** `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `0.0.0.0:8080`. Port 0 is any free one. */
function addressOf(text: string): Read<{ readonly host: string; readonly port: number }> {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/i.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  if (host === undefined || !(port <= 65_535))
    return { problem: `${ADDRESS} must be host:port, for example 127.0.0.1:8080, or off` };
  return { value: { host, port } };
}

function namesOf(text: string | undefined): Read<readonly string[]> {
  if (text === undefined) return { value: [] };
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  if (names.every((name) => /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name))) return { value: names };
  return {
    problem: `${HOSTS} must be names with commas between them, without scheme and port: retention.example.com`,
  };
}

/** One token a line: `TOKEN`, `viewer TOKEN`, `approver TOKEN`, `approver NAME TOKEN`. */
function tokensOf(file: string | undefined): Read<readonly AccessToken[]> {
  if (file === undefined) return { value: [] };
  if (file === '') return { problem: `${TOKEN_FILE} is empty: set it or remove it` };
  let text: string;
  try {
    text = readFileStart(file, LONGEST_FILE);
  } catch (error) {
    return { problem: `${TOKEN_FILE}: ${file} cannot be read (${causeOf(error)})` };
  }
  if (text.length >= LONGEST_FILE)
    return { problem: `${TOKEN_FILE}: ${file} is too long for a file of tokens` };
  const lines = text
    .split(/\r?\n/)
    .map((line, index) => ({ words: line.trim().split(/\s+/), number: index + 1 }))
    .filter(({ words: [first = ''] }) => first !== '' && !first.startsWith('#'));
  const tokens: AccessToken[] = [];
  for (const { words, number } of lines) {
    const token = tokenIn(words);
    if (typeof token === 'string') return { problem: `${TOKEN_FILE}: line ${number} of ${file} ${token}` };
    if (tokens.some(({ digest }) => digest.equals(token.digest)))
      return { problem: `${TOKEN_FILE}: line ${number} of ${file} repeats a token` };
    tokens.push(token);
  }
  return tokens.length > 0 ? { value: tokens } : { problem: `${TOKEN_FILE}: ${file} holds no token` };
}

function tokenIn(words: readonly string[]): AccessToken | string {
  const token = words.at(-1) ?? '';
  const [role = 'viewer', holder, ...more] = words.slice(0, -1);
  if ((role !== 'viewer' && role !== 'approver') || more.length > 0)
    return 'must be a token, or a role (viewer or approver), a name if you like, and a token';
  if (token.length < SHORTEST_TOKEN || new Set(token).size < FEWEST_SIGNS)
    return `holds a token of fewer than ${SHORTEST_TOKEN} signs, or of few different ones: make one with openssl rand -base64 24`;
  if (!TOKEN.test(token) || /^(?:viewer|approver)=/i.test(token))
    return 'must end with a token: letters, digits and + / = _ . ~ - alone';
  if (
    holder !== undefined &&
    (!HOLDER.test(holder) || (holder.length >= SHORTEST_TOKEN && TOKEN.test(holder)))
  )
    return 'names a holder that looks like a token, or is no name: up to 64 letters, digits and . _ @ -';
  return { role, holder, digest: digestOf(token) };
}
