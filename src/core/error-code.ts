/** What Node, the system or SQLite calls an error: `ENOENT`, `SQLITE_FULL`. Undefined for an error without a code, and for no error. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
