/**
 * The API as a table: path, who may, what is asked, what is answered. Routing, checks, the OpenAPI document, the docs page and
 * the SDK's types are made from it; `handlers/` says for each entry how it is done.
 */
import type { Static, TObject, TSchema } from 'typebox';
import { Type } from 'typebox';
import type { Spooled } from '../../base/port/blobs.ts';
import type { KeyPrincipal, Scope } from '../../services/directory/types.ts';
import type { Answer } from './answer.ts';
import type { ProblemCode } from './problems.ts';
import { DomainFindings } from './schemas/check.ts';
import { pageOf } from './schemas/common.ts';
import { DkimKey, Domain, DomainCheck, NewDomain } from './schemas/domains.ts';
import {
  CheckRawQuery,
  Email,
  ListEmailsQuery,
  RawQuery,
  SendEmail,
  TimelineStep,
  WaitQuery,
} from './schemas/emails.ts';
import { EmailEventsQuery, Event, ListEventsQuery, StreamEventsQuery } from './schemas/events.ts';
import { ListInboxQuery, ReceivedEmail } from './schemas/inbox.ts';
import { CreatedKey, CreatedUser, Key, NewKey, NewUser, User } from './schemas/office.ts';
import { ScoreResult } from './schemas/score.ts';
import {
  Delegation,
  EndDelegationQuery,
  NewDelegation,
  NewPublication,
  NewSenders,
  Plan,
  Publication,
  Senders,
} from './schemas/setup.ts';
import { SetStream, Stream } from './schemas/streams.ts';
import { NewTest, Test, TestQuery } from './schemas/tests.ts';

