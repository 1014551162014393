import { RetentionError } from '../../core/errors.ts';
import { SCENARIOS, startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/server.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';

export interface SandboxInput {
  readonly port?: number;
  readonly scenario?: string;
}

/** Serves the built-in emulator of the vendor's API until it is stopped. */
export const sandbox: Command<SandboxInput> = async (
  { output, surroundings },
  { port = 0, scenario = 'default' },
) => {
  if (!SCENARIOS.some(({ name }) => name === scenario)) {
    const names = SCENARIOS.map(({ name, summary }) => `  ${name.padEnd(22)}${summary}`).join('\n');
    throw new RetentionError(
      'usage',
      `there is no scenario called ${JSON.stringify(scenario)}; there are:\n${names}`,
    );
  }
  // Listening before anything is printed: whoever reads the lines may stop us at once.
  const stopped = new Promise<void>((resolve) => {
    const stopListening = surroundings.onStopRequest(() => {
      stopListening();
      resolve();
    });
  });
  const running = await start({ port, scenario, now: () => surroundings.clock.now() });
  const env = { CUSTOMGPT_BASE_URL: running.url, CUSTOMGPT_API_KEY: running.apiKey };
  await output.lines(
    `Sandbox of the CustomGPT API, scenario ${scenario}: invented data, in memory only.`,
    'Point the worker at it from another terminal:',
    '',
    ...Object.entries(env).map(([name, value]) => `export ${name}=${value}`),
    '',
    'A state belongs to one account: give it one of its own, such as --state-dir ./state-sandbox.',
    'Stop with Ctrl-C.',
  );
  await output.document({ scenario, env });
  await stopped;
  await running.close();
  return EXIT.done;
};

async function start(options: SandboxOptions): Promise<Sandbox> {
  try {
    return await startSandbox(options);
  } catch (error) {
    throw new RetentionError('usage', `cannot listen on port ${options.port ?? 0}`, {
      hint: 'Choose another with --port, or leave it out for any free one.',
      cause: error,
    });
  }
}
