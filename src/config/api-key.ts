import { isApiKey } from '../core/api-access.ts';
import { causeOf, readFileStart } from './file-start.ts';
import { Secret } from './secret.ts';

/** Bytes. A longer file is not a key but a file named by mistake. */
const LONGEST_FILE = 16 * 1024;

export type ApiKeyResult =
  { readonly ok: true; readonly key: Secret | undefined } | { readonly ok: false; readonly problem: string };

/**
 * The key from the environment or from the file it names; undefined when neither is there, which is for the commands
 * that call the API to refuse. An empty variable counts as not there: so arrive secrets that a pipeline does not have.
 * A problem never repeats any part of the key.
 */
export function readApiKey(env: Readonly<Record<string, string | undefined>>): ApiKeyResult {
  const direct = env['CUSTOMGPT_API_KEY'] ?? '';
  const file = env['CUSTOMGPT_API_KEY_FILE'] ?? '';
  if (direct !== '' && file !== '') {
    return refused('CUSTOMGPT_API_KEY and CUSTOMGPT_API_KEY_FILE are both set: keep one of them');
  }
  if (direct !== '') return keyFrom(direct, 'CUSTOMGPT_API_KEY');
  if (file === '') return { ok: true, key: undefined };
  try {
    return keyFrom(readFileStart(file, LONGEST_FILE), `the file of CUSTOMGPT_API_KEY_FILE (${file})`);
  } catch (error) {
    return refused(
      `CUSTOMGPT_API_KEY_FILE: ${file} cannot be read (${causeOf(error)}): name a file that holds the key`,
    );
  }
}

function keyFrom(text: string, source: string): ApiKeyResult {
  // What an editor or `echo` leaves behind the key, and nothing more.
  const key = text.replace(/\r?\n$/, '');
  if (key === '') return refused(`${source} is empty: put the API key in`);
  if (text.length >= LONGEST_FILE) return refused(`${source} is too long for an API key`);
  const wrapping = wrappingOf(key);
  if (wrapping !== undefined) return refused(`${source} holds ${wrapping}: put in the key alone`);
  if (!isApiKey(key)) {
    return refused(`${source} holds spaces, line breaks or signs that no API key has: put in the key alone`);
  }
  return { ok: true, key: new Secret(key) };
}

/** What env files, shells and headers put around a key, and what stays there where nobody takes it off again. */
function wrappingOf(text: string): string | undefined {
  const key = text.trim();
  if (/^["'`‘-”«»]|["'`‘-”«»]$/.test(key)) return 'the key with quotes around it';
  // A key may end in the = of Base64, and has nothing behind it then.
  if (/^(?:export\s+)?[A-Za-z_]\w*(?:=(?!=*$)|:\s)/.test(key)) {
    return /^authorization:/i.test(key)
      ? 'a header, not only its key'
      : 'the name of a variable before the key';
  }
  return /^bearer\s/i.test(key) ? 'the word Bearer before the key' : undefined;
}

function refused(problem: string): ApiKeyResult {
  return { ok: false, problem };
}
