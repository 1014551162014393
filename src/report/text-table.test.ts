import { describe, expect, it } from 'vitest';
import { textTable, type Column } from './text-table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'ID', width: 5, breaks: 'anywhere' },
  { title: 'N', width: 4, align: 'right' },
  { title: 'WHY', width: 12 },
  { title: 'NAME', width: 'rest' },
];

describe('textTable', () => {
  it('lines batches up, wraps words, and keeps ids whole', () => {
    const first = textTable(COLUMNS, [['12', '7', 'short', '会议 👍']], { header: true });
    const second = textTable(COLUMNS, [['1234567', '1234', 'because it is long', 'สวัสดี']], { header: false });
    expect(`${first}\n${second}`.split('\n')).toEqual([
      'ID        N  WHY           NAME',
      '12        7  short         会议 👍',
      '12345  1234  because it    สวัสดี',
      '67           is long',
    ]);
  });

  it('has no colour and no space at a line end', () => {
    const table = textTable(COLUMNS, [['1', '2', '', '']], { header: true });
    expect(table).not.toMatch(/\u001b| $/m);
  });

  it('is empty without header and rows', () => {
    expect(textTable(COLUMNS, [], { header: false })).toBe('');
    expect(textTable(COLUMNS, [], { header: true })).toBe('ID        N  WHY           NAME');
  });
});
