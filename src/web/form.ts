import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';

/** The fields of a form that are texts. Throws HTTPException 400 where it is none. */
export async function formOf(context: Context): Promise<Readonly<Record<string, string | undefined>>> {
  try {
    const fields = await context.req.parseBody();
    return Object.fromEntries(
      Object.entries(fields).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    );
  } catch (error) {
    if (error instanceof HTTPException) throw error;
    throw new HTTPException(400, { message: 'this form cannot be read\n', cause: error });
  }
}
