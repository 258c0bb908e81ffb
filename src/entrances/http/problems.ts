/**
 * Every way in which the API says no: one table for answers (RFC 9457), the pages under /problems/, and the OpenAPI document.
 * The refusals of outbound are part of it, spelled with underscores; their status and title come from their own table.
 */
import { type OutboundRefusal, outboundRefusals } from '../../services/outbound/types.ts';

type ProblemDoc = {
  readonly status: number;
  readonly title: string;
  /** For the page: what happened. */
  readonly meaning: string;
  /** What to do about it; also in the answer, unless the answer knows better. */
  readonly fix: string;
};

const ownProblems = {
  key_missing: {
    status: 401,
    title: 'The request carries no API key',
    meaning:
      'Every request under /v1 needs a key. There was no Authorization header, or it was not of the kind Bearer.',
    fix: 'Send the header "Authorization: Bearer ph_live_...". A key is made with: posthorn keys create',
  },
  key_invalid: {
    status: 401,
    title: 'The API key is not valid here',
    meaning:
      'The key is mistyped, cut off, revoked, or belongs to another office. Which of these it is, is not told: whoever has found a key shall not learn more from it.',
    fix: 'Check that the key was copied completely. See the keys of this office with: posthorn keys list',
  },
  scope_missing: {
    status: 403,
    title: 'The API key may not do this',
    meaning: 'A key does only what its scopes allow: send, read, domains:write, admin.',
    fix: 'Use a key with the scope that is named in the detail, or make one: posthorn keys create --scope ...',
  },
  key_restricted: {
    status: 403,
    title: 'The API key is restricted to some domains',
    meaning: 'This request is about the whole office, and the key is for some of its domains only.',
    fix: 'Use a key without a restriction to domains.',
  },
  not_found: {
    status: 404,
    title: 'There is no such thing',
    meaning:
      'The path is not one of this API, or the id names nothing that this key may see. The two are not told apart: ids of others stay private.',
    fix: 'See /docs for the paths. A key sees its own messages; with the scope read it sees all of the office.',
  },
  too_many_tests: {
    status: 503,
    title: 'Too many test addresses are open',
    meaning: 'Each test address is kept for a week, and so many of them that no more fit have been made.',
    fix: 'Use one that is there, or wait until the oldest ends.',
  },
  method_not_allowed: {
    status: 405,
    title: 'This path does not take that method',
    meaning: 'The path exists, and takes other methods. They stand in the Allow header.',
    fix: 'Use one of the methods in the Allow header.',
  },
  media_type_unsupported: {
    status: 415,
    title: 'The body is of a kind that is not taken here',
    meaning: 'JSON requests need "Content-Type: application/json", whole messages "message/rfc822", both uncompressed.',
    fix: 'Set the Content-Type header. With curl: --json instead of -d.',
  },
  body_too_large: {
    status: 413,
    title: 'The body is larger than the limit',
    meaning:
      'Bodies are counted while they are read; whatever the Content-Length header says, reading ends at the limit.',
    fix: 'Send less. Large files travel better as links.',
  },
  body_incomplete: {
    status: 400,
    title: 'The body ended too early or too late',
    meaning: 'The connection broke, or the body has another length than its Content-Length header says.',
    fix: 'Send the request again, with the same Idempotency-Key.',
  },
  json_malformed: {
    status: 400,
    title: 'The body is not JSON that can be read in one way only',
    meaning:
      'The body is not JSON (RFC 8259) in UTF-8, or names a member twice in one object, nests deeper than 64 levels, or has more than 100,000 values.',
    fix: 'Have the JSON written by a library; the detail says where reading ended.',
  },
  parameter_invalid: {
    status: 400,
    title: 'A parameter of the request is wrong',
    meaning: 'A query parameter or header is unknown, missing, given twice, or holds a value that is not allowed.',
    fix: 'Each entry of errors names the parameter and says what is allowed.',
  },
  validation_failed: {
    status: 422,
    title: 'The body does not say what is needed',
    meaning:
      'A member is unknown, missing, of the wrong type or holds what cannot be sent: nothing is guessed, repaired or left out.',
    fix: 'Each entry of errors points to the member (RFC 6901) and says what is wrong with it.',
  },
  idempotency_key_in_use: {
    status: 409,
    title: 'A request with this Idempotency-Key is still being worked on',
    meaning: 'The first request with the key has not been answered yet.',
    fix: 'Ask again in a second, with the same key and the same body.',
  },
  too_late: {
    status: 409,
    title: 'It is too late to cancel',
    meaning: 'Every delivery of the message has ended or is being handed over right now.',
    fix: 'See where each recipient stands: GET /v1/emails/{id}.',
  },
  nothing_to_retry: {
    status: 409,
    title: 'Nothing of this message waits for another try',
    meaning:
      'Only deliveries that are delayed can be tried earlier. The others have ended, or are about to be tried anyway.',
    fix: 'See where each recipient stands: GET /v1/emails/{id}.',
  },
  login_taken: {
    status: 409,
    title: 'There is a login of this name already',
    meaning: 'Login names are unique in an office, in whatever case they are written.',
    fix: 'Choose another name.',
  },
  domain_exists: {
    status: 409,
    title: 'The domain is in this office already',
    meaning: 'A domain is added once; it keeps its keys and its proof.',
    fix: 'See it: GET /v1/domains/{name}. What is still to be published stands in its proof and its dkim_keys.',
  },
  rotation_under_way: {
    status: 409,
    title: 'New keys of the domain wait for their records already',
    meaning:
      'A rotation ends when every authoritative name server shows the new records and caches have forgotten what was there before.',
    fix: 'Publish the records of the pending keys: GET /v1/domains/{name}/keys. Look what DNS shows of them: POST /v1/domains/{name}/verify.',
  },
  declaration_invalid: {
    status: 422,
    title: 'The declaration cannot be planned with',
    meaning: 'It names a sender or a parameter that the catalogue does not know, or lacks one that a sender needs.',
    fix: 'See what a sender takes: posthorn senders show ID',
  },
  plan_undecided: {
    status: 409,
    title: 'Something has to be decided before the plan is published',
    meaning:
      'The plan has conflicts, or the zone holds something that a record of it cannot stand beside. Half a plan may be worse than none, so nothing was changed.',
    fix: 'Decide what errors names (GET /v1/domains/{name}/plan has it with what to do), or publish everything else: {"partial": true}.',
  },
  no_dns_host: {
    status: 409,
    title: 'Nobody said where the zone is kept',
    meaning: 'Publishing needs the DNS host that keeps the zone, and what it takes to get in there.',
    fix: 'Set it in the office’s configuration: posthorn config explain publish. Or publish the records of the plan by hand: GET /v1/domains/{name}/plan.',
  },
  delegation_refused: {
    status: 409,
    title: 'The office cannot keep the records of this domain',
    meaning:
      'Its own zone or name servers are not set up, something else stands where the records would be, or the domain is delegated in the other way.',
    fix: 'The detail names what is in the way. Settings: posthorn config explain dns',
  },
  still_delegated: {
    status: 409,
    title: 'Names of the domain still lead to this office',
    meaning: 'Without the office nothing would stand behind them, and mail would fail.',
    fix: 'Put records of the domain’s own in their place, or ask again with ?force=true.',
  },
  dns_unanswered: {
    status: 503,
    title: 'The DNS did not answer',
    meaning: 'What stands there now is to be kept, and could not be looked up. Nothing was changed.',
    fix: 'Ask again later.',
  },
  not_scored: {
    status: 503,
    title: 'The score could not be told in time',
    meaning:
      'Scoring asks the DNS, and the spam filters of the configuration; they did not answer in time. Nothing was sent.',
    fix: 'Ask again in a moment.',
  },
  dns_host_failed: {
    status: 502,
    title: 'The DNS host did not do it',
    meaning: 'The host that keeps the zone refused, or did not answer. Nothing was changed.',
    fix: 'The detail has its words. Correct what they name, and ask again.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests with this key',
    meaning: 'Every key may make a number of requests per minute; the RateLimit-Policy header says how many.',
    fix: 'Wait for the seconds in the Retry-After header.',
  },
  too_many_streams: {
    status: 429,
    title: 'Too many event streams are open',
    meaning: 'An event stream holds a connection; one key may hold a few.',
    fix: 'Close streams that nobody reads, or list the events from time to time: GET /v1/events?after=...',
  },
  unavailable: {
    status: 503,
    title: 'The office cannot reach its own store',
    meaning:
      'The disk or the database answers with an error. The log of the office has the reason under the request id.',
    fix: 'Ask again later, with the same Idempotency-Key. The operator sees more at /readyz and in the log.',
  },
  message_damaged: {
    status: 500,
    title: 'The stored message is damaged',
    meaning: 'What was read from the disk is not what was written: its hash differs, or it is gone.',
    fix: 'The operator finds out how much is affected with: posthorn fsck',
  },
  internal_error: {
    status: 500,
    title: 'A mistake in Posthorn',
    meaning: 'The request met a mistake of ours. The log of the office has it under the request id.',
    fix: 'Report it with the request id. Asking again with the same Idempotency-Key is safe.',
  },
} as const satisfies Record<string, ProblemDoc>;

