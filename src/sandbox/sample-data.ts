import type { Account, NativeRetention } from './accounts.ts';
import { mix32, randomSequence } from './random.ts';
import { sampleContent } from './sample-content.ts';
import type { Language } from './sample-texts.ts';

export type SampleSize =
  | 'demo'
  | 'empty'
  | { readonly projects: number; readonly conversationsPerProject: number; readonly spanDays: number };

interface SampleProject {
  readonly name: string;
  readonly count: number;
  /** The age in days of the oldest and the youngest conversation. */
  readonly ages: readonly [oldest: number, youngest: number];
  readonly languages: readonly Language[];
  readonly retention?: readonly [period: NativeRetention, days: number];
}

const DAY_MS = 86_400_000;

const DEMO: readonly SampleProject[] = [
  { name: 'Website support', count: 140, ages: [730, 0], languages: ['en', 'en', 'es', 'fr'] },
  { name: 'Internal IT helpdesk', count: 90, ages: [700, 0], languages: ['en', 'de'] },
  { name: 'Produktberatung', count: 80, ages: [640, 1], languages: ['de'] },
  { name: 'Assistant boutique', count: 60, ages: [500, 2], languages: ['fr', 'ar'] },
  { name: 'サポート', count: 50, ages: [365, 0], languages: ['ja', 'en'], retention: ['year', 0] },
  { name: 'Campaign spring', count: 40, ages: [55, 0], languages: ['en', 'es'], retention: ['custom', 60] },
  { name: 'Website support 2023-archive', count: 60, ages: [730, 400], languages: ['en'] },
];

/** Fills an empty account. The same seed and the same present give the same data, down to the ids. */
export function loadSample(
  account: Account,
  size: SampleSize,
  options: { seed: number; nowMs: number },
): void {
  for (const [index, sample] of projectsOf(size).entries()) {
    const [oldest, youngest] = sample.ages;
    const [retentionPeriod, retentionDays] = sample.retention ?? ['never', 0];
    const createdAt = options.nowMs - (oldest + 1) * DAY_MS;
    const project = account.addProject({ name: sample.name, createdAt, retentionPeriod, retentionDays });
    const seed = mix32(options.seed + index);
    const moments = spread(sample.count, {
      seed,
      fromMs: options.nowMs - oldest * DAY_MS,
      untilMs: options.nowMs - youngest * DAY_MS,
    });
    const content = sampleContent({ seed, languages: sample.languages, latestAt: options.nowMs });
    account.loadConversations(project.id, moments, content);
  }
}

function projectsOf(size: SampleSize): readonly SampleProject[] {
  if (size === 'demo') return DEMO;
  if (size === 'empty') return [];
  return Array.from({ length: size.projects }, (_, index) => ({
    name: `Project ${index + 1}`,
    count: size.conversationsPerProject,
    ages: [size.spanDays, 0],
    languages: ['en', 'de', 'fr'],
  }));
}

/** Ascending moments over a span, one at a random place in each of `count` equal parts, in whole seconds. */
function spread(count: number, span: { seed: number; fromMs: number; untilMs: number }): Float64Array {
  const random = randomSequence(span.seed);
  const stepMs = (span.untilMs - span.fromMs) / count;
  const moments = new Float64Array(count);
  for (let index = 0; index < count; index += 1) {
    moments[index] = Math.floor((span.fromMs + (index + random()) * stepMs) / 1000) * 1000;
  }
  return moments;
}
