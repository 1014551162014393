import * as z from 'zod';
import {
  isMeantAsId,
  problemOfProjectId,
  problemOfSessionId,
  problemOfUserId,
  PROJECT_ID,
  SESSION_ID,
  USER_ID,
} from '../core/ids.ts';
import { compileNameTest } from '../core/name-match.ts';
import { problemOfProjectDialect } from './dialects/dialects.ts';

/** Text whose meaning a function checks; the function's problem is the message. */
export function checkedText(problemOf: (text: string) => string | undefined): z.ZodString {
  return z.string().superRefine((text, context) => {
    const message = problemOf(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

export function oneOrMore<Item extends z.ZodType>(item: Item): z.ZodUnion<readonly [Item, z.ZodArray<Item>]> {
  return z.union([item, z.array(item).min(1)]);
}

export const userId = z.union([
  z.int().min(0),
  checkedText(problemOfUserId).meta({ pattern: USER_ID.source }),
]);

export const sessionId = z.union([
  z
    .int()
    .superRefine((id, context) => {
      const message = problemOfSessionId(String(id));
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .meta({ minimum: 10_000_000 }),
  checkedText(problemOfSessionId).meta({ pattern: SESSION_ID.source }),
]);

export const projectId = z.union([
  z.int().min(1),
  checkedText(problemOfProjectId).meta({ pattern: PROJECT_ID.source }),
]);

/** A project's id, or a glob over its whole name; text of digits alone is an id too. */
export const projectPattern = z.union([
  z.int().min(1),
  checkedText((text) => {
    if (isMeantAsId(text)) return problemOfProjectId(text);
    const compiled = compileNameTest('glob', text);
    return compiled.ok ? problemOfProjectDialect(text) : compiled.problem;
  }).meta({ minLength: 1 }),
]);
