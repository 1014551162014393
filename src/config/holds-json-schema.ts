import * as z from 'zod';
import { holdsSchema } from './holds-schema.ts';

/** JSON Schema (draft 2020-12) of a file of holds, for editors. It knows shapes; `validate` knows the rest. */
export function holdsJsonSchema(): object {
  return z.toJSONSchema(holdsSchema, { target: 'draft-2020-12', io: 'input' });
}

/** The text of `schema/holds.schema.json`. */
export function holdsJsonSchemaText(): string {
  return `${JSON.stringify(holdsJsonSchema(), null, 2)}\n`;
}
