/** Mail from outside, from RCPT to the mailbox, with real SPF, DKIM and DMARC over zone text. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { rsaTestKeyPem } from '../../../test/support/dkim-test-keys.ts';
import { flowingTime } from '../../../test/support/flowing-time.ts';
import {
  eventsOf,
  hostname,
  mailbox,
  type PostOffice,
  postOffice,
  quoted,
  receive,
  spooled,
  storedMail,
  stranger,
} from '../../../test/support/post-office.ts';
import { domain } from '../../../test/support/temp-office.ts';
import { concat, fromLatin1, latin1 } from '../../base/bytes.ts';
import { Fault } from '../../base/outcome.ts';
import type { Path } from '../../format/address.ts';
import { fieldsNamed, fieldText, indexMessage } from '../../format/message/message-index.ts';
import { importPrivateKey } from '../../protocol/dkim/private-keys.ts';
import { signDkim } from '../../protocol/dkim/sign-dkim.ts';

const imported = importPrivateKey(rsaTestKeyPem);
assert.ok(imported.ok);
const { privateKey, publicRecord } = imported.value;

/**
 * b.test sends from 203.0.113.9 only, signs, and asks to refuse the rest; soft.test asks for quarantine, none.test for nothing,
 * open.test has SPF that rules nobody out, bare.test has SPF alone, dead.test never sends, mute.test has a DNS that is down.
 */
const zone = `
b.test MX 10 mx.b.test
b.test TXT "v=spf1 ip4:203.0.113.9 -all"
_dmarc.b.test TXT "v=DMARC1; p=reject"
s1._domainkey.b.test TXT ${quoted(publicRecord)}
soft.test TXT "v=spf1 -all"
_dmarc.soft.test TXT "v=DMARC1; p=quarantine"
none.test TXT "v=spf1 -all"
_dmarc.none.test TXT "v=DMARC1; p=none"
open.test TXT "v=spf1 ?all"
_dmarc.open.test TXT "v=DMARC1; p=reject"
bare.test TXT "v=spf1 -all"
dead.test MX 0 .
mute.test TXT "v=spf1 -all"
;!SERVFAIL _dmarc.mute.test
elsewhere.test TXT "v=spf1 +all"
`;
const forger = { address: '198.51.100.66', helo: 'evil.test' };

function letter(from = 'bob@b.test', header = ''): string {
  return `${header}From: Bob <${from}>\r\nTo: ada@example.com\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nDate: Sat, 1 Jan 2028 10:00:00 +0000\r\nMessage-ID: <1@b.test>\r\n\r\nHello Ada\r\n`;
}

async function signed(text: string): Promise<Uint8Array> {
  const key = { domain: domain('b.test'), selector: 's1', algorithm: 'rsa-sha256', privateKey } as const;
  const fields = await signDkim(fromLatin1(text), [key], { nowSeconds: Math.floor(Date.now() / 1000) });
  return concat([fields, fromLatin1(text)]);
}

async function only(office: PostOffice) {
  const [stored, ...others] = await storedMail(office);
  assert.ok(stored && others.length === 0, `${others.length + Number(stored !== undefined)} stored`);
  return stored;
}

test('a legitimate message: 250 only after it lies in the INBOX, verified, with its event', async (t) => {
  const office = await postOffice(t, { zone });
  const answer = await receive(office, { text: await signed(letter()) });
  assert.partialDeepStrictEqual(answer, { reply: { code: 250, enhanced: '2.0.0' }, disposition: 'accept' });
  const { mail, text } = await only(office);
  assert.partialDeepStrictEqual(mail, {
    folder: 'INBOX',
    uid: 1,
    envelopeFrom: 'bob@b.test',
    recipient: 'ada@example.com',
    headerFrom: 'bob@b.test',
    subject: 'Grüße',
    verdicts: { spf: 'pass', dkim: 'pass', dmarc: 'pass', arc: 'none' },
    sizeBytes: text.length,
  });
  const index = indexMessage(fromLatin1(text));
  assert.deepEqual(
    index.fields.slice(0, 5).map(({ name }) => name),
    ['return-path', 'delivered-to', 'authentication-results', 'received', 'dkim-signature'],
  );
  assert.match(
    fieldText(index, 'authentication-results') ?? '',
    /^mx\.example\.com; spf=pass .*dkim=pass .*dmarc=pass/,
  );
  assert.match(
    fieldText(index, 'received') ?? '',
    /^from mail\.b\.test \(\[203\.0\.113\.9\]\) by mx\.example\.com with ESMTP id inb_\w+ for <ada@example\.com>;/,
  );
  const event = (await eventsOf(office, answer.id)).at(-1);
  assert.partialDeepStrictEqual(event, {
    type: 'email.received',
    data: {
      mail_from: 'bob@b.test',
      recipients: ['ada@example.com'],
      remote_address: '203.0.113.9',
      header_from: 'bob@b.test',
      spf: 'pass',
      dkim: ['pass'],
      dmarc: 'pass',
      disposition: 'accept',
    },
  });
  assert.ok(answer.id && answer.reply.text.includes(answer.id));
});

