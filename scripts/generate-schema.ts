import { writeFile } from 'node:fs/promises';
import { holdsJsonSchemaText } from '../src/config/holds-json-schema.ts';
import { policyJsonSchemaText } from '../src/config/policy-json-schema.ts';

const folder = new URL('../schema/', import.meta.url);
await writeFile(new URL('policy.schema.json', folder), policyJsonSchemaText());
await writeFile(new URL('holds.schema.json', folder), holdsJsonSchemaText());
