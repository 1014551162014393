/** Written between quotes as it stands: printable ASCII but `"` and `\`. */
const PLAIN = /^[ !#-[\]-~]*$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The one text that a JSON value has by RFC 8785: members sorted by UTF-16 code units, no spaces, numbers and escapes in
 * ECMAScript's shortest form. Members that are undefined have no place in it.
 * @throws Error for what is not JSON: NaN, an infinity, a lone surrogate, undefined in a list, any object but a plain one
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      if (!Number.isFinite(value)) throw notJson(String(value));
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? `[${value.map(canonicalJson).join(',')}]` : members(value);
    case 'undefined':
    case 'function':
    case 'symbol':
    case 'bigint':
      throw notJson(typeof value);
  }
}

/** Built as text: an object built anew would put keys like `7` first and lose one called `__proto__`. */
function members(object: object): string {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) throw notJson('an object of a class');
  const values = object as Readonly<Record<string, unknown>>;
  let text = '';
  // By UTF-16 code units, as RFC 8785 wants it: the default order of `sort`.
  for (const key of Object.keys(object).sort()) {
    const value = values[key];
    if (value === undefined) continue;
    text += `${text === '' ? '' : ','}${quoted(key)}:${canonicalJson(value)}`;
  }
  return `{${text}}`;
}

function quoted(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (LONE_SURROGATE.test(text)) throw notJson('a lone surrogate');
  return JSON.stringify(text);
}

function notJson(what: string): Error {
  return new Error(`${what} has no canonical JSON form`);
}
