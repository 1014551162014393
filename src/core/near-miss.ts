import { RE2JS } from 're2js';
import { foldCase } from './case-fold.ts';
import type { Conversation, Project } from './conversation.ts';
import type { NearMiss } from './findings.ts';
import { foreignRuleName, isBinding, mayCover, type OtherPolicy } from './foreign-keeps.ts';
import type { Policy, Rule } from './policy.ts';
import { keepingLeaves, type NameMatcher } from './selector.ts';

/** A pattern of names that keeps something: in a keep rule, or under `not` in a delete rule. */
export interface ProtectivePattern {
  /** As a person finds it: `vip`, `vip of policy b`. */
  readonly rule: string;
  readonly matcher: NameMatcher;
  /** Whether it protects anything in this project. */
  readonly isFor: (project: Project) => boolean;
}

/** All patterns that could protect what the policy deletes: its own, and those of keeps that bind every policy. */
export function protectivePatterns(
  policy: Pick<Policy, 'rules'>,
  others: readonly OtherPolicy[],
): readonly ProtectivePattern[] {
  const own = policy.rules.flatMap((rule) =>
    patternsIn(rule).map((matcher) => ({ rule: rule.name, matcher, isFor: () => true })),
  );
  const foreign = others.flatMap((other) =>
    other.rules.filter(isBinding).flatMap((keep) => {
      const rule = foreignRuleName({ policy: other.name, rule: keep.name });
      const isFor = (project: Project): boolean => mayCover(other, project);
      return patternsIn(keep).map((matcher) => ({ rule, matcher, isFor }));
    }),
  );
  return [...own, ...foreign];
}

function patternsIn(rule: Rule): readonly NameMatcher[] {
  return keepingLeaves(rule).flatMap((leaf) => {
    // Exhaustive, so that whoever adds a kind of selector decides whether a near miss of it is looked for.
    switch (leaf.kind) {
      case 'name':
        return leaf.matchers;
      case 'everything':
      case 'older_than':
      case 'created_by':
      case 'session_ids':
        return [];
    }
  });
}

// ── Watching a plan being made ──────────────────────────────────────────────────────────────────────────────

interface Watched extends ProtectivePattern {
  readonly fits: (loose: LooseName) => boolean;
  hasMatched: boolean;
  candidate: NearMiss | undefined;
}

/** Sees every conversation that a plan lists, and what becomes of it. */
export class NearMissWatch {
  readonly #patterns: readonly Watched[];

  constructor(patterns: readonly ProtectivePattern[]) {
    this.#patterns = patterns.map((pattern) => ({
      ...pattern,
      fits: looselyFits(pattern.matcher),
      hasMatched: false,
      candidate: undefined,
    }));
  }

  inProject(project: Project): NearMissesInProject {
    return new NearMissesInProject(this.#patterns.filter((pattern) => pattern.isFor(project)));
  }

  /** Those of which nothing matched anywhere, each with one conversation that is to be deleted. */
  found(): readonly NearMiss[] {
    return this.#patterns.flatMap(({ hasMatched, candidate }) =>
      hasMatched || candidate === undefined ? [] : [candidate],
    );
  }
}

/** What matched stays known, even of a listing that had to begin again; what would be deleted counts only once that is sure. */
export class NearMissesInProject {
  readonly #patterns: readonly Watched[];
  readonly #candidates = new Map<Watched, NearMiss>();

  constructor(patterns: readonly Watched[]) {
    this.#patterns = patterns;
  }

  see(conversation: Pick<Conversation, 'projectId' | 'sessionId' | 'name'>, isToBeDeleted: boolean): void {
    const { name, projectId, sessionId } = conversation;
    if (name === undefined) return;
    let loose: LooseName | undefined;
    for (const pattern of this.#patterns) {
      if (pattern.hasMatched) continue;
      pattern.hasMatched = pattern.matcher.test(name);
      const isOpen = isToBeDeleted && pattern.candidate === undefined && !this.#candidates.has(pattern);
      if (pattern.hasMatched || !isOpen) continue;
      loose ??= loosen(name);
      if (!pattern.fits(loose)) continue;
      const { rule, matcher } = pattern;
      this.#candidates.set(pattern, { rule, pattern: matcher.pattern, projectId, sessionId });
    }
  }

