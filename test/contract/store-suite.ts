import { afterEach, beforeEach, describe } from 'vitest';
import type { Store } from '../../src/core/ports/store.ts';
import type { Clock } from '../../src/core/ports/surroundings.ts';
import { accountTests } from './store-accounts.ts';
import { auditLogTests } from './store-audit-log.ts';
import { holdListTests } from './store-hold-lists.ts';
import { holdRevisionTests } from './store-hold-revisions.ts';
import { holdTests } from './store-holds.ts';
import { auditQuestionTests } from './store-audit-questions.ts';
import { planEndTests } from './store-plan-end.ts';
import { populationTests } from './store-populations.ts';
import { protectionTests } from './store-protections.ts';
import { leaseTests, runTests } from './store-runs.ts';
import { manualClock } from './store-samples.ts';
import type { ManualClock, Suite } from './store-samples.ts';
import { searchTests } from './store-search.ts';
import { arrangementTests } from './store-arrangement.ts';
import { planTests } from './store-plans.ts';

/** A store under test. `reopen` closes it and opens the same state again, as a restart would. */
interface StoreUnderTest {
  readonly store: Store;
  reopen(): Promise<Store>;
  dispose(): Promise<void>;
}

/** What every implementation of the store port does, seen from outside. */
export function storeSuite(name: string, open: (clock: Clock) => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the store's contract`, () => {
    let clock: ManualClock;
    let underTest: StoreUnderTest;
    let store: Store;

    beforeEach(async () => {
      clock = manualClock();
      underTest = await open(clock);
      store = underTest.store;
    });
    afterEach(() => underTest.dispose());

    const suite: Suite = { store: () => store, clock: () => clock, reopen: () => underTest.reopen() };
    describe('audit log', () => {
      auditLogTests(suite);
    });
    describe('questions to the audit log', () => {
      auditQuestionTests(suite);
    });
    describe('plans', () => {
      planTests(suite);
    });
    describe('end of a plan', () => {
      planEndTests(suite);
    });
    describe('what is looked for', () => {
      searchTests(suite);
    });
    describe('how a plan is applied', () => {
      arrangementTests(suite);
    });
    describe('holds', () => {
      holdTests(suite);
    });
    describe('populations', () => {
      populationTests(suite);
    });
    describe('accounts', () => {
      accountTests(suite);
    });
    describe('protections', () => {
      protectionTests(suite);
    });
    describe('holds of a file', () => {
      holdListTests(suite);
    });
    describe('versions of a file of holds', () => {
      holdRevisionTests(suite);
    });
    describe('leases', () => {
      leaseTests(suite);
    });
    describe('runs and slots', () => {
      runTests(suite);
    });
  });
}
