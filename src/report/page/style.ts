/**
 * The page's only style. One family of type; sizes follow the reader's own; colours keep a contrast of 4.5 or more in both
 * schemes. On paper the scheme is always light, everything is open, and no row is cut.
 */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f8; --sheet: #ffffff; --ink: #1b2127; --soft: #55606b; --line: #d9dee3; --faint: #eef1f3; --accent: #1f5f8b;
  --goes: #b4532a; --done: #1c6b50; --held: #8a5a00; --unknown: #6a4c93; --stays: #9aa7b3;
  --warn-page: #fdf3df; --warn-line: #d6a23e; --bad-page: #fcecea; --bad-line: #c9574f; --bad: #8a1f1f;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #101418; --sheet: #171c21; --ink: #e6eaee; --soft: #a5b0ba; --line: #303942; --faint: #1f262d; --accent: #8cc4ec;
    --goes: #f09a72; --done: #84cfb0; --held: #e2bd74; --unknown: #c3a6ea; --stays: #5d6a76;
    --warn-page: #2a2316; --warn-line: #a67c2d; --bad-page: #2e1a1a; --bad-line: #b3514b; --bad: #f5bcb7;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "Liberation Sans", sans-serif; font-variant-numeric: lining-nums tabular-nums; }
main { max-width: 82rem; margin: 0 auto; padding: clamp(1rem, 3vw, 2.5rem); }
h1, h2, h3, p, dl, ul, ol, figure { margin: 0; }
h1 { font-size: clamp(1.5rem, 3.4vw, 2.2rem); line-height: 1.2; font-weight: 650; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; font-weight: 650; margin-bottom: 0.8rem; }
h3 { font-size: 1rem; font-weight: 600; display: inline; }
.sheet { background: var(--sheet); border: 1px solid var(--line); border-radius: 0.5rem; padding: clamp(1rem, 2.4vw, 1.8rem); margin-top: 1.2rem; min-width: 0; }
.head { display: grid; gap: 1.5rem 3rem; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); align-items: start; }
.eyebrow { color: var(--soft); font-size: 0.85rem; margin-bottom: 0.5rem; overflow-wrap: anywhere; }
.lead { font-size: 1.05rem; color: var(--soft); margin-top: 0.7rem; }
.pill { display: inline-block; font-size: 0.8rem; font-weight: 650; border: 1px solid currentcolor; border-radius: 99rem; padding: 0.05rem 0.7rem; margin-top: 0.9rem; }
.good { color: var(--done); } .warn { color: var(--held); } .bad { color: var(--bad); }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.3rem 1.2rem; font-size: 0.88rem; }
.facts dt { color: var(--soft); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.note { border: 1px solid var(--warn-line); border-left-width: 0.3rem; background: var(--warn-page); border-radius: 0.4rem; padding: 0.9rem 1.2rem; margin-top: 1.2rem; }
.note.refused { border-color: var(--bad-line); background: var(--bad-page); }
.note h2 { margin-bottom: 0.3rem; font-size: 1rem; } .note ul { padding-left: 1.1rem; } .note li { margin: 0.2rem 0; overflow-wrap: anywhere; }
.figures { display: flex; flex-wrap: wrap; gap: 0.8rem 2.4rem; }
.figures div { display: flex; flex-direction: column-reverse; } .figures dt { font-size: 0.85rem; color: var(--soft); } .figures dd { margin: 0; font-size: 1.8rem; line-height: 1.2; font-weight: 600; }
.shares { display: block; width: 100%; height: 0.7rem; margin-top: 1rem; }
.delete, .deferred { --tone: var(--goes); } .verified, .already_gone { --tone: var(--done); } .held, .skipped, .open { --tone: var(--held); }
.unknown { --tone: var(--unknown); } .unverified, .failed { --tone: var(--bad); } .keep { --tone: var(--stays); }
.figures dd { color: var(--tone); } .figures .keep dd { color: var(--ink); } .shares rect { fill: var(--tone); }
.two { display: grid; gap: 0 1.2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
.chart svg { display: block; width: 100%; height: auto; max-width: 40rem; } .chart text { font-family: inherit; fill: var(--soft); }
.chart figcaption { font-size: 0.85rem; color: var(--soft); margin-bottom: 0.6rem; }
.words p { margin: 0 0 0.35rem; white-space: pre-wrap; overflow-wrap: anywhere; max-width: 46rem; }
.plain { padding-left: 1.1rem; } .plain li { margin: 0.25rem 0; overflow-wrap: anywhere; max-width: 46rem; }
.quiet { color: var(--soft); font-size: 0.88rem; }
code, .id { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Consolas, "Noto Sans Mono", "Liberation Mono", monospace; font-size: 0.86em; overflow-wrap: anywhere; }
time { white-space: nowrap; }
.scroll { overflow-x: auto; background: linear-gradient(to right, var(--sheet) 30%, transparent), linear-gradient(to left, var(--sheet) 30%, transparent) 100% 0, linear-gradient(to right, var(--stays), transparent), linear-gradient(to left, var(--stays), transparent) 100% 0; background-repeat: no-repeat; background-size: 2.4rem 100%, 2.4rem 100%, 0.5rem 100%, 0.5rem 100%; background-attachment: local, local, scroll, scroll; }
.scroll th, .scroll td { overflow-wrap: break-word; }
table { border-collapse: collapse; width: 100%; font-size: 0.88rem; line-height: 1.4; }
th, td { text-align: left; vertical-align: baseline; font-weight: 400; padding: 0.35rem 0.7rem 0.35rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { font-weight: 600; color: var(--soft); font-size: 0.8rem; overflow-wrap: normal; } .n { text-align: right; }
th button { all: unset; cursor: pointer; text-decoration: underline dotted; text-underline-offset: 0.2em; } th button::after { content: " ↕"; color: var(--soft); }
th[aria-sort=ascending] button::after { content: " ↑"; } th[aria-sort=descending] button::after { content: " ↓"; }
:focus-visible, th button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.project { border-top: 1px solid var(--line); } .project summary { cursor: pointer; padding: 0.6rem 0; } .project summary span { color: var(--soft); font-size: 0.88rem; margin-left: 0.6rem; }
.rows { content-visibility: auto; contain-intrinsic-size: auto 20rem; } .rows table { table-layout: fixed; }
.rows.more thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.rows col:nth-child(1) { width: 30%; } .rows col:nth-child(2) { width: 8%; } .rows col:nth-child(3) { width: 14%; } .rows col:nth-child(4) { width: 14%; }
.rows .id { color: var(--soft); } .rows b { font-weight: 600; } .rows b + .id { display: block; font-size: 0.76em; }
.rows td:nth-child(2) { white-space: nowrap; text-align: right; padding-right: 1.4rem; } .rows thead th:nth-child(2) { text-align: right; padding-right: 1.4rem; }
.rows td:nth-child(3) { color: var(--tone); } .rows .keep td:nth-child(3) { color: var(--soft); }
.tools { display: flex; flex-wrap: wrap; gap: 0.6rem 1rem; align-items: end; margin-bottom: 0.9rem; } .tools[hidden] { display: none; }
.tools label { display: grid; font-size: 0.8rem; color: var(--soft); gap: 0.15rem; flex: 0 1 auto; } .tools label.wide { flex: 1 1 16rem; max-width: 28rem; }
.tools input, .tools select, .tools button { font: inherit; font-size: 0.95rem; color: var(--ink); background: var(--sheet); border: 1px solid var(--soft); border-radius: 0.3rem; padding: 0.35rem 0.6rem; min-width: 0; }
.tools output { font-size: 0.88rem; color: var(--soft); padding-bottom: 0.45rem; }
.sign { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: 2.6rem 2rem; padding-top: 2.2rem; }
.sign div { border-top: 1px solid var(--soft); padding-top: 0.3rem; font-size: 0.85rem; color: var(--soft); }
footer { margin-top: 1.5rem; font-size: 0.82rem; color: var(--soft); }
@media (max-width: 44rem) {
  .head { grid-template-columns: 1fr; } .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: 0.5rem; }
  th, td { padding-right: 0.4rem; } table { font-size: 0.8rem; }
  .rows col:nth-child(1) { width: 34%; } .rows col:nth-child(2) { width: 13%; } .rows col:nth-child(3) { width: 20%; } .rows col:nth-child(4) { display: none; }
  .rows th:nth-child(4), .rows td:nth-child(4) { display: none; } .rows td:nth-child(2) { white-space: normal; } .rows td:nth-child(2), .rows thead th:nth-child(2) { padding-right: 0.6rem; }
}
@media print {
  @page { margin: 14mm 12mm; }
  :root { --page: #ffffff; } html { font-size: 9pt; } main { max-width: none; padding: 0; }
  .sheet { border: 0; border-radius: 0; padding: 0; margin-top: 1.6rem; } .tools { display: none; } .rows { content-visibility: visible; }
  tr, .note, .figures, .chart, .sign { break-inside: avoid; } h2, summary { break-after: avoid; } thead { display: table-header-group; }
  .note, .shares { print-color-adjust: exact; -webkit-print-color-adjust: exact; } th button::after { content: ""; }
}
`;
