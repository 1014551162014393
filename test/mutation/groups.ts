/** Which code is mutated, and which quick tests have to notice it: those of the file itself, and the runs it decides over. */
export interface Group {
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
}

const GOLDEN = 'test/golden/**/*.test.ts';

function core(name: string, ...more: readonly string[]): Group {
  return { mutate: [`src/core/${name}.ts`], tests: [`src/core/${name}.test.ts`, ...more] };
}

function run(name: string): Group {
  return { mutate: [`src/run/${name}.ts`], tests: [`src/run/${name}.test.ts`] };
}

export const GROUPS: Readonly<Record<string, Group>> = {
  decide: core('decide', 'src/core/selector.test.ts', GOLDEN),
  selector: core('selector', 'src/core/decide.test.ts', GOLDEN),
  limits: core('limits'),
  duration: core('duration'),
  instant: core('instant'),
  hold: core('hold', GOLDEN),
  'name-match': core('name-match'),
  'id-set': core('id-set'),
  'audit-chain': core('audit-chain'),
  outcome: core('outcome'),
  life: core('deletion/life'),
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
  recheck: run('recheck'),
  patience: run('patience'),
  'planned-items': run('planned-items'),
  'project-work': run('project-work'),
  witnesses: run('witnesses'),
  room: run('room'),
  'list-project': run('list-project'),
  brake: run('brake'),
  'clock-watch': run('clock-watch'),
  'group-commit': {
    mutate: ['src/store/group-commit.ts'],
    tests: ['src/store/group-commit.test.ts'],
  },
};
