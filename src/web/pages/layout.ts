import { html, NOTHING, type Html } from '../../report/html.ts';
import type { Visitor } from '../access.ts';

export interface PageParts {
  readonly title: string;
  /** Path of the entry of the navigation that is shown as the current one. */
  readonly at: string;
  /** Undefined: nobody is signed in, and there is nothing to navigate. */
  readonly visitor: Visitor | undefined;
  readonly version: string;
  /** Of the times on it, IANA name; undefined: there are none. */
  readonly timeZone?: string;
  readonly body: Html;
}

const PLACES = [
  ['/', 'Overview'],
  ['/runs', 'Runs'],
  ['/holds', 'Holds'],
] as const;

/** A whole page. Style and script are files of this server; its content security policy allows nothing else. */
export function page(parts: PageParts): string {
  const { title, body, visitor, version, timeZone } = parts;
  const head = html`<meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="robots" content="noindex" />
    <title>${title} · customgpt-retention</title>
    <link rel="icon" href="/icon.svg" />
    <link rel="stylesheet" href="/style.css" />
    <script src="/script.js" defer></script>`;
  const content = html`<a class="skip" href="#main">Skip to the content</a>
    <header class="bar">
      <p class="brand">customgpt-retention</p>
      ${visitor === undefined ? NOTHING : navigation(parts.at, visitor)}
    </header>
    <main id="main" tabindex="-1">${body}</main>
    <footer class="foot">
      customgpt-retention ${version}.${timeZone === undefined ? '' : ` Times: ${timeZone}.`} Nothing is
      deleted from here.
    </footer>`;
  return `<!doctype html>\n<html lang="en">\n<head>${head.html}</head>\n<body>${content.html}</body>\n</html>\n`;
}

function navigation(at: string, { csrf, role, holder }: Visitor): Html {
  return html`<nav aria-label="Pages">
      ${PLACES.map(
        ([path, words]) =>
          html`<a href="${path}" ${path === at ? html`aria-current="page"` : NOTHING}>${words}</a> `,
      )}
    </nav>
    ${
      csrf === undefined
        ? NOTHING
        : html`<form method="post" action="/logout">
            <input type="hidden" name="csrf" value="${csrf}" />
            <span class="who">${holder ?? role}</span>
            <button class="quiet">Sign out</button>
          </form>`
    }`;
}

/** One sentence, and where to go from there. */
export function messagePage(
  parts: Omit<PageParts, 'body' | 'at'> & {
    readonly words: string;
    readonly link?: readonly [string, string];
  },
): string {
  const [href, label] = parts.link ?? ['/', 'To the overview'];
  const body = html`<section class="sheet">
    <h1>${parts.title}</h1>
    <p class="lead">${parts.words}</p>
    <p><a href="${href}">${label}</a></p>
  </section>`;
  return page({ ...parts, at: '', body });
}

export function loginPage(parts: {
  readonly version: string;
  /** Path to go on to. */
  readonly to: string;
  readonly problem: string | undefined;
}): string {
  const { version, to, problem } = parts;
  const body = html`<section class="sheet login">
    <h1>Sign in</h1>
    <form method="post" action="/login">
      <input type="hidden" name="to" value="${to}" />
      <input type="text" name="username" value="token" autocomplete="username" hidden />
      <label for="token">Token</label>
      <input
        id="token"
        name="token"
        type="password"
        autocomplete="current-password"
        required
        ${problem === undefined ? NOTHING : html`aria-invalid="true" aria-describedby="problem"`}
      />
      ${problem === undefined ? NOTHING : html`<p id="problem" class="bad" role="alert">${problem}</p>`}
      <button>Sign in</button>
    </form>
    <p class="quiet">One of the tokens in the file that <code>RETENTION_HTTP_TOKEN_FILE</code> names.</p>
  </section>`;
  return page({ title: 'Sign in', at: '', visitor: undefined, version, body });
}
