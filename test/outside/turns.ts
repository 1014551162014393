// What happens to the account while a command is at work, each thing once.
import type { Account } from './account.js';
import type { Behave, Turn } from './behave.js';
import type { Noted } from './stand-in.js';

export class Turns {
  private readonly waiting: Turn[];

  constructor(behave: Behave) {
    this.waiting = [...(behave.turns ?? [])];
  }

  /** Called as a request comes in, which is already noted. */
  take(account: Account, journal: Noted[]): void {
    const before = journal.slice(0, -1);
    const due = this.waiting.filter((turn) => isDue(turn, before));
    for (const turn of due) {
      this.waiting.splice(this.waiting.indexOf(turn), 1);
      happen(turn, account);
    }
  }
}

function isDue(turn: Turn, before: Noted[]): boolean {
  const seen = (route: Noted['route']): number => before.filter((noted) => noted.route === route).length;
  if (seen('delete') < (turn.after_deletes ?? 0)) return false;
  return seen('list') >= (turn.after_lists ?? 0) && seen('messages') >= (turn.after_reads ?? 0);
}

function happen(turn: Turn, account: Account): void {
  if (turn.forbid_read !== undefined) account.rights.read.delete(turn.forbid_read);
  if (turn.forbid_delete !== undefined) account.rights.delete.delete(turn.forbid_delete);
  if (turn.revoke_key === true) account.keyRevoked = true;
  if (turn.remove_project !== undefined) account.removeProject(turn.remove_project);
  if (turn.hide_project !== undefined) account.unseen.add(turn.hide_project);
  for (const name of turn.owner_deletes ?? []) account.remove(account.named(name), 'owner');
  const first = account.projects[0];
  for (let i = 0; first !== undefined && i < (turn.arrive ?? 0); i++)
    account.add(first, { name: `arrived-${i}`, age_days: 0, protect: true });
}
