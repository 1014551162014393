import type { AccountBinding } from '../core/account.ts';
import { counted } from './quantities.ts';

/** What became of the account that a state belongs to. */
interface Rebound {
  readonly from: string | undefined;
  readonly to: string;
  readonly kind: AccountBinding['kind'] | undefined;
  readonly leftOpen: number;
}

export function reboundLines({ from, to, kind, leftOpen }: Rebound): readonly string[] {
  const open =
    leftOpen === 0
      ? []
      : [
          `${counted(leftOpen, 'deletion')} begun for another account stay open: only its own key can settle them.`,
        ];
  if (kind === undefined) return [`The state belongs to ${to} already: nothing was changed.`, ...open];
  return [
    `The state belongs to ${to} from now on${from === undefined ? '' : `, and no longer to ${from}`}.`,
    ...CONSEQUENCES[kind],
    ...open,
  ];
}

const CONSEQUENCES: Readonly<Record<AccountBinding['kind'], readonly string[]>> = {
  bound: [],
  named: ['It is the same account: plans that were made before can be applied.'],
  moved: [
    'It is the same account at another address: the next run settles what is still open.',
    'Plans that were made before cannot be applied any more: make new ones.',
  ],
  replaced: ['Plans that were made before cannot be applied any more: make new ones.'],
};

export function reboundJson({ from, to, kind, leftOpen }: Rebound): object {
  return { from: from ?? null, to, changed: kind !== undefined, kind: kind ?? null, left_open: leftOpen };
}
