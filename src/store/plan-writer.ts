import type { PlanFindings } from '../core/findings.ts';
import type { PlanHeader, PlanItem, PlanProject, PlanSummary } from '../core/plan.ts';
import type { PlanWriter } from '../core/ports/plans.ts';
import type { Connection } from './connection.ts';
import { fingerprintOf } from './plan-fingerprint.ts';
import { removeDraft, removeProject } from './plan-removal.ts';
import { ITEM_COLUMNS, PROJECT_COLUMNS, itemRow, projectRow } from './plan-rows.ts';
import type { ItemRow } from './plan-rows.ts';

/** Writes a draft and turns it into an open plan at the end. Every `add` is one transaction (some hundred items are a good size), durable with `finish` at the latest. */
export class SqlitePlanWriter implements PlanWriter {
  readonly #connection: Connection;
  readonly #header: PlanHeader;
  readonly #insertItem: (row: ItemRow) => void;
  #done = false;

  constructor(connection: Connection, header: PlanHeader) {
    this.#connection = connection;
    this.#header = header;
    const insert = connection.prepare(
      `INSERT INTO plan_items (plan_id, ${ITEM_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertItem = (row) => void insert.run(header.planId, ...row);
  }

  async add(items: readonly PlanItem[]): Promise<void> {
    this.#assertAtWork();
    await this.#connection.write(() => {
      for (const item of items) this.#insertItem(itemRow(item));
    });
  }

  async dropProject(projectId: number): Promise<void> {
    this.#assertAtWork();
    await removeProject(this.#connection, this.#header.planId, projectId);
  }

  async finish(facts: {
    readonly projects: readonly PlanProject[];
    readonly requestsUsed: number;
    readonly findings: PlanFindings;
  }): Promise<PlanSummary> {
    this.#assertAtWork();
    this.#done = true;
    await this.#connection.write(() => {
      this.#insertProjects(facts.projects);
      this.#connection
        .prepare<[string, string]>('UPDATE plans SET findings = ? WHERE plan_id = ?')
        .run(JSON.stringify(facts.findings), this.#header.planId);
    });
    const fingerprint = await fingerprintOf(this.#connection, this.#header);
    await this.#connection.write(() => {
      const { changes } = this.#connection
        .prepare<[number, string, string]>(
          "UPDATE plans SET status = 'open', requests_used = ?, fingerprint = ? WHERE plan_id = ? AND status = 'draft'",
        )
        .run(facts.requestsUsed, fingerprint, this.#header.planId);
      if (changes !== 1) throw new Error(`plan ${this.#header.planId} is no longer a draft`);
    });
    return { ...this.#header, ...facts, status: 'open', fingerprint, fileHash: undefined, deferred: 0 };
  }

  async discard(): Promise<void> {
    this.#done = true;
    await removeDraft(this.#connection, this.#header.planId);
  }

  #insertProjects(projects: readonly PlanProject[]): void {
    const insert = this.#connection.prepare(
      `INSERT INTO plan_projects (plan_id, position, ${PROJECT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    projects.forEach((project, position) =>
      insert.run(this.#header.planId, position, ...projectRow(project)),
    );
  }

  #assertAtWork(): void {
    if (this.#done) throw new Error(`plan ${this.#header.planId} was finished or discarded already`);
  }
}
