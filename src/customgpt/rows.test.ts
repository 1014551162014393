import { describe, expect, it } from 'vitest';
import { parseConversationRow, parseId, parseProjectRow } from './rows.ts';
import { parseList, parseMessages } from './schemas.ts';

const SESSION = '0b8f6a0e-3c1d-4f5a-9b7e-2d4c6e8f0a1b';
const RECORDED = {
  id: 6610115,
  created_at: '2025-11-17T21:09:16.000000Z',
  updated_at: '2025-11-17T21:09:17.000000Z',
  session_id: SESSION,
  project_id: 12345,
  created_by: 12345,
  name: 'Conversation Name',
  ended_at: null,
};
const CREATED_AT = Date.UTC(2025, 10, 17, 21, 9, 16);

describe('a conversation row', () => {
  it('is read as recorded', () => {
    expect(parseConversationRow(RECORDED, 12345)).toEqual({
      kind: 'conversation',
      projectId: 12345,
      sessionId: SESSION,
      name: 'Conversation Name',
      createdAt: CREATED_AT,
      updatedAt: CREATED_AT + 1000,
      createdBy: '12345',
    });
  });

  it('is read as documented, with ids as text and dates without a zone', () => {
    const row = { ...RECORDED, project_id: '12345', created_by: '4711', created_at: '2025-11-17 21:09:16' };
    expect(parseConversationRow(row, 12345)).toMatchObject({
      kind: 'conversation',
      createdBy: '4711',
      createdAt: CREATED_AT,
    });
  });

  it.each([
    ['null', null, 'not_an_object'],
    ['an array', [RECORDED], 'not_an_object'],
    ['text', 'x', 'not_an_object'],
    ['no session id', { ...RECORDED, session_id: undefined }, 'no_session_id'],
    ['a null session id', { ...RECORDED, session_id: null }, 'no_session_id'],
    ['an empty session id', { ...RECORDED, session_id: '' }, 'no_session_id'],
    ['a number for a session id', { ...RECORDED, session_id: 12345678 }, 'bad_session_id'],
    ['a path for a session id', { ...RECORDED, session_id: '../../../..' }, 'bad_session_id'],
    ['a long session id', { ...RECORDED, session_id: 'a'.repeat(10_000) }, 'bad_session_id'],
    ['another project', { ...RECORDED, project_id: 8 }, 'wrong_project'],
    ['a project beyond 2^53', { ...RECORDED, project_id: 2 ** 53 }, 'wrong_project'],
    ['an object as project', { ...RECORDED, project_id: {} }, 'wrong_project'],
    ['a name of 10 MB', { ...RECORDED, name: 'n'.repeat(10_000_000) }, 'oversized'],
  ])('is unusable with %s', (_, row, problem) => {
    expect(parseConversationRow(row, 12345)).toMatchObject({ kind: 'unusable', projectId: 12345, problem });
  });

  it('may leave the project out', () => {
    const row = { ...RECORDED, project_id: undefined };
    expect(parseConversationRow(row, 12345).kind).toBe('conversation');
  });

  it.each([
    [null, 'anonymous'],
    [0, undefined],
    ['0', undefined],
    [4711, '4711'],
    ['', undefined],
    [undefined, undefined],
    [true, undefined],
    [2 ** 53, undefined],
    [1.5, undefined],
    [{}, undefined],
  ])('created_by %j is %j', (created_by, createdBy) => {
    expect(parseConversationRow({ ...RECORDED, created_by }, 12345)).toMatchObject({ createdBy });
  });

  it.each([
    [null, undefined],
    [7, undefined],
    ['', ''],
    ['<script>\u202e😀', '<script>\u202e😀'],
    ['n'.repeat(4096), 'n'.repeat(4096)],
    ['n'.repeat(4097), undefined],
  ])('name %# is kept or unknown', (name, expected) => {
    expect(parseConversationRow({ ...RECORDED, name }, 12345)).toMatchObject({ name: expected });
  });

  it('date of 2023 is an interval', () => {
    const row = parseConversationRow({ ...RECORDED, updated_at: '25 Jun 2023 05:01:11' }, 12345);
    expect(row).toMatchObject({
      updatedAt: `${Date.UTC(2023, 5, 24, 15, 1, 11)}/${Date.UTC(2023, 5, 26, 5, 1, 11)}`,
    });
  });

  it('with a deleted_at is marked as deleted', () => {
    const row = parseConversationRow({ ...RECORDED, deleted_at: '2026-01-01 00:00:00' }, 12345);
    expect(row).toMatchObject({ deletedAt: Date.UTC(2026, 0, 1) });
  });

  it.each([undefined, null, '', false, 0, 7, true, 'garbage', '0000-00-00 00:00:00'])(
    'with the deleted_at %j, which is no date, is not',
    (deleted_at) => {
      expect(parseConversationRow({ ...RECORDED, deleted_at }, 12345)).not.toHaveProperty('deletedAt');
    },
  );

  it.each([null, 0, '', '0', 1_700_000_000, '2023-02-30 10:00:00'])('date %j is unknown', (created_at) => {
    const row = parseConversationRow({ ...RECORDED, created_at }, 12345);
    expect(row).toMatchObject({ kind: 'conversation', createdAt: undefined });
  });
});

