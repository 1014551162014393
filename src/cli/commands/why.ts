import { RetentionError } from '../../core/errors.ts';
import type { Store } from '../../core/ports/store.ts';
import { isKnown, type WhyReport } from '../../core/why.ts';
import { whyJson } from '../../report/why-json.ts';
import { whyLines } from '../../report/why-text.ts';
import { enterAccount } from '../../run/around/enter-account.ts';
import { whyConversation } from '../../run/plan/why-conversation.ts';
import { whyOnRecord, type WhyQuestion } from '../../run/plan/why-record.ts';
import { lookOf } from '../colour.ts';
import type { Command, CommandWorld } from '../command.ts';
import { withWorker } from '../compose.ts';
import { EXIT } from '../exit-codes.ts';
import { withHistory } from '../history.ts';
import { loadPolicies, type Loaded } from '../policies.ts';
import { withStopSignals } from '../stopping.ts';
import { wholeSessionId } from '../whole-ids.ts';
import { sessionTargetOf } from '../target.ts';

export interface WhyInput {
  /** `PROJECT/SESSION`. */
  readonly target: string;
  readonly paths: readonly string[];
  /** Asks nobody but the state. */
  readonly offline?: boolean | undefined;
}

/** Why a conversation is, will be, or was deleted, or not. Sends nothing but GET. */
export const why: Command<WhyInput> = async (world, { target, paths, offline }) => {
  const { output, settings } = world;
  const asked = sessionTargetOf(target);
  const loaded = await loadPolicies(world, paths);
  const question = { ...asked, policies: loaded.policies, at: world.surroundings.clock.now() };
  const report =
    offline === true ? await onRecord(world, question) : await withTheApi(world, question, loaded);
  if (!isKnown(report)) throw nobodyKnows(report);
  await output.lines(...whyLines(report, settings().timeZone, lookOf(world)));
  await output.document(whyJson(report));
  return EXIT.done;
};

function onRecord(world: CommandWorld, question: WhyQuestion): Promise<WhyReport> {
  const { timeZone } = world.settings();
  return withHistory(world, async (store) =>
    whyOnRecord({ store, timeZone }, await withWholeId(world, store, question)),
  );
}

async function withTheApi(
  world: CommandWorld,
  question: WhyQuestion,
  { holdFiles, keeps }: Loaded,
): Promise<WhyReport> {
  if (world.settings().apiKey === undefined) {
    throw new RetentionError('usage', 'no API key is set', {
      hint: 'Set CUSTOMGPT_API_KEY, or CUSTOMGPT_API_KEY_FILE to a file that holds the key; or add --offline to see what is on record.',
    });
  }
  // A mistyped directory would become a new state, in which nothing was ever done.
  await withHistory(world, () => Promise.resolve());
  return withWorker(world, { forPeople: true }, ({ depsWith, store, progress }) =>
    withStopSignals(world.surroundings, async ({ stop: signal }) => {
      const { openApi, ...deps } = depsWith({ holdFiles, keeps });
      const { reader } = openApi();
      await enterAccount({ reader, accounts: store.accounts, signal });
      return await whyConversation(
        { ...deps, reader, progress, signal },
        await withWholeId(world, store, question),
      );
    }),
  );
}

async function withWholeId(
  { output }: CommandWorld,
  store: Store,
  question: WhyQuestion,
): Promise<WhyQuestion> {
  return { ...question, sessionId: await wholeSessionId(store, question, output.note) };
}

/** Says what was looked at. */
function nobodyKnows({ projectId, sessionId, sight }: WhyReport): RetentionError {
  const record = 'no plan on record and no entry of the audit log names it';
  const hint = 'Check the id: `plan` shows its start, `plan --json` all of it.';
  const what = `conversation ${projectId}/${sessionId} is not known`;
  switch (sight.state) {
    case 'not_asked':
      return new RetentionError('usage', `${what}: ${record}`, {
        hint: `${hint} Without --offline, the API is asked, too.`,
      });
    case 'not_listed': {
      const own = sight.own === 'not_found' ? ', its own address answers 404' : '';
      const listed = `project ${projectId} lists ${sight.listed}, and it is none of them${own}`;
      return new RetentionError('usage', `${what}: ${listed}, and ${record}`, { hint });
    }
    case 'not_readable':
      return new RetentionError(
        'api_unreachable',
        `${what}: ${record}, and project ${projectId} cannot be listed (${sight.problem})`,
      );
    default:
      return new RetentionError('usage', `${what}: this key sees no project ${projectId}, and ${record}`, {
        hint,
      });
  }
}
