/**
 * What the pages do where scripts run: parts that say how things stand are read again when something has changed, and once a
 * minute; the progress of runs moves on its own. Without it a reload does the same.
 */
export const WEB_SCRIPT = `
addEventListener('DOMContentLoaded', () => {
  const parts = () => [...document.querySelectorAll('[data-live]')];
  if (parts().length === 0) return;
  let isReading = false;
  let isAsked = false;
  const refresh = async () => {
    if (isReading) { isAsked = true; return; }
    isReading = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
      if (answer.redirected) { location.reload(); return; }
      if (!answer.ok) return;
      const next = new DOMParser().parseFromString(await answer.text(), 'text/html');
      for (const part of parts()) {
        const fresh = next.getElementById(part.id);
        // Whoever has the focus in there keeps what he has.
        if (fresh !== null && !part.contains(document.activeElement)) part.replaceWith(fresh);
      }
    } catch {
      // The server is away: what is shown stays.
    } finally {
      isReading = false;
      if (isAsked) { isAsked = false; void refresh(); }
    }
  };
  const events = new EventSource('/events');
  events.addEventListener('changed', refresh);
  events.addEventListener('runs', ({ data }) => {
    for (const run of JSON.parse(data)) {
      const row = document.querySelector('[data-run="' + run.run_id + '"]');
      if (row === null) continue;
      row.querySelector('[data-words]').textContent = run.words;
      const bar = row.querySelector('progress');
      if (run.max === null) bar.removeAttribute('value');
      else { bar.max = Math.max(run.max, 1); bar.value = run.value; }
    }
  });
  setInterval(refresh, 60000);
});
`;

export const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#1f5f8b"/><path d="M9 11h14M9 16h9M9 21h5" stroke="#fff" stroke-width="3" stroke-linecap="round"/></svg>';
