import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import { documentOf, type Terminal } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { expectPlainWords, terminalTest as test } from '../support/terminal-test.ts';

/* What is written beside the point, from the text of the policy to the conversations that are left. */

const DAY = 24 * 60 * 60 * 1000;
const SESSION = '2ddb32e7-f1ca-4e47-9b0f-1b39c7a0ae10';

const keeping = (match: string, projects = "{ include: ['*'] }"): string =>
  `version: 1
name: p
mode: enforce
projects: ${projects}
rules:
  - { name: vip, match: ${match}, action: keep }
  - { name: old, match: { older_than: 90d }, action: delete }
limits: { max_percent: 100 }
`;

/** Old conversations of one project, by their names. */
function addOld({ sandbox }: Terminal, names: readonly string[]): void {
  sandbox.accounts.addProject({ id: 101, name: 'Support' });
  names.forEach((name, index) =>
    sandbox.accounts.addConversation(101, {
      sessionId: index === 0 ? SESSION : `session-${String(index).padStart(8, '0')}`,
      name,
      createdAt: Date.now() - 120 * DAY - index * 60_000,
    }),
  );
}

function left({ sandbox }: Terminal): readonly string[] {
  return sandbox.accounts
    .conversations(101)
    .map(({ name }) => String(name))
    .sort();
}

describe.concurrent('a policy that would protect nothing', () => {
  test('is refused before any request, with the right spelling of each text', async ({ terminal }) => {
    const texts = ['{ contains: "*VIP*" }', '{ regex: "/^VIP.*/i" }', '"VIP*, Key*"', '"%VIP%"', '“VIP*”'];
    texts.forEach((text, index) =>
      terminal.policy(keeping(`{ name: ${text} }`).replace('name: p', `name: p${index}`), `p${index}`),
    );
    addOld(terminal, ['VIP Anna', 'order 1']);
    for (const command of ['validate', 'run']) {
      const ended = await terminal.run([command]);
      expect(ended.code).toBe(2);
      expectPlainWords(
        ended,
        /p0\.yaml:6:\d+ .*write contains: "VIP".*\n.*regex: "\^VIP\.\*" with ignore_case: true/,
      );
      expect(ended.stderr.match(/^policies\/p\d\.yaml:6:\d+ rules\[0\]\.match\.name/gm)).toHaveLength(
        texts.length,
      );
    }
    expect(terminal.sandbox.journal.count()).toBe(0);
  });

  test('is refused for its exclusions', async ({ terminal }) => {
    const entries = ['101.0', '"101 "', '"#101"', '"202, 303"'];
    terminal.policy(keeping('{ name: VIP* }', `{ include: ['*'], exclude: [${entries.join(', ')}] }`), 'p');
    terminal.policy(keeping('{ name: VIP* }', "{ include: ['*'], exclude: [Legal #1] }"), 'q');
    const ended = await terminal.run(['run']);
    expect(ended.code).toBe(2);
    for (const index of entries.keys())
      expectPlainWords(ended, `projects.exclude[${index}]: is not a project id: write`);
    expectPlainWords(ended, /q\.yaml:4:\d+ a comment starts here and swallows the closing bracket/);
    expect(terminal.sandbox.journal.count()).toBe(0);
  });

  test('is refused beside holds that nobody reads, also by apply', async ({ terminal }) => {
    const policy = terminal.policy(AGE_POLICY);
    addOld(terminal, ['order 1']);
    const planId = await terminal.plan();
    const file = join(dirname(policy), 'holds.json');
    writeFileSync(file, 'version: 1\nholds: []\n');
    for (const args of [['validate'], ['run'], ['run', policy], ['apply', planId]]) {
      const ended = await terminal.run(args);
      expect(ended.code).toBe(2);
      expectPlainWords(ended, 'it looks like holds and is not read');
    }
    expect(terminal.deleteCount()).toBe(0);
    rmSync(file);
    expect((await terminal.run(['apply', planId])).code).toBe(0);
  });
});

describe.concurrent('a protection', () => {
  test('by a session id in capitals keeps the conversation', async ({ terminal }) => {
    terminal.policy(keeping(`{ session_ids: [${SESSION.toUpperCase()}] }`));
    addOld(terminal, ['court case', 'other']);
    expect((await terminal.run(['run'])).code).toBe(0);
    expect(left(terminal)).toEqual(['court case']);
  });

  test('by a regex keeps names of several lines', async ({ terminal }) => {
    terminal.policy(keeping('{ name: { regex: ".*VIP.*" } }'));
    addOld(terminal, ['VIP Anna', 'Hello\nVIP customer here', 'order 1']);
    expect((await terminal.run(['run'])).code).toBe(0);
    expect(left(terminal)).toEqual(['Hello\nVIP customer here', 'VIP Anna']);
  });

  test('of a project holds in any case of its name', async ({ terminal }) => {
    terminal.policy(keeping('{ name: VIP* }', "{ include: ['*'], exclude: [SUPPORT] }"));
    addOld(terminal, ['order 1']);
    expect((await terminal.run(['run'])).code).toBe(0);
    expect(left(terminal)).toEqual(['order 1']);
  });
});

describe.concurrent('validate', () => {
  test('says where policies overlap, and whom keep rules bind', async ({ terminal }) => {
    terminal.policy(keeping('{ name: VIP* }'), 'p');
    terminal.policy(AGE_POLICY.replace('"*"', '101'), 'q');
    const { code, stdout } = await terminal.run(['validate']);
    expect(code).toBe(0);
    expect(stdout).toContain('Policies p and by-age both cover project 101.\n');
    expect(stdout).toContain('No other policy of this folder deletes what vip keeps.\n');
    expect(documentOf(await terminal.run(['validate', '--json']))).toMatchObject({
      overlaps: ['Policies p and by-age both cover project 101.'],
    });
  });
});

describe.concurrent('a key', () => {
  test('with what does not belong to it is exit 2, in the environment and in a file', async ({
    terminal,
  }) => {
    terminal.policy(AGE_POLICY);
    const key = terminal.sandbox.apiKey;
    const file = join(terminal.folder, 'key');
    writeFileSync(file, `CUSTOMGPT_API_KEY=${key}\n`);
    for (const [env, expected] of [
      [{ CUSTOMGPT_API_KEY: `"${key}"` }, /quotes around it: put in the key alone/],
      [{ CUSTOMGPT_API_KEY: `Bearer ${key}` }, /the word Bearer before the key/],
      [
        { CUSTOMGPT_API_KEY: undefined, CUSTOMGPT_API_KEY_FILE: file },
        /the name of a variable before the key/,
      ],
    ] as const) {
      const ended = await terminal.run(['plan'], env);
      expect(ended.code).toBe(2);
      expectPlainWords(ended, expected);
      expect(ended.stderr).not.toContain(key);
    }
    expect(terminal.sandbox.journal.count()).toBe(0);
  });
});
