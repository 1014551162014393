import type { NameTest } from '../core/selector.ts';
import { compileNameTest } from '../core/name-match.ts';
import { problemOfNameDialect } from './dialects/dialects.ts';
import { NAME_TESTS } from './policy-schema.ts';
import { nearestName, type Path } from './problems.ts';
import { EMPTY_MATCH, type Fault } from './schema-problems.ts';

type Block = Readonly<Record<string, unknown>>;

/**
 * What holds between the values of a policy, checked on the data as read: the schema may have found other faults in it,
 * and all of them are reported together. Whatever is of the wrong kind is the schema's business and is passed over.
 */
export function crossFaults(data: unknown): readonly Fault[] {
  if (!isBlock(data)) return [];
  const rules = listAt(data, 'rules');
  return [
    ...faultsOfProjects(data['projects']),
    ...repeatedNames(rules),
    ...uselessKeeps(rules),
    ...rules.flatMap((rule, index) => (isBlock(rule) ? faultsOfRule(rule, ['rules', index]) : [])),
  ];
}

// ── Projects ────────────────────────────────────────────────────────────────────────────────────────────────

function faultsOfProjects(projects: unknown): readonly Fault[] {
  if (!isBlock(projects)) return [];
  const excluded = listAt(projects, 'exclude').map(String);
  const contradictions = listAt(projects, 'released').flatMap((id, index): readonly Fault[] => {
    const at = excluded.indexOf(String(id));
    if (at === -1) return [];
    const message = `is excluded by exclude[${at}] as well: take it out of one of the two`;
    return [{ path: ['projects', 'released', index], message }];
  });
  const strangers = listAt(projects, 'allow_unmatched').flatMap((entry, index): readonly Fault[] => {
    if (excluded.includes(String(entry))) return [];
    return [
      {
        path: ['projects', 'allow_unmatched', index],
        message: 'is no entry of exclude: repeat one as it is written there',
        suggestion: nearestName(String(entry), excluded),
      },
    ];
  });
  return [...contradictions, ...strangers];
}

// ── Rules ───────────────────────────────────────────────────────────────────────────────────────────────────

function repeatedNames(rules: readonly unknown[]): readonly Fault[] {
  const firsts = new Map<string, number>();
  return rules.flatMap((rule, index) => {
    const name = isBlock(rule) ? rule['name'] : undefined;
    if (typeof name !== 'string') return [];
    const first = firsts.get(name);
    if (first === undefined) firsts.set(name, index);
    if (first === undefined) return [];
    return [{ path: ['rules', index, 'name'], message: `is already the name of rules[${first}]` }];
  });
}

/** Keep rules behind the last delete rule: they stand where everything has been decided. The catch-all may stand there. */
function uselessKeeps(rules: readonly unknown[]): readonly Fault[] {
  const last = rules.findLastIndex((rule) => isBlock(rule) && rule['action'] === 'delete');
  if (last === -1) return [];
  return rules.flatMap((rule, index) => {
    if (index < last || !isBlock(rule) || rule['action'] !== 'keep' || rule['match'] === 'everything')
      return [];
    const message = `keeps nothing here, because every delete rule stands above it: move it above rules[${last}] at least`;
    return [{ path: ['rules', index, 'action'], message }];
  });
}

function faultsOfRule(rule: Block, path: Path): readonly Fault[] {
  const faults = faultsOfMatch(rule['match'], [...path, 'match']);
  if (rule['binds'] === undefined || rule['action'] !== 'delete') return faults;
  const message = 'belongs to keep rules: a delete rule acts in its own policy only';
  return [...faults, { path: [...path, 'binds'], at: 'key', message }];
}

function faultsOfMatch(match: unknown, path: Path): readonly Fault[] {
  if (!isBlock(match)) return [];
  if (Object.keys(match).length === 0) {
    return [{ path, message: path.length === 3 ? EMPTY_MATCH : 'is empty: it says nothing' }];
  }
  const faults: Fault[] = [];
  if (match['age_from'] !== undefined && match['older_than'] === undefined) {
    faults.push({
      path: [...path, 'age_from'],
      at: 'key',
      message: 'stands without older_than, so it says nothing',
    });
  }
  faults.push(...faultsOfName(match['name'], [...path, 'name']));
  for (const key of ['any', 'all']) {
    listAt(match, key).forEach((part, index) => faults.push(...faultsOfMatch(part, [...path, key, index])));
  }
  faults.push(...faultsOfMatch(match['not'], [...path, 'not']));
  return faults;
}

function faultsOfName(name: unknown, path: Path): readonly Fault[] {
  if (!isBlock(name)) return dialectFaults('glob', name, path);
  const tests = NAME_TESTS.filter((test) => name[test] !== undefined);
  if (tests.length !== 1) {
    const message =
      tests.length === 0
        ? `says nothing about the name: write one of ${NAME_TESTS.join(', ')}`
        : `must hold one test, not ${tests.join(' and ')}: join several with all or any`;
    return [{ path, message }];
  }
  if (name['literal'] === true) return [];
  return tests.flatMap((how) => dialectFaults(how, name[how], [...path, how]));
}

function dialectFaults(how: NameTest, written: unknown, path: Path): readonly Fault[] {
  if (Array.isArray(written)) {
    return written.flatMap((one, index) => dialectFaults(how, textOf(one), [...path, index]));
  }
  if (typeof written !== 'string') return [];
  const message = problemOfNameDialect(how, written);
  // What does not compile has been told already.
  if (message === undefined || !compileNameTest(how, written).ok) return [];
  return [{ path, message }];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function listAt(block: Block, key: string): readonly unknown[] {
  const value = block[key];
  return Array.isArray(value) ? value : [];
}

function isBlock(value: unknown): value is Block {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
