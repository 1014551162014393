import type { NativeRetention } from './native-retention.ts';

/** Whether a project is there. `gone` only in the vendor's own words: anything else may be a proxy, or a missing right. */
export type PlaceSight =
  { readonly state: 'present' | 'gone' } | { readonly state: 'no_evidence'; readonly failure: string };

/** Looks at projects, not at what is in them. Both throw ApiError `unauthorized` and `aborted` only. */
export interface PlaceReader {
  project(projectId: number, signal?: AbortSignal): Promise<PlaceSight>;
  /** The vendor's own retention; undefined where it cannot be read. */
  nativeRetention(projectId: number, signal?: AbortSignal): Promise<NativeRetention | undefined>;
}