type Snake<Text extends string> = Text extends `${infer Head}-${infer Tail}` ? `${Head}_${Snake<Tail>}` : Text;

/** What the table of outbound does not say: the page's text. */
const outboundDocs: Record<OutboundRefusal, Pick<ProblemDoc, 'meaning' | 'fix'>> = {
  'no-recipients': { meaning: 'to, cc and bcc are all empty.', fix: 'Name at least one recipient in to, cc or bcc.' },
  'too-many-recipients': {
    meaning: 'One message goes to a limited number of recipients; the detail has the figure.',
    fix: 'Send several messages. Then recipients do not see each other either.',
  },
  'domain-unknown': {
    meaning: 'An office sends only for domains that were added to it.',
    fix: 'Add the domain: posthorn domains add NAME. Or use a From address at one of yours: GET /v1/domains',
  },
  'domain-unverified': {
    meaning: 'The domain was added, and nobody has shown yet that it is yours.',
    fix: 'See what is missing: posthorn domains show NAME',
  },
  'from-not-allowed': {
    meaning: 'The key is restricted to other From domains.',
    fix: 'Use a From address that the key may use, or another key.',
  },
  'from-unclear': {
    meaning: 'The header has no From field, several, or one that does not name exactly one author.',
    fix: 'Write one From field with one address: From: Name <name@example.com>',
  },
  'sender-not-allowed': {
    meaning: 'The envelope sender (the parameter from) is at a domain that the key may not use.',
    fix: 'Leave the parameter out: then the author is the envelope sender.',
  },
  'message-malformed': {
    meaning: 'The message, or what was given to make it, breaks a rule of its format; the detail says where.',
    fix: 'Correct what the detail names. Nothing is repaired silently, because receivers would repair it differently.',
  },
  'message-too-large': {
    meaning: 'The finished message, attachments encoded, is larger than this office sends.',
    fix: 'Send less. Large files travel better as links.',
  },
  'stream-unknown': {
    meaning: 'The member stream, or the field Posthorn-Stream, names a stream that this office does not have.',
    fix: 'See the streams: GET /v1/streams. One is made by setting it: PUT /v1/streams/{name}',
  },
  'score-too-low': {
    meaning:
      'The stream of the message has a lowest score, and receivers would see the message below it. Nothing was sent.',
    fix: 'Mend what score.deductions names, each with its fix. Try it without sending: POST /v1/emails/check',
  },
  'mail-loop': {
    meaning: 'The message has as many Received fields as only messages have that go round in circles.',
    fix: 'Look at the Received fields: two of the hosts send to each other.',
  },
  'idempotency-key-reused': {
    meaning: 'An Idempotency-Key names one request. Within 24 hours it came again with different content.',
    fix: 'Use a new key for a new request, and the old one only to repeat the very same.',
  },
  'storage-full': {
    meaning: 'The disk has reached its reserve. Nothing was accepted, and nothing that was accepted is lost.',
    fix: 'The operator frees space; the office goes on by itself.',
  },
  busy: {
    meaning: 'Too much is being worked on at this moment. Nothing of the request was done.',
    fix: 'Ask again after the seconds in the Retry-After header.',
  },
};

export type ProblemCode = keyof typeof ownProblems | Snake<OutboundRefusal>;

export const problems: Readonly<Record<ProblemCode, ProblemDoc>> = { ...ownProblems, ...outboundProblems() };

export function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(problems, text);
}

export function codeOfRefusal(refusal: OutboundRefusal): Snake<OutboundRefusal> {
  return refusal.replaceAll('-', '_') as Snake<OutboundRefusal>;
}

function outboundProblems(): Record<Snake<OutboundRefusal>, ProblemDoc> {
  const entries = Object.entries(outboundRefusals) as [OutboundRefusal, { http: number; title: string }][];
  const docs = entries.map(([refusal, { http, title }]) => {
    const doc: ProblemDoc = { status: http, title, ...outboundDocs[refusal] };
    return [codeOfRefusal(refusal), doc] as const;
  });
  return Object.fromEntries(docs) as Record<Snake<OutboundRefusal>, ProblemDoc>;
}
