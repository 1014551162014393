import type { EntryCheck } from '../../src/core/audit-chain.ts';
import type { AuditHead } from '../../src/core/audit-entry.ts';
import { parseStrictJson } from '../../src/core/strict-json.ts';
import { LogCheck } from '../../src/core/verify-log.ts';

/**
 * Checks a whole log, of parsed entries or of lines, as `audit verify` does. `recorded`: a head that somebody saw earlier,
 * through which the log must still lead.
 */
export async function verifyChain(
  entries: AsyncIterable<unknown>,
  recorded?: AuditHead,
): Promise<EntryCheck> {
  const check = new LogCheck({ known: recorded === undefined ? [] : [{ ...recorded, how: 'recorded' }] });
  for await (const entry of entries)
    if (!check.take(typeof entry === 'string' ? parseStrictJson(entry) : entry)) break;
  const log = check.end();
  return log.ok ? { ok: true, head: log.head } : log;
}
