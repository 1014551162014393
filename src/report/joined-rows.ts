import type { ReportRow } from './report.ts';

/** Rows of which so many texts are joined: a write for each would cost more than the row. */
const ROWS_TOGETHER = 500;

export async function* joinedRows(
  rows: AsyncIterable<ReportRow>,
  textOf: (row: ReportRow, index: number) => string,
): AsyncGenerator<string> {
  let text = '';
  let count = 0;
  for await (const row of rows) {
    text += textOf(row, count);
    count += 1;
    if (count % ROWS_TOGETHER !== 0) continue;
    yield text;
    text = '';
  }
  yield text;
}