test('a forgery is refused in the dialogue: 550 5.7.26, nothing kept but the event', async (t) => {
  const office = await postOffice(t, { zone });
  for (const from of ['bob@b.test', 'x@elsewhere.test', '']) {
    const answer = await receive(office, { peer: forger, from, text: letter() });
    assert.partialDeepStrictEqual(answer, { reply: { code: 550, enhanced: '5.7.26' }, disposition: 'reject' }, from);
    assert.partialDeepStrictEqual((await eventsOf(office, answer.id)).at(-1)?.data, {
      disposition: 'reject',
      dmarc: 'fail',
      header_from: 'bob@b.test',
    });
  }
  assert.deepEqual(await storedMail(office), []);
});

test('by the operator’s choice a forgery goes to Junk', async (t) => {
  const office = await postOffice(t, { zone, onDmarcReject: 'junk' });
  assert.equal((await receive(office, { peer: forger, text: letter() })).reply.code, 250);
  assert.equal((await only(office)).mail.folder, 'Junk');
});

test('MAIL_RULES 15: what may have come by a list, a forwarder or with a broken signature goes to Junk', async (t) => {
  const ways: [string, string | Uint8Array][] = [
    ['list', letter('bob@b.test', 'List-Id: <l.elsewhere.test>\r\n')],
    ['broken signature', latin1(await signed(letter())).replace('Hello Ada', 'Hello Ada -- list footer')],
    ['forwarder', letter('bob@b.test', 'X-Forwarded-To: ada@example.com\r\n')],
    ['ARC', letter('bob@b.test', 'ARC-Seal: i=1; a=rsa-sha256; cv=none; d=elsewhere.test; s=s; b=x\r\n')],
    ['SPF rules nobody out', letter('bob@open.test')],
  ];
  for (const [way, text] of ways) {
    const office = await postOffice(t, { zone });
    const answer = await receive(office, { peer: forger, from: 'l@elsewhere.test', text });
    assert.partialDeepStrictEqual(answer, { reply: { code: 250 }, disposition: 'junk' }, way);
    assert.partialDeepStrictEqual((await only(office)).mail, { folder: 'Junk', verdicts: { dmarc: 'fail' } }, way);
  }
});

test('quarantine is Junk, a policy of nothing the INBOX, SPF alone Junk', async (t) => {
  const office = await postOffice(t, { zone });
  for (const [from, folder] of [
    ['x@soft.test', 'Junk'],
    ['x@none.test', 'INBOX'],
    ['x@bare.test', 'Junk'],
    ['x@unknown.test', 'INBOX'],
  ] as const) {
    await receive(office, { peer: forger, from, text: letter(from) });
    assert.equal((await storedMail(office)).at(-1)?.mail.folder, folder, from);
  }
});

test('a DNS that does not answer where the verdict depends on it: 451', async (t) => {
  const office = await postOffice(t, { zone });
  const answer = await receive(office, { peer: forger, from: 'x@elsewhere.test', text: letter('x@mute.test') });
  assert.partialDeepStrictEqual(answer, { reply: { code: 451, enhanced: '4.7.0' }, disposition: 'later' });
  assert.deepEqual(await storedMail(office), []);
});

test('RFC 7505 §4.2: MAIL FROM of a domain with a null MX: 550 5.7.27', async (t) => {
  const office = await postOffice(t, { zone });
  const answer = await receive(office, { from: 'x@dead.test', text: letter() });
  assert.partialDeepStrictEqual(answer, { reply: { code: 550, enhanced: '5.7.27' } });
});

const authors: Readonly<Record<string, string>> = {
  'none at all': 'X: y\r\n',
  'two fields': 'From: bob@b.test\r\nFrom: eve@b.test\r\n',
  'two domains': 'From: bob@b.test, eve@elsewhere.test\r\n',
  'a blank before the name': ' From: bob@b.test\r\nTo: x@y.test\r\n',
  'a blank before the colon': 'From : bob@b.test\r\n',
  'text behind the address': 'From: <bob@b.test> eve@elsewhere.test\r\n',
  'an address as name': 'From: bob@b.test <eve@elsewhere.test>\r\n',
  'an unclosed quote': 'From: "bob@b.test\r\n',
  'a NUL': 'From: bob@b.test\0@elsewhere.test\r\n',
  'a full-width @': 'From: bob\xef\xbc\xa0b.test\r\n',
  'hidden behind a bare LF': 'X: y\nFrom: bob@b.test\r\nFrom: eve@elsewhere.test\r\n',
};

