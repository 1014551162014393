/** Which code is mutated, and which quick tests have to notice it: those of the file itself, and the runs it decides over. */
export interface Group {
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
}

const RUNS = ['test/run/**/*.test.ts', 'test/faults/{deletion,listing,service}.test.ts'];
const GOLDEN = 'test/golden/**/*.test.ts';

function core(name: string, ...more: readonly string[]): Group {
  return { mutate: [`src/core/${name}.ts`], tests: [`src/core/${name}.test.ts`, ...more] };
}

function run(name: string): Group {
  return { mutate: [`src/run/${name}.ts`], tests: RUNS };
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
  'open-intent': core('open-intent'),
  slots: core('slots'),
  urls: { mutate: ['src/customgpt/urls.ts'], tests: ['src/customgpt/urls.test.ts'] },
  answers: {
    mutate: ['src/customgpt/answers.ts'],
    tests: ['src/customgpt/{answers,client,retry}.test.ts'],
  },
  existence: { mutate: ['src/customgpt/existence.ts'], tests: ['src/customgpt/client.test.ts'] },
  recheck: { mutate: ['src/run/recheck.ts'], tests: ['src/run/recheck.test.ts'] },
  watch: { mutate: ['src/run/watch.ts'], tests: ['src/run/watch.test.ts'] },
  'prove-deletion': run('prove-deletion'),
  'list-project': { mutate: ['src/run/list-project.ts'], tests: ['src/run/list-project.test.ts'] },
  confirm: run('confirm'),
  'group-commit': {
    mutate: ['src/store/group-commit.ts'],
    tests: ['src/store/group-commit.test.ts', 'test/contract/**/*.test.ts', 'test/run/recovery.test.ts'],
  },
};
