/* What a base URL and a key may look like, for whoever reads them and for whoever uses them. */

/** The origin that a text names. A problem reads on from the name of what holds the text, and repeats nothing of it. */
export type BaseUrlRead = { readonly value: string } | { readonly problem: string };

export function readBaseUrl(text: string): BaseUrlRead {
  if (!URL.canParse(text)) return { problem: 'is not a URL: write it like https://app.customgpt.ai' };
  const url = new URL(text);
  if (/[\s\p{Cc}\\]/u.test(text)) return { problem: 'holds spaces or signs that do not belong in a URL' };
  if (url.username !== '' || url.password !== '' || /^[^/]*\/\/[^/]*@/.test(text)) {
    return { problem: 'holds a user or password: the key belongs in CUSTOMGPT_API_KEY' };
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { problem: 'must start with https://' };
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return { problem: 'must start with https://: over plain http the key would be readable on the way' };
  }
  if (/[?#]/.test(text)) return { problem: 'must not hold ? or #: write scheme and host only' };
  if (url.pathname !== '/')
    return { problem: 'must not hold a path (/api/v1 is added): write scheme and host only' };
  return { value: url.origin };
}

/** The URL parser has brought every way of writing an IPv4 address into this form. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/** A name or an address as a URL has it. */
export function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Whether a text can stand in a header as the API's key: ASCII without spaces. */
export function isApiKey(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
