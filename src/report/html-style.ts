/**
 * The page's only style. Sizes follow the reader's own; colours keep a contrast of 4.5 or more in both schemes; on
 * paper the scheme is always light, heads repeat, and no row is cut.
 */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --page: #fbfaf6; --sheet: #ffffff; --ink: #1d2024; --soft: #5a6068; --line: #e2dfd6; --faint: #f3f1ea;
  --good: #1c6b50; --good-bar: #3d8f72; --gone-bar: #a9cdbd; --held: #8a5a00; --held-bar: #c99b3f; --unknown-bar: #8d94a0; --kept-bar: #d9d5c8;
  --warn-ink: #5f3d00; --warn-page: #fdf3df; --warn-line: #d6a23e;
  --bad-ink: #8a1f1f; --bad-page: #fcecea; --bad-line: #c9574f;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14161a; --sheet: #1a1d22; --ink: #e8e6e0; --soft: #a4a9b2; --line: #30353d; --faint: #20242a;
    --good: #84cfb0; --good-bar: #4fa687; --gone-bar: #2f5f4f; --held: #e2bd74; --held-bar: #b98d3b; --unknown-bar: #727a87; --kept-bar: #3a4049;
    --warn-ink: #f2dcae; --warn-page: #2a2316; --warn-line: #a67c2d;
    --bad-ink: #f5bcb7; --bad-page: #2e1a1a; --bad-line: #b3514b;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 1rem/1.55 Charter, "Bitstream Charter", "Sitka Text", Cambria, Georgia, "Noto Serif", serif;
}
main { max-width: 70rem; margin: 0 auto; padding: clamp(1.5rem, 5vw, 4.5rem) clamp(1rem, 4vw, 3rem) 4rem; }
header { border-bottom: 1px solid var(--line); padding-bottom: 2rem; }
h1 { font-size: clamp(1.7rem, 4.2vw, 2.5rem); line-height: 1.15; font-weight: 600; letter-spacing: -0.012em; margin: 0.35rem 0 0.9rem; overflow-wrap: anywhere; }
h2 { font-size: 1.32rem; line-height: 1.3; font-weight: 600; margin: 3.2rem 0 0.5rem; }
p { margin: 0 0 0.8rem; max-width: 44rem; }
.lead { font-size: 1.22rem; line-height: 1.45; margin: 0; }
.eyebrow, .status, .figures dt, .figures-of, .facts dt, table, .more, footer, .legend {
  font-family: system-ui, -apple-system, "Segoe UI", "Noto Sans", "Liberation Sans", sans-serif;
}
.eyebrow { color: var(--soft); font-size: 0.82rem; margin: 0; overflow-wrap: anywhere; }
.status { display: inline-block; font-size: 0.82rem; font-weight: 600; border: 1px solid currentcolor; border-radius: 99rem; padding: 0.1rem 0.7rem; margin: 0 0 1rem; }
.status.good { color: var(--good); } .status.warn { color: var(--held); } .status.bad { color: var(--bad-ink); }
.note { border: 1px solid var(--warn-line); border-left-width: 0.3rem; background: var(--warn-page); color: var(--warn-ink); border-radius: 0.3rem; padding: 1rem 1.3rem; margin: 2rem 0 0; }
.note.bad { border-color: var(--bad-line); background: var(--bad-page); color: var(--bad-ink); }
.note h2 { margin: 0 0 0.4rem; font-size: 1.05rem; }
.note ul { margin: 0; padding-left: 1.15rem; } .note li { margin: 0.2rem 0; overflow-wrap: anywhere; }
.figures-of { font-size: 0.82rem; font-weight: 600; margin: 2.2rem 0 0.6rem; padding-bottom: 0.45rem; border-bottom: 1px solid var(--line); max-width: none; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.2rem, 1fr)); gap: 1.2rem 1.5rem; margin: 0 0 1.6rem; }
.figures div { display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.figures dt { font-size: 0.82rem; color: var(--soft); }
.figures dd { margin: 0; font-size: 1.75rem; line-height: 1.15; font-variant-numeric: lining-nums tabular-nums; }
.figures .first dd { color: var(--good); font-weight: 600; }
.figures .none dd { color: var(--soft); }
.figures .warn dd { color: var(--held); font-weight: 600; }
.bar { display: flex; gap: 2px; height: 0.55rem; margin: 0 0 0.6rem; overflow: hidden; border-radius: 99rem; }
.bar span { flex-basis: 0; min-width: 3px; }
.deleted { background: var(--good-bar); } .held { background: var(--held-bar); } .unknown { background: var(--unknown-bar); } .kept { background: var(--kept-bar); } .gone { background: var(--gone-bar); } .other { background: var(--bad-line); }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1.3rem; list-style: none; margin: 0; padding: 0; font-size: 0.82rem; color: var(--soft); }
.legend span { display: inline-block; width: 0.6rem; height: 0.6rem; border-radius: 0.15rem; margin-right: 0.45rem; }
.facts { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: 0.45rem 1.6rem; margin: 0.9rem 0 0; }
.facts dt { font-size: 0.82rem; line-height: 1.55rem; color: var(--soft); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
code, tbody .code, td time { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Consolas, "Noto Sans Mono", "Liberation Mono", monospace; font-size: 0.88em; font-variant-ligatures: none; }
code { overflow-wrap: anywhere; } time { font-variant-numeric: lining-nums tabular-nums; white-space: nowrap; }
.policy { border-left: 2px solid var(--line); padding-left: 1.1rem; margin: 0.9rem 0 0; } .policy p { margin: 0 0 0.25rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: 1rem 0 0; background: var(--sheet); border: 1px solid var(--line); border-radius: 0.4rem; }
caption span { display: inline-block; position: sticky; left: 1rem; max-width: min(62rem, calc(100vw - 4.5rem)); }
.scroll.small { max-width: 44rem; } .scroll.small table { min-width: 0; }
.scroll:focus-visible { outline: 2px solid var(--good); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; min-width: 58rem; font-size: 0.85rem; line-height: 1.45; font-variant-numeric: lining-nums tabular-nums; }
caption { text-align: left; padding: 0.8rem 1rem; color: var(--soft); border-bottom: 1px solid var(--line); }
th, td { text-align: left; vertical-align: baseline; padding: 0.42rem 0.6rem; border-bottom: 1px solid var(--line); font-weight: 400; }
th:first-child, td:first-child { padding-left: 1rem; } th:last-child, td:last-child { padding-right: 1rem; }
tbody:last-child tr:last-child > * { border-bottom: 0; }
thead th { font-size: 0.78rem; font-weight: 600; color: var(--soft); background: var(--faint); }
th.number, td.number { text-align: right; white-space: nowrap; }
tbody .code, .short { white-space: nowrap; }
.group th { background: var(--faint); } .group code { color: var(--soft); }
.answer { display: inline-block; min-width: 2.1rem; }
.quiet { color: var(--soft); } .more { font-size: 0.85rem; color: var(--soft); margin: 0.6rem 0 0; max-width: none; }
ol { max-width: 44rem; padding-left: 1.3rem; margin: 0.4rem 0 1rem; } ol li { margin: 0.25rem 0; }
footer { margin-top: 3.5rem; padding-top: 1.2rem; border-top: 1px solid var(--line); font-size: 0.82rem; color: var(--soft); }
@media (max-width: 34rem) { .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: 0.7rem; } }
@media print {
  @page { margin: 14mm 11mm; }
  :root { --page: #ffffff; --faint: #f4f3ef; }
  html { font-size: 9.5pt; } main { max-width: none; padding: 0; } p, ol { max-width: none; }
  caption span { display: inline; } .scroll { overflow: visible; border-radius: 0; border-left: 0; border-right: 0; } table { font-size: 0.8rem; }
  table { min-width: 0; } tbody .code { white-space: normal; overflow-wrap: break-word; }
  th, td { padding: 2pt 3pt; } thead { display: table-header-group; } tr, .note, .facts div, .figures { break-inside: avoid; } h2, caption, .group { break-after: avoid; }
  .bar, .legend span, thead th, .group th, .note { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
