/** What has to happen at least once in a long run, by the names under which it is counted. */
const EXPECTED = [
  ...['request: projects', 'request: conversations', 'request: messages', 'request: delete', 'deleted by us'],
  ...[
    'entry: deletion.intended',
    'entry: deletion.verified',
    'entry: deletion.unverified',
    'entry: deletion.failed',
  ],
  ...[
    'entry: deletion.already_gone',
    'entry: deletion.skipped',
    'entry: listing.incomplete',
    'entry: run.refused',
  ],
  ...['entry: run.interrupted', 'entry: limits.overridden'],
  ...[
    'run: completed',
    'run: partial',
    'run: refused',
    'run: failed',
    'run: interrupted',
    'decisions compared',
  ],
  ...[
    'fault of a run: credential_refused',
    'fault of a run: clock_untrusted',
    'fault of a run: api_unreachable',
  ],
  ...['fault of a run: interrupted', 'fault of a run: state_unusable', 'run not begun: lease_held'],
  ...['run not begun: plan_stale', 'run not begun: state_unusable'],
  ...['a connection had to be waited for', 'fault: DELETE finds no connection'],
  ...['fault: a DELETE has no connection yet'],
  ...['fault: DELETE is cut before it arrives', 'fault: DELETE is cut after it arrives'],
  ...['fault: DELETE hangs before it arrives', 'fault: DELETE hangs after it arrives'],
  ...['fault: GET is cut before it arrives', 'fault: GET hangs after it arrives', 'fault: GET 5xx'],
  ...['fault: DELETE 5xx executed', 'fault: DELETE 5xx not executed'],
  ...['fault: DELETE accepted, executed later', 'fault: DELETE accepted, never executed'],
  ...['fault: 429 with Retry-After', 'fault: 429 without Retry-After', 'fault: outage'],
  ...['fault: garbled: html', 'fault: garbled: html-404', 'fault: garbled: empty', 'fault: garbled: cut'],
  ...[
    'fault: garbled: other-page',
    'fault: listing: short',
    'fault: listing: empty',
    'fault: listing: repeated',
  ],
  ...['fault: listing: row-missing', 'fault: listing: no-ids', 'fault: stale list', 'fault: stale messages'],
  ...['fault: no Date', 'fault: wrong Date', 'fault: clock set', 'fault: key revoked', 'fault: project gone'],
  ...['fault: project forbidden', 'fault: disk full', 'fault: disk unacknowledged', 'fault: disk dead'],
  ...['fault: the state fails', 'fault: SIGTERM', 'fault: worker stopped', 'fault: machine suspended'],
  ...['fault: machine down, slots missed', 'fault: crash at any time', 'fault: dies at before-write'],
  ...['fault: dies at after-write', 'fault: dies at delete-sent', 'fault: dies at request-sent'],
  'fault: dies at answer-there',
  ...[
    'people: rename',
    'people: message',
    'people: delete',
    'people: create',
    'people: recreate',
    'people: revive',
  ],
  ...['people: list', 'people: unlist', 'people: spoil', 'people: lose'],
  ...['people: hold', 'people: release', 'people: plan', 'people: apply'],
];

export function unexercised(counts: ReadonlyMap<string, number>): readonly string[] {
  return EXPECTED.filter((name) => (counts.get(name) ?? 0) === 0);
}
