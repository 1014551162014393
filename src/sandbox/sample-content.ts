import { MESSAGE_IDS_PER_CONVERSATION, type ContentSource, type Message } from './conversation.ts';
import { mix32, pick } from './random.ts';
import { IP_PREFIXES, PHRASES, TEST_NAMES, VIP_NAMES, type Language } from './sample-texts.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const TEAM_MEMBERS = [9_001, 9_002, 9_003, 9_017];

export interface ContentOptions {
  readonly seed: number;
  readonly languages: readonly Language[];
  /** Nothing in the sample happened after this moment, epoch ms. */
  readonly latestAt: number;
}

/** Names, users and messages that depend on nothing but the conversation's id and the seed. */
export function sampleContent(options: ContentOptions): ContentSource {
  const { seed, languages, latestAt } = options;
  const draw = (id: number, purpose: number): number => mix32(mix32(id ^ seed) + purpose);
  const language = (id: number): Language => pick(languages, draw(id, 1));
  return {
    facts: (id, createdAt) => {
      // One in ten was renamed some time after its creation.
      const renamedAfter = draw(id, 2) % 10 === 0 ? (draw(id, 3) % 30) * DAY_MS + MINUTE_MS : 0;
      return {
        name: nameFor(draw(id, 4), draw(id, 5), language(id)),
        createdBy: draw(id, 6) % 10 < 7 ? null : pick(TEAM_MEMBERS, draw(id, 7)),
        updatedAt: Math.min(createdAt + renamedAfter, Math.max(latestAt, createdAt)),
      };
    },
    messages: (id, createdAt) => {
      const kind = draw(id, 8) % 100;
      const count = kind < 8 ? 0 : 1 + (draw(id, 9) % 6);
      // Most chats end within the hour; some visitors come back weeks later.
      const spanMs = kind > 85 ? (1 + (draw(id, 10) % 60)) * DAY_MS : (1 + (draw(id, 10) % 40)) * MINUTE_MS;
      const endsAt = Math.max(createdAt, Math.min(createdAt + spanMs, latestAt));
      const phrases = PHRASES[language(id)];
      const userIp = `${pick(IP_PREFIXES, draw(id, 11))}${1 + (draw(id, 12) % 254)}`;
      return Array.from({ length: count }, (_, index): Message => {
        const share = (index + 1) / count;
        return {
          id: id * MESSAGE_IDS_PER_CONVERSATION + index,
          createdAt: Math.floor(createdAt + (endsAt - createdAt) * share),
          query: pick(phrases.questions, draw(id, 20 + index)),
          response: pick(phrases.answers, draw(id, 40 + index)),
          userIp,
        };
      });
    },
  };
}

function nameFor(kind: number, choice: number, language: Language): string | null {
  const percent = kind % 100;
  if (percent < 7) return pick(TEST_NAMES, choice);
  if (percent < 10) return pick(VIP_NAMES, choice);
  if (percent < 13) return null;
  return pick(PHRASES[language].names, choice);
}