  /** The listing begins again. */
  restart(): void {
    this.#candidates.clear();
  }

  /** The project's decisions stand. */
  end(): void {
    for (const [pattern, candidate] of this.#candidates) pattern.candidate ??= candidate;
    this.#candidates.clear();
  }
}

// ── Reading loosely ─────────────────────────────────────────────────────────────────────────────────────────

interface LooseName {
  /** Without regard to width. */
  readonly wide: string;
  /** Without regard to width and case. */
  readonly folded: string;
}

type Fits = (name: LooseName) => boolean;

const OUTER_SIGNS = /^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu;
const OUTER_WILDCARDS = /^[\s*?%^$./"'“”„«»‘’]+|[\s*?%^$./"'“”„«»‘’]+$/gu;

function loosen(name: string): LooseName {
  const wide = name.normalize('NFKC');
  return { wide, folded: foldCase(wide) };
}

/**
 * Whether the name is what the pattern's author may have meant: width and case do not count, signs at the ends are dropped,
 * what stands between `,` and `|` is a pattern of its own, and each may be found anywhere in the name.
 */
export function looselyFits({ how, pattern }: Pick<NameMatcher, 'how' | 'pattern'>): Fits {
  const wide = pattern.normalize('NFKC');
  const tests = wide.split(/[,|]/).flatMap((part) => {
    const piece = part.replaceAll(OUTER_SIGNS, '') || part.replaceAll(OUTER_WILDCARDS, '');
    // A hyphen or a dot is part of nearly every name, too; an emoji says what was meant.
    return /^[\x20-\x2f:-@[-`{-~]*$/.test(piece) ? [] : [fitsPiece(how, piece)];
  });
  if (how === 'regex') tests.push(...wholeRegex(wide));
  return (name) => tests.some((fits) => fits(name));
}

function fitsPiece(how: NameMatcher['how'], piece: string): Fits {
  const folded = foldCase(piece);
  // A letter or two are part of nearly every name; they were meant as a word.
  if (/^[a-z0-9]{1,2}$/.test(folded)) {
    const word = new RegExp(`(?<![\\p{L}\\p{N}])${folded}(?![\\p{L}\\p{N}])`, 'u');
    return (name) => word.test(name.folded);
  }
  const regex = how === 'regex' ? compiled(piece) : undefined;
  if (regex !== undefined) return (name) => regex.matcher(name.wide).find();
  if (how === 'glob') return fitsGlob(folded);
  return (name) => name.folded.includes(folded);
}

/** Found anywhere, as far as it says anything: what matches nothing at all fits every name. */
function wholeRegex(pattern: string): readonly Fits[] {
  const regex = compiled(pattern.replaceAll(/^[/^]+|[/$]+$/g, ''));
  if (regex === undefined || regex.matcher('').find()) return [];
  return [(name) => regex.matcher(name.wide).find()];
}

function compiled(source: string): RE2JS | undefined {
  try {
    return RE2JS.compile(source, RE2JS.DOTALL | RE2JS.CASE_INSENSITIVE);
  } catch {
    return undefined;
  }
}

/** One text after the other, with anything between them; a `?` is one sign, whatever it is. */
function fitsGlob(glob: string): Fits {
  const plain = (text: string): string => text.replaceAll(/\\([^])/gu, '$1');
  const signs = Array.from(glob.matchAll(/\\?[^]/gu), ([sign]) => sign);
  if (signs.includes('?')) {
    const source = signs.map((sign) => ({ '*': '.*', '?': '.' })[sign] ?? RE2JS.quote(plain(sign)));
    const regex = RE2JS.compile(source.join(''), RE2JS.DOTALL);
    return (name) => regex.matcher(name.folded).find();
  }
  const parts = Array.from(glob.matchAll(/(?:\\[^]|[^*])+/gu), ([part]) => plain(part));
  return (name) => {
    let from = 0;
    for (const part of parts) {
      const found = name.folded.indexOf(part, from);
      if (found === -1) return false;
      from = found + part.length;
    }
    return true;
  };
}
