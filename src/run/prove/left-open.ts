import type { EarlierAnswers } from '../../core/deletion/earlier.ts';
import { stronger } from '../../core/deletion/evidence.ts';
import { recordedAnswer, type Sight } from '../../core/deletion/facts.ts';
import { HOUR_MS, parseInstant } from '../../core/instant.ts';
import type { OpenIntent } from '../../core/open-intent.ts';
import type { CustomGptReader } from '../../core/ports/vendor.ts';
import { MAX_SKEW_MS } from '../api-faults.ts';
import { thereAt, type Passing } from './passing.ts';

/** A DELETE leaves this long after its intent at most: at a slow pace, or in a pause that the API asked for. */
const MOST_HELD_UP_MS = HOUR_MS;

/** The latest instant at which the DELETE can have left: we hold the lease since `beganAt`, and whoever lost it sends none. */
export function leftBy({ requestedAt, isRequestKnown }: OpenIntent, beganAt: number): number {
  const at = parseInstant(requestedAt) ?? 0;
  return isRequestKnown ? at : Math.min(beganAt, at + MOST_HELD_UP_MS);
}

/** A conversation that an earlier run left open. */
export interface LeftOpen {
  readonly intent: OpenIntent;
  readonly passing: Passing;
  /** By {@link leftBy}. */
  readonly leftAt: number;
}

/** As far as the log tells of it. */
export function passingOf(
  { runId, reader }: { readonly runId: string; readonly reader: Pick<CustomGptReader, 'viewer'> },
  earlier: EarlierAnswers,
  intent: OpenIntent,
): Passing {
  const { projectId, sessionId, createdAt, absent, answered } = intent;
  const requestedAt = parseInstant(intent.requestedAt);
  const sight = sightOf(intent);
  return {
    about: { projectId, sessionId, rule: intent.rule },
    createdAt,
    // Nothing as young as its intent is ever meant: `min_age` is an hour at least.
    bornBefore: createdAt === undefined && requestedAt !== undefined ? requestedAt - MAX_SKEW_MS : undefined,
    thereAt: sight === undefined ? undefined : thereAt(sight.at),
    // What was the own of another key's user is a colleague's to this one.
    kind: intent.kind === 'own' && intent.ownTo !== reader.viewer().key ? 'named' : intent.kind,
    // Of how they lay in the list the intent says nothing, so that only a whole one can tell.
    bystanders: (before) => (before === Infinity ? (intent.bystanders ?? 0) : 0),
    name: undefined,
    run: { runId: intent.runId, policy: { name: intent.policy, hash: intent.policyHash } },
    common: { settled_by: runId },
    life: {
      strongest: stronger(answered, earlier.of(intent)),
      attempts: intent.attempts,
      last: recordedAnswer(answered, intent.deleteStatus),
      wasThere: intent.seenBy === 'messages',
      reading:
        absent === undefined
          ? undefined
          : { is: 'absent', status: absent.status, at: absent.at, recreatedAt: absent.recreatedAt },
    },
    sent: { attempts: intent.attempts, requestedAt, sight },
    hasFailedBefore: true,
  };
}

function sightOf({ seenAt, seenBy }: OpenIntent): Sight | undefined {
  const at = parseInstant(seenAt);
  return at === undefined ? undefined : { at, how: seenBy === 'messages' ? 'messages' : 'listing' };
}
