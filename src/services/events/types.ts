/**
 * What can happen, as one table: API, webhooks, timeline, `docs/EVENTS.md` and tests read it. A type is listed here with the
 * first code that appends it. Message text and secrets never enter an event; what a remote server said does, as data.
 */
import type { Id } from '../../base/id.ts';

export type EventId = Id<'evt'>;

/** The members of `email.accepted`. */
type AcceptedData = {
  readonly from: string;
  readonly recipients: readonly string[];
  readonly via: string;
  readonly account?: string;
  readonly message_id?: string;
  readonly size?: number;
  readonly tags?: readonly string[];
  readonly stream?: string;
  readonly score?: number | null;
  readonly signatures: readonly { readonly domain: string; readonly selector: string; readonly algorithm: string }[];
};

/** One recipient's delivery: an attempt, or an end without one. */
type DeliveryData = {
  readonly delivery_id: string;
  readonly recipient: string;
  readonly say: string;
  readonly tries?: number;
  readonly enhanced?: string;
  readonly scope?: string;
  readonly reply?: object;
  readonly route?: object;
  readonly via?: object;
  readonly took_ms?: number;
  readonly next_try_at_ms?: number;
  readonly transcript?: readonly object[];
};

type ReceivedData = {
  /** `''` is the null sender. */
  readonly mail_from: string;
  readonly recipients: readonly string[];
  readonly remote_address: string;
  readonly helo: string;
  readonly size: number;
  readonly header_from?: string | null;
  readonly spf?: string;
  readonly dkim?: readonly string[];
  readonly dmarc?: string;
  readonly disposition: string;
  readonly because?: readonly string[];
};

export type EventData = {
  'email.accepted': AcceptedData;
  'email.cancelled': DeliveryData;
  'email.deferred': DeliveryData;
  'email.delivered': DeliveryData;
  'email.bounced': DeliveryData;
  'email.failed': DeliveryData;
  'email.unsure': DeliveryData;
  'email.received': ReceivedData;
  'tls.counted': {
    readonly domain: string;
    readonly from_ms: number;
    readonly to_ms: number;
    readonly policies: readonly object[];
  };
  'domain.verified': { readonly domain: string; readonly by: 'operator' | 'txt' };
  'domain.broken': {
    readonly domain: string;
    readonly state: 'lapsed' | 'warned' | 'stopped';
    /** Name of the record that is gone. */
    readonly record: string;
    readonly stops_at_ms: number;
    readonly say: string;
  };
  'key.retired': { readonly domain: string; readonly selector: string; readonly algorithm: string };
  'key.rotated': {
    readonly domain: string;
    readonly selector: string;
    readonly algorithm: string;
    /** Selectors that no longer sign; their records stay published until nothing carries their signatures. */
    readonly replaces: readonly string[];
  };
};

export type EventType = keyof EventData;

const deliveryMembers = {
  delivery_id: 'The delivery: one message to one recipient.',
  recipient: 'The address as it was asked for.',
  say: 'One sentence for people, with the receiver’s own words where it answered.',
  tries: 'How often it was tried so far.',
  enhanced: 'Enhanced status code (RFC 3463).',
  scope: 'What the answer is about: recipient, message, host, domain or infrastructure.',
  reply: 'The receiver’s reply: code, enhanced, text, stage.',
  route: 'How the way was found: source, candidates, hosts passed over.',
  via: 'The connection that answered: host, address, port, why it was chosen, TLS.',
  took_ms: 'Duration of the attempt.',
  next_try_at_ms: 'When it is tried again.',
  transcript: 'The dialogue with the receiver, without message text and logins.',
} as const;

type EventDoc<Data> = {
  readonly says: string;
  /** What `subject` names. */
  readonly subject: 'message' | 'received message' | 'domain';
  readonly members: { readonly [Member in keyof Data]-?: string };
};