test('MAIL_RULES 16: without one clear author: 550 5.7.1; for postmaster it is kept and marked', async (t) => {
  const office = await postOffice(t, { zone });
  for (const [name, header] of Object.entries(authors)) {
    const text = `${header}Subject: x\r\n\r\nhi\r\n`;
    const answer = await receive(office, { text });
    assert.partialDeepStrictEqual(answer, { reply: { code: 550, enhanced: '5.7.1' }, disposition: 'reject' }, name);
    for (const to of ['postmaster@example.com', 'Abuse@example.com', 'postmaster@mx.example.com'])
      assert.equal((await receive(office, { to: [to], text })).reply.code, 250, `${name} to ${to}`);
  }
  const stored = await storedMail(office);
  const operator = await office.directory.operatorMailbox();
  assert.equal(stored.length, 3 * Object.keys(authors).length);
  for (const { mail } of stored)
    assert.partialDeepStrictEqual(mail, {
      mailbox: operator.id,
      folder: 'INBOX',
      headerFrom: null,
      verdicts: { dmarc: 'permerror', author: 'unauthenticated' },
    });
});

test('a forgery to postmaster is kept, and not shown as written by its victim', async (t) => {
  const office = await postOffice(t, { zone });
  assert.equal(
    (await receive(office, { peer: forger, to: ['postmaster@example.com'], text: letter() })).reply.code,
    250,
  );
  assert.partialDeepStrictEqual((await only(office)).mail, {
    headerFrom: null,
    verdicts: { dmarc: 'fail', author: 'unauthenticated' },
  });
  assert.partialDeepStrictEqual(
    await receive(office, { peer: forger, to: ['postmaster@example.com', 'ada@example.com'], text: letter() }),
    { disposition: 'reject' },
  );
});

test('several authors of one domain: the first is shown, and judged', async (t) => {
  const office = await postOffice(t, { zone });
  await receive(office, { text: await signed(letter().replace('Bob <bob@b.test>', 'bob@b.test, eve@b.test')) });
  assert.partialDeepStrictEqual((await only(office)).mail, { headerFrom: 'bob@b.test', verdicts: { dmarc: 'pass' } });
});

test('RFC 8601 §5: results under our name do not reach a reader, those of others do', async (t) => {
  const office = await postOffice(t, { zone });
  const fake = `Authentication-Results: ${hostname}; dmarc=pass header.from=bank.test\r\n`;
  const other = 'Authentication-Results: mx.list.test; dkim=pass\r\n';
  await receive(office, {
    text: letter('x@unknown.test', `${fake}AUTHENTICATION-RESULTS : "MX.example.COM"; spf=pass\r\n${other}`),
  });
  const index = indexMessage(fromLatin1((await only(office)).text));
  const results = fieldsNamed(index, 'authentication-results');
  assert.equal(results.length, 2);
  assert.doesNotMatch(fieldText(index, 'authentication-results') ?? '', /bank\.test/);
});

test('MAIL_RULES 6: loops are refused with 5.4.6', async (t) => {
  const office = await postOffice(t, { zone });
  const loops = [
    letter('x@unknown.test', 'Delivered-To: ada@example.com\r\n'),
    letter('x@unknown.test', 'Received: x\r\n'.repeat(101)),
  ];
  for (const text of loops)
    assert.partialDeepStrictEqual(await receive(office, { text }), { reply: { code: 550, enhanced: '5.4.6' } });
  assert.equal(
    (await receive(office, { text: letter('x@unknown.test', 'Delivered-To: bob@gw.test\r\n') })).reply.code,
    250,
  );
});

