import { PAGE_STYLE } from '../../report/page/style.ts';

/** The report's own style, and what the pages around it have beside. */
export const WEB_STYLE = `${PAGE_STYLE}
a { color: var(--accent); text-underline-offset: 0.2em; }
main:focus { outline: none; }
.skip { position: absolute; left: -100vw; } .skip:focus { left: 1rem; top: 0.5rem; background: var(--sheet); padding: 0.4rem 0.8rem; z-index: 1; }
.bar { display: flex; flex-wrap: wrap; gap: 0.4rem 1.6rem; align-items: baseline; max-width: 82rem; margin: 0 auto; padding: 0.9rem clamp(1rem, 3vw, 2.5rem) 0; }
.bar .brand { font-weight: 650; } .bar nav { display: flex; gap: 1.2rem; flex: 1; } .bar nav a[aria-current] { color: var(--ink); font-weight: 600; text-decoration: none; }
.bar form { display: flex; gap: 0.7rem; align-items: baseline; } .who { color: var(--soft); font-size: 0.88rem; }
main { padding-top: 0.4rem; } .foot { max-width: 82rem; margin: 0 auto; padding: 0 clamp(1rem, 3vw, 2.5rem) 2rem; }
button { font: inherit; font-size: 0.92rem; color: var(--ink); background: var(--sheet); border: 1px solid var(--soft); border-radius: 0.3rem; padding: 0.3rem 0.8rem; cursor: pointer; }
.alarm { border-color: var(--bad-line); border-left-width: 0.3rem; } .pill { margin: 0; white-space: nowrap; }
small { display: block; font-size: 0.85em; color: var(--soft); font-weight: 400; } p small, .note small { display: inline; margin-left: 0.4em; }
.sheet > p + table, .sheet > p + p { margin-top: 0.6rem; } .sheet > table + p { margin-top: 0.8rem; }
.cards td, .cards th { padding-top: 0.5rem; padding-bottom: 0.5rem; } .cards tbody tr:last-child > * { border-bottom: 0; }
.pages { display: flex; gap: 1.5rem; }
.live { display: grid; gap: 0.3rem 1.4rem; grid-template-columns: minmax(12rem, 1.2fr) minmax(8rem, 2fr) minmax(12rem, 1.6fr) auto auto; align-items: center; padding: 0.5rem 0; border-top: 1px solid var(--line); }
.live .quiet { display: block; } progress { width: 100%; height: 0.8rem; accent-color: var(--accent); }
.login { max-width: 28rem; margin: 3rem auto; } .login form { display: grid; gap: 0.6rem; margin: 1rem 0; justify-items: start; }
.login input[type=password] { font: inherit; width: 100%; color: var(--ink); background: var(--sheet); border: 1px solid var(--soft); border-radius: 0.3rem; padding: 0.45rem 0.6rem; }
@media (max-width: 44rem) {
  .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .cards, .cards tbody, .cards tr, .cards th, .cards td { display: block; border: 0; padding: 0; font-size: 0.92rem; }
  .cards tbody tr { border-top: 1px solid var(--line); padding: 0.7rem 0; }
  .cards td { display: grid; grid-template-columns: 9rem minmax(0, 1fr); gap: 0.6rem; margin-top: 0.25rem; } .cards td::before { content: attr(data-head); color: var(--soft); font-size: 0.82rem; }
  .cards small { display: inline; margin-left: 0.4em; } .cards time { white-space: normal; } .cards time small { white-space: nowrap; } .live { grid-template-columns: 1fr; }
}
`;
