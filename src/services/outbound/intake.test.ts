/** Taking messages in: what is stored is complete, signed, private, and taken once. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { flowingTime } from '../../../test/support/flowing-time.ts';
import {
  apiKey,
  deliveriesOf,
  eventsOf,
  fromApi,
  fromSmtp,
  letterText,
  login,
  type PostOffice,
  postOffice,
  rawRequest,
  relay,
  sendRequest,
  submit,
  submitRaw,
} from '../../../test/support/post-office.ts';
import { fromLatin1, latin1 } from '../../base/bytes.ts';
import { Fault } from '../../base/outcome.ts';
import { fieldsNamed, fieldText, indexMessage } from '../../format/message/message-index.ts';
import { createAuthenticator } from '../../protocol/authenticate.ts';
import { readReturnPath } from './return-path.ts';
import { type MessageId, outboundRefusals, type Sender } from './types.ts';

async function textOf(office: PostOffice, id: MessageId): Promise<string> {
  const bytes = await office.outbound.raw(id);
  assert.ok(bytes);
  return latin1(bytes);
}

async function signaturesOf(office: PostOffice, text: string) {
  const { verifyDkim } = createAuthenticator({ resolver: office.resolver, clock: office.timers });
  return (await verifyDkim(fromLatin1(text))).map(
    ({ result, domain, algorithm }) => `${result} ${domain} ${algorithm}`,
  );
}
const bothSignatures = ['pass example.com rsa-sha256', 'pass example.com ed25519-sha256'];

function spoolFiles(office: PostOffice): Promise<string[]> {
  return readdir(join(office.folder, 'spool'));
}

test('a request becomes a complete, signed message with a delivery per recipient and one event', async (t) => {
  const office = await postOffice(t);
  const id = await submit(office, {
    from: 'Ada L <ada@example.com>',
    to: ['bob@b.test'],
    cc: ['eve@c.test'],
    bcc: ['mal@d.test'],
  });
  const text = await textOf(office, id);
  const index = indexMessage(fromLatin1(text));
  assert.deepEqual(index.problems, []);
  assert.equal(fieldText(index, 'from'), 'Ada L <ada@example.com>');
  assert.equal(fieldText(index, 'message-id'), `<${id.slice(3)}@example.com>`);
  assert.match(fieldText(index, 'date') ?? '', / \+0000$/);
  assert.deepEqual(await signaturesOf(office, text), bothSignatures);

  const deliveries = await deliveriesOf(office, id);
  assert.deepEqual(
    deliveries.map(({ recipient, domain, state, lane }) => [recipient, domain, state, lane]),
    [
      ['bob@b.test', 'b.test', 'queued', 'key_1'],
      ['eve@c.test', 'c.test', 'queued', 'key_1'],
      ['mal@d.test', 'd.test', 'queued', 'key_1'],
    ],
  );
  for (const { id: delivery, return_path } of deliveries) {
    const [local = '', host] = return_path.split('@');
    assert.equal(host, 'bounce.example.com');
    assert.equal(readReturnPath(office.returnPathKey, local), delivery, 'API mail: one return path per recipient');
  }
  const [event, ...others] = await eventsOf(office, id);
  assert.deepEqual(others, []);
  assert.partialDeepStrictEqual(event, {
    type: 'email.accepted',
    data: {
      from: 'ada@example.com',
      recipients: ['bob@b.test', 'eve@c.test', 'mal@d.test'],
      account: 'key_1',
      via: 'the API',
    },
  });
});

test('RFC 5322 §3.6.3: Bcc is in the envelope and nowhere else', async (t) => {
  const office = await postOffice(t);
  const named = /secret|hidden|^bcc|bcc:/im; // not the bare three letters: a signature's base64 can hold them
  const fromFields = await textOf(office, await submit(office, { bcc: ['secret@d.test'] }));
  assert.doesNotMatch(fromFields, named);
  const whole = letterText.replace('\r\n\r\n', '\r\nBcc: Hidden <secret@d.test>,\r\n other-secret@d.test\r\n\r\n');
  const fromWhole = await textOf(office, await submitRaw(office, { text: whole, to: ['bob@b.test', 'secret@d.test'] }));
  assert.doesNotMatch(fromWhole, named);
});

test('MAIL_RULES 8: our Received says how it came and hides who sent it', async (t) => {
  const office = await postOffice(t);
  const received = async (id: MessageId) =>
    fieldText(indexMessage(fromLatin1(await textOf(office, id))), 'received') ?? '';
  assert.match(await received(await submit(office)), /^by mx\.example\.com with HTTP id em_\w+ for <bob@b\.test>; /);
  const byLogin = await received(await submitRaw(office));
  assert.match(
    byLogin,
    /^from laptop\.test by mx\.example\.com with ESMTPSA \(TLSv1\.3 TLS_AES_256_GCM_SHA384\) id em_\w+ for <bob@b\.test>; /,
  );
  assert.doesNotMatch(byLogin, /198\.51\.100\.7/);
  const toTwo = await received(await submitRaw(office, { to: ['bob@b.test', 'eve@c.test'] }));
  assert.doesNotMatch(toTwo, / for /, 'with two recipients each would learn of the other');
});

test('a submitted message is completed and signed; what it holds stays', async (t) => {
  const office = await postOffice(t);
  const text = await textOf(
    office,
    await submitRaw(office, {
      text: 'From: ada@example.com\r\nReturn-Path: <x@y.test>\r\nSubject: hi\r\n\r\nGr\xfc\xdfe\r\n',
    }),
  );
  const index = indexMessage(fromLatin1(text));
  for (const name of ['date', 'message-id', 'received', 'mime-version'])
    assert.equal(fieldsNamed(index, name).length, 1, name);
  assert.equal(fieldsNamed(index, 'return-path').length, 0);
  assert.match(text, /\r\n\r\nGr=FC=DFe\r\n$/, 'MAIL_RULES 10: 7 bits');
  assert.deepEqual(await signaturesOf(office, text), bothSignatures);
});

test('mail of a login shares one return path and is reported to the envelope sender; API mail is not', async (t) => {
  const office = await postOffice(t);
  const id = await submitRaw(office, { from: 'ada@example.com', to: ['bob@b.test', 'eve@b.test', 'mal@c.test'] });
  const paths = new Set((await deliveriesOf(office, id)).map((row) => row.return_path));
  assert.equal(paths.size, 1);
  const [path = ''] = paths;
  assert.equal(readReturnPath(office.returnPathKey, path.split('@')[0] ?? ''), id);
  const rowOf = (of: MessageId) => office.db.read((reader) => office.store.message(reader, of));
  assert.partialDeepStrictEqual(await rowOf(id), {
    mail_from: 'ada@example.com',
    report_to: 'ada@example.com',
    origin: 'submission',
  });
  assert.partialDeepStrictEqual(await rowOf(await submit(office)), { report_to: '', origin: 'api' });
  const raw = await submitRaw(office, { entrance: fromApi, grouping: 'per-recipient' });
  assert.partialDeepStrictEqual(await rowOf(raw), { report_to: '', origin: 'raw' });
});

test('the null sender stays null, with an own From only', async (t) => {
  const office = await postOffice(t);
  const id = await submitRaw(office, { from: '', to: ['bob@b.test', 'eve@b.test'] });
  assert.deepEqual(
    (await deliveriesOf(office, id)).map((row) => row.return_path),
    ['', ''],
  );
  const foreign = await office.outbound.submitWhole(
    login,
    await rawRequest(office, { from: '', text: letterText.replace('ada@example.com', 'bank@elsewhere.test') }),
  );
  assert.partialDeepStrictEqual(foreign, { ok: false, code: 'from-not-allowed' });
});

test('a login uses its own From and its own envelope sender, and nothing is stored of what is refused', async (t) => {
  const office = await postOffice(t);
  const tries: [string, Parameters<typeof rawRequest>[1]][] = [
    ['from-not-allowed', { text: letterText.replace('ada@example.com', 'ceo@bank.test') }],
    ['from-not-allowed', { text: letterText.replace('ada@example.com', 'ceo@mail.example.com') }],
    ['from-not-allowed', { text: letterText.replace('ada@example.com', 'x@example.org') }],
    ['sender-not-allowed', { from: 'ceo@bank.test' }],
    ['from-unclear', { text: letterText.replace('Ada <ada@example.com>', 'ada@example.com, ceo@bank.test') }],
    ['from-unclear', { text: `From: ceo@bank.test\r\n${letterText}` }],
    ['from-unclear', { text: letterText.replace('From:', 'X-From:') }],
    ['sender-not-allowed', { text: `Sender: ceo@bank.test\r\n${letterText}` }],
    ['sender-not-allowed', { text: `Resent-From: ada@example.com, ceo@bank.test\r\n${letterText}` }],
    ['sender-not-allowed', { text: `Resent-Sender: ceo@bank.test\r\nResent-Sender: x\r\n${letterText}` }],
    ['no-recipients', { to: [] }],
  ];
  for (const [code, wish] of tries) {
    const refused = await office.outbound.submitWhole(login, await rawRequest(office, wish));
    assert.partialDeepStrictEqual(refused, { ok: false, code }, JSON.stringify(wish));
  }
  assert.deepEqual(await office.outbound.messages({ limit: 10 }), []);
});

test('MAIL_RULES 30: limits on recipients and size, of what leaves and not only of what came', async (t) => {
  const office = await postOffice(t, { recipientsMax: 2, sizeMaxBytes: 4_000 });
  const many = await office.outbound.submit(
    apiKey,
    sendRequest({ to: ['a@b.test', 'b@b.test'], bcc: ['c@b.test'] }),
    fromApi,
  );
  assert.partialDeepStrictEqual(many, { ok: false, code: 'too-many-recipients' });
  const twice = await office.outbound.submit(
    apiKey,
    sendRequest({ to: ['a@b.test', 'b@b.test'], bcc: ['a@b.test'] }),
    fromApi,
  );
  assert.ok(twice.ok);
  assert.equal((await deliveriesOf(office, twice.value.id)).length, 2, 'one copy each');
  const large = await office.outbound.submit(apiKey, sendRequest({ text: 'long line\n'.repeat(400) }), fromApi);
  assert.partialDeepStrictEqual(large, { ok: false, code: 'message-too-large' });
  const largeWhole = await office.outbound.submitWhole(
    login,
    await rawRequest(office, { text: letterText + 'x'.repeat(4_000) }),
  );
  assert.partialDeepStrictEqual(largeWhole, { ok: false, code: 'message-too-large' });
});

test('MAIL_RULES 13: LF of programs becomes CRLF before the signature, a lone CR is refused, SMTP is taken as it is', async (t) => {
  const office = await postOffice(t);
  const lf = letterText.replaceAll('\r\n', '\n');
  const text = await textOf(office, await submitRaw(office, { entrance: { kind: 'cli' }, text: lf }));
  assert.doesNotMatch(text, /(?<!\r)\n/);
  assert.match(text, /\r\n\r\nHello Bob\r\n$/);
  assert.deepEqual(await signaturesOf(office, text), bothSignatures);
  for (const entrance of [{ kind: 'cli' } as const, fromApi, fromSmtp]) {
    const refused = await office.outbound.submitWhole(
      login,
      await rawRequest(office, { entrance, text: `${letterText}a\rb\r\n` }),
    );
    assert.partialDeepStrictEqual(refused, { ok: false, code: 'message-malformed' });
  }
});

test('a From that only LF line ends would show is seen before anybody decides', async (t) => {
  const office = await postOffice(t);
  const hidden = 'Subject: x\nFrom: ceo@bank.test\nTo: bob@b.test\n\nHello\n';
  const refused = await office.outbound.submitWhole(
    login,
    await rawRequest(office, { entrance: { kind: 'cli' }, text: hidden }),
  );
  assert.partialDeepStrictEqual(refused, { ok: false, code: 'from-not-allowed' });
});

test('relayed mail of others passes octet for octet below our Received, with its own envelope sender', async (t) => {
  const office = await postOffice(t);
  const foreign =
    'DKIM-Signature: v=1; a=rsa-sha256; d=else.test\r\nFrom: x@else.test\r\nBcc: kept@else.test\r\nSubject: \xfc\r\n\r\n8 bit: \xfc\r\n';
  const id = await submitRaw(
    office,
    {
      text: foreign,
      from: 'x@else.test',
      to: ['bob@b.test', 'eve@b.test'],
      entrance: { ...fromSmtp, authenticated: false },
    },
    relay,
  );
  const text = await textOf(office, id);
  assert.ok(text.endsWith(foreign));
  assert.match(
    text.slice(0, -foreign.length),
    /^Received: from laptop\.test \(\[198\.51\.100\.7\]\) by mx\.example\.com [^\0]*\r\n$/,
  );
  assert.equal(text.slice(0, -foreign.length).match(/^\S/gm)?.length, 1, 'one field');
  assert.ok((await deliveriesOf(office, id)).every((row) => row.return_path === 'x@else.test'));
  const row = await office.db.read((reader) => office.store.message(reader, id));
  assert.partialDeepStrictEqual(row, { report_to: 'x@else.test', needs_smtp_utf8: 1, eight_bit: 1, origin: 'relay' });
});

test('relayed mail of our own domain is ours: signed, with our return path', async (t) => {
  const office = await postOffice(t);
  const id = await submitRaw(office, {}, relay);
  assert.deepEqual(await signaturesOf(office, await textOf(office, id)), bothSignatures);
  assert.match((await deliveriesOf(office, id))[0]?.return_path ?? '', /@bounce\.example\.com$/);
});

test('MAIL_RULES 11: SMTPUTF8 is needed by a header in UTF-8, not by another recipient of the envelope', async (t) => {
  const office = await postOffice(t);
  const needs = async (id: MessageId) =>
    (await office.db.read((reader) => office.store.message(reader, id)))?.needs_smtp_utf8;
  const plain = await submit(office, { subject: 'Grüße', text: 'Schöne Grüße' });
  assert.equal(await needs(plain), 0);
  assert.doesNotMatch(await textOf(office, plain), /[^\x00-\x7f]/);
  assert.equal(await needs(await submit(office, { to: ['bob@b.test'], bcc: ['jürgen@c.test'] })), 0);
  assert.equal(await needs(await submit(office, { to: ['jürgen@b.test'] })), 1);
  assert.equal(await needs(await submit(office, { to: ['bob@bücher.test'] })), 0, 'a domain travels as A-labels');
  const raw = letterText.replace('Subject: hello', 'Subject: Gr\xc3\xbc\xc3\x9fe');
  assert.equal(await needs(await submitRaw(office, { text: raw })), 1);
});

test('the same key and request again: the same message, even when both come at once', async (t) => {
  const office = await postOffice(t);
  const send = (text = 'Hello') =>
    office.outbound.submit(apiKey, sendRequest({ text, idempotencyKey: 'order-7' }), fromApi);
  const both = await Promise.all([send(), send(), send()]);
  assert.ok(both.every((answer) => answer.ok));
  assert.equal(new Set(both.map((answer) => (answer.ok ? answer.value.id : ''))).size, 1);
  assert.deepEqual(both.map((answer) => answer.ok && answer.value.replayed).toSorted(), [false, true, true]);
  const later = await send();
  assert.partialDeepStrictEqual(later, { ok: true, value: { replayed: true } });
  assert.partialDeepStrictEqual(await send('Goodbye'), { ok: false, code: 'idempotency-key-reused' });
  const other = await office.outbound.submit(
    { kind: 'key', account: 'key_2' },
    sendRequest({ text: 'Goodbye', idempotencyKey: 'order-7' }),
    fromApi,
  );
  assert.partialDeepStrictEqual(other, { ok: true, value: { replayed: false } });
  assert.equal((await office.outbound.messages({ limit: 10 })).length, 2);
});

test('attachments count in what a key stands for, by their octets', async (t) => {
  const office = await postOffice(t);
  const send = (content: Uint8Array) => {
    const request = sendRequest({ idempotencyKey: 'k' });
    const attachment = { content, contentType: 'text/plain', filename: 'a.txt', disposition: 'attachment' as const };
    return office.outbound.submit(
      apiKey,
      { ...request, content: { ...request.content, attachments: [attachment] } },
      fromApi,
    );
  };
  assert.ok((await send(Buffer.from('one'))).ok);
  assert.partialDeepStrictEqual(await send(Uint8Array.from(Buffer.from('one'))), {
    ok: true,
    value: { replayed: true },
  });
  assert.partialDeepStrictEqual(await send(Buffer.from('two')), { ok: false, code: 'idempotency-key-reused' });
});

test('a key is remembered for a day, then it may stand for something new', async (t) => {
  const timers = flowingTime(Date.UTC(2027, 0, 1));
  const office = await postOffice(t, { timers });
  const send = (text: string) => office.outbound.submit(apiKey, sendRequest({ text, idempotencyKey: 'k' }), fromApi);
  assert.ok((await send('one')).ok);
  timers.advance(24 * 3_600_000 - 1);
  assert.partialDeepStrictEqual(await send('two'), { ok: false, code: 'idempotency-key-reused' });
  timers.advance(2);
  assert.partialDeepStrictEqual(await send('two'), { ok: true, value: { replayed: false } });
  assert.partialDeepStrictEqual(await send('two'), { ok: true, value: { replayed: true } });
});

test('MAIL_RULES 7: a program’s key in the header counts and does not leave', async (t) => {
  const office = await postOffice(t);
  const text = `Posthorn-Idempotency-Key: run-1\r\n${letterText}`;
  const id = await submitRaw(office, { text });
  assert.doesNotMatch(await textOf(office, id), /idempotency/i);
  assert.equal(await submitRaw(office, { text }), id);
  const changed = await office.outbound.submitWhole(login, await rawRequest(office, { text: `${text}more\r\n` }));
  assert.partialDeepStrictEqual(changed, { ok: false, code: 'idempotency-key-reused' });
  const elsewhere = await office.outbound.submitWhole(login, await rawRequest(office, { text, to: ['eve@b.test'] }));
  assert.partialDeepStrictEqual(elsewhere, { ok: false, code: 'idempotency-key-reused' });
});

test('a Posthorn-Idempotency-Key that names nothing, or twice, is refused instead of taken for somebody else’s', async (t) => {
  const office = await postOffice(t);
  const fields = ['Posthorn-Idempotency-Key:', `Posthorn-Idempotency-Key: ${'k'.repeat(257)}`];
  for (const field of [...fields, 'Posthorn-Idempotency-Key: a\r\nPosthorn-Idempotency-Key: b']) {
    const request = await rawRequest(office, { text: `${field}\r\n${letterText}` });
    const outcome = await office.outbound.submitWhole(login, request);
    assert.partialDeepStrictEqual(outcome, { ok: false, code: 'message-malformed' });
  }
});

test('MAIL_RULES 7: the same bytes twice are two messages, never told apart by Message-ID', async (t) => {
  const office = await postOffice(t);
  const first = await submitRaw(office);
  const second = await submitRaw(office);
  assert.notEqual(first, second);
});

test('MAIL_RULES 7: a repeat of what was not answered is the same message, for ten minutes', async (t) => {
  const timers = flowingTime(Date.UTC(2027, 0, 1));
  const office = await postOffice(t, { timers });
  const wish = { to: ['bob@b.test', 'eve@c.test'] };
  const id = await submitRaw(office, wish);
  await office.outbound.rememberUnansweredSubmission(login, await rawRequest(office, wish), id);
  assert.equal(await submitRaw(office, { to: ['eve@c.test', 'bob@b.test'] }), id, 'the set counts, not the order');
  assert.notEqual(await submitRaw(office, { to: ['bob@b.test'] }), id);
  assert.notEqual(await submitRaw(office, { ...wish, from: '' }), id);
  assert.notEqual(await submitRaw(office, wish, { kind: 'login', account: 'eve', domains: ['example.com'] }), id);
  assert.notEqual(await submitRaw(office, { ...wish, text: `${letterText}.\r\n` }), id);
  timers.advance(10 * 60_000 + 1);
  const second = await submitRaw(office, wish);
  assert.notEqual(second, id);
  await office.outbound.rememberUnansweredSubmission(login, await rawRequest(office, wish), second);
  assert.equal(await submitRaw(office, wish), second, 'a second lost answer counts as the first did');
});

test('MAIL_RULES 14: a full disk takes nothing in and says so, and nothing of it stays', async (t) => {
  const office = await postOffice(t);
  office.disk.low = true;
  assert.partialDeepStrictEqual(await office.outbound.submit(apiKey, sendRequest(), fromApi), {
    ok: false,
    code: 'storage-full',
  });
  assert.partialDeepStrictEqual(await office.outbound.submitWhole(login, await rawRequest(office)), {
    ok: false,
    code: 'storage-full',
  });
  office.disk.low = false;
  await submit(office);
  assert.equal((await office.outbound.messages({ limit: 10 })).length, 1);
  assert.deepEqual(await office.outbound.counts(), { open: 1, ready: 1 });
});

test('bodies being taken in at one moment have a budget: beyond it 451 4.3.2, and small ones go through', async (t) => {
  const office = await postOffice(t);
  const held = Promise.withResolvers<Uint8Array>();
  const request = await rawRequest(office);
  const endless = async function* () {
    yield fromLatin1('Subject: where the header ends is not known');
  };
  const body = { ...request.body, chunks: endless, size: 100 * 1024 * 1024 };
  const large = { ...request, body: { ...body, read: () => held.promise } };
  const first = office.outbound.submitWhole(login, large);
  assert.partialDeepStrictEqual(await office.outbound.submitWhole(login, large), { ok: false, code: 'busy' });
  const wish = sendRequest();
  const attachment = {
    content: new Uint8Array(30 * 1024 * 1024),
    contentType: 'application/pdf',
    disposition: 'attachment',
  } as const;
  const withFile = { ...wish, content: { ...wish.content, attachments: [attachment] } };
  assert.partialDeepStrictEqual(await office.outbound.submit(apiKey, withFile, fromApi), { ok: false, code: 'busy' });
  await submit(office);
  held.reject(new Fault('EIO', 'no'));
  await assert.rejects(first, { code: 'EIO' });
  assert.partialDeepStrictEqual(
    await office.outbound.submitWhole(login, { ...large, body: { ...body, read: () => request.body.read() } }),
    { ok: false, code: 'message-too-large' },
    'what failed has given its part back',
  );
  assert.equal(outboundRefusals.busy.smtp, '451 4.3.2');
});

/** A submission of this body, once as it is, once with no way to read it but whole; both as they are stored, without what differs in time. */
async function bothWays(office: PostOffice, text: string, sender: Sender = login): Promise<[string, string]> {
  const request = await rawRequest(office, { text });
  const blind = async function* () {
    yield fromLatin1('Subject: where the header ends is not known');
  };
  const body = request.body;
  const wholeOnly = {
    size: body.size,
    sha256: 'ff',
    inMemory: false,
    read: () => body.read(),
    discard: async () => {},
    chunks: blind,
  };
  const stored: string[] = [];
  const reads = { whole: 0 };
  const counted = {
    ...wholeOnly,
    chunks: (from?: number) => body.chunks(from),
    read: () => {
      reads.whole++;
      return body.read();
    },
  };
  for (const one of [counted, wholeOnly]) {
    const accepted = await office.outbound.submitWhole(sender, { ...request, body: one });
    assert.ok(accepted.ok, accepted.ok ? '' : accepted.say);
    const { id } = accepted.value;
    const bytes = await textOf(office, id);
    if (sender === login) assert.deepEqual(await signaturesOf(office, bytes), bothSignatures);
    const message = await office.db.read((reader) => office.store.message(reader, id));
    assert.equal(message?.size_bytes, bytes.length);
    const facts = `${message?.eight_bit} ${message?.needs_smtp_utf8} ${message?.subject} ${reads.whole}`;
    stored.push(
      `${facts}\n${bytes.replaceAll(id.slice('em_'.length), 'id').replaceAll(/ b=[^;]*\r\n(?=\S)/g, ' b=\r\n')}`,
    );
  }
  return [stored[0] ?? '', stored[1] ?? ''];
}

