import type { Chance } from '../ports/surroundings.ts';

/**
 * An id in the shape of a listed one that nobody has: asked for it, the API shows what *gone* looks like. Digits become other
 * digits, letters other letters of the same case, or stay; hex stays hex in a UUID.
 */
export function impossibleId(
  like: string,
  chance: Chance,
  { keepsLetters = false }: { readonly keepsLetters?: boolean } = {},
): string {
  const isUuid = UUID.test(like);
  return Array.from(like, (sign, index) => {
    // Version and variant: a service may refuse what is no UUID at all.
    if (isUuid && (index === 14 || index === 19)) return sign;
    if (keepsLetters && /[A-Za-z]/.test(sign)) return sign;
    const alphabet = alphabetOf(sign, isUuid);
    return alphabet?.charAt(Math.floor(chance.fraction() * alphabet.length)) ?? sign;
  }).join('');
}

/** Whether the API may know its ids by a word in them, and refuse any other unread: `chat-4417`, not `aZ3k9Qx1`. */
export function hasWord(id: string): boolean {
  return !UUID.test(id) && /[a-z]{3}/i.test(id) && id.replaceAll(/\D/g, '').length >= 4;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DIGITS = '0123456789';
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

function alphabetOf(sign: string, isHex: boolean): string | undefined {
  if (/[0-9a-f]/.test(sign) && isHex) return `${DIGITS}abcdef`;
  if (/[A-F]/.test(sign) && isHex) return `${DIGITS}ABCDEF`;
  if (/\d/.test(sign)) return DIGITS;
  if (/[a-z]/.test(sign)) return LETTERS;
  return /[A-Z]/.test(sign) ? LETTERS.toUpperCase() : undefined;
}
