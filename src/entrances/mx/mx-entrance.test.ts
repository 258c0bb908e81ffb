import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Spooled, SpoolWriter } from '../../base/port/blobs.ts';
import { parseDomainName } from '../../format/domain-name.ts';
import { parseIpAddress, parseNetwork } from '../../format/ip-address.ts';
import { replyOf } from '../../protocol/smtp/reply.ts';
import { readMail, readRcpt } from '../../protocol/smtp/server-arguments.ts';
import type { InboundEnvelope } from '../../services/inbound/types.ts';
import type { RawRequest, Sender } from '../../services/outbound/types.ts';
import type { SmtpTransaction, SmtpVisit } from '../smtp/smtp-policy.ts';
import { type MxPorts, mxPolicy } from './mx-entrance.ts';

const hostname = parseDomainName('mx.example.com') ?? assert.fail();
const body: Spooled = {
  size: 3,
  sha256: 'abc',
  inMemory: true,
  read: async () => new Uint8Array(3),
  chunks: async function* () {
    yield new Uint8Array(3);
  },
  discard: async () => {},
};
const spool: SpoolWriter = { write: () => {}, finish: async () => body, discard: async () => {} };
const facts = { size: 3, longestLine: 3, nuls: 0, eightBit: false };
const session = { helo: 'c.example', extended: true, tls: undefined };

/** An office that knows `friend`, who runs it, and its alias `pal`. */
function makePorts(disk = { isLow: () => false }) {
  const received: InboundEnvelope[] = [];
  const submitted: { sender: Sender; request: RawRequest }[] = [];
  const ports: MxPorts = {
    hostname,
    disk,
    blobs: { open: () => spool },
    inbound: {
      admit: async (_peer, _mailFrom, path) => {
        if (path.kind !== 'mailbox') return { kind: 'refuse', reply: replyOf('550 5.1.1', 'No such mailbox here') };
        const { mailbox: recipient } = path;
        if (recipient.domain !== 'example.com') return { kind: 'refuse', reply: replyOf('550 5.7.1', 'No relay') };
        if (recipient.local === 'Postmaster')
          return { kind: 'accept', destination: { kind: 'mailbox', mailbox: 'mbx_1', recipient } };
        if (recipient.local === 'b+1')
          return { kind: 'accept', destination: { kind: 'bounce', recipient, returnPath: 'em_1' } };
        if (!['friend', 'pal'].includes(recipient.local)) return { kind: 'refuse', reply: replyOf('550 5.1.1', 'No') };
        return { kind: 'accept', destination: { kind: 'mailbox', mailbox: 'mbx_1', recipient } };
      },
      receive: async (envelope) => {
        received.push(envelope);
        return { reply: replyOf('250 2.0.0', 'Stored'), disposition: 'accept' };
      },
    },
    outbound: {
      submitWhole: async (sender, request) => {
        submitted.push({ sender, request });
        return { ok: true, value: { id: 'em_1', replayed: false } };
      },
      rememberUnansweredSubmission: async () => {},
    },
  };
  return { ports, received, submitted };
}

function visitFrom(ports: MxPorts, address: string): SmtpVisit {
  const client = { address: parseIpAddress(address) ?? assert.fail(), port: 4000 };
  const relayFrom = [parseNetwork('10.0.0.0/8') ?? assert.fail()];
  return mxPolicy(ports, { relayFrom, relayBareNewline: 'normalize' }).open(client);
}

async function begin(visit: SmtpVisit, mailFrom: string): Promise<SmtpTransaction> {
  const mail = readMail(`FROM:${mailFrom}`, { extended: true, sizeMax: 1_000, login: false, dsn: true });
  assert.ok('value' in mail);
  const answer = await visit.mail(mail.value, session);
  assert.ok(answer.kind === 'accept');
  return answer.transaction;
}

async function rcpt(transaction: SmtpTransaction, path: string): Promise<string> {
  const read = readRcpt(`TO:${path}`, { smtpUtf8: true, extended: true, dsn: true });
  assert.ok('value' in read, path);
  const reply = await transaction.rcpt(read.value);
  return `${reply.code} ${reply.enhanced}`;
}

