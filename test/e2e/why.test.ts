import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { addConversations, documentOf, onlyRun } from '../support/command.ts';
import { AGE_POLICY } from '../support/purge.ts';
import { expectPlainWords, terminalTest as test } from '../support/terminal-test.ts';

const NO_KEY = { CUSTOMGPT_API_KEY: undefined };
const KEEPER = `
version: 1
name: keeper
projects: { include: ["*"] }
rules:
  - { name: first-one, match: { name: "secret name 0" }, action: keep }
`;

const HELD = ['--matter', 'M', '--reason', 'r', '--by', 'x'];

describe.concurrent('why', () => {
  test('says in one sentence what becomes of a conversation, and what that rests on', async ({
    terminal,
  }) => {
    terminal.policy(AGE_POLICY);
    const [kept = '', due = ''] = addConversations(terminal.sandbox, 101, { old: 2, young: 1 });
    // A state in which nothing was planned yet.
    await terminal.run(['hold', 'add', '999', '--offline', ...HELD]);
    const ended = await terminal.run(['why', `101/${due}`]);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toMatch(
      new RegExp(
        `^Conversation 101/${due} is due by policy by-age, rule old: its next run deletes it, if it can list the project, and if its limits and protections let it\\.\n\n` +
          'Name        secret name 1\nProject     101 project-101\nCreated     .*, by an anonymous visitor\nUpdated     .*\n' +
          'Asked at .* \\(UTC, as all times here\\), with 3 requests\\.\n\n' +
          'Policy by-age, enforce: would delete\n' +
          '  It looks at this project: include "\\*", and nothing excludes it\\.\n' +
          '  Newest message: not read: no rule needs it\n' +
          '  Rule old \\(delete\\): true <- decides\n' +
          '    older_than 90d: true: created [-0-9]+ [:0-9]+, cutoff [-0-9]+ [:0-9]+\n' +
          '  min_age 1d: true: created [-0-9]+ [:0-9]+, cutoff [-0-9]+ [:0-9]+\n' +
          '  So: rule old matches\\.\n' +
          '  No plan of it is on record\\.\n\n' +
          'No hold covers it\\.\nNothing was done to it: the audit log does not name it\\.\n$',
      ),
    );
    expect(terminal.sandbox.journal.count({})).toBe(terminal.sandbox.journal.count({ method: 'GET' }));

    terminal.policy(KEEPER, 'the-keeper');
    const other = documentOf(await terminal.run(['why', `101/${kept}`, 'policies', '--json']));
    const rule = 'first-one of policy keeper';
    expect(other).toMatchObject({
      answer: `Conversation 101/${kept} stays: policy by-age: rule ${rule} keeps it and policy keeper: rule first-one keeps it.`,
      ...{ listed: true, name: 'secret name 0', requests: 3 },
      policies: [
        {
          ...{ policy: 'by-age', mode: 'enforce', covered: true, included_by: '*', excluded_by: null },
          ...{ verdict: 'keep', rule, first_match: 'old' },
          rules: [{ rule: 'old', action: 'delete', match: { clause: 'older_than 90d', result: 'true' } }],
          min_age: { state: 'old_enough' },
          kept_by: [{ policy: 'keeper', rule: 'first-one', verdict: 'keep' }],
          latest_plan: null,
        },
        { policy: 'keeper', verdict: 'keep', kept_by: [] },
      ],
      ...{ holds: [], plans: [], open: [], entries: [] },
    });
    const state = readFileSync(join(terminal.stateDir, 'retention.db')).toString('latin1');
    expect(ended.stderr + state).not.toContain('secret name');
  });

  test('says after the deletion by what, and when it was found gone', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    const [gone = ''] = addConversations(terminal.sandbox, 101, { old: 1, young: 2 });
    const { run_id: runId, plan_id: planId } = onlyRun(await terminal.run(['run', '--json']));
    const said = new RegExp(
      `^Conversation 101/${gone} is deleted: verified gone at [-0-9]+ [:0-9]+ UTC, by ${runId} of policy by-age, rule old\\.\n`,
    );
    const online = await terminal.run(['why', `101/${gone}`]);
    expect(online.stdout).toMatch(said);
    expect(online.stdout).toContain(
      'The project lists 2 conversations, and it is none of them; its own address answers 404.',
    );
    expect(online.stdout).toMatch(
      new RegExp(`intended +${runId} +\\d+ +rule old, of ${planId ?? ''}, attempt 1\n`),
    );
    expect(online.stdout).toMatch(new RegExp(`verified +${runId} +\\d+ +DELETE 200, GET 404, gone by `));
    expect(online.stdout).toContain(`That plan: ${runId} went by it and is completed.`);

    const offline = await terminal.run(['why', `101/${gone}`, '--offline'], NO_KEY);
    expect(offline.stdout).toMatch(said);
    const document = documentOf(await terminal.run(['why', `101/${gone}`, '--offline', '--json'], NO_KEY));
    expect(document).toMatchObject({
      ...{ listed: null, requests: 0, name: null },
      entries: [{ event: 'deletion.intended' }, { event: 'deletion.absent' }, { event: 'deletion.verified' }],
      plans: [{ plan_id: planId, verdict: 'delete', rule: 'old' }],
    });
  });

  test('names the hold that keeps it, on it or on its project', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    const [held = ''] = addConversations(terminal.sandbox, 101, { old: 1, young: 1 });
    const words = ['--matter', 'M-17', '--reason', 'Smith', '--by', 'legal', '--json'];
    const { hold_id: holdId } = documentOf(await terminal.run(['hold', 'add', '101', ...words])) as {
      hold_id: string;
    };
    const { stdout } = await terminal.run(['why', `101/${held}`]);
    expect(stdout).toMatch(`Conversation 101/${held} stays: held for M-17 (${holdId}).\n`);
    expect(stdout).toContain(`${holdId} covers its whole project, until released (matter M-17).`);
    expect(stdout).toContain('Rule old (delete): true <- decides');
  });

  test('of what nobody knows says what was looked at; of no id, what it takes', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    addConversations(terminal.sandbox, 101, { old: 0, young: 2 });
    // A state in which nothing was planned yet.
    await terminal.run(['hold', 'add', '999', '--offline', ...HELD]);
    const unknown = await terminal.run(['why', '101/nobody-knows-it']);
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expectPlainWords(
      unknown,
      /101\/nobody-knows-it is not known: project 101 lists 2, and it is none of them, its own address answers 404, and no plan on record and no entry/,
    );
    const offline = await terminal.run(['why', '101/nobody-knows-it', '--offline'], NO_KEY);
    expect(offline).toMatchObject({ code: 2, stdout: '' });
    expectPlainWords(
      offline,
      /no plan on record and no entry of the audit log names it\n.*Without --offline/,
    );
    expectPlainWords(await terminal.run(['why', '102/nobody-knows-it']), /this key sees no project 102/);
    for (const [target, words] of [
      ['101', /101 is a project: add a slash/],
      ['101/short', /is meant is a project id/],
      ['101/../../users', /is meant is a project id/],
    ] as const) {
      const ended = await terminal.run(['why', target]);
      expect(ended.code).toBe(2);
      expectPlainWords(ended, words);
    }
  });

  test('without a key names --offline; with a broken policy, what is wrong with it', async ({ terminal }) => {
    terminal.policy(AGE_POLICY);
    const noKey = await terminal.run(['why', '101/session-1'], NO_KEY);
    expect(noKey).toMatchObject({ code: 2, stdout: '' });
    expectPlainWords(noKey, /^error: no API key is set\n.*--offline/);
    terminal.policy('version: 1\nname: broken\n', 'broken');
    const broken = await terminal.run(['why', '101/session-1', '--offline'], NO_KEY);
    expect(broken.code).toBe(2);
    expectPlainWords(broken, /policies or holds cannot be used\n.*broken\.yaml/);
  });
});
