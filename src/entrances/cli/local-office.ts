/** The office in a data folder of this machine, through its services; another process may be serving it meanwhile. */
import { isId } from '../../base/id.ts';
import { parseMailbox } from '../../format/address.ts';
import type { DomainRecord } from '../../services/directory/types.ts';
import type { EventQuery } from '../../services/events/types.ts';
import type { MessageId, MessageView, Sender } from '../../services/outbound/types.ts';
import { viewDelegation } from '../../services/setup/setup.ts';
import { testDomain } from '../http/handlers/tests.ts';
import { inMemory, parseGivenEnvelope, parseRaw } from '../http/parse-raw.ts';
import { parseSend } from '../http/parse-send.ts';
import { showEmail, showEvent, showKey, showReceived, showStep, showUser } from '../http/show.ts';
import { showDelegation } from '../http/show-delegation.ts';
import { showCheck, showDkimKey, showDomain } from '../http/show-domain.ts';
import { readStreamChange, showStream } from '../http/show-stream.ts';
import { showTest } from '../http/show-test.ts';
import type { CliHost, Eyes, OpenOffice } from './cli-host.ts';
import type { OfficeClient, Page } from './office-client.ts';
import { readDomain } from './read-options.ts';
import { refusalError, unknown } from './refusal-error.ts';
import { requestErrors } from './request-errors.ts';

/** The operator at the machine: every verified domain, but no other. */
const operator: Sender = { kind: 'login', account: 'command line' };
const entrance = { kind: 'cli' } as const;

const tooLate = { code: 'too-late', say: 'It is too late to cancel.' };
/** Another process takes the message in: the folder is looked at again and again. */
const lookAgainMs = 500;

function noTestDomain(text: string | undefined): string {
  return text === undefined
    ? 'No domain of this office receives its mail here.'
    : `${text} is no domain whose mail comes to this office.`;
}

const nothingToRetry = { code: 'nothing-to-retry', say: 'Nothing of this message waits for another try.' };

