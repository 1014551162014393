import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Log } from '../core/ports/surroundings.ts';
import { createKeySource } from './key-source.ts';
import { Secret } from './secret.ts';

let folder: string;
let file: string;
let lines: string[];

const log = new Proxy({} as Log, {
  get: () => (facts: object, message: string) => lines.push(`${message} ${JSON.stringify(facts)}`),
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'retention-key-'));
  file = join(folder, 'key');
  lines = [];
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a key that was refused', () => {
  const fromFile = () =>
    createKeySource(new Secret('first-key'), { env: { CUSTOMGPT_API_KEY_FILE: file }, log });

  test('is another one once its file holds another', () => {
    const source = fromFile();
    writeFileSync(file, 'first-key\n');
    expect(source.renew()).toBe(false);
    expect(source.reveal()).toBe('first-key');
    writeFileSync(file, 'second-key\n');
    expect(source.renew()).toBe(true);
    expect(source.reveal()).toBe('second-key');
    expect(source.renew()).toBe(false);
    expect(lines.join()).not.toMatch(/first-key|second-key/);
  });

  test.each([
    ['gone', undefined],
    ['empty', ''],
    ['not a key', 'two words'],
  ])('stays as it is while its file is %s', (_, text) => {
    if (text !== undefined) writeFileSync(file, text);
    const source = fromFile();
    expect(source.renew()).toBe(false);
    expect(source.reveal()).toBe('first-key');
    expect(lines.join()).toContain('cannot be read again');
  });

  test('never changes when it came in the environment', () => {
    const source = createKeySource(new Secret('first-key'), { env: { CUSTOMGPT_API_KEY: 'other' }, log });
    expect(source.renew()).toBe(false);
    expect(source.reveal()).toBe('first-key');
  });
});