test('a large message taken in piece by piece is stored as if it had been held whole', async (t) => {
  const office = await postOffice(t, { sizeMaxBytes: 2_000_000, timers: flowingTime(Date.UTC(2028, 0, 1)) });
  const lines = Array.from({ length: 6_000 }, (_, nth) => `${nth} ${'.x'.repeat(nth % 40)}  \t \r\n`).join('');
  const odd = `X-Blank : y\r\nBcc: mal@d.test\r\n${letterText.replace(/^Date: .*\r\n/m, '')}`;
  for (const letter of [letterText, `From someone Sun\r\n${letterText}`, odd]) {
    const [pieces, whole] = await bothWays(office, letter + lines);
    assert.equal(pieces, whole);
    assert.match(pieces, /^0 0 .* 0\n/, 'not read as a whole');
  }
  const [eightBit, recoded] = await bothWays(office, `${letterText}${lines}\xe4\r\n`);
  assert.equal(eightBit, recoded);
  assert.match(eightBit, /^0 0 .* 1\n[\s\S]*quoted-printable/, 'to be recoded it is read as a whole');
  const [relayed, passedOn] = await bothWays(office, `From: eve@elsewhere.test\r\n\r\n${lines}\xe4\r\n`, relay);
  assert.equal(relayed, passedOn);
  assert.match(relayed, /^1 0 .* 0\n/, 'who only passes it on recodes nothing');
  const broken = await rawRequest(office, { text: `${letterText}${lines}x\ry\r\n` });
  assert.partialDeepStrictEqual(await office.outbound.submitWhole(login, broken), {
    ok: false,
    code: 'message-malformed',
  });
  assert.equal((await spoolFiles(office)).length, 5 * 2 + 6, 'what is stored, and what was handed in beside it');
});

