import type { LiveRuns } from '../core/live-runs.ts';
import type { OpenIntent } from '../core/open-intent.ts';
import type { EntryObserver, RunObserver } from '../core/ports/observer.ts';
import type { AuditVerification, Standing, StatusPort } from '../core/ports/status.ts';
import type { Clock } from '../core/ports/surroundings.ts';
import { createCounted } from './counted.ts';
import { createPolicyGauges, runsInProgress } from './policy-gauges.ts';
import { MetricsRegistry, type Row } from './registry.ts';

export interface MetricsParts {
  readonly status: StatusPort;
  /** The runs of this process that are under way. */
  readonly live: Pick<LiveRuns, 'now'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly version: string;
  /** Undefined before the first. */
  readonly lastVerification: () => AuditVerification | undefined;
}

/** What Prometheus is told. Labels are names of policies and words of this program: no ids, no names, no texts. */
export interface Metrics {
  /** Counts runs and their requests. */
  readonly observer: RunObserver;
  /** Counts outcomes. */
  readonly onEntries: EntryObserver;
  /** One scrape, in Prometheus' text format. Answers where the state cannot be read, too. */
  text(): Promise<{ readonly body: string; readonly contentType: string }>;
}

export function createMetrics({ status, live, clock, version, lastVerification }: MetricsParts): Metrics {
  const registry = new MetricsRegistry();
  const counted = createCounted(registry, clock);
  const buildInfo = registry.gauge({
    name: 'build_info',
    help: '1, with the version of this program.',
    labels: ['version'],
  });
  buildInfo([[{ version }, 1]]);
  const inProgress = registry.gauge({
    name: 'runs_in_progress',
    help: 'Runs of this process that are under way, by policy.',
    labels: ['policy'],
  });
  const showPolicies = createPolicyGauges(registry);
  const showState = createStateGauges(registry);
  const showVerification = createVerificationGauges(registry);
  let reading: Promise<Standing | undefined> | undefined;
  /** A scrape that comes while one is being answered waits for the same answer. */
  const standingNow = (): Promise<Standing | undefined> => {
    // Why it cannot be read is told by every run that tries.
    reading ??= status
      .standing()
      .catch(() => undefined)
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  return {
    observer: counted.observer,
    onEntries: counted.onEntries,
    async text() {
      const standing = await standingNow();
      const policies = (standing?.policies ?? []).map(({ policy }) => policy.name);
      policies.forEach(counted.expect);
      showPolicies(standing);
      showState(standing);
      inProgress(runsInProgress(live.now(), policies));
      showVerification(lastVerification());
      return registry.text();
    },
  };
}

function createStateGauges(registry: MetricsRegistry): (standing: Standing | undefined) => void {
  const readable = registry.gauge({
    name: 'state_readable',
    help: '0: the state could not be read, and nothing that is read from it is told.',
  });
  const broken = registry.gauge({
    name: 'policies_broken',
    help: '1 while a file of the policies or of the holds is wrong, and nothing runs.',
  });
  const holds = registry.gauge({ name: 'holds_in_force', help: 'Holds in force.' });
  const entries = registry.gauge({ name: 'audit_entries', help: 'Entries of the audit log.' });
  const unsettled = registry.gauge({
    name: 'unsettled_conversations',
    help: 'A DELETE may have gone out, and it is not proven gone; stuck: nothing more can be learned for now.',
    labels: ['stuck'],
  });
  return (standing) => {
    readable([[{}, standing === undefined ? 0 : 1]]);
    broken([[{}, standing && Number(standing.problems.length > 0)]]);
    holds([[{}, standing?.holdCount]]);
    entries([[{}, standing?.auditHead.seq]]);
    unsettled(standing === undefined ? [] : unsettledRows(standing.open));
  };
}

function unsettledRows(open: readonly OpenIntent[]): readonly Row<'stuck'>[] {
  const stuck = open.filter(({ isParked }) => isParked).length;
  return [
    [{ stuck: 'false' }, open.length - stuck],
    [{ stuck: 'true' }, stuck],
  ];
}

function createVerificationGauges(
  registry: MetricsRegistry,
): (verification: AuditVerification | undefined) => void {
  const intact = registry.gauge({
    name: 'audit_intact',
    help: '1: the last verification found the audit log whole; 0: broken; absent before the first.',
  });
  const verifiedAt = registry.gauge({
    name: 'audit_last_verification_timestamp_seconds',
    help: 'When the audit log was last verified as a whole; absent before the first.',
  });
  return (verification) => {
    intact([[{}, verification && Number(verification.problem === undefined)]]);
    verifiedAt([[{}, verification && verification.at / 1000]]);
  };
}
