const ASCII = /^[\0-\x7f]*$/;

/** Where Unicode simple case folding is not what "to upper case, then to lower case" gives for one character. */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  // The dotless i is a letter of its own: folded to i, Turkish names would match what they are not.
  ['ı', 'ı'],
  // Two ligatures of the same letters, each with two capitals only.
  ['ﬆ', 'ﬅ'],
]);

/**
 * Unicode simple case folding: texts that differ in case only become equal, in every locale alike. Each character
 * stays one character.
 */
export function foldCase(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  let folded = '';
  for (const character of text) folded += foldCharacter(character);
  return folded;
}

function foldCharacter(character: string): string {
  const exception = EXCEPTIONS.get(character);
  if (exception !== undefined) return exception;
  // By way of the capital, since several small letters share one: σ and ς, s and ſ.
  const upper = single(character.toUpperCase()) ?? character;
  return single(upper.toLowerCase()) ?? upper;
}

/** The text if it is one character; ß becomes SS in upper case, which simple folding does not follow. */
function single(text: string): string | undefined {
  return Array.from(text).length === 1 ? text : undefined;
}