test('a disk that fills up while writing is a refusal too; other faults are not hidden', async (t) => {
  const office = await postOffice(t);
  const broken = (code: string) =>
    t.mock.method(office.blobs, 'keep', () => Promise.reject(new Fault(code, 'no')), { times: 1 });
  broken('ENOSPC');
  assert.partialDeepStrictEqual(await office.outbound.submit(apiKey, sendRequest(), fromApi), {
    ok: false,
    code: 'storage-full',
  });
  broken('STORE_IO');
  await assert.rejects(office.outbound.submit(apiKey, sendRequest(), fromApi), { code: 'STORE_IO' });
  assert.deepEqual(
    await eventsOf(office, undefined).then((events) => events.filter(({ type }) => type === 'email.accepted')),
    [],
  );
});

test('a large body lies in one file, and what was refused or repeated leaves none', async (t) => {
  const office = await postOffice(t);
  const text = 'A line of a long letter that does not fit a row of the database.\n'.repeat(6_000);
  const send = () => office.outbound.submit(apiKey, sendRequest({ text, idempotencyKey: 'large' }), fromApi);
  const both = await Promise.all([send(), send()]);
  assert.ok(both.every((answer) => answer.ok));
  assert.equal((await spoolFiles(office)).length, 1);
  t.mock.method(office.blobs, 'keep', () => Promise.reject(new Fault('ENOSPC', 'no')), { times: 1 });
  assert.partialDeepStrictEqual(await office.outbound.submit(apiKey, sendRequest({ text }), fromApi), {
    ok: false,
    code: 'storage-full',
  });
  assert.equal((await spoolFiles(office)).length, 1);
  const [first] = both;
  assert.ok(first?.ok);
  assert.match(await textOf(office, first.value.id), /long letter/);
});

test('a domain without keys sends unsigned, and the event says so', async (t) => {
  const office = await postOffice(t);
  const id = await submitRaw(
    office,
    { text: letterText.replaceAll('example.com', 'else.test'), from: 'x@else.test' },
    relay,
  );
  const [accepted] = await eventsOf(office, id);
  assert.ok(accepted?.type === 'email.accepted');
  assert.deepEqual(accepted.data.signatures, []);
});

test('requests that cannot become a message are refused in words', async (t) => {
  const office = await postOffice(t);
  const refused = await office.outbound.submit(apiKey, sendRequest({ subject: 'a\r\nBcc: x@y.test' }), fromApi);
  assert.partialDeepStrictEqual(refused, { ok: false, code: 'message-malformed' });
  const malformed = await office.outbound.submitWhole(
    login,
    await rawRequest(office, { text: letterText.replace('Subject: hello', 'no colon here') }),
  );
  assert.partialDeepStrictEqual(malformed, { ok: false, code: 'message-malformed' });
});
