/**
 * What the page can do where scripts run: projects are closed at first, rows are sorted by their heads and found by words or by
 * verdict. Without it everything stands open, in the order of the plan.
 */
export const PAGE_SCRIPT = `
addEventListener('DOMContentLoaded', () => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const tools = document.getElementById('tools');
  if (tools === null) return;
  const projects = all('details.project');
  const find = document.getElementById('find');
  const which = document.getElementById('which');
  const found = document.getElementById('found');
  const order = new Intl.Collator('en', { numeric: true });
  const total = Number(found.dataset.total);
  let texts;

  const openAll = (open) => projects.forEach((one) => { one.open = open; });
  if (projects.length > 1 || total > 200) openAll(false);
  tools.hidden = false;

  const apply = () => {
    texts ??= new Map(all('.rows tbody tr').map((row) => [row, row.textContent.toLowerCase()]));
    const words = find.value.toLowerCase().trim();
    const state = which.value;
    const isAsked = words !== '' || state !== '';
    let shown = 0;
    for (const project of projects) {
      let here = 0;
      for (const row of all('tbody tr', project)) {
        row.hidden = !((state === '' || row.className === state) && (words === '' || texts.get(row).includes(words)));
        if (!row.hidden) here += 1;
      }
      project.hidden = here === 0;
      if (isAsked) project.open = here > 0;
      shown += here;
    }
    found.value = isAsked ? shown.toLocaleString('en') + ' of ' + total.toLocaleString('en') + ' shown' : '';
  };
  let waiting;
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(apply, 150); };
  find.addEventListener('input', soon);
  which.addEventListener('input', apply);
  document.getElementById('open').addEventListener('click', () => openAll(true));
  document.getElementById('close').addEventListener('click', () => openAll(false));

  const sort = (project, column) => {
    const heads = all('thead th:nth-child(' + (column + 1) + ')', project);
    const down = heads[0].getAttribute('aria-sort') === 'ascending';
    all('thead th', project).forEach((head) => head.removeAttribute('aria-sort'));
    heads.forEach((head) => head.setAttribute('aria-sort', down ? 'descending' : 'ascending'));
    const bodies = all('tbody', project);
    const size = Math.max(...bodies.map((body) => body.rows.length));
    const keyed = bodies.flatMap((body) => [...body.rows].map((row) => [row.cells[column].textContent, row]));
    keyed.sort((one, other) => (down ? -1 : 1) * order.compare(one[0], other[0]));
    keyed.forEach(([, row], index) => bodies[Math.floor(index / size)].append(row));
  };
  for (const project of projects)
    all('.rows:not(.more) thead th', project).forEach((head) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = head.textContent;
      const column = head.cellIndex;
      button.addEventListener('click', () => sort(project, column));
      head.replaceChildren(button);
    });

  let before = [];
  addEventListener('beforeprint', () => { before = projects.map((one) => one.open); openAll(true); });
  addEventListener('afterprint', () => projects.forEach((one, index) => { one.open = before[index]; }));
});
`;