export const eventTypes = {
  'email.accepted': {
    says: 'The message and a delivery for each recipient are safely on the disk.',
    subject: 'message',
    members: {
      from: 'The author’s address, or the envelope’s where the message has none.',
      recipients: 'Every recipient, Bcc included.',
      via: 'How it came in.',
      account: 'The key or login that sent it.',
      message_id: 'The Message-ID field.',
      size: 'Octets of the message as it will be sent.',
      tags: 'Labels given with the message.',
      stream: 'The stream it named.',
      score: 'From 0 to 10, where its stream has a lowest score; null when it could not be told in time.',
      signatures: 'The DKIM signatures put on it: domain, selector, algorithm.',
    },
  },
  'email.cancelled': {
    says: 'A delivery was called off before it was handed over.',
    subject: 'message',
    members: deliveryMembers,
  },
  'email.deferred': {
    says: 'A try did not succeed, and another one follows.',
    subject: 'message',
    members: deliveryMembers,
  },
  'email.delivered': {
    says: 'The receiving server took responsibility: it answered 250 to the final dot.',
    subject: 'message',
    members: deliveryMembers,
  },
  'email.bounced': {
    says: 'The receiving server refused for good; its words are in `reply`.',
    subject: 'message',
    members: deliveryMembers,
  },
  'email.failed': {
    says: 'Given up without a refusal by the receiver: time is over, or there is no way there.',
    subject: 'message',
    members: deliveryMembers,
  },
  'email.unsure': {
    says: 'Handed over without an answer, and nothing will tell any more whether it arrived.',
    subject: 'message',
    members: deliveryMembers,
  },
  'email.received': {
    says: 'A message from outside was judged; `disposition` says what became of it.',
    subject: 'received message',
    members: {
      mail_from: 'Envelope sender; empty for the null sender.',
      recipients: 'Envelope recipients.',
      remote_address: 'The client’s address.',
      helo: 'What the client called itself.',
      size: 'Octets as received.',
      header_from: 'The author’s address that was judged, or null.',
      spf: 'SPF result.',
      dkim: 'DKIM results, one per signature.',
      dmarc: 'DMARC result.',
      disposition: 'accept, junk, reject or later.',
      because: 'Why, in plain sentences, worst first.',
    },
  },
  'tls.counted': {
    says: 'How TLS with the hosts of a domain went that asks for it by DANE or MTA-STS: up to an hour’s sessions.',
    subject: 'domain',
    members: {
      domain: 'The domain mail was for.',
      from_ms: 'When the counting began.',
      to_ms: 'When it ended.',
      policies:
        'Each policy that held: type, domain, strings, mx_hosts, successful, failed, failures by RFC 8460’s names.',
    },
  },
  'domain.verified': {
    says: 'The office may send for the domain from now on.',
    subject: 'domain',
    members: { domain: 'The domain, as A-labels.', by: 'operator: a person’s word; txt: the TXT record was seen.' },
  },
  'domain.broken': {
    says: 'The TXT record that proves the domain is gone. It is told when that is seen, a day before sending would stop, and when it stops; domain.verified tells that the record is back.',
    subject: 'domain',
    members: {
      domain: 'The domain, as A-labels.',
      state: 'lapsed: sending goes on for now; warned: it stops within a day; stopped: nothing is sent any more.',
      record: 'Name of the TXT record.',
      stops_at_ms: 'When sending stops, or stopped, unless the record comes back.',
      say: 'One sentence for people.',
    },
  },
  'key.retired': {
    says: 'A DKIM key that was replaced is gone: no message on its way carries its signature, and its record may go.',
    subject: 'domain',
    members: {
      domain: 'The domain.',
      selector: 'Selector of the key.',
      algorithm: 'rsa-sha256 or ed25519-sha256.',
    },
  },
  'key.rotated': {
    says: 'Another DKIM key signs for the domain from now on.',
    subject: 'domain',
    members: {
      domain: 'The domain.',
      selector: 'Selector of the key that signs now.',
      algorithm: 'rsa-sha256 or ed25519-sha256.',
      replaces: 'Selectors that no longer sign.',
    },
  },
} as const satisfies { readonly [Type in EventType]: EventDoc<EventData[Type]> };

export function isEventType(text: string): text is EventType {
  return Object.hasOwn(eventTypes, text);
}

/** What a service appends. `subject` is the id of what it happened to, or the domain's name. */
export type NewEvent = {
  [Type in EventType]: { readonly type: Type; readonly subject: string; readonly data: EventData[Type] };
}[EventType];

/** What the log holds. `sequence` grows with every event of the office and is where a reader goes on. */
export type EventRecord = NewEvent & { readonly sequence: number; readonly id: EventId; readonly atMs: number };

export type EventQuery = {
  readonly subject?: string;
  readonly types?: readonly EventType[];
  /** Only events with a greater sequence. */
  readonly after?: number;
  /** Only events with a smaller sequence. */
  readonly before?: number;
  readonly order?: 'oldest-first' | 'newest-first';
  readonly limit: number;
};