describe('ids', () => {
  it.each([
    [7, 7],
    ['7', 7],
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', undefined],
    [JSON.parse('9007199254740993'), undefined],
    ['07', undefined],
    ['1e3', undefined],
    [0, undefined],
    [-1, undefined],
    [1.5, undefined],
    [null, undefined],
    [true, undefined],
  ])('%j is %j', (value, id) => {
    expect(parseId(value)).toBe(id);
  });

  it('of projects are required', () => {
    expect(parseProjectRow({ id: '7', project_name: 'Support', is_shared: 0, extra: null })).toEqual({
      id: 7,
      name: 'Support',
    });
    expect(parseProjectRow({ id: 7, project_name: null })).toEqual({ id: 7, name: undefined });
    expect(parseProjectRow({ project_name: 'x' })).toBeUndefined();
    expect(parseProjectRow(null)).toBeUndefined();
  });
});

describe('envelopes', () => {
  const paginator = { current_page: 2, last_page: '3', per_page: '10', total: '25', data: [1, null] };

  it('are read with unknown fields and counts as text', () => {
    expect(parseList({ status: 'success', data: { ...paginator, links: [] }, more: 1 })).toEqual({
      page: 2,
      lastPage: 3,
      total: 25,
      rows: [1, null],
    });
  });

  it.each([[undefined], [null], ['many'], [-1]])('do without a total (%j)', (total) => {
    const list = parseList({ data: { ...paginator, total } });
    expect(list).toMatchObject({ total: undefined, lastPage: 3 });
  });

  it.each([
    undefined,
    null,
    'x',
    [],
    {},
    { data: null },
    { data: [] },
    { status: 'error', data: paginator },
    { data: { ...paginator, data: { 0: 1 } } },
    { data: { ...paginator, current_page: undefined } },
    { data: { ...paginator, last_page: -1 } },
    { data: { ...paginator, last_page: 1.5 } },
  ])('are refused: %j', (json) => {
    expect(parseList(json)).toBeUndefined();
  });

  it('of messages need a conversation or messages', () => {
    expect(parseMessages({ data: {} })).toBeUndefined();
    expect(parseMessages({ data: { conversation: null, messages: 'x' } })).toBeUndefined();
    expect(parseMessages({ status: 'error', data: { conversation: {} } })).toBeUndefined();
    expect(parseMessages({ data: { conversation: { a: 1 } } })).toEqual({
      conversation: { a: 1 },
      messages: undefined,
    });
    expect(parseMessages({ data: { conversation: null, messages: paginator } })).toMatchObject({
      conversation: undefined,
      messages: { page: 2, lastPage: 3 },
    });
  });
});
