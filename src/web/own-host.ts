import { isIP } from 'node:net';

/**
 * Whether a request was meant for this server, by its `Host`. A page of somebody else's can make a browser send requests here
 * under a name of its own (DNS rebinding); it cannot do so under an address, nor under a name that is listed.
 */
export function isOwnHost(header: string | undefined, names: readonly string[]): boolean {
  const host = hostIn(header);
  if (host === undefined) return false;
  return host === 'localhost' || isIP(host) !== 0 || names.includes(host);
}

/** Without the port and the brackets of an IPv6 address, in lower case; undefined where it is no host. */
function hostIn(header: string | undefined): string | undefined {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::\d{1,5})?$/i.exec(header ?? '');
  return (parts?.[1] ?? parts?.[2])?.toLowerCase();
}
