import type { Account } from './accounts.ts';
import type { NewConversation } from './conversation.ts';

const DAY_MS = 86_400_000;

/** Rows as a list should never contain them, and one day does. All are old enough for any rule. */
export function addHostileRows(account: Account, projectId: number, nowMs: number): void {
  const createdAt = nowMs - 400 * DAY_MS;
  for (const [index, row] of hostileRows(projectId, nowMs).entries()) {
    account.addConversation(projectId, { createdAt: createdAt + index * 1000, ...row });
  }
}

function hostileRows(projectId: number, nowMs: number): readonly NewConversation[] {
  const dates: readonly unknown[] = [
    null,
    0,
    '',
    '0',
    1_682_872_980,
    '2023-02-30T10:00:00.000000Z',
    '25 Jun 2023 05:01:11',
    new Date(nowMs + 30 * DAY_MS).toISOString(),
    'yesterday',
    [],
    '2023-04-30 16:43:53',
  ];
  return [
    ...dates.map((value) => ({
      name: `created_at is ${JSON.stringify(value)}`,
      raw: { created_at: value, updated_at: value },
    })),
    { name: 'no created_at', raw: { created_at: undefined } },
    { name: 'no session id', raw: { session_id: undefined } },
    { name: 'session id is null', raw: { session_id: null } },
    { name: 'session id is a number', raw: { session_id: 12_345_678 } },
    { name: 'session id climbs', raw: { session_id: '../../..' } },
    { name: 'session id climbs, encoded', raw: { session_id: '%2e%2e%2f%2e%2e' } },
    { name: 'session id has a query', raw: { session_id: 'abcdefgh?x=1#y' } },
    { name: 'session id is long', raw: { session_id: 'a'.repeat(10_000) } },
    { name: 'first of two with one session id', raw: { session_id: 'one-id-for-two' } },
    { name: 'second of two with one session id', raw: { session_id: 'one-id-for-two' } },
    { name: 'belongs elsewhere', raw: { project_id: projectId + 1 } },
    { name: 'belongs nowhere', raw: { project_id: null } },
    { name: 'id is text', raw: { id: 'seven' } },
    { name: null },
    { name: '' },
    { name: 'name is a number', raw: { name: 42 } },
    { name: '<script>alert("name")</script>' },
    { name: '"><img src=x onerror=alert(1)>' },
    { name: '\u202Egnp.exe\u202C right to left' },
    { name: '\u001B[31mred\u001B[0m\u0007\r\nsecond line\u0000' },
    { name: '👩‍👩‍👧‍👦🏳️‍🌈 family' },
    { name: 'lone surrogate', raw: { name: 'half \uD83D of it' } },
    { name: '=HYPERLINK("https://example.com","formula")' },
    { name: 'x'.repeat(1_000_000) },
  ];
}
