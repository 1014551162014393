/** Which code is mutated, and which quick tests have to notice it: those of the file itself, and the runs it decides over. */
export interface Group {
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
}

const GOLDEN = 'test/golden/**/*.test.ts';

function core(name: string, ...more: readonly string[]): Group {
  return { mutate: [`src/core/${name}.ts`], tests: [`src/core/${name}.test.ts`, ...more] };
}

function run(room: 'plan' | 'prove' | 'apply', name: string): Group {
  const file = `src/run/${room}/${name}`;
  return { mutate: [`${file}.ts`], tests: [`${file}.test.ts`] };
}

export const GROUPS: Readonly<Record<string, Group>> = {
  decide: core('decide', 'src/core/selector.test.ts', GOLDEN),
  selector: core('selector', 'src/core/decide.test.ts', 'src/core/protected-ids.test.ts', GOLDEN),
  reach: { mutate: ['src/core/reach.ts'], tests: ['src/core/selector.test.ts'] },
  limits: core('limits'),
  duration: core('duration'),
  instant: core('instant'),
  hold: core('hold', GOLDEN),
  'hold-list': core('hold-list'),
  'hold-book': { mutate: ['src/core/hold-book.ts'], tests: ['src/core/commit-group.test.ts'] },
  'claim-book': core('claim-book'),
  'commit-group': core('commit-group'),
  'name-match': core('name-match'),
  'id-set': core('id-set'),
  'audit-chain': core('audit-chain'),
  outcome: core('outcome'),
  life: core('deletion/life'),
  'deletion-words': { mutate: ['src/core/deletion/words.ts'], tests: ['src/core/deletion/life.test.ts'] },
  reading: core('deletion/reading'),
  'deletion-facts': core('deletion/facts'),
  'earlier-answers': core('deletion/earlier'),
  'not-found-words': core('not-found-words'),
  'open-intent': core('open-intent'),
  slots: core('slots'),
  checkpoint: core('checkpoint'),
  'signed-note': core('signed-note'),
  'canonical-json': core('canonical-json'),
  population: core('population'),
  'strict-json': core('strict-json'),
  'verify-log': core('verify-log'),
  urls: { mutate: ['src/customgpt/urls.ts'], tests: ['src/customgpt/urls.test.ts'] },
  answers: { mutate: ['src/customgpt/answers.ts'], tests: ['src/customgpt/answers.test.ts'] },
  existence: { mutate: ['src/customgpt/existence.ts'], tests: ['src/customgpt/existence.test.ts'] },
  recheck: run('apply', 'recheck'),
  patience: run('prove', 'patience'),
  'planned-items': run('apply', 'planned-items'),
  'project-work': run('apply', 'project-work'),
  witnesses: run('prove', 'witnesses'),
  room: run('apply', 'room'),
  'list-project': run('plan', 'list-project'),
  brake: run('apply', 'brake'),
  'clock-watch': {
    mutate: ['src/run/clock-watch.ts'],
    tests: ['src/run/clock-watch.test.ts'],
  },
  'group-commit': {
    mutate: ['src/store/group-commit.ts'],
    tests: ['src/store/group-commit.test.ts'],
  },
};
