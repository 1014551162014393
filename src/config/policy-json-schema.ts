import * as z from 'zod';
import { policySchema } from './policy-schema.ts';

/** JSON Schema (draft 2020-12) of a policy file, for editors. It knows shapes; `validate` knows the rest. */
export function policyJsonSchema(): object {
  return z.toJSONSchema(policySchema, { target: 'draft-2020-12', io: 'input' });
}

/** The text of `schema/policy.schema.json`. */
export function policyJsonSchemaText(): string {
  return `${JSON.stringify(policyJsonSchema(), null, 2)}\n`;
}