export function openLocalOffice(
  host: Pick<CliHost, 'command' | 'timers' | 'signal'>,
  office: OpenOffice,
  eyes: () => Promise<Eyes>,
): OfficeClient {
  const { directory, outbound, events, mailbox, tests, db } = office;
  const { accounts } = directory;
  const say = host.command;

  const found = async (id: string): Promise<MessageView> => {
    const view = isId('em', id) ? await outbound.message(id) : undefined;
    if (!view) throw unknown('message', id, `${say} queue list --all`);
    return view;
  };

  /** Cancel and retry: a message of which nothing is waiting cannot be changed. */
  const change = async (
    id: string,
    work: (id: MessageId) => Promise<number>,
    whenNone: { readonly code: string; readonly say: string },
  ) => {
    const before = await found(id);
    if ((await work(before.id)) === 0) throw refusalError(whenNone, say, id);
    return showEmail(await found(id));
  };

  const show = async (domain: DomainRecord) =>
    showDomain(domain, await directory.keysOf(domain.name), directory.ownership.proofOf(domain.name));

  return {
    where: office.folder,
    pagesUrl: office.publicUrl,
    isServed: office.isServed,
    hostname: office.hostname,

    send: async (request) => {
      const parsed = parseSend(request);
      if (!parsed.ok) throw requestErrors(parsed.errors, `${say} send --help`);
      const accepted = await outbound.submit(operator, parsed.request, entrance);
      if (!accepted.ok) throw refusalError(accepted, say, domainIn(request.from));
      return showEmail(await found(accepted.value.id));
    },

    sendRaw: async (message, envelope) => {
      const given = parseGivenEnvelope(envelope);
      if (given.errors.length > 0) throw requestErrors(given.errors, `${say} send --help`);
      const body = inMemory(message);
      const raw = body.ok ? await parseRaw(body.value, given.envelope) : body;
      if (!raw.ok) throw refusalError(raw, say);
      const accepted = await outbound.submitWhole(operator, {
        ...raw.value,
        entrance,
        grouping: 'per-recipient',
        ...(envelope.stream !== undefined && { stream: envelope.stream }),
      });
      if (!accepted.ok) throw refusalError(accepted, say, raw.value.mailFrom?.domain);
      return showEmail(await found(accepted.value.id));
    },

    email: async (id) => showEmail(await found(id)),

    settled: async (id, timeoutMs) => {
      const { id: messageId } = await found(id);
      const over = new AbortController();
      const disarm = host.timers.after(timeoutMs, () => over.abort());
      try {
        const view = await outbound.settled(messageId, AbortSignal.any([host.signal, over.signal]));
        return showEmail(view ?? (await found(id)));
      } finally {
        disarm();
      }
    },

    timeline: async (id) => (await outbound.timeline((await found(id)).id)).map(showStep),

    raw: async (id) => {
      const bytes = await outbound.raw((await found(id)).id);
      if (!bytes) throw unknown('message', id, `${say} queue list --all`);
      return bytes;
    },

    emails: async ({ limit, cursor, open }) => {
      const views = await outbound.messages({
        limit: limit + 1,
        ...(isMessageId(cursor) ? { before: cursor } : {}),
        ...(open === undefined ? {} : { openOnly: open }),
      });
      return pageOf(views.map(showEmail), limit);
    },

    cancel: (id) => change(id, (one) => outbound.cancel(one), tooLate),
    retry: (id) => change(id, (one) => outbound.retryNow(one), nothingToRetry),

    events: async (filter, limit) => {
      const query: EventQuery = { ...filter, order: 'newest-first', limit };
      const list = await db.read((reader) => events.list(reader, query));
      return list.reverse().map(showEvent);
    },

    follow: async function* (filter, signal) {
      const after = await db.read((reader) => events.lastSequence(reader));
      for await (const event of events.follow({ ...filter, after, signal })) yield showEvent(event);
    },

    inbox: async ({ limit, cursor, mailbox: address, folder }) => {
      const inside = address === undefined ? undefined : await mailboxAt(office, address, say);
      const mails = await mailbox.list({
        limit: limit + 1,
        ...(cursor !== undefined && isId('msg', cursor) ? { before: cursor } : {}),
        ...(folder === undefined ? {} : { folder }),
        ...(inside === undefined ? {} : { mailbox: inside }),
      });
      return pageOf(mails.map(showReceived), limit);
    },

    received: async (id) => {
      const mail = isId('msg', id) ? await mailbox.find(id) : undefined;
      if (!mail) throw unknown('received message', id, `${say} inbox list`);
      return showReceived(mail);
    },

    receivedRaw: async (id) => {
      const bytes = isId('msg', id) ? await mailbox.raw(id) : undefined;
      if (!bytes) throw unknown('received message', id, `${say} inbox list`);
      return bytes;
    },

    createTest: async (text) => {
      const domain = await testDomain(directory, {}, text === undefined ? undefined : readDomain(text));
      if (domain === undefined) throw refusalError({ code: 'domain-unknown', say: noTestDomain(text) }, say, text);
      const made = await tests.create(domain);
      if (!made.ok) throw refusalError(made, say);
      return showTest(made.value, office);
    },

    test: async (id, timeoutMs) => {
      const { timers, signal } = host;
      const endMs = timers.monotonicMs() + timeoutMs;
      for (;;) {
        const test = await tests.find(id);
        if (test === undefined) throw unknown('test', id, `${say} test-address`);
        const leftMs = endMs - timers.monotonicMs();
        if (test.arrival !== undefined || leftMs <= 0 || signal.aborted) return showTest(test, office);
        await timers.sleep(Math.min(leftMs, lookAgainMs), signal).catch(() => {}); // asked to stop: as it stands
      }
    },

    domains: async () => {
      const all = await directory.domains();
      return Promise.all(all.map(show));
    },

    domain: async (text) => {
      const name = readDomain(text);
      const domain = await directory.domain(name);
      if (!domain) throw unknown('domain', name, `${say} domains list`);
      return show(domain);
    },

    addDomain: async (text, options) => {
      const added = await directory.addDomain(readDomain(text), options);
      if (!added.ok) throw refusalError(added, say, text);
      return show(added.value);
    },

    verifyDomain: async (text) => {
      const name = readDomain(text);
      const report = await office.care(await eyes()).look(name);
      if (!report) throw unknown('domain', name, `${say} domains list`);
      return showCheck(report);
    },

    delegation: async (text) => {
      const name = readDomain(text);
      return showDelegation(name, await viewDelegation(office, name));
    },

    rotateKeys: async (text) => {
      const name = readDomain(text);
      const made = await directory.dkim.rotate(name);
      if (!made.ok && made.code === 'domain-unknown') throw unknown('domain', name, `${say} domains list`);
      if (!made.ok) throw refusalError(made, say, name);
      return made.value.map(showDkimKey);
    },

    keys: async () => (await accounts.keys()).map(showKey),

    createKey: async ({ name, mode = 'live', scopes, domains }) => {
      const made = await accounts.createKey({
        name,
        mode,
        scopes,
        ...(domains === undefined ? {} : { domains: domains.map(readDomain) }),
      });
      if (!made.ok) throw refusalError(made, say);
      return { ...showKey(made.value.key), token: made.value.token };
    },

    revokeKey: async (id) => {
      if (!isId('key', id)) throw unknown('key', id, `${say} keys list`);
      const revoked = await accounts.revokeKey(id);
      if (!revoked.ok) throw refusalError(revoked, say);
    },

    streams: async () => (await directory.streams.all()).map(showStream),

    setStream: async (name, change) => {
      const set = await directory.streams.set(name, readStreamChange(change));
      if (!set.ok) throw refusalError(set, say);
      return showStream(set.value);
    },

    removeStream: async (name) => {
      if (!(await directory.streams.remove(name))) throw unknown('stream', name, `${say} streams list`);
    },

    users: async () => (await accounts.users()).map(showUser),

    createUser: async ({ login, domains, password }) => {
      const wanted = { domains: domains.map(readDomain), ...(password === undefined ? {} : { password }) };
      const made = await accounts.createUser(login, wanted);
      if (!made.ok) throw refusalError(made, say);
      const { user, appPassword } = made.value;
      return { ...showUser(user), ...(appPassword === undefined ? {} : { app_password: appPassword }) };
    },

    close: async () => {}, // whoever opened the folder closes it
  };
}

async function mailboxAt(office: OpenOffice, address: string, say: string): Promise<string> {
  const parsed = parseMailbox(address);
  const found = parsed.ok ? await office.directory.resolve(parsed.value) : undefined;
  if (found?.kind !== 'mailbox') throw unknown('mailbox', address, `${say} mailboxes list`);
  return found.mailbox.id;
}

function isMessageId(text: string | undefined): text is MessageId {
  return text !== undefined && isId('em', text);
}

function pageOf<Item extends { readonly id: string }>(read: readonly Item[], limit: number): Page<Item> {
  const data = read.slice(0, limit);
  return { data, next_cursor: read.length > limit ? (data.at(-1)?.id ?? null) : null };
}

/** Of `Ann <ann@example.com>`, for the sentence after a refusal. */
function domainIn(address: string): string {
  const parsed = parseMailbox(address);
  return parsed.ok ? parsed.value.domain : '';
}
