import { createHash } from 'node:crypto';
import type { PlanHeader, PlanItem, PlanProject, PlanSummary } from '../core/plan.ts';
import type { PlanWriter } from '../core/ports.ts';
import type { Connection } from './connection.ts';
import { removeDraft } from './plan-removal.ts';
import {
  ITEM_COLUMNS,
  PROJECT_COLUMNS,
  fingerprintLine,
  headerLine,
  itemRow,
  projectRow,
} from './plan-rows.ts';
import type { ItemRow, ProjectRow } from './plan-rows.ts';

/** Writes a draft and turns it into an open plan at the end. The fingerprint is taken of the very values that are stored. */
export class SqlitePlanWriter implements PlanWriter {
  readonly #connection: Connection;
  readonly #header: PlanHeader;
  readonly #fingerprint = createHash('sha256');
  readonly #insertItem: (row: ItemRow) => void;
  #lastOrdinal = 0;
  #done = false;

  constructor(connection: Connection, header: PlanHeader) {
    this.#connection = connection;
    this.#header = header;
    this.#fingerprint.update(headerLine(header));
    const insert = connection.prepare(
      `INSERT INTO plan_items (plan_id, ${ITEM_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertItem = (row) => void insert.run(header.planId, ...row);
  }

  async add(items: readonly PlanItem[]): Promise<void> {
    this.#assertOpen();
    const rows = items.map(itemRow);
    let last = this.#lastOrdinal;
    for (const [ordinal] of rows) {
      if (ordinal <= last) throw new Error(`plan item ${ordinal} comes after ${last}`);
      last = ordinal;
    }
    await this.#connection.write(() => {
      rows.forEach(this.#insertItem);
    });
    this.#lastOrdinal = last;
    this.#fingerprint.update(rows.map((row) => fingerprintLine('item', row)).join(''));
  }

  async finish(facts: {
    readonly projects: readonly PlanProject[];
    readonly requestsUsed: number;
  }): Promise<PlanSummary> {
    this.#assertOpen();
    this.#done = true;
    const rows = facts.projects.map(projectRow);
    for (const row of rows) this.#fingerprint.update(fingerprintLine('project', row));
    const fingerprint = this.#fingerprint.digest('hex');
    await this.#connection.write(() => {
      this.#insertProjects(rows);
      const { changes } = this.#connection
        .prepare<[number, string, string]>(
          "UPDATE plans SET status = 'open', requests_used = ?, fingerprint = ? WHERE plan_id = ? AND status = 'draft'",
        )
        .run(facts.requestsUsed, fingerprint, this.#header.planId);
      if (changes !== 1) throw new Error(`plan ${this.#header.planId} is no longer a draft`);
    });
    return { ...this.#header, ...facts, status: 'open', fingerprint, fileHash: undefined };
  }

  async discard(): Promise<void> {
    this.#done = true;
    await removeDraft(this.#connection, this.#header.planId);
  }

  #insertProjects(rows: readonly ProjectRow[]): void {
    const insert = this.#connection.prepare(
      `INSERT INTO plan_projects (plan_id, position, ${PROJECT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    rows.forEach((row, position) => insert.run(this.#header.planId, position, ...row));
  }

  #assertOpen(): void {
    if (this.#done) throw new Error(`plan ${this.#header.planId} was finished or discarded already`);
  }
}
