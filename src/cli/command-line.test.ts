import { describe, expect, test } from 'vitest';
import { createCommandLine, withGiven } from './command-line.ts';

const GIVEN = { stateDir: '/var/state', paths: ['policies/prod', 'more policies'], policy: 'by-age' };

describe('a command in a hint', () => {
  test.each([
    ['runs run-1', 'runs run-1 --state-dir /var/state'],
    [
      'apply plan-1 --override-limits --by WHO --reason TEXT',
      'apply plan-1 --state-dir /var/state --override-limits --by WHO --reason TEXT',
    ],
    ['plan', "plan policies/prod 'more policies' --policy by-age --state-dir /var/state"],
    ['plan --policy other', "plan policies/prod 'more policies' --state-dir /var/state --policy other"],
    ['plan --show plan-1', 'plan --state-dir /var/state --show plan-1'],
    ['validate', "validate policies/prod 'more policies' --state-dir /var/state"],
    ['hold list', 'hold list --state-dir /var/state'],
    ['demo', 'demo'],
  ])('%s repeats what the user gave', (words, line) => {
    expect(createCommandLine(GIVEN)(words)).toBe(`customgpt-retention ${line}`);
  });

  test('is bare for whoever gave nothing', () => {
    expect(createCommandLine({})('plan --show plan-1')).toBe('customgpt-retention plan --show plan-1');
  });

  test('quotes for a shell', () => {
    expect(createCommandLine({ stateDir: "it's here" })('runs')).toBe(
      "customgpt-retention runs --state-dir 'it'\\''s here'",
    );
  });

  test('is found in the text of an error', () => {
    const given = { stateDir: 's', policy: undefined, paths: [] };
    expect(withGiven(given, 'Make a new one: customgpt-retention plan --policy p')).toBe(
      'Make a new one: customgpt-retention plan --state-dir s --policy p',
    );
    expect(withGiven(given, 'Write: customgpt-retention audit export > audit.jsonl')).toBe(
      'Write: customgpt-retention audit export --state-dir s > audit.jsonl',
    );
    expect(withGiven(given, 'It looks like customgpt-retention+1a2b3c4d+AQ…')).toBe(
      'It looks like customgpt-retention+1a2b3c4d+AQ…',
    );
  });
});
