import type { KeptOut } from '../exclusions.ts';
import type { KnownProtection } from '../find-protections.ts';
import type { Protection } from '../findings.ts';

/** What earlier plans of a policy saw of its protections. */
export interface ProtectionMemory {
  readonly keptOut: readonly KeptOut[];
  readonly matched: readonly KnownProtection[];
}

export interface ProtectionStore {
  protectionMemory(policy: string): Promise<ProtectionMemory>;
  /** Adds to what is known; nothing is forgotten, and a later count takes the place of an earlier one. */
  rememberProtections(
    policy: string,
    seen: {
      readonly keptOut: readonly KeptOut[];
      readonly matched: readonly Pick<Protection, 'kind' | 'name' | 'matched'>[];
    },
    at: number,
  ): Promise<void>;
}
