import type { TopLevelSpec } from 'vega-lite';
import { bandInWords, bandsUpTo } from '../../core/age-bands.ts';
import { html, NOTHING, type Html } from '../html.ts';
import { counted, grouped } from '../quantities.ts';
import { hasLostRows, isDryRun, type Report } from '../report.ts';
import { plainTable } from './tables.ts';

/** Bars of a chart by project or rule; the rest is one bar more. */
const MOST_BARS = 12;
/** Of a chart, in its own pixels: near what it has on a phone, so that its words stay legible there. */
const WIDTH = 340;

/** What the eye takes in at once: ages before and after, and what would go, or went, by project and by rule. */
export async function chartsHtml(report: Report): Promise<Html> {
  const charts = [await agesHtml(report), ...(await barsHtml(report))].filter(
    ({ html: text }) => text !== '',
  );
  return charts.length === 0 ? NOTHING : html`<div class="two">${charts}</div>`;
}

/** A bar for each band of ages: what stays, and on it what goes. */
async function agesHtml(report: Report): Promise<Html> {
  const ages = report.plan?.findings.ages ?? [];
  if (ages.length === 0 || hasLostRows(report)) return NOTHING;
  const goes = isDryRun(report) ? 'would be deleted' : 'deleted';
  const bands = bandsUpTo(ages).map((fromDays) => {
    const band = ages.find((one) => one.fromDays === fromDays);
    const before = band === undefined ? 0 : band.delete + band.keep + band.held + band.unknown;
    const gone = isDryRun(report) ? (band?.delete ?? 0) : (report.totals.deletedByBand.get(fromDays) ?? 0);
    return { age: bandInWords(fromDays), before, gone, after: before - gone };
  });
  const values = bands.flatMap(({ age, gone, after }) => [
    { age, count: after, part: 'stays', order: 0 },
    { age, count: gone, part: goes, order: 1 },
  ]);
  const svg = await svgOf({
    data: { values },
    mark: 'bar',
    encoding: {
      y: { field: 'age', type: 'ordinal', sort: null, title: null },
      x: { field: 'count', type: 'quantitative', stack: 'zero', title: null },
      color: {
        field: 'part',
        type: 'nominal',
        scale: { domain: ['stays', goes], range: ['var(--stays)', 'var(--goes)'] },
        legend: { orient: 'top', title: null },
      },
      order: { field: 'order', type: 'quantitative' },
    },
  });
  const rows = bands.map((band) => [band.age, ...[band.before, band.gone, band.after].map(grouped)]);
  return figureHtml({
    title: 'Ages before and after',
    caption: html`What was listed, by the age that its rule counts${unreadWords(report)}. A whole bar is what
    was there before; its grey part is what stays.`,
    svg,
    table: plainTable(['Age', 'Before', goes, 'After'], rows),
  });
}

/** What a listing that stopped early did not read is younger, and stays. */
function unreadWords({ plan }: Report): string {
  const unread = (plan?.projects ?? []).reduce(
    (sum, { sampled, total, listed }) =>
      sum + (sampled === undefined ? 0 : Math.max(0, (sampled.claimed ?? total) - listed)),
    0,
  );
  return unread === 0 ? '' : `; ${counted(unread, 'younger one')} that no rule can reach left out`;
}

interface Bar {
  readonly name: string;
  readonly count: number;
}

async function barsHtml(report: Report): Promise<readonly Html[]> {
  const { plan, totals } = report;
  const isDry = isDryRun(report);
  const ofRules = [...totals.byRule].map(([name, { planned, deleted }]): Bar => ({
    name,
    count: isDry ? planned : deleted,
  }));
  const ofProjects = (plan?.projects ?? []).map(({ projectId, planned }): Bar => ({
    name: String(projectId),
    count: isDry ? planned : (totals.byProject.get(projectId)?.get('verified') ?? 0),
  }));
  return Promise.all([barHtml('Rule', ofRules, isDry), barHtml('Project', ofProjects, isDry)]);
}

async function barHtml(what: string, all: readonly Bar[], isDry: boolean): Promise<Html> {
  const bars = mostOf(all);
  if (bars.length === 0) return NOTHING;
  const svg = await svgOf({
    data: { values: [...bars] },
    mark: { type: 'bar', color: 'var(--goes)' },
    encoding: {
      y: { field: 'name', type: 'ordinal', sort: null, title: null },
      x: { field: 'count', type: 'quantitative', title: null },
    },
  });
  const rows = bars.map(({ name, count }) => [name, grouped(count)]);
  return figureHtml({
    title: `By ${what.toLowerCase()}`,
    caption: html`Conversations that ${isDry ? 'would be' : 'were'} deleted.`,
    svg,
    table: plainTable([what, isDry ? 'Would be deleted' : 'Deleted'], rows),
  });
}

function mostOf(bars: readonly Bar[]): readonly Bar[] {
  const sorted = bars.filter(({ count }) => count > 0).sort((one, other) => other.count - one.count);
  if (sorted.length <= MOST_BARS) return sorted;
  const rest = sorted.slice(MOST_BARS - 1);
  const count = rest.reduce((sum, bar) => sum + bar.count, 0);
  return [...sorted.slice(0, MOST_BARS - 1), { name: `${grouped(rest.length)} others`, count }];
}

function figureHtml({ title, caption, svg, table }: Figure): Html {
  return html`<figure class="sheet chart">
    <h2>${title}</h2>
    <figcaption>${caption}</figcaption>
    ${svg}
    <details>
      <summary class="quiet">In numbers</summary>
      ${table}
    </details>
  </figure> `;
}

interface Figure {
  readonly title: string;
  readonly caption: Html;
  readonly svg: Html;
  /** The same in numbers. */
  readonly table: Html;
}

const SIZE = { width: WIDTH, height: { step: 20 }, autosize: { type: 'fit-x', contains: 'padding' } };

/** An SVG without script or style of its own. The table beside it says the same, so readers of the page pass over it. */
async function svgOf(spec: Partial<TopLevelSpec>): Promise<Html> {
  // Loaded only here: few commands draw anything.
  const [{ compile }, { View, logger, None, parse }] = await Promise.all([
    import('vega-lite'),
    import('vega'),
  ]);
  const config = {
    background: 'transparent',
    view: { stroke: null },
    axis: {
      gridColor: 'var(--line)',
      domainColor: 'var(--line)',
      tickColor: 'var(--line)',
      labelFontSize: 11,
      labelLimit: 160,
    },
    axisX: { tickMinStep: 1, tickCount: 4, format: ',d' },
    axisY: { grid: false, ticks: false },
    legend: { labelFontSize: 11, symbolType: 'square' as const },
  };
  // It would say on standard error how it understood the size.
  const quiet = { logger: logger(None) };
  const { spec: drawn } = compile({ ...spec, ...SIZE, config } as TopLevelSpec, quiet);
  const view = new View(parse(drawn), { renderer: 'none', ...quiet });
  const text = await view.toSVG();
  view.finalize();
  return { html: text.replace('<svg ', '<svg aria-hidden="true" focusable="false" ') };
}
