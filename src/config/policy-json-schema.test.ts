import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { policyJsonSchema, policyJsonSchemaText } from './policy-json-schema.ts';

interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly minProperties?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

const root = policyJsonSchema() as Schema;

/** As much of a validator as the schema needs; true when the data has the shape. */
function fits(schema: Schema, data: unknown): boolean {
  if (schema.$ref !== undefined) return fits(resolve(schema.$ref), data);
  if (schema.anyOf?.some((branch) => fits(branch, data)) === false) return false;
  if (schema.enum?.includes(data) === false) return false;
  if (schema.const !== undefined && schema.const !== data) return false;
  return fitsType(schema, data);
}

function fitsType(schema: Schema, data: unknown): boolean {
  switch (schema.type) {
    case 'object':
      return fitsBlock(schema, data);
    case 'array':
      return (
        Array.isArray(data) &&
        data.length >= (schema.minItems ?? 0) &&
        data.every((item) => fits(schema.items ?? {}, item))
      );
    case 'string':
      return typeof data === 'string' && fitsPattern(schema.pattern, data);
    case 'integer':
    case 'number':
      return (
        typeof data === 'number' &&
        data >= (schema.minimum ?? -Infinity) &&
        data <= (schema.maximum ?? Infinity)
      );
    case 'boolean':
      return typeof data === 'boolean';
    default:
      return true;
  }
}

function fitsPattern(pattern: string | undefined, data: string): boolean {
  return pattern === undefined || new RegExp(pattern, 'u').test(data);
}

function fitsBlock(schema: Schema, data: unknown): boolean {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return false;
  const entries = Object.entries(data);
  return (
    entries.length >= (schema.minProperties ?? 0) &&
    (schema.required ?? []).every((key) => key in data) &&
    entries.every(([key, value]) => {
      const property = schema.properties?.[key];
      return property === undefined ? schema.additionalProperties !== false : fits(property, value);
    })
  );
}

function resolve(reference: string): Schema {
  const found = root.$defs?.[reference.replace('#/$defs/', '')];
  if (found === undefined) throw new Error(reference);
  return found;
}

const SMALL = {
  version: 1,
  name: 'a',
  projects: { include: ['*'] },
  rules: [{ name: 'r', match: 'everything', action: 'keep' }],
};

describe('the schema for editors', () => {
  it('is as committed; otherwise run: npx tsx scripts/generate-schema.ts', async () => {
    const committed = await readFile(new URL('../../schema/policy.schema.json', import.meta.url), 'utf8');
    expect(committed).toBe(policyJsonSchemaText());
  });

  it('says which draft it is', () => {
    expect(root).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'Retention policy',
    });
  });

  it('accepts the example policies', async () => {
    const folder = new URL('../../policies/', import.meta.url);
    const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml') && name !== 'holds.yaml');
    expect(names.length).toBeGreaterThanOrEqual(3);
    for (const name of names) {
      const text = await readFile(new URL(name, folder), 'utf8');
      expect(text).toContain('# yaml-language-server: $schema=../schema/policy.schema.json');
      if (!fits(root, parse(text))) expect.fail(name);
    }
  });

  it.each([
    [true, {}],
    [
      true,
      {
        rules: [
          { name: 'r', match: { any: [{ name: 'a*' }, { not: { older_than: '1y' } }] }, action: 'delete' },
        ],
      },
    ],
    [
      true,
      { rules: [{ name: 'r', match: { name: { regex: ['a', 'b'], ignore_case: true } }, action: 'delete' }] },
    ],
    [true, { rules: [{ name: 'r', match: { created_by: ['anonymous', 7] }, action: 'delete' }] }],
    [false, { version: 2 }],
    [false, { unknown: 1 }],
    [false, { name: 'A' }],
    [false, { projects: {} }],
    [false, { projects: { include: [] } }],
    [false, { rules: [] }],
    [false, { rules: [{ name: 'r', match: 'all', action: 'delete' }] }],
    [false, { rules: [{ name: 'r', match: {}, action: 'delete' }] }],
    [false, { rules: [{ name: 'r', match: { older_than: '3m' }, action: 'delete' }] }],
    [false, { rules: [{ name: 'r', match: { older_than: 30 }, action: 'delete' }] }],
    [false, { rules: [{ name: 'r', match: { not: { x: 1 } }, action: 'delete' }] }],
    [false, { limits: { max_percent: 101 } }],
    [false, { concurrency: 0 }],
  ])('%s for %j', (expected, changes) => {
    expect(fits(root, { ...SMALL, ...changes })).toBe(expected);
  });
});
