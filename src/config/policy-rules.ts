import type { Path } from './problems.ts';
import { EMPTY_MATCH, type Fault } from './schema-problems.ts';

const TESTS: readonly string[] = ['glob', 'equals', 'contains', 'starts_with', 'regex'];

type Block = Readonly<Record<string, unknown>>;

/**
 * What holds between the values of a policy, checked on the data as read: the schema may have found other faults in it,
 * and all of them are reported together. Whatever is of the wrong kind is the schema's business and is passed over.
 */
export function crossFaults(data: unknown): readonly Fault[] {
  if (!isBlock(data) || !Array.isArray(data['rules'])) return [];
  const rules: readonly unknown[] = data['rules'];
  return [
    ...repeatedNames(rules),
    ...rules.flatMap((rule, index) =>
      isBlock(rule) ? faultsOfMatch(rule['match'], ['rules', index, 'match']) : [],
    ),
  ];
}

function repeatedNames(rules: readonly unknown[]): readonly Fault[] {
  const firsts = new Map<string, number>();
  return rules.flatMap((rule, index) => {
    const name = isBlock(rule) ? rule['name'] : undefined;
    if (typeof name !== 'string') return [];
    const first = firsts.get(name);
    if (first === undefined) firsts.set(name, index);
    if (first === undefined) return [];
    return [{ path: ['rules', index, 'name'], message: `is the name of rules[${first}] already` }];
  });
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
  if (isBlock(match['name'])) faults.push(...faultsOfName(match['name'], [...path, 'name']));
  for (const key of ['any', 'all']) {
    const parts: unknown = match[key];
    if (!Array.isArray(parts)) continue;
    parts.forEach((part, index) => faults.push(...faultsOfMatch(part, [...path, key, index])));
  }
  faults.push(...faultsOfMatch(match['not'], [...path, 'not']));
  return faults;
}

function faultsOfName(name: Block, path: Path): readonly Fault[] {
  const tests = TESTS.filter((test) => name[test] !== undefined);
  if (tests.length === 1) return [];
  const message =
    tests.length === 0
      ? `says nothing about the name: write one of ${TESTS.join(', ')}`
      : `must hold one test, not ${tests.join(' and ')}: join several with all or any`;
  return [{ path, message }];
}

function isBlock(value: unknown): value is Block {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