export type Operation = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{id}` for what is named in it. */
  readonly path: string;
  readonly group: string;
  readonly summary: string;
  /** What the summary does not say. */
  readonly says: string;
  /** Any one of them will do. */
  readonly scopes: readonly Scope[];
  /** It is about more than the key's own: keys restricted to domains are refused. */
  readonly wholeOffice: boolean;
  readonly query?: TObject;
  readonly body?:
    | { readonly type: 'application/json'; readonly schema: TSchema; readonly large: boolean }
    | { readonly type: 'message/rfc822'; readonly large: true };
  readonly answer: {
    readonly status: 200 | 201 | 202 | 204;
    readonly says: string;
    readonly schema?: TSchema;
    /** Of an answer that is not JSON. */
    readonly type?: string;
  };
  /** Beside those that every request may meet. */
  readonly problems: readonly ProblemCode[];
};

const ownOrAll =
  'With the scope read and no restriction to domains a key sees all messages of the office, else its own.';

const sendProblems = [
  'no_recipients',
  'too_many_recipients',
  'domain_unknown',
  'domain_unverified',
  'from_not_allowed',
  'message_malformed',
  'message_too_large',
  'idempotency_key_reused',
  'stream_unknown',
  'score_too_low',
  'storage_full',
] as const satisfies readonly ProblemCode[];

const checkProblems = [
  'no_recipients',
  'too_many_recipients',
  'domain_unknown',
  'domain_unverified',
  'from_not_allowed',
  'message_malformed',
  'message_too_large',
  'stream_unknown',
  'not_scored',
  'idempotency_key_reused',
  'idempotency_key_in_use',
] as const satisfies readonly ProblemCode[];

const oneEmail = { status: 200, says: 'The message as it stands.', schema: Email } as const;

const operations = {
  sendEmail: {
    method: 'POST',
    path: '/v1/emails',
    group: 'Emails',
    summary: 'Send a message',
    says: 'Answered once the message is safely on the disk; wait=settled waits for its end instead. An Idempotency-Key is remembered for 24 hours, on disk: the same request under the same key is one message.',
    scopes: ['send'],
    wholeOffice: false,
    query: WaitQuery,
    body: { type: 'application/json', schema: SendEmail, large: true },
    answer: { status: 202, says: 'Accepted: the message and where each recipient stands.', schema: Email },
    problems: sendProblems,
  },
  sendRawEmail: {
    method: 'POST',
    path: '/v1/emails/raw',
    group: 'Emails',
    summary: 'Send a finished message',
    says: 'The body is the message as in a file that ends in .eml. Date and Message-ID are added when they are missing, Bcc is removed, the domain signs. Lines may end in LF or CRLF.',
    scopes: ['send'],
    wholeOffice: false,
    query: RawQuery,
    body: { type: 'message/rfc822', large: true },
    answer: { status: 202, says: 'Accepted: the message and where each recipient stands.', schema: Email },
    problems: [...sendProblems, 'from_unclear', 'sender_not_allowed', 'mail_loop'],
  },
  checkEmail: {
    method: 'POST',
    path: '/v1/emails/check',
    group: 'Emails',
    summary: 'Score a message without sending it',
    says: 'Makes and signs the message that would leave for this request, and scores it as its receivers would see it: 0 to 10, each lost point with what gives it back. Nothing is kept.',
    scopes: ['send'],
    wholeOffice: false,
    body: { type: 'application/json', schema: SendEmail, large: true },
    answer: { status: 200, says: 'The score.', schema: ScoreResult },
    problems: checkProblems,
  },
  checkRawEmail: {
    method: 'POST',
    path: '/v1/emails/check/raw',
    group: 'Emails',
    summary: 'Score a finished message without sending it',
    says: 'The same for a message as in a file that ends in .eml.',
    scopes: ['send'],
    wholeOffice: false,
    query: CheckRawQuery,
    body: { type: 'message/rfc822', large: true },
    answer: { status: 200, says: 'The score.', schema: ScoreResult },
    problems: [...checkProblems, 'from_unclear', 'sender_not_allowed', 'mail_loop'],
  },
  listEmails: {
    method: 'GET',
    path: '/v1/emails',
    group: 'Emails',
    summary: 'List messages',
    says: `Newest first. ${ownOrAll}`,
    scopes: ['send', 'read'],
    wholeOffice: false,
    query: ListEmailsQuery,
    answer: { status: 200, says: 'A page of messages.', schema: pageOf(Email) },
    problems: [],
  },
  getEmail: {
    method: 'GET',
    path: '/v1/emails/{id}',
    group: 'Emails',
    summary: 'See what became of a message',
    says: `${ownOrAll} wait=settled holds the answer back until every recipient has an end, or the timeout.`,
    scopes: ['send', 'read'],
    wholeOffice: false,
    query: WaitQuery,
    answer: oneEmail,
    problems: ['not_found'],
  },
  listEmailEvents: {
    method: 'GET',
    path: '/v1/emails/{id}/events',
    group: 'Emails',
    summary: 'List the events of a message',
    says: 'Oldest first, with everything that is known: route, TLS, the dialogue with the receiver, its reply.',
    scopes: ['send', 'read'],
    wholeOffice: false,
    query: EmailEventsQuery,
    answer: { status: 200, says: 'A page of events.', schema: pageOf(Event) },
    problems: ['not_found'],
  },
  getEmailTimeline: {
    method: 'GET',
    path: '/v1/emails/{id}/timeline',
    group: 'Emails',
    summary: 'Read the life of a message',
    says: 'The events told in words for people, step by step.',
    scopes: ['send', 'read'],
    wholeOffice: false,
    answer: { status: 200, says: 'The steps.', schema: Type.Object({ data: Type.Array(TimelineStep) }) },
    problems: ['not_found'],
  },
  getRawEmail: {
    method: 'GET',
    path: '/v1/emails/{id}/raw',
    group: 'Emails',
    summary: 'Fetch the message as it is sent',
    says: 'Octet by octet, with its signatures.',
    scopes: ['send', 'read'],
    wholeOffice: false,
    answer: { status: 200, says: 'The message.', type: 'message/rfc822' },
    problems: ['not_found', 'message_damaged'],
  },
  cancelEmail: {
    method: 'POST',
    path: '/v1/emails/{id}/cancel',
    group: 'Emails',
    summary: 'Call a message off',
    says: 'Ends every delivery that is not being handed over at this moment.',
    scopes: ['send'],
    wholeOffice: false,
    answer: oneEmail,
    problems: ['not_found', 'too_late'],
  },
  retryEmail: {
    method: 'POST',
    path: '/v1/emails/{id}/retry',
    group: 'Emails',
    summary: 'Try delayed deliveries now',
    says: 'Instead of at their next_try_at.',
    scopes: ['send'],
    wholeOffice: false,
    answer: oneEmail,
    problems: ['not_found', 'nothing_to_retry'],
  },
  listEvents: {
    method: 'GET',
    path: '/v1/events',
    group: 'Events',
    summary: 'List events',
    says: 'From the beginning or after an event, or the newest first. When next_cursor of the oldest first is null, go on later with after = the id of the last event.',
    scopes: ['read'],
    wholeOffice: true,
    query: ListEventsQuery,
    answer: { status: 200, says: 'A page of events.', schema: pageOf(Event) },
    problems: [],
  },
  streamEvents: {
    method: 'GET',
    path: '/v1/events/stream',
    group: 'Events',
    summary: 'Follow events',
    says: 'Server-sent events: id, event (the type) and data (the event as JSON). Begins with what happens from now on, or after the event named by after or by the Last-Event-ID header.',
    scopes: ['read'],
    wholeOffice: true,
    query: StreamEventsQuery,
    answer: { status: 200, says: 'Events as they happen.', type: 'text/event-stream' },
    problems: ['too_many_streams'],
  },
  listInbox: {
    method: 'GET',
    path: '/v1/inbox',
    group: 'Inbox',
    summary: 'List received mail',
    says: 'Newest first, over all mailboxes or in the one that an address leads to.',
    scopes: ['read'],
    wholeOffice: true,
    query: ListInboxQuery,
    answer: { status: 200, says: 'A page of received messages.', schema: pageOf(ReceivedEmail) },
    problems: [],
  },
  getReceivedEmail: {
    method: 'GET',
    path: '/v1/inbox/{id}',
    group: 'Inbox',
    summary: 'See a received message',
    says: '',
    scopes: ['read'],
    wholeOffice: true,
    answer: { status: 200, says: 'The message.', schema: ReceivedEmail },
    problems: ['not_found'],
  },
  getRawReceivedEmail: {
    method: 'GET',
    path: '/v1/inbox/{id}/raw',
    group: 'Inbox',
    summary: 'Fetch a received message as it was stored',
    says: 'Octet by octet, with our trace fields on top.',
    scopes: ['read'],
    wholeOffice: true,
    answer: { status: 200, says: 'The message.', type: 'message/rfc822' },
    problems: ['not_found', 'message_damaged'],
  },
  createTest: {
    method: 'POST',
    path: '/v1/tests',
    group: 'Tests',
    summary: 'Get a test address',
    says: 'Send a message to it, from wherever your mail is sent, and read what it scores. The message itself is not kept.',
    scopes: ['send', 'read'],
    wholeOffice: false,
    body: { type: 'application/json', schema: NewTest, large: false },
    answer: { status: 201, says: 'The address, which waits for a message.', schema: Test },
    problems: ['domain_unknown', 'too_many_tests'],
  },
  getTest: {
    method: 'GET',
    path: '/v1/tests/{id}',
    group: 'Tests',
    summary: 'Read what a message scored',
    says: 'With timeout it waits for the message.',
    scopes: ['send', 'read'],
    wholeOffice: false,
    query: TestQuery,
    answer: { status: 200, says: 'The test, with the result once a message came.', schema: Test },
    problems: ['not_found'],
  },
  listDomains: {
    method: 'GET',
    path: '/v1/domains',
    group: 'Domains',
    summary: 'List the domains of the office',
    says: 'With their DKIM keys and the TXT records that publish them. A key restricted to domains sees these.',
    scopes: ['read'],
    wholeOffice: false,
    answer: { status: 200, says: 'All domains.', schema: pageOf(Domain) },
    problems: [],
  },
  getDomain: {
    method: 'GET',
    path: '/v1/domains/{name}',
    group: 'Domains',
    summary: 'See a domain',
    says: '',
    scopes: ['read'],
    wholeOffice: false,
    answer: { status: 200, says: 'The domain.', schema: Domain },
    problems: ['not_found'],
  },
  checkDomain: {
    method: 'GET',
    path: '/v1/domains/{name}/check',
    group: 'Domains',
    summary: 'See what is wrong with a domain',
    says: 'Every check of the doctor, as posthorn check --json tells them: looked up now, with who was declared to send, the keys and what was published. Takes some seconds where mail hosts are slow; what is not seen by then is unknown.',
    scopes: ['read'],
    wholeOffice: false,
    answer: { status: 200, says: 'What was found.', schema: DomainFindings },
    problems: ['not_found'],
  },
  getSenders: {
    method: 'GET',
    path: '/v1/domains/{name}/senders',
    group: 'Domains',
    summary: 'See who sends for a domain',
    says: 'As it was declared; nobody but this office where nothing was.',
    scopes: ['read'],
    wholeOffice: false,
    answer: { status: 200, says: 'The declaration.', schema: Senders },
    problems: ['not_found'],
  },
  putSenders: {
    method: 'PUT',
    path: '/v1/domains/{name}/senders',
    group: 'Domains',
    summary: 'Declare who sends for a domain',
    says: 'It takes the place of what was declared before. Nothing is published by it.',
    scopes: ['domains:write'],
    wholeOffice: false,
    body: { type: 'application/json', schema: NewSenders, large: false },
    answer: { status: 200, says: 'The declaration.', schema: Senders },
    problems: ['not_found', 'declaration_invalid'],
  },
  getPlan: {
    method: 'GET',
    path: '/v1/domains/{name}/plan',
    group: 'Domains',
    summary: 'Plan the records of a domain',
    says: 'Looks at what DNS shows now, and says for every record that is wanted how it stands, who wants it and why.',
    scopes: ['read'],
    wholeOffice: false,
    answer: { status: 200, says: 'The plan.', schema: Plan },
    problems: ['not_found', 'declaration_invalid'],
  },
  publishDomain: {
    method: 'POST',
    path: '/v1/domains/{name}/publish',
    group: 'Domains',
    summary: 'Publish the plan of a domain',
    says: 'Changes the zone at the DNS host of the office’s configuration to what the plan says, leaves everything else alone, and takes it back where it came out otherwise. Where something is to be decided first nothing is changed, unless partial is set. dry_run shows the changes.',
    scopes: ['domains:write'],
    wholeOffice: false,
    body: { type: 'application/json', schema: NewPublication, large: false },
    answer: { status: 200, says: 'What was changed, and what became of it.', schema: Publication },
    problems: [
      'not_found',
      'declaration_invalid',
      'plan_undecided',
      'no_dns_host',
      'dns_host_failed',
      'idempotency_key_reused',
      'idempotency_key_in_use',
    ],
  },
  getDelegation: {
    method: 'GET',
    path: '/v1/domains/{name}/delegation',
    group: 'Domains',
    summary: 'See what of a domain the office keeps',
    says: 'What its owner creates once, and what the office answers behind it. delegated is false where nothing leads here.',
    scopes: ['read'],
    wholeOffice: false,
    answer: { status: 200, says: 'What is kept here.', schema: Delegation },
    problems: ['not_found'],
  },
  delegateDomain: {
    method: 'POST',
    path: '/v1/domains/{name}/delegation',
    group: 'Domains',
    summary: 'Have the office keep the records of a domain',
    says: 'From now on the office answers for SPF, DKIM, DMARC, MTA-STS and TLS reports behind the names in records, and changes them by itself. Said again, the wish is what counts.',
    scopes: ['domains:write'],
    wholeOffice: false,
    body: { type: 'application/json', schema: NewDelegation, large: false },
    answer: { status: 200, says: 'What is to be created, and what is answered.', schema: Delegation },
    problems: ['not_found', 'delegation_refused', 'dns_unanswered', 'idempotency_key_reused', 'idempotency_key_in_use'],
  },
  endDelegation: {
    method: 'DELETE',
    path: '/v1/domains/{name}/delegation',
    group: 'Domains',
    summary: 'Stop keeping the records of a domain',
    says: 'Refused while names of it lead here, unless force=true.',
    scopes: ['domains:write'],
    wholeOffice: false,
    query: EndDelegationQuery,
    answer: { status: 204, says: 'The office answers for it no more.' },
    problems: ['not_found', 'still_delegated'],
  },
  createDomain: {
    method: 'POST',
    path: '/v1/domains',
    group: 'Domains',
    summary: 'Add a domain',
    says: 'It gets DKIM keys and a proof. It may send once the proof is seen in DNS, and signs with a key once every name server shows its record.',
    scopes: ['domains:write'],
    wholeOffice: true,
    body: { type: 'application/json', schema: NewDomain, large: false },
    answer: { status: 201, says: 'The domain.', schema: Domain },
    problems: ['domain_exists', 'idempotency_key_reused', 'idempotency_key_in_use'],
  },
  verifyDomain: {
    method: 'POST',
    path: '/v1/domains/{name}/verify',
    group: 'Domains',
    summary: 'Look at a domain in DNS now',
    says: 'Asks every authoritative server for the proof and for the records of pending keys, and stores what follows: the domain may send, a key begins to sign. The office does this on its own as well, often at first, then daily.',
    scopes: ['domains:write'],
    wholeOffice: false,
    answer: { status: 200, says: 'What was seen.', schema: DomainCheck },
    problems: ['not_found', 'idempotency_key_reused', 'idempotency_key_in_use'],
  },
  listDkimKeys: {
    method: 'GET',
    path: '/v1/domains/{name}/keys',
    group: 'Domains',
    summary: 'List the DKIM keys of a domain',
    says: 'Oldest first, with the records that publish them. Private halves never leave the office.',
    scopes: ['read'],
    wholeOffice: false,
    answer: { status: 200, says: 'All keys.', schema: pageOf(DkimKey) },
    problems: ['not_found'],
  },
  rotateDkimKeys: {
    method: 'POST',
    path: '/v1/domains/{name}/keys/rotate',
    group: 'Domains',
    summary: 'Begin to replace the DKIM keys of a domain',
    says: 'Makes a new key for each that signs. The old ones sign until every authoritative server shows the new records and caches have forgotten what was there before; their own records stay a week longer.',
    scopes: ['domains:write'],
    wholeOffice: false,
    answer: { status: 201, says: 'The new keys, with the records to publish.', schema: pageOf(DkimKey) },
    problems: ['not_found', 'rotation_under_way', 'idempotency_key_reused', 'idempotency_key_in_use'],
  },
  listKeys: {
    method: 'GET',
    path: '/v1/keys',
    group: 'Keys',
    summary: 'List API keys',
    says: 'Revoked ones too. Their texts are not stored.',
    scopes: ['admin'],
    wholeOffice: true,
    answer: { status: 200, says: 'All keys.', schema: pageOf(Key) },
    problems: [],
  },
  createKey: {
    method: 'POST',
    path: '/v1/keys',
    group: 'Keys',
    summary: 'Make an API key',
    says: 'The answer is the only one that ever shows it.',
    scopes: ['admin'],
    wholeOffice: true,
    body: { type: 'application/json', schema: NewKey, large: false },
    answer: { status: 201, says: 'The key.', schema: CreatedKey },
    problems: ['idempotency_key_reused', 'idempotency_key_in_use'],
  },
  revokeKey: {
    method: 'DELETE',
    path: '/v1/keys/{id}',
    group: 'Keys',
    summary: 'Revoke an API key',
    says: 'From the next request on it is not valid any more. Messages it sent stay.',
    scopes: ['admin'],
    wholeOffice: true,
    answer: { status: 204, says: 'Revoked.' },
    problems: ['not_found'],
  },
  listStreams: {
    method: 'GET',
    path: '/v1/streams',
    group: 'Streams',
    summary: 'List streams',
    says: 'Mail that names no stream is of the stream default, which is always there.',
    scopes: ['read'],
    wholeOffice: true,
    answer: { status: 200, says: 'All streams.', schema: pageOf(Stream) },
    problems: [],
  },
  getStream: {
    method: 'GET',
    path: '/v1/streams/{name}',
    group: 'Streams',
    summary: 'See a stream',
    says: '',
    scopes: ['read'],
    wholeOffice: true,
    answer: { status: 200, says: 'The stream.', schema: Stream },
    problems: ['not_found'],
  },
  setStream: {
    method: 'PUT',
    path: '/v1/streams/{name}',
    group: 'Streams',
    summary: 'Make or change a stream',
    says: 'What the request does not name stays as it is. With a min_score every message of the stream is scored before it is accepted.',
    scopes: ['admin'],
    wholeOffice: true,
    body: { type: 'application/json', schema: SetStream, large: false },
    answer: { status: 200, says: 'The stream.', schema: Stream },
    problems: ['not_found'],
  },
  deleteStream: {
    method: 'DELETE',
    path: '/v1/streams/{name}',
    group: 'Streams',
    summary: 'Remove a stream',
    says: 'Messages that name it are refused from now on. The stream default goes back to how it was at first.',
    scopes: ['admin'],
    wholeOffice: true,
    answer: { status: 204, says: 'Removed.' },
    problems: ['not_found'],
  },
  listUsers: {
    method: 'GET',
    path: '/v1/users',
    group: 'Users',
    summary: 'List logins',
    says: 'Names for submission by SMTP.',
    scopes: ['admin'],
    wholeOffice: true,
    answer: { status: 200, says: 'All logins.', schema: pageOf(User) },
    problems: [],
  },
  createUser: {
    method: 'POST',
    path: '/v1/users',
    group: 'Users',
    summary: 'Make a login',
    says: 'Without a password an app password is made; the answer is the only one that ever shows it.',
    scopes: ['admin'],
    wholeOffice: true,
    body: { type: 'application/json', schema: NewUser, large: false },
    answer: { status: 201, says: 'The login.', schema: CreatedUser },
    problems: ['login_taken', 'busy', 'idempotency_key_reused', 'idempotency_key_in_use'],
  },
} as const satisfies Record<string, Operation>;

export type OperationId = keyof typeof operations;
export const operationIds = Object.keys(operations) as OperationId[];

/** The entry as the machinery sees it, which does not care which one it is. */
export function operation(id: OperationId): Operation {
  return operations[id];
}

type QueryOf<Op> = Op extends { readonly query: infer Schema extends TSchema } ? Static<Schema> : Record<never, never>;
type BodyOf<Op> = Op extends { readonly body: { readonly schema: infer Schema extends TSchema } }
  ? Static<Schema>
  : Op extends { readonly body: { readonly type: 'message/rfc822' } }
    ? Spooled
    : undefined;
type NamesIn<Path> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

/** A request that has passed every check. */
export type Call<Id extends OperationId> = {
  readonly principal: KeyPrincipal;
  readonly names: Readonly<Record<NamesIn<(typeof operations)[Id]['path']>, string>>;
  readonly query: QueryOf<(typeof operations)[Id]>;
  readonly body: BodyOf<(typeof operations)[Id]>;
  readonly headers: Headers;
  readonly idempotencyKey: string | undefined;
  readonly clientAddress: string;
  /** Aborts when the client is gone or the office stops. */
  readonly signal: AbortSignal;
};

export type Handlers<Ids extends OperationId = OperationId> = {
  readonly [Id in Ids]: (call: Call<Id>) => Promise<Answer>;
};