test('a stranger reaches mailboxes of ours, each once, and nobody else', async () => {
  const { ports, received, submitted } = makePorts();
  for (const address of ['203.0.113.66', '127.0.0.1', '::1']) {
    const visit = visitFrom(ports, address);
    assert.equal(visit.login, 'none');
    assert.equal(visit.bareNewline(), 'refuse');
    const transaction = await begin(visit, '<a@b.example>');
    assert.equal(await rcpt(transaction, '<friend@example.com>'), '250 2.1.5');
    assert.equal(await rcpt(transaction, '<pal@example.com>'), '250 2.1.5');
    assert.equal(await rcpt(transaction, '<nobody@example.com>'), '550 5.1.1');
    for (const path of ['<x@other.example>', '<@example.com:x@other.example>', '<"x@example.com"@other.example>']) {
      assert.equal(await rcpt(transaction, path), '550 5.7.1', path);
    }
    for (const path of ['<x%other.example@example.com>', '<other.example!x@example.com>']) {
      assert.equal(await rcpt(transaction, path), '550 5.1.1', path);
    }
    assert.equal((await transaction.finish(body, facts)).code, 250);
    const envelope = received.at(-1);
    assert.deepEqual(envelope?.peer, { address, helo: 'c.example', extended: true, tls: undefined, via: 'smtp' });
    assert.equal(envelope?.destinations.length, 1);
    assert.equal(envelope?.mailFrom?.local, 'a');
  }
  assert.deepEqual(submitted, []);
});

test('a bounce goes to one recipient', async () => {
  const { ports, received } = makePorts();
  const transaction = await begin(visitFrom(ports, '203.0.113.66'), '<>');
  assert.equal(await rcpt(transaction, '<friend@example.com>'), '250 2.1.5');
  assert.equal(await rcpt(transaction, '<pal@example.com>'), '452 4.5.3');
  await transaction.finish(body, facts);
  assert.equal(received[0]?.mailFrom, undefined);
});

test('MAIL_RULES 5, 16: who is never refused and who may be do not share a transaction, for it has one reply', async () => {
  const { ports, received } = makePorts();
  for (const [first, second] of [
    ['<Postmaster@example.com>', '<b+1@example.com>'],
    ['<friend@example.com>', '<pal@example.com>'],
  ] as const) {
    const transaction = await begin(visitFrom(ports, '203.0.113.66'), '<a@b.example>');
    assert.equal(await rcpt(transaction, first), '250 2.1.5');
    for (const path of ['<Postmaster@example.com>', '<friend@example.com>', '<b+1@example.com>'].filter(
      (each) => (each === '<friend@example.com>') !== (first === '<friend@example.com>'),
    ))
      assert.equal(await rcpt(transaction, path), '452 4.5.3', `${first} with ${path}`);
    assert.equal(await rcpt(transaction, second), '250 2.1.5');
    assert.equal((await transaction.finish(body, facts)).code, 250);
  }
  assert.deepEqual(
    received.map(({ destinations }) => destinations.length),
    [2, 1],
  );
});

test('NUL comes in as it is: the readers of headers and bodies cope', async () => {
  const { ports, received } = makePorts();
  const transaction = await begin(visitFrom(ports, '203.0.113.66'), '<a@b.example>');
  await rcpt(transaction, '<friend@example.com>');
  assert.equal((await transaction.finish(body, { ...facts, nuls: 1 })).code, 250);
  assert.equal(received.length, 1);
});

test('a network that may relay sends out through the queue', async () => {
  const { ports, received, submitted } = makePorts();
  const visit = visitFrom(ports, '10.1.2.3');
  assert.equal(visit.bareNewline(), 'normalize');
  const transaction = await begin(visit, '<a@b.example>');
  assert.equal(await rcpt(transaction, '<x@other.example>'), '250 2.1.5');
  assert.equal(await rcpt(transaction, '<Postmaster>'), '250 2.1.5');
  assert.equal((await transaction.finish(body, facts)).text, 'Queued as em_1');
  assert.equal((await transaction.finish(body, { ...facts, nuls: 1 })).code, 554);
  assert.deepEqual(received, []);
  assert.equal(submitted.length, 1);
  assert.deepEqual(submitted[0]?.sender, { kind: 'relay', account: '10.0.0.0/8' });
  assert.deepEqual(
    submitted[0]?.request.recipients.map(({ local, domain }) => `${local}@${domain}`),
    ['x@other.example', 'postmaster@mx.example.com'],
  );
  assert.equal(submitted[0]?.request.grouping, 'per-message');
});

test('MAIL_RULES 14: no space left is 452', async () => {
  const { ports } = makePorts({ isLow: () => true });
  const mail = { path: { kind: 'null' }, size: 0, body: '7bit', smtpUtf8: false, wishes: {} } as const;
  const answer = await visitFrom(ports, '10.1.2.3').mail(mail, session);
  assert.ok(answer.kind === 'refuse');
  assert.equal(answer.reply.code, 452);
});
