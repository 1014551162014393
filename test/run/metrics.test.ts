import { afterEach, describe, expect, test } from 'vitest';
import { addProject, AGE_POLICY, runOnce } from '../support/purge.ts';
import { createMetricsWorld, type MetricsWorld } from '../support/metrics-world.ts';
import { DAY, NOW, SECRET_NAME } from '../support/world.ts';

let counted: MetricsWorld;
afterEach(() => counted.world.close());

const SCHEDULED = `${AGE_POLICY}schedule: { cron: "30 3 * * *" }\n`;

describe('a scrape', () => {
  test('counts from 0 what a policy may do, before it has done anything', async () => {
    counted = await createMetricsWorld();
    counted.policies = [await counted.world.policy(SCHEDULED)];
    const samples = await counted.scrape();
    for (const status of ['completed', 'partial', 'refused', 'failed', 'interrupted', 'unrecorded'])
      expect(samples.get(`runs_total{policy="by-age",status="${status}"}`)).toBe(0);
    expect(samples.get('outcomes_total{policy="by-age",outcome="failed"}')).toBe(0);
    expect(samples.get('runs_in_progress{policy="by-age"}')).toBe(0);
    expect(samples.get('policy_state{policy="by-age",state="waiting"}')).toBe(1);
    expect(samples.get('policy_attention{policy="by-age"}')).toBe(0);
    expect(samples.get('overdue_seconds{policy="by-age"}')).toBe(0);
    expect(samples.get('next_run_timestamp_seconds{policy="by-age"}')).toBe(
      Date.parse('2026-03-02T03:30:00Z') / 1000,
    );
    expect(samples.get('state_readable')).toBe(1);
    expect(samples.get('build_info{version="1.2.3"}')).toBe(1);
  });

  test('is silent about what is not known', async () => {
    counted = await createMetricsWorld();
    counted.policies = [await counted.world.policy(AGE_POLICY)];
    const names = [...(await counted.scrape()).keys()].map((sample) => sample.replace(/\{.*/, ''));
    for (const unknown of [
      ...['backlog_conversations', 'backlog_as_of_timestamp_seconds', 'oldest_expired_seconds'],
      ...['seconds_since_last_success', 'last_success_timestamp_seconds', 'protections_unmatched'],
      ...['overdue_seconds', 'next_run_timestamp_seconds', 'audit_intact', 'protections_lost'],
      ...['audit_last_verification_timestamp_seconds', 'run_duration_seconds_count'],
    ])
      expect(names).not.toContain(unknown);
  });

  test('tells what a run did, and what it left', async () => {
    counted = await createMetricsWorld({ rpm: 600 });
    const { world } = counted;
    addProject(world, 101, { old: 6, young: 3 });
    const dry = await world.policy(SCHEDULED.replace('mode: enforce', 'mode: dry-run'));
    counted.policies = [dry];
    await runOnce(world, dry);
    const before = await counted.scrape();
    expect(before.get('policy_info{policy="by-age",mode="dry-run"}')).toBe(1);
    expect(before.get('backlog_conversations{policy="by-age"}')).toBe(6);
    // 400 days old, by a rule of 90; and the minute or so that the run took.
    expect(before.get('oldest_expired_seconds{policy="by-age"}')).toBeGreaterThanOrEqual((310 * DAY) / 1000);
    expect(before.get('runs_total{policy="by-age",status="completed"}')).toBe(1);
    expect(before.get('requests_total{purpose="delete",status="200"}')).toBe(0);

    const policy = await world.policy(SCHEDULED);
    counted.policies = [policy];
    const { run } = await runOnce(world, policy);
    const after = await counted.scrape();
    expect(after.has('policy_info{policy="by-age",mode="dry-run"}')).toBe(false);
    expect(after.get('runs_total{policy="by-age",status="completed"}')).toBe(2);
    expect(after.get('outcomes_total{policy="by-age",outcome="verified"}')).toBe(6);
    expect(after.get('verification_seconds_count')).toBe(6);
    expect(after.get('requests_total{purpose="delete",status="200"}')).toBe(6);
    expect(after.get('request_duration_seconds_count{purpose="delete"}')).toBe(6);
    expect(after.get('pace_wait_seconds_count')).toBeGreaterThanOrEqual(12);
    expect(after.get('pace_wait_seconds_sum')).toBeGreaterThan(0);
    expect(after.get('run_duration_seconds_count{policy="by-age"}')).toBe(2);
    expect(after.get('backlog_conversations{policy="by-age"}')).toBe(0);
    expect(after.get('oldest_expired_seconds{policy="by-age"}')).toBe(0);
    expect(after.get('last_success_timestamp_seconds{policy="by-age"}')).toBe((run.endedAt ?? 0) / 1000);
    expect(after.get('audit_entries')).toBe((await world.store.audit.head()).seq);
    expect(after.get('unsettled_conversations{stuck="false"}')).toBe(0);
    await world.assertSound();
  });

  test('says nothing of a lag where no rule looks at an age, and goes on counting what is left', async () => {
    counted = await createMetricsWorld();
    const { world } = counted;
    addProject(world, 101, { old: 6, young: 0 });
    const dry = SCHEDULED.replace('mode: enforce', 'mode: dry-run');
    const policy = await world.policy(dry.replace('older_than: 90d', 'name: "secret name*"'));
    counted.policies = [policy];
    await runOnce(world, policy);
    const samples = await counted.scrape();
    expect(samples.get('backlog_conversations{policy="by-age"}')).toBe(6);
    expect(samples.has('oldest_expired_seconds{policy="by-age"}')).toBe(false);
  });

  test('tells a run that fails, and that a policy needs somebody', async () => {
    counted = await createMetricsWorld();
    const { world } = counted;
    addProject(world, 101, { old: 6, young: 0 });
    const policy = await world.policy(SCHEDULED.replace('max_percent: 100', 'max_deletions: 2'));
    counted.policies = [policy];
    await runOnce(world, policy);
    const samples = await counted.scrape();
    expect(samples.get('runs_total{policy="by-age",status="refused"}')).toBe(1);
    expect(samples.get('policy_attention{policy="by-age"}')).toBe(1);
    expect(samples.get('policy_state{policy="by-age",state="failing"}')).toBe(1);
    expect(samples.get('policy_state{policy="by-age",state="ok"}')).toBe(0);
    expect(samples.get('failures_in_a_row{policy="by-age"}')).toBe(1);
    expect(samples.get('backlog_conversations{policy="by-age"}')).toBe(6);
  });

  test('tells for how long a slot is overdue', async () => {
    counted = await createMetricsWorld();
    const { world } = counted;
    counted.policies = [await world.policy(SCHEDULED)];
    await world.store.runs.recordSlot('by-age', NOW - 2 * DAY);
    const samples = await counted.scrape();
    expect(samples.get('overdue_seconds{policy="by-age"}')).toBe(8.5 * 3600);
    expect(samples.get('policy_state{policy="by-age",state="overdue"}')).toBe(1);
  });

  test('names a run while it is under way', async () => {
    counted = await createMetricsWorld();
    const { world } = counted;
    addProject(world, 101, { old: 1, young: 1 });
    const policy = await world.policy(AGE_POLICY);
    counted.policies = [policy];
    const during: (number | undefined)[] = [];
    const scrapes: Promise<unknown>[] = [];
    const stop = counted.live.onChange(() => {
      scrapes.push(counted.scrape().then((one) => during.push(one.get('runs_in_progress{policy="by-age"}'))));
    });
    await runOnce(world, policy);
    stop();
    await Promise.all(scrapes);
    expect(during[0]).toBe(1);
    expect((await counted.scrape()).get('runs_in_progress{policy="by-age"}')).toBe(0);
  });

  test('forgets a policy that is gone, and keeps what was counted of it', async () => {
    counted = await createMetricsWorld();
    const { world } = counted;
    addProject(world, 101, { old: 1, young: 1 });
    const policy = await world.policy(SCHEDULED);
    counted.policies = [policy];
    await runOnce(world, policy);
    await counted.scrape();
    counted.policies = [];
    const left = [...(await counted.scrape()).keys()].filter((sample) => sample.includes('by-age'));
    expect([...new Set(left.map((sample) => sample.replace(/\{.*/, '')))].sort()).toEqual([
      'outcomes_total',
      'run_duration_seconds_bucket',
      'run_duration_seconds_count',
      'run_duration_seconds_sum',
      'runs_total',
    ]);
  });

  test('tells that files are wrong, and what the last verification found', async () => {
    counted = await createMetricsWorld();
    counted.policies = [await counted.world.policy(SCHEDULED)];
    expect((await counted.scrape()).get('policies_broken')).toBe(0);
    counted.problems = ['policies/a.yaml:3:1 is wrong'];
    counted.verification = { at: NOW, entries: 0, problem: 'broken' };
    const samples = await counted.scrape();
    expect(samples.get('policies_broken')).toBe(1);
    expect(samples.get('policy_state{policy="by-age",state="waiting"}')).toBe(1);
    expect(samples.get('audit_intact')).toBe(0);
    expect(samples.get('audit_last_verification_timestamp_seconds')).toBe(NOW / 1000);
  });

  test('answers with what was counted where the state cannot be read', async () => {
    counted = await createMetricsWorld();
    const { world } = counted;
    addProject(world, 101, { old: 1, young: 1 });
    const policy = await world.policy(SCHEDULED);
    counted.policies = [policy];
    await runOnce(world, policy);
    await counted.scrape();
    await world.store.close();
    const samples = await counted.scrape();
    expect(samples.get('state_readable')).toBe(0);
    expect(samples.get('outcomes_total{policy="by-age",outcome="verified"}')).toBe(1);
    expect(samples.has('policy_attention{policy="by-age"}')).toBe(false);
    expect(samples.has('audit_entries')).toBe(false);
    expect(samples.has('policies_broken')).toBe(false);
  });

  test('has neither ids nor names in it', async () => {
    counted = await createMetricsWorld();
    const { world } = counted;
    const old = addProject(world, 987_654, { old: 3, young: 2 });
    const policy = await world.policy(SCHEDULED);
    counted.policies = [policy];
    const { run, plan } = await runOnce(world, policy);
    const { body, contentType } = await counted.metrics.text();
    expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    const secrets = [...old, run.runId, String(plan?.planId), SECRET_NAME, 'project-987654', '"987654"'];
    for (const secret of secrets) expect(body).not.toContain(secret);
    const ours = body.split('\n').filter((line) => /^customgpt_retention_.*\{/.test(line));
    const labels = new Set(
      ours.flatMap((line) => [...line.matchAll(/[{,](\w+)="/g)].map(([, name]) => name)),
    );
    expect([...labels].sort()).toEqual(
      ['le', 'mode', 'outcome', 'policy', 'purpose', 'state', 'status', 'stuck', 'version'].sort(),
    );
  });
});
