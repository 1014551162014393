import * as z from 'zod';

/** Counts arrive as numbers or as their text. */
const wholeNumber = z.union([
  z.int().nonnegative(),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
]);

const envelope = { status: z.literal('success').optional() };

/** Laravel's paginator, the part of it that we follow: page numbers, never the URLs. */
const paginator = z.object({
  current_page: wholeNumber,
  last_page: wholeNumber,
  /** Only used to check ourselves: garbage is as good as missing. */
  total: wholeNumber.optional().catch(undefined),
  data: z.array(z.unknown()),
});

/** `{"data": paginator, "status": "success"}`: projects, conversations. */
const listAnswer = z.object({ ...envelope, data: paginator });

const object = z.record(z.string(), z.unknown());

/** `{"data": {"conversation": {…}, "messages": paginator}, "status": "success"}`; one of the two must be there. */
const messagesAnswer = z.object({
  ...envelope,
  data: z
    .object({
      conversation: object.optional().catch(undefined),
      messages: object.optional().catch(undefined),
    })
    .refine((data) => data.conversation !== undefined || data.messages !== undefined),
});

export interface Paginated {
  readonly page: number;
  readonly lastPage: number;
  readonly total: number | undefined;
  readonly rows: readonly unknown[];
}

function toPaginated(value: z.infer<typeof paginator>): Paginated {
  return { page: value.current_page, lastPage: value.last_page, total: value.total, rows: value.data };
}

/** Undefined for anything that is not a list answer. */
export function parseList(json: unknown): Paginated | undefined {
  const parsed = listAnswer.safeParse(json);
  return parsed.success ? toPaginated(parsed.data.data) : undefined;
}

export interface MessagesAnswer {
  /** As it came: an object of unknown content. */
  readonly conversation: Readonly<Record<string, unknown>> | undefined;
  /** Undefined when there were no messages in the answer, or no readable paginator around them. */
  readonly messages: Paginated | undefined;
}

/** Undefined for anything that is not the answer of `GET …/messages`. */
export function parseMessages(json: unknown): MessagesAnswer | undefined {
  const parsed = messagesAnswer.safeParse(json);
  if (!parsed.success) return undefined;
  const { conversation, messages } = parsed.data.data;
  const page = paginator.safeParse(messages);
  return { conversation, messages: page.success ? toPaginated(page.data) : undefined };
}
