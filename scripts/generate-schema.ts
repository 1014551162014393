import { writeFile } from 'node:fs/promises';
import { policyJsonSchemaText } from '../src/config/policy-json-schema.ts';

await writeFile(new URL('../schema/policy.schema.json', import.meta.url), policyJsonSchemaText());