test('RCPT: who exists, who does not, and what is not ours', async (t) => {
  const office = await postOffice(t, { zone });
  const admit = async (path: Path) => {
    const answer = await office.inbound.admit(stranger, mailbox('bob@b.test'), path);
    return answer.kind === 'accept' ? answer.destination.kind : `${answer.reply.code} ${answer.reply.enhanced}`;
  };
  const to = (text: string): Path => ({ kind: 'mailbox', mailbox: mailbox(text), route: false });
  assert.equal(await admit(to('ada@example.com')), 'mailbox');
  assert.equal(await admit(to('ADA@Example.COM')), 'mailbox');
  assert.equal(await admit(to('nobody@example.com')), '550 5.1.1');
  assert.equal(await admit(to('ada@elsewhere.test')), '550 5.7.1');
  assert.equal(await admit(to('ada@sub.example.com')), '550 5.7.1');
  assert.equal(await admit(to('postmaster@example.org')), '550 5.7.1', 'nobody has proven that it is ours');
  assert.equal(await admit(to('"ada@elsewhere.test"@example.com')), '550 5.1.1');
  assert.equal(await admit(to('ada%elsewhere.test@example.com')), '550 5.1.1');
  assert.equal(await admit({ kind: 'postmaster' }), 'mailbox');
  assert.equal(await admit(to('postmaster@example.com')), 'mailbox');
  assert.equal(await admit(to('abuse@example.com')), 'mailbox');
  assert.equal(await admit(to('PostMaster@mx.example.com')), 'mailbox');
  assert.equal(await admit(to('ada@mx.example.com')), '550 5.7.1');
  assert.equal(await admit({ kind: 'null' }), '550 5.1.1');
});

test('loopback is not trust', async (t) => {
  const office = await postOffice(t, { zone });
  const path: Path = { kind: 'mailbox', mailbox: mailbox('x@elsewhere.test'), route: false };
  const answer = await office.inbound.admit({ ...stranger, address: '127.0.0.1' }, mailbox('ada@example.com'), path);
  assert.partialDeepStrictEqual(answer, { kind: 'refuse', reply: { code: 550, enhanced: '5.7.1' } });
  const forged = await receive(office, {
    peer: { address: '127.0.0.1' },
    from: 'ada@example.com',
    text: letter('ada@example.com'),
  });
  assert.partialDeepStrictEqual(forged, { reply: { code: 550, enhanced: '5.7.26' } });
});

test('MAIL_RULES 4: the null sender is welcome, but not without end', async (t) => {
  const timers = flowingTime(Date.UTC(2027, 0, 1));
  const office = await postOffice(t, { zone, timers });
  const path: Path = { kind: 'mailbox', mailbox: mailbox('ada@example.com'), route: false };
  const admit = async (address = '203.0.113.9', from?: 'bob@b.test') => {
    const answer = await office.inbound.admit({ ...stranger, address }, from && mailbox(from), path);
    return answer.kind === 'accept' ? 'accept' : answer.reply.code;
  };
  for (let nth = 0; nth < 200; nth++) assert.equal(await admit(), 'accept');
  assert.equal(await admit(), 451);
  assert.equal(await admit('203.0.113.9', 'bob@b.test'), 'accept', 'its other mail goes on');
  assert.equal(await admit('198.51.100.1'), 'accept');
  timers.advance(10 * 60_000);
  assert.equal(await admit(), 'accept');
});

test('MAIL_RULES 14: a full disk is 452 at RCPT and at the end of data', async (t) => {
  const office = await postOffice(t, { zone });
  office.disk.low = true;
  const path: Path = { kind: 'mailbox', mailbox: mailbox('ada@example.com'), route: false };
  assert.partialDeepStrictEqual(await office.inbound.admit(stranger, mailbox('bob@b.test'), path), {
    kind: 'refuse',
    reply: { code: 452, enhanced: '4.3.1' },
  });
  office.disk.low = false;
  t.mock.method(office.blobs, 'keep', () => Promise.reject(new Fault('ENOSPC', 'full')), { times: 1 });
  assert.partialDeepStrictEqual(await receive(office, { text: await signed(letter()) }), {
    reply: { code: 452, enhanced: '4.3.1' },
    disposition: 'later',
  });
  assert.deepEqual(await storedMail(office), []);
  assert.equal((await receive(office, { text: await signed(letter()) })).reply.code, 250);
});

test('any other fault is the caller’s to answer with 451: nothing is stored and nothing acknowledged', async (t) => {
  const office = await postOffice(t, { zone });
  t.mock.method(office.events, 'append', () => Promise.reject(new Fault('STORE_IO', 'the disk failed')));
  await assert.rejects(receive(office, { text: await signed(letter()) }), { code: 'STORE_IO' });
  assert.deepEqual(await storedMail(office), []);
});

