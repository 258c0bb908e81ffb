/** Sending, and following what was sent. */
import { isId } from '../../../base/id.ts';
import type { Outcome } from '../../../base/outcome.ts';
import type { StoredBody } from '../../../base/port/blobs.ts';
import type { KeyPrincipal } from '../../../services/directory/types.ts';
import type { ScoreTooLow } from '../../../services/outbound/outbound.ts';
import type { Accepted, MessageId, MessageView, OutboundRefusal } from '../../../services/outbound/types.ts';
import { type Answer, bytes, json, problem } from '../answer.ts';
import { page, pageSizeDefault } from '../cursor.ts';
import { changesMailOf, seesAll, seesMailOf, senderOf } from '../identify.ts';
import type { Call, Handlers } from '../operations.ts';
import { parseGivenEnvelope, parseRaw } from '../parse-raw.ts';
import { parseSend } from '../parse-send.ts';
import type { HttpPorts } from '../ports.ts';
import { codeOfRefusal } from '../problems.ts';
import { showEmail, showEvent, showStep } from '../show.ts';
import type { Waits } from '../wait.ts';
import { answerScore, scoreRefusal } from './check-email.ts';
import { eventOf } from './events.ts';

type EmailOperations =
  | 'sendEmail'
  | 'sendRawEmail'
  | 'checkEmail'
  | 'checkRawEmail'
  | 'listEmails'
  | 'getEmail'
  | 'listEmailEvents'
  | 'getEmailTimeline'
  | 'getRawEmail'
  | 'cancelEmail'
  | 'retryEmail';

/** Members of the request that outbound's refusals are about. */
const pointers: Partial<Record<OutboundRefusal, string>> = {
  'no-recipients': '/to',
  'too-many-recipients': '/to',
  'domain-unknown': '/from',
  'domain-unverified': '/from',
  'from-not-allowed': '/from',
  'stream-unknown': '/stream',
};

export function emailHandlers(ports: HttpPorts, waits: Waits): Handlers<EmailOperations> {
  const { outbound, events, db } = ports;

  const find = async (principal: KeyPrincipal, id: string): Promise<MessageView | undefined> => {
    const view = isId('em', id) ? await outbound.message(id) : undefined;
    return view && seesMailOf(principal, view.account) ? view : undefined;
  };

  const answerAccepted = async (
    call: Pick<Call<'sendEmail'>, 'query' | 'signal'>,
    { id, replayed }: Accepted,
  ): Promise<Answer> => {
    const view = await waits.message(id, call.query, call.signal);
    if (!view) return problem('not_found');
    const headers = { Location: `/v1/emails/${id}`, ...(replayed ? { 'Idempotency-Replayed': 'true' } : {}) };
    return json(202, showEmail(view), headers);
  };

  /** Cancel and retry: the message is named in the path, and somebody's own. */
  const change = async (
    call: Pick<Call<'cancelEmail'>, 'principal' | 'names'>,
    work: (id: MessageId) => Promise<number>,
    whenNone: 'too_late' | 'nothing_to_retry',
  ): Promise<Answer> => {
    const before = await find(call.principal, call.names.id);
    if (!before) return notFound(call.names.id);
    if (!changesMailOf(call.principal, before.account)) {
      return problem('scope_missing', { detail: 'Only the key that sent the message, or one with the scope admin.' });
    }
    if ((await work(before.id)) === 0) return problem(whenNone);
    const after = await outbound.message(before.id);
    return json(200, showEmail(after ?? before));
  };

  return {
    sendEmail: async (call) => {
      const parsed = parseSend(call.body);
      if (!parsed.ok) return problem('validation_failed', { errors: parsed.errors });
      const { idempotencyKey, clientAddress } = call;
      const request = { ...parsed.request, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) };
      const accepted = await outbound.submit(senderOf(call.principal), request, { kind: 'http', clientAddress });
      return accepted.ok ? answerAccepted(call, accepted.value) : refused(accepted, pointers);
    },

    sendRawEmail: async (call) => {
      const { from, to, stream } = call.query;
      const given = parseGivenEnvelope({
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      });
      if (given.errors.length > 0) return problem('parameter_invalid', { errors: given.errors });
      const envelope = await parseRaw(call.body, given.envelope);
      if (!envelope.ok) return refused(envelope, {});
      const { idempotencyKey, clientAddress } = call;
      const accepted = await outbound.submitWhole(senderOf(call.principal), {
        ...envelope.value,
        entrance: { kind: 'http', clientAddress },
        grouping: 'per-recipient',
        ...(stream === undefined ? {} : { stream }),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      });
      return accepted.ok ? answerAccepted(call, accepted.value) : refused(accepted, {});
    },

    checkEmail: async ({ principal, body, clientAddress, query: { follow_links: followLinks = false } }) => {
      const parsed = parseSend(body);
      if (!parsed.ok) return problem('validation_failed', { errors: parsed.errors });
      const draft = await outbound.draft(senderOf(principal), parsed.request, { kind: 'http', clientAddress });
      return draft.ok ? answerScore(ports, draft.value, { followLinks }) : refused(draft, pointers);
    },

    checkRawEmail: async ({ principal, body, clientAddress, query: { stream, follow_links: followLinks = false } }) => {
      const envelope = await parseRaw(body, {});
      if (!envelope.ok) return refused(envelope, {});
      const draft = await outbound.draftWhole(senderOf(principal), {
        ...envelope.value,
        entrance: { kind: 'http', clientAddress },
        grouping: 'per-recipient',
        ...(stream === undefined ? {} : { stream }),
      });
      return draft.ok ? answerScore(ports, draft.value, { followLinks }) : refused(draft, {});
    },

    listEmails: async ({ principal, query }) => {
      const { limit = pageSizeDefault, cursor, open } = query;
      if (cursor !== undefined && !isId('em', cursor)) return badCursor();
      const views = await outbound.messages({
        limit: limit + 1,
        ...(cursor === undefined ? {} : { before: cursor }),
        ...(open === undefined ? {} : { openOnly: open }),
        ...(seesAll(principal) ? {} : { account: principal.account }),
      });
      return json(
        200,
        page(views, limit, showEmail, (view) => view.id),
      );
    },

    getEmail: async ({ principal, names, query, signal }) => {
      const view = await find(principal, names.id);
      if (!view) return notFound(names.id);
      const later = await waits.message(view.id, query, signal);
      return json(200, showEmail(later ?? view));
    },

    listEmailEvents: async ({ principal, names, query }) => {
      const view = await find(principal, names.id);
      if (!view) return notFound(names.id);
      const { limit = pageSizeDefault, cursor } = query;
      const after = cursor === undefined ? undefined : await eventOf(ports, cursor);
      if (cursor !== undefined && !after) return badCursor();
      const filter = { subject: view.id, limit: limit + 1, ...(after && { after: after.sequence }) };
      const found = await db.read((reader) => events.list(reader, filter));
      return json(
        200,
        page(found, limit, showEvent, (event) => event.id),
      );
    },

    getEmailTimeline: async ({ principal, names }) => {
      const view = await find(principal, names.id);
      if (!view) return notFound(names.id);
      return json(200, { data: (await outbound.timeline(view.id)).map(showStep) });
    },

    getRawEmail: async ({ principal, names }) => {
      const view = await find(principal, names.id);
      const body = view && (await outbound.body(view.id));
      return view && body ? wholeMessage(view.id, body) : notFound(names.id);
    },

    cancelEmail: (call) => change(call, (id) => outbound.cancel(id), 'too_late'),
    retryEmail: (call) => change(call, (id) => outbound.retryNow(id), 'nothing_to_retry'),
  };
}

