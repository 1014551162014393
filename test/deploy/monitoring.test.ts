import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { fullScrape } from '../support/metrics-world.ts';

/* What we tell Prometheus, what its alert rules and the dashboard ask for, and what the documents say, are the same. */

const ROOT = join(import.meta.dirname, '../..');
const RULES = join(ROOT, 'deploy/prometheus/alerts.yaml');
const RULE_TESTS = join(ROOT, 'deploy/prometheus/alerts.test.yaml');
const PREFIX = 'customgpt_retention_';

interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const rules = (
  parse(readFileSync(RULES, 'utf8')) as {
    groups: readonly { rules: readonly AlertRule[] }[];
  }
).groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(textOf('deploy/grafana/dashboard.json')) as Dashboard;
const targets = dashboard.panels.flatMap((panel) => panel.targets ?? []);

let scraped = '';
beforeAll(async () => {
  scraped = await fullScrape();
});

/** Names of all samples, as a query would name them. */
function sampleNames(): ReadonlySet<string> {
  const lines = scraped.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Set(lines.map((line) => line.replace(/[{ ].*/, '')));
}

/** Our metrics, without the prefix, with the names of their labels. */
function metricsScraped(): ReadonlyMap<string, readonly string[]> {
  const names = [...scraped.matchAll(/^# TYPE customgpt_retention_(\S+)/gm)].map(([, name = '']) => name);
  return new Map(
    names.map((name) => {
      const sample =
        new RegExp(`^${PREFIX}${name}(?:_bucket)?(?:\\{(.*)\\})? `, 'm').exec(scraped)?.[1] ?? '';
      const labels = [...sample.matchAll(/(\w+)="/g)].map(([, label = '']) => label);
      return [name, labels.filter((label) => label !== 'le').sort()];
    }),
  );
}

/** Of Prometheus itself. */
const NOT_SCRAPED = ['up'];

function metricsIn(expr: string): readonly string[] {
  return expr.match(/\b(?:customgpt_retention|process|nodejs)_\w+|\bup\b/g) ?? [];
}

/** As Grafana would send it. */
function withoutVariables(expr: string): string {
  return expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$(?:job|policy)\b/g, '.*');
}

const noPromtool =
  spawnSync('promtool', ['--version']).error === undefined
    ? undefined
    : 'promtool is not here: apt-get install -y --no-install-recommends prometheus';

function promtool(args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return status === 0 ? 'ok' : `${stdout}${stderr}`;
}

describe('promtool', () => {
  test('finds nothing to say about what is scraped', ({ skip }) => {
    skip(noPromtool !== undefined, noPromtool);
    expect(promtool(['check', 'metrics'], scraped)).toBe('ok');
  });

  test('accepts the alert rules, and each fires when it should', ({ skip }) => {
    skip(noPromtool !== undefined, noPromtool);
    expect(promtool(['check', 'rules', RULES])).toBe('ok');
    expect(promtool(['test', 'rules', RULE_TESTS])).toBe('ok');
  });

  test('understands every expression of the dashboard', ({ skip }) => {
    skip(noPromtool !== undefined, noPromtool);
    const folder = mkdtempSync(join(tmpdir(), 'retention-dashboard-'));
    const file = join(folder, 'panels.json');
    const records = targets.map(({ expr }, index) => ({
      record: `panel:${index}`,
      expr: withoutVariables(expr),
    }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules: records }] }));
    expect(promtool(['check', 'rules', file])).toBe('ok');
    rmSync(folder, { recursive: true });
  });
});

describe('the alert rules', () => {
  test('ask only for what is told', () => {
    const told = sampleNames();
    for (const { alert, expr } of rules) {
      const asked = metricsIn(expr);
      expect(asked.length, alert).toBeGreaterThan(0);
      expect(
        asked.filter((name) => !told.has(name) && !NOT_SCRAPED.includes(name)),
        alert,
      ).toEqual([]);
    }
  });

  test('say what happened and what to do, with a command that there is', () => {
    const documented = textOf('docs/commands.md');
    for (const { alert, labels, annotations } of rules) {
      expect(Object.keys(annotations), alert).toEqual(['summary', 'description', 'action']);
      expect(['warning', 'critical'], alert).toContain(labels.severity);
      const commands = [...(annotations['action'] ?? '').matchAll(/`customgpt-retention ([^`]*)`/g)];
      expect(commands.length, alert).toBeGreaterThan(0);
      for (const [, command = ''] of commands) {
        const [verb = '', ...words] = command.replaceAll(/\{\{.*?\}\}/g, 'NAME').split(' ');
        const heading = new RegExp(`^## .*\\b${verb} ?${verb === 'audit' ? (words[0] ?? '') : ''}\\b`, 'm');
        expect(documented, `${alert}: ${command}`).toMatch(heading);
        for (const flag of words.filter((word) => word.startsWith('--'))) expect(documented).toContain(flag);
      }
    }
  });

  test('are each seen to fire, and to be silent', () => {
    const tested = textOf('deploy/prometheus/alerts.test.yaml');
    const names = rules.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !tested.includes(name))).toEqual([]);
    // In the story in which all is well: whatever it asks for is there, and nothing fires.
    const quiet = tested.split('\n  - name: a worker that stopped')[0] ?? '';
    const missing = rules.flatMap(({ expr }) => metricsIn(expr).filter((name) => !quiet.includes(name)));
    expect(missing).toEqual([]);
    expect(quiet.match(/expr: ALERTS, eval_time: \w+, exp_samples: \[\]/g)?.length).toBeGreaterThan(3);
  });
});

describe('the dashboard', () => {
  test('asks only for what is told, and says what each panel shows', () => {
    const told = sampleNames();
    expect(targets.length).toBeGreaterThan(20);
    for (const { expr } of targets) {
      const asked = metricsIn(expr);
      expect(asked.length, expr).toBeGreaterThan(0);
      expect(
        asked.filter((name) => !told.has(name)),
        expr,
      ).toEqual([]);
      expect(withoutVariables(expr), expr).not.toContain('$');
    }
    for (const { definition } of dashboard.templating.list) {
      if (definition !== undefined)
        expect([...told]).toEqual(expect.arrayContaining([...metricsIn(definition)]));
    }
    for (const { type, title, description } of dashboard.panels) {
      expect(title).not.toBe('');
      if (type !== 'row') expect(description ?? '', title).toMatch(/\.$/);
    }
  });

  test('has panels of their own id that do not lie on each other', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
    for (const { targets: ofPanel = [] } of panels)
      expect(new Set(ofPanel.map(({ refId }) => refId)).size).toBe(ofPanel.length);
  });

  test('shows every metric that is told', () => {
    const shown = targets.map(({ expr }) => expr).join('\n') + rules.map(({ expr }) => expr).join('\n');
    const forQueriesOfPeople = ['backlog_as_of_timestamp_seconds', 'last_success_timestamp_seconds'];
    const missing = [...metricsScraped().keys()].filter((name) => !shown.includes(PREFIX + name));
    expect(missing.sort()).toEqual(forQueriesOfPeople);
  });
});

test('the document names every metric with its labels, and no other', () => {
  const rows = [
    ...(textOf('docs/metrics.md').split('## Traces')[0] ?? '').matchAll(/^\| `([a-z_]+)` +\|([^|]*)\|/gm),
  ];
  const documented = rows.map(([, name = '', labels = '']) => [
    name,
    [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label).sort(),
  ]);
  const byName = (one: readonly unknown[], other: readonly unknown[]): number =>
    String(one[0]) < String(other[0]) ? -1 : 1;
  expect(documented.sort(byName)).toEqual([...metricsScraped()].sort(byName));
});
