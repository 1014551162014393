import { Webhook } from 'standardwebhooks';
import type { CommandLine } from '../core/command-line.ts';
import type { Notice, NoticeKind } from '../core/notice.ts';
import type { Chance } from '../core/ports/surroundings.ts';
import { noticeDocument, slackDocument } from './notice-text.ts';
import type { NoticeRequest } from './send-once.ts';

/** An address or a key, which no log and no error may show. */
interface Hidden {
  reveal(): string;
}

/** Where notices go; all of it may be missing. */
export interface NoticeSettings {
  readonly webhook: { readonly url: Hidden; readonly secret: Hidden } | undefined;
  readonly slackUrl: Hidden | undefined;
  /** May hold `{policy}`. */
  readonly heartbeatUrl: Hidden | undefined;
  /** Good runs are told of, too. */
  readonly eachRun: boolean;
}

export type TargetName = 'webhook' | 'slack' | 'heartbeat';

/** One thing for one target. */
export interface Parcel {
  readonly target: TargetName;
  /** Host and port, all that may be said of the address. */
  readonly host: string;
  readonly about: NoticeKind | 'heartbeat';
  /** Made anew for each attempt: a signature holds for its own time stamp. */
  readonly requestAt: (at: number) => NoticeRequest;
}

interface Packing {
  readonly commandLine: CommandLine;
  readonly chance: Chance;
}

/** A notice, packed for each target that takes notices. */
export function packed(
  notice: Notice,
  { webhook, slackUrl }: NoticeSettings,
  packing: Packing,
): readonly Parcel[] {
  return [
    ...(webhook === undefined ? [] : [webhookParcel(notice, webhook, packing)]),
    ...(slackUrl === undefined ? [] : [slackParcel(notice, slackUrl, packing)]),
  ];
}

/** As Standard Webhooks have it: the same id at each attempt, so that a receiver knows what it has seen already. */
function webhookParcel(
  notice: Notice,
  { url: hidden, secret }: NonNullable<NoticeSettings['webhook']>,
  { commandLine, chance }: Packing,
): Parcel {
  const url = new URL(hidden.reveal());
  const id = `msg_${chance.token(24)}`;
  const body = JSON.stringify(noticeDocument(notice, commandLine));
  return {
    ...{ target: 'webhook', host: url.host, about: notice.kind },
    requestAt(at) {
      const seconds = Math.floor(at / 1000);
      // eslint-disable-next-line no-restricted-globals -- the package takes the time stamp so
      const signature = new Webhook(secret.reveal()).sign(id, new Date(seconds * 1000), body);
      const headers = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': signature,
      };
      return { method: 'POST', url, headers, body };
    },
  };
}

function slackParcel(notice: Notice, hidden: Hidden, { commandLine }: Packing): Parcel {
  const url = new URL(hidden.reveal());
  const body = JSON.stringify(slackDocument(notice, commandLine));
  const request = { method: 'POST', url, headers: { 'content-type': 'application/json' }, body } as const;
  return { target: 'slack', host: url.host, about: notice.kind, requestAt: () => request };
}

/** A sign of life after a good run of this policy. */
export function heartbeatOf(policy: string, hidden: Hidden): Parcel {
  const url = new URL(hidden.reveal().replaceAll('{policy}', encodeURIComponent(policy)));
  const request = { method: 'GET', url, headers: {} } as const;
  return { target: 'heartbeat', host: url.host, about: 'heartbeat', requestAt: () => request };
}
