import { ApiError, RetentionError, type FaultKind } from '../core/errors.ts';
import type { RunResult } from '../run/around/close-run.ts';

export const EXIT = {
  done: 0,
  unexpected: 1,
  /** Of `status`, for a monitor: somebody has to look. */
  attention: 1,
  usage: 2,
  not_all_deleted: 3,
  limit: 4,
  plan: 5,
  state: 6,
  lease: 7,
  credential: 8,
  clock: 9,
  unreachable: 10,
  /** Of `plan --detailed-exitcode`. */
  would_delete: 20,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_FAULT: Record<FaultKind, ExitCode> = {
  usage: EXIT.usage,
  other_account: EXIT.usage,
  limit_refused: EXIT.limit,
  plan_stale: EXIT.plan,
  state_unusable: EXIT.state,
  lease_held: EXIT.lease,
  credential_refused: EXIT.credential,
  clock_untrusted: EXIT.clock,
  api_unreachable: EXIT.unreachable,
  interrupted: EXIT.interrupted,
};

/** Over several policies the first non-zero in this order; a stop by a person comes before all of them. */
const ORDER: readonly ExitCode[] = [
  EXIT.interrupted,
  EXIT.unexpected,
  EXIT.usage,
  EXIT.state,
  EXIT.credential,
  EXIT.clock,
  EXIT.unreachable,
  EXIT.limit,
  EXIT.plan,
  EXIT.lease,
  EXIT.not_all_deleted,
];

export function exitCodeOfError(error: unknown): ExitCode {
  if (error instanceof RetentionError) return BY_FAULT[error.kind];
  return error instanceof ApiError ? EXIT.unreachable : EXIT.unexpected;
}

export function exitCodeOfRun({ run, fault }: Pick<RunResult, 'run' | 'fault'>): ExitCode {
  if (fault !== undefined) return exitCodeOfError(fault);
  switch (run.status) {
    case 'completed':
      return EXIT.done;
    case 'partial':
      return EXIT.not_all_deleted;
    case 'refused':
      return EXIT.limit;
    case 'interrupted':
      return EXIT.interrupted;
    case 'running':
    case 'failed':
      return EXIT.unexpected;
  }
}

/** One exit code for several runs. */
export function foremost(codes: readonly ExitCode[]): ExitCode {
  return ORDER.find((code) => codes.includes(code)) ?? EXIT.done;
}
