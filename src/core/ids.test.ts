import { describe, expect, it } from 'vitest';
import {
  foldSessionId,
  isMeantAsId,
  problemOfProjectId,
  problemOfSessionId,
  problemOfUserId,
} from './ids.ts';

describe('a project id', () => {
  it.each(['1', '101', '9007199254740991'])('may be %s', (text) => {
    expect(problemOfProjectId(text)).toBeUndefined();
    expect(isMeantAsId(text)).toBe(true);
  });

  it.each([
    ['101.0', 'is not a project id: write 101'],
    ['101.', 'is not a project id: write 101'],
    ['101 ', 'is not a project id: write 101'],
    [' 101', 'is not a project id: write 101'],
    ['\u00a0101', 'is not a project id: write 101'],
    ['101\n', 'is not a project id: write 101'],
    ['#101', 'is not a project id: write 101'],
    ['# 101', 'is not a project id: write 101'],
    ['+101', 'is not a project id: write 101'],
    ['0x65', 'is not a project id: write 101'],
    ['0o145', 'is not a project id: write 101'],
    ['1e3', 'is not a project id: write 1000'],
    ['1_000', 'is not a project id: write 1000'],
    ['0101', 'is not a project id: write 101'],
    ['１０１', 'is not a project id: write 101'],
    ['101,', 'is not a project id: write 101'],
    ['202, 303', 'is not a project id: write them one by one: [202, 303]'],
    ['202|303', 'is not a project id: write them one by one: [202, 303]'],
    ['202 303', 'is not a project id: write them one by one: [202, 303]'],
    ['#202; #303', 'is not a project id: write them one by one: [202, 303]'],
    ['1,2,3,4,5,6', 'is not a project id: write them one by one: [1, 2, 3, 4, 5, …]'],
    ['1,000', 'is not a project id: an id is written in the digits 0 to 9 alone'],
    ['0', 'is not a project id: an id is written in the digits 0 to 9 alone'],
    ['-5', 'is not a project id: an id is written in the digits 0 to 9 alone'],
    ['101.5', 'is not a project id: an id is written in the digits 0 to 9 alone'],
    ['١٠١', 'is not a project id: an id is written in the digits 0 to 9 alone'],
    ['1e99', 'is not a project id: an id is written in the digits 0 to 9 alone'],
  ])('is not %j', (text, problem) => {
    expect(isMeantAsId(text)).toBe(true);
    expect(problemOfProjectId(text)).toBe(problem);
  });

  it.each([
    '',
    ' ',
    'chats',
    '101*',
    'Legal #1',
    'Team 1,2',
    '2024-2025',
    'v1.0',
    '1.0.3',
    '#',
    '-',
    '_',
    ',',
  ])('is not what %j was meant as', (text) => {
    expect(isMeantAsId(text)).toBe(false);
    expect(problemOfProjectId(text)).toBe('is not a project id');
  });

  it('is not larger than can be counted', () => {
    expect(problemOfProjectId('9007199254740992')).toBe('is not a project id');
  });
});

describe("a user's id", () => {
  it.each(['0', '12', '9999999999999999999', 'anonymous'])('may be %s', (text) => {
    expect(problemOfUserId(text)).toBeUndefined();
  });

  it.each([
    ['12.0', "is no user's id: write 12"],
    ['#0', "is no user's id: write 0"],
    ['12 ', "is no user's id: write 12"],
    ['7, 8', "is no user's id: write them one by one: [7, 8]"],
    ['-1', "is no user's id: an id is written in the digits 0 to 9 alone"],
    ['bob', "must be a user's id (digits) or the word anonymous"],
    ['Anonymous', "must be a user's id (digits) or the word anonymous"],
  ])('is not %j', (text, problem) => {
    expect(problemOfUserId(text)).toBe(problem);
  });
});

describe('a session id', () => {
  const ID = '2ddb32e7-f1ca-4e47-9b0f-1b39c7a0ae10';

  it.each([
    [ID, undefined],
    ['0x123456', undefined],
    [`${ID} `, `is no session id: write ${ID}`],
    [`${ID}, abcdefgh`, `is no session id: write them one by one: [${ID}, abcdefgh]`],
    ['abc', 'must be a session id: 8 to 128 letters, digits, - and _'],
    ['', 'must be a session id: 8 to 128 letters, digits, - and _'],
    [`#${ID}`, 'must be a session id: 8 to 128 letters, digits, - and _'],
  ])('%j', (text, problem) => {
    expect(problemOfSessionId(text)).toBe(problem);
  });

  it('is the same in capitals where it protects, and another one without hyphens', () => {
    expect(foldSessionId(ID.toUpperCase())).toBe(foldSessionId(ID));
    expect(foldSessionId(ID.replaceAll('-', ''))).not.toBe(foldSessionId(ID));
    expect(foldSessionId('ABC-1')).toBe('abc-1');
  });
});