/** A disk is freed by people, large messages are done in a moment. */
const secondsToWait: Partial<Record<OutboundRefusal, string>> = { 'storage-full': '60', busy: '5' };

function refused(
  refusal: Extract<Outcome<unknown, OutboundRefusal>, { ok: false }> | ScoreTooLow,
  about: Partial<Record<OutboundRefusal, string>>,
): Answer {
  const pointer = about[refusal.code];
  const wait = secondsToWait[refusal.code];
  return problem(codeOfRefusal(refusal.code), {
    detail: refusal.say,
    ...('minTenths' in refusal ? { score: scoreRefusal(refusal) } : {}),
    ...(pointer === undefined ? {} : { errors: [{ pointer, detail: refusal.say }] }),
    ...(wait === undefined ? {} : { headers: { 'Retry-After': wait } }),
  });
}

/** Bytes of strangers: never to be shown as a page of ours. Read through once before, because a status cannot be taken back. */
export async function wholeMessage(id: string, body: StoredBody): Promise<Answer> {
  for await (const _ of body.chunks()); // throws where it is damaged
  return bytes(200, streamOf(body.chunks()), {
    'Content-Type': 'message/rfc822',
    'Content-Disposition': `attachment; filename="${id}.eml"`,
    'Content-Length': String(body.size),
  });
}

/** At the pace of the reader. What cannot go on ends short of its length. */
function streamOf(pieces: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const reading = pieces[Symbol.asyncIterator]();
  return new ReadableStream({
    pull: async (controller) => {
      const next = await reading.next().catch(() => ({ done: true }) as const);
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: async () => void (await reading.return?.()),
  });
}

export function notFound(id: string): Answer {
  const shown = /^[a-z]{1,5}_[0-9a-z]{1,40}$/.test(id) ? ` ${id}` : '';
  return problem('not_found', { detail: `There is nothing${shown} here that this key may see.` });
}

export function badCursor(): Answer {
  const errors = [{ parameter: 'cursor', detail: 'must be the next_cursor of a page before' }];
  return problem('parameter_invalid', { errors });
}