test('several recipients: one copy each, none learns of the others', async (t) => {
  const office = await postOffice(t, { zone });
  await office.directory.addMailbox({ local: 'eve', domain: domain('example.com') });
  const answer = await receive(office, {
    to: ['ada@example.com', 'eve@example.com', 'postmaster@example.com'],
    text: await signed(letter()),
  });
  assert.equal(answer.reply.code, 250);
  const stored = await storedMail(office);
  assert.deepEqual(
    stored.map(({ mail }) => mail.recipient),
    ['ada@example.com', 'eve@example.com', 'postmaster@example.com'],
  );
  assert.equal(new Set(stored.map(({ mail }) => mail.mailbox)).size, 3);
  const [ada] = stored;
  assert.doesNotMatch(ada?.text ?? '', /eve@|postmaster@/);
  assert.match(ada?.text ?? '', /^Return-Path: <bob@b\.test>\r\nDelivered-To: ada@example\.com\r\n/);
});

test('RFC 9051 §2.3.1.1: UIDs grow per folder and are never given twice', async (t) => {
  const office = await postOffice(t, { zone });
  for (let nth = 0; nth < 3; nth++) await receive(office, { text: await signed(letter()) });
  await receive(office, { peer: forger, from: 'x@soft.test', text: letter('x@soft.test') });
  await office.db.write((tx) =>
    tx.run({ sql: "DELETE FROM mailbox_messages WHERE uid = 3 AND folder = 'INBOX'", parameters: [] }),
  );
  await Promise.all([1, 2, 3].map(async () => receive(office, { text: await signed(letter()) })));
  const uids = async (folder: 'INBOX' | 'Junk') =>
    (await storedMail(office, folder)).map(({ mail }) => mail.uid).toSorted((a, b) => a - b);
  assert.deepEqual(await uids('INBOX'), [1, 2, 4, 5, 6]);
  assert.deepEqual(await uids('Junk'), [1]);
});

test('mail of many octets and hostile words lies there as it came', async (t) => {
  const office = await postOffice(t, { zone });
  const body = 'line of a long letter \xff\xfe\r\n'.repeat(20_000);
  const text = `${letter('x@unknown.test').replace(/Subject: .*/, `Subject: ${'=?utf-8?Q?=E2=80=AE?= '.repeat(200)}`)}${body}`;
  assert.equal((await receive(office, { text })).reply.code, 250);
  const { mail, text: stored } = await only(office);
  assert.ok(stored.endsWith(text));
  assert.ok(mail.subject.length <= 300);
  assert.equal(
    (await readdir(join(office.folder, 'spool'))).filter((name) => !name.startsWith('.')).length,
    2,
    'ours, and the one its caller still holds',
  );
});

test('a large message is judged and stored in pieces as if it had been held whole', async (t) => {
  const office = await postOffice(t, { zone, timers: flowingTime(Date.now()) });
  const lines = Array.from({ length: 6_000 }, (_, nth) => `${nth} ${'.x'.repeat(nth % 40)}\xe4  \t \r\n`).join('');
  const forged = 'Return-Path: <x@evil.test>\r\nAuthentication-Results: mx.example.com; spf=pass\r\n';
  for (const header of ['', forged]) {
    const bytes = await signed(`${letter('bob@b.test', header)}${lines}`);
    const body = await spooled(office, bytes);
    let wholeReads = 0;
    const read = () => {
      wholeReads++;
      return body.read();
    };
    const { size, sha256 } = body;
    const blind = async function* () {
      yield fromLatin1('Subject: where the header ends is not known');
    };
    const ways = [{ chunks: (from?: number) => body.chunks(from) }, { chunks: blind }];
    const stored: string[] = [];
    for (const way of ways) {
      const answer = await receive(office, {
        body: { ...way, size, sha256, inMemory: false, read, discard: async () => {} },
      });
      assert.equal(answer.reply.code, 250);
      const { mail, text } = (await storedMail(office)).at(-1) ?? {};
      assert.partialDeepStrictEqual(mail?.verdicts, { spf: 'pass', dkim: 'pass', dmarc: 'pass' });
      assert.equal(mail?.sizeBytes, text?.length);
      stored.push(text?.replaceAll(answer.id ?? '', 'inb') ?? '');
    }
    assert.equal(stored[0], stored[1]);
    assert.equal(wholeReads, 1, 'only the second way reads it as a whole');
    assert.ok(stored[0]?.endsWith(latin1(bytes).slice(latin1(bytes).indexOf('From: '))));
  }
  const broken = latin1(await signed(`${letter()}${lines}`)).replace('5999 ', '5998 ');
  assert.equal((await receive(office, { peer: forger, text: broken })).disposition, 'junk');
  assert.equal((await storedMail(office, 'Junk')).at(-1)?.mail.verdicts.dkim, 'fail');
});
