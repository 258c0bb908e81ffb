/**
 * An office as commands see it, with the documents of the API: the one in a data folder here (`local-office.ts`) or a running one
 * (`remote-office.ts`). What goes wrong throws a `CliError`.
 */
import type { EventType } from '../../services/events/types.ts';
import type { Domain, DomainCheck } from '../http/schemas/domains.ts';
import type { Email, SendEmail, TimelineStep } from '../http/schemas/emails.ts';
import type { Event } from '../http/schemas/events.ts';
import type { ReceivedEmail } from '../http/schemas/inbox.ts';
import type { Key, NewKey, NewUser, User } from '../http/schemas/office.ts';
import type { Delegation } from '../http/schemas/setup.ts';
import type { SetStream, Stream } from '../http/schemas/streams.ts';
import type { Test } from '../http/schemas/tests.ts';

export type { Delegation, Domain, DomainCheck, Email, Event, Key, ReceivedEmail, SendEmail, Test, TimelineStep, User };

export type Page<Item> = { readonly data: readonly Item[]; readonly next_cursor: string | null };
type PageQuery = { readonly limit: number; readonly cursor?: string };

type RawEnvelope = {
  /** '' is the null sender; absent = the author. */
  readonly from?: string;
  /** Absent = everybody in To, Cc and Bcc. */
  readonly to?: readonly string[];
  /** Where the message itself names none. */
  readonly stream?: string;
};

export type EventFilter = { readonly types?: readonly EventType[]; readonly subject?: string };

export interface OfficeClient {
  /** Where it is, for sentences. */
  readonly where: string;
  /** Where its pages are, when somebody said. */
  readonly pagesUrl: string | undefined;
  /** Whether its queue is being worked on now. */
  readonly isServed: boolean;
  /** Its public name where it is known. */
  readonly hostname: string | undefined;

  send(request: SendEmail): Promise<Email>;
  sendRaw(message: Uint8Array, envelope: RawEnvelope): Promise<Email>;
  email(id: string): Promise<Email>;
  /** The message when every recipient has an end, or as it stands after `timeoutMs`. */
  settled(id: string, timeoutMs: number): Promise<Email>;
  timeline(id: string): Promise<readonly TimelineStep[]>;
  /** Octets as they are sent. */
  raw(id: string): Promise<Uint8Array>;
  /** Newest first. */
  emails(query: PageQuery & { readonly open?: boolean }): Promise<Page<Email>>;
  cancel(id: string): Promise<Email>;
  retry(id: string): Promise<Email>;

  /** The last ones, oldest first. */
  events(filter: EventFilter, limit: number): Promise<readonly Event[]>;
  /** What happens from now on, until `signal` aborts. */
  follow(filter: EventFilter, signal: AbortSignal): AsyncIterable<Event>;

  /** Newest first. */
  inbox(
    query: PageQuery & { readonly mailbox?: string; readonly folder?: 'INBOX' | 'Junk' },
  ): Promise<Page<ReceivedEmail>>;
  received(id: string): Promise<ReceivedEmail>;
  receivedRaw(id: string): Promise<Uint8Array>;

  /** A test address; by default at the first domain whose mail comes here. */
  createTest(domain: string | undefined): Promise<Test>;
  /** As it stands; with a time, as soon as a message has come or when the time is over. */
  test(id: string, timeoutMs: number): Promise<Test>;

  domains(): Promise<readonly Domain[]>;
  domain(name: string): Promise<Domain>;
  addDomain(name: string, options: { readonly receives: boolean }): Promise<Domain>;
  /** Looks at the domain in DNS now. */
  verifyDomain(name: string): Promise<DomainCheck>;
  /** What of the domain the office keeps and answers itself. */
  delegation(name: string): Promise<Delegation>;
  /** The new keys, which wait for their records. */
  rotateKeys(name: string): Promise<Domain['dkim_keys']>;

  keys(): Promise<readonly Key[]>;
  createKey(wanted: NewKey): Promise<CreatedKeyDocument>;
  revokeKey(id: string): Promise<void>;

  streams(): Promise<readonly Stream[]>;
  /** Makes it where there is none; what is not named stays. */
  setStream(name: string, change: SetStream): Promise<Stream>;
  removeStream(name: string): Promise<void>;

  users(): Promise<readonly User[]>;
  createUser(wanted: NewUser): Promise<CreatedUserDocument>;

  close(): Promise<void>;
}

export type CreatedKeyDocument = Key & { readonly token: string };
export type CreatedUserDocument = User & { readonly app_password?: string };
