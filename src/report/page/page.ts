import { createHash } from 'node:crypto';
import { html, type Html } from '../html.ts';
import type { Report } from '../report.ts';
import { chartsHtml } from './charts.ts';
import { conversationsHtml } from './conversations.ts';
import { headHtml, notesHtml, figuresHtml } from './head.ts';
import { PAGE_SCRIPT } from './script.ts';
import { policyHtml, proofHtml, projectsHtml, protectionsHtml, signHtml, costHtml } from './sections.ts';
import { PAGE_STYLE } from './style.ts';
import { titleOf } from './title.ts';

/** An element and the hash of what is in it: built without a template, in which a space more would make another hash. */
function element(
  tag: 'style' | 'script',
  content: string,
): { readonly markup: Html; readonly source: string } {
  const digest = createHash('sha256').update(content).digest('base64');
  return { markup: { html: `<${tag}>${content}</${tag}>` }, source: `'sha256-${digest}'` };
}

const STYLE = element('style', PAGE_STYLE);
const SCRIPT = element('script', PAGE_SCRIPT);
const POLICY = `default-src 'none'; style-src ${STYLE.source}; script-src ${SCRIPT.source}; base-uri 'none'; form-action 'none'`;

/**
 * A report as one HTML page that needs nothing else: no network, no font, no picture; where scripts do not run, nothing is
 * missing. In pieces: its rows are written as they are read.
 */
export async function* pageHtml(report: Report): AsyncGenerator<string> {
  const head = html`<meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="referrer" content="no-referrer" />
    <meta name="robots" content="noindex" />
    <title>${titleOf(report)}</title>
    ${STYLE.markup} ${SCRIPT.markup}`;
  const above: readonly Html[] = [
    headHtml(report),
    notesHtml(report),
    figuresHtml(report),
    await chartsHtml(report),
    html`<div class="two">
      ${policyHtml(report)}
      <div>${protectionsHtml(report)} ${costHtml(report)}</div>
    </div>`,
    projectsHtml(report),
  ];
  // Elements that stay open over several pieces are no templates: those are whole.
  yield `<!doctype html>\n<html lang="en">\n<head>${head.html}</head>\n<body><main>\n`;
  yield html`${above}`.html;
  yield* conversationsHtml(report);
  yield html`${proofHtml(report)} ${signHtml(report)}`.html;
  yield '\n</main></body>\n</html>\n';
}
