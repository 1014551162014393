import type { ReportFormat } from './format-names.ts';
import type { Report } from './report.ts';
import { reportCsv } from './report-csv.ts';
import { reportJson } from './report-json.ts';
import { reportMarkdown } from './report-markdown.ts';

/** A report in pieces, which are written one after the other. */
export async function* reportText(report: Report, format: ReportFormat): AsyncGenerator<string> {
  switch (format) {
    case 'html': {
      // Loaded only here: it draws charts.
      const { pageHtml } = await import('./page/page.ts');
      yield* pageHtml(report);
      return;
    }
    case 'json':
      yield* reportJson(report);
      return;
    case 'csv':
      yield* reportCsv(report);
      return;
    case 'md':
      yield* reportMarkdown(report);
  }
}
