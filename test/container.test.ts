import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runCli } from '../src/cli/program.ts';
import { newSigningKey, systemChance, systemClock } from '../src/cli/surroundings.ts';

// What must never regress in the container files. They are read, not run: no engine is needed.

const ROOT = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

interface Instruction {
  readonly word: string;
  readonly rest: string;
}

/** The instructions of each stage of a Dockerfile: comments gone, continued lines joined. */
function stagesOf(dockerfile: string): readonly (readonly Instruction[])[] {
  const lines = dockerfile
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: Instruction[][] = [];
  for (const line of lines) {
    const [word = '', ...rest] = line.trim().split(/\s+/);
    if (word === 'FROM') stages.push([]);
    stages.at(-1)?.push({ word, rest: rest.join(' ') });
  }
  return stages;
}

const stages = stagesOf(read('Dockerfile'));
const final = stages.at(-1) ?? [];
const valuesOf = (word: string): readonly string[] =>
  final.filter((instruction) => instruction.word === word).map(({ rest }) => rest);

interface Service {
  readonly build?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly disable?: boolean };
  readonly read_only?: boolean;
  readonly profiles?: readonly string[];
  readonly stop_grace_period?: string;
  readonly network_mode?: string;
  readonly user?: string;
  readonly privileged?: boolean;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file?: string }>>;
}

const compose = parse(read('docker-compose.yml')) as Compose;
const services = Object.entries(compose.services);
const worker = compose.services['worker'] ?? {};

/** What `customgpt-retention <name> --help` prints. */
async function helpOf(name: string): Promise<string> {
  const screen = new PassThrough();
  let text = '';
  screen.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await runCli({
    argv: [name, '--help'],
    env: {},
    stdout: screen,
    stderr: screen,
    onStopRequest: () => () => undefined,
    onReloadRequest: () => () => undefined,
    clock: systemClock,
    chance: systemChance,
    newSigningKey,
    holder: 'test',
  });
  return text;
}

describe('Dockerfile', () => {
  test('builds in one stage and ships another', () => {
    expect(stages).toHaveLength(2);
    expect(final[0]?.rest).toMatch(/-slim$/);
    expect(stages[0]?.[0]?.rest).toBe(`${final[0]?.rest.replace(/-slim$/, '') ?? ''} AS build`);
  });

  test('has no build tools and no package manager at work in the final stage', () => {
    const work = valuesOf('RUN').join('\n');
    expect(work).not.toMatch(/\b(npm|npx|yarn|pnpm|apt|apt-get|gcc|g\+\+|make|python3?|tsc|curl|wget)\b/);
    for (const copied of valuesOf('COPY')) expect(copied).toMatch(/^--from=build /);
  });

  test('leaves the development dependencies behind', () => {
    const work = (stages[0] ?? []).filter(({ word }) => word === 'RUN').map(({ rest }) => rest);
    expect(work.at(-1)).toMatch(/npm prune --omit=dev$/);
  });

  test('runs as somebody who is not root, and whose the state is', () => {
    const [user, ...others] = valuesOf('USER');
    expect(others).toEqual([]);
    expect(user).toBe('node');
    expect(valuesOf('RUN').join('\n')).toContain('install -d -o node -g node -m 0700 /state');
    expect(final.findIndex(({ word }) => word === 'USER')).toBeGreaterThan(
      final.findLastIndex(({ word }) => word === 'RUN' || word === 'COPY'),
    );
  });

  test('checks the heartbeat of serve where the state is', () => {
    const [check] = valuesOf('HEALTHCHECK');
    expect(check).toContain('"customgpt-retention", "alive"');
    expect(valuesOf('ENV').join(' ')).toContain('RETENTION_STATE_DIR=/state');
    expect(valuesOf('VOLUME')).toEqual(['/state']);
  });

  test('starts the command itself, so that it gets the SIGTERM', () => {
    expect(valuesOf('ENTRYPOINT')).toEqual(['["customgpt-retention"]']);
    expect(JSON.parse(valuesOf('CMD')[0] ?? '')).toEqual(['serve', '/policies']);
  });

  test('holds no key', () => {
    expect(read('Dockerfile')).not.toContain('API_KEY');
  });

  test('finds in the context all that it copies', () => {
    const ignore = read('.dockerignore').split('\n');
    expect(ignore).toContain('*');
    const copies = (stages[0] ?? []).filter(({ word }) => word === 'COPY');
    const sources = copies.flatMap(({ rest }) => rest.split(' ').slice(0, -1));
    expect(sources).toContain('src');
    for (const source of sources) expect(ignore).toContain(`!${source}`);
  });
});

describe('docker-compose.yml', () => {
  test('mounts the policies read-only, always', () => {
    const mounts = services.flatMap(([, { volumes = [] }]) => volumes).filter((v) => v.includes('policies'));
    expect(mounts).toEqual(['./policies:/policies:ro', './policies:/policies:ro']);
  });

  test('takes the key from a secret file and never from the environment', () => {
    expect(worker.secrets).toEqual(['customgpt_api_key']);
    expect(worker.environment?.['CUSTOMGPT_API_KEY_FILE']).toBe('/run/secrets/customgpt_api_key');
    expect(worker.environment).not.toHaveProperty('CUSTOMGPT_API_KEY');
    expect(compose.secrets['customgpt_api_key']).toEqual({ file: './secrets/customgpt_api_key' });
    expect(read('.gitignore').split('\n')).toContain('secrets/');
  });

  test('gives the sandbox worker a key of the sandbox, and no way to the real API', () => {
    const { environment, network_mode: network, secrets } = compose.services['sandbox-worker'] ?? {};
    expect(environment?.['CUSTOMGPT_API_KEY']).toBe('sandbox-key');
    expect(environment?.['CUSTOMGPT_BASE_URL']).toBe('http://127.0.0.1:4010');
    expect(network).toBe('service:sandbox');
    expect(secrets).toBeUndefined();
  });

  test('keeps each state in a named volume of its own', () => {
    const states = services.flatMap(([, { volumes = [] }]) => volumes.filter((v) => v.endsWith(':/state')));
    expect(states).toEqual(['state:/state', 'sandbox-state:/state']);
    expect(Object.keys(compose.volumes)).toEqual(['state', 'sandbox-state']);
  });

  test('waits longer for a stop than the worker needs', () => {
    expect(worker.stop_grace_period).toBe('15s');
  });

  test.each(services)('%s cannot write its own files and has no privileges', (_, service) => {
    expect(service).toMatchObject({
      build: '.',
      read_only: true,
      init: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(service.user).toBeUndefined();
    expect(service.privileged).toBeUndefined();
  });

  test.each(services)(
    '%s runs a command that exists, and is checked only where it serves',
    async (_, service) => {
      const command = service.command ?? (JSON.parse(valuesOf('CMD')[0] ?? '[]') as string[]);
      const [verb = ''] = command;
      expect(await helpOf(verb)).toContain(`Usage: customgpt-retention ${verb} `);
      expect(service.healthcheck?.disable === true).toBe(verb !== 'serve');
    },
  );

  test('starts the sandbox only when asked', () => {
    expect(worker.profiles).toBeUndefined();
    for (const name of ['sandbox', 'sandbox-worker']) {
      expect(compose.services[name]?.profiles).toEqual(['sandbox']);
    }
  });
});
