/** Notifications: what we write is what we and others read, and nothing that comes in from outside does any harm. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../../test/support/any-character.ts';
import { domain } from '../../../test/support/temp-office.ts';
import { concat, fromLatin1, latin1, utf8 } from '../../base/bytes.ts';
import { watchLines } from '../../format/line-ends.ts';
import { fieldsNamed, fieldText, indexMessage } from '../../format/message/message-index.ts';
import { partContent, partTree } from '../../format/message/part-tree.ts';
import { readDsn } from './read-dsn.ts';
import { type Dsn, type DsnAction, type DsnRecipient, writeDsn } from './write-dsn.ts';

const header = 'From: ada@example.com\r\nTo: bob@b.test\r\nSubject: hello\r\nMessage-ID: <1@example.com>\r\n';
const failed: DsnRecipient = {
  finalRecipient: 'bob@b.test',
  action: 'failed',
  status: '5.1.1',
  say: 'mx.b.test said: no such user',
  remoteMta: 'mx.b.test',
  diagnostic: '550 5.1.1 no such user',
};

function write(wish: Partial<Dsn> = {}): Uint8Array {
  return writeDsn({
    reportingMta: domain('mx.example.com'),
    from: { local: 'postmaster', domain: domain('example.com'), display: 'Mail Delivery System' },
    to: { local: 'ada', domain: domain('example.com') },
    messageId: '<em_1@mx.example.com>',
    dateMs: Date.UTC(2026, 10, 22, 9, 55, 6),
    arrivedMs: Date.UTC(2026, 10, 22, 9, 0, 0),
    boundary: 'part-0123456789',
    recipients: [failed],
    subject: 'Undelivered mail',
    originalHeader: fromLatin1(header),
    ...wish,
  });
}

function parts(bytes: Uint8Array) {
  const index = indexMessage(bytes);
  const { root, problems } = partTree(index);
  assert.deepEqual(problems, []);
  return root.parts.map((part) => ({ type: part.contentType.value, text: latin1(partContent(index, part)) }));
}

test('RFC 3464 §2, RFC 6522 §3: a report of three parts, from nobody who wants an answer', () => {
  const bytes = write({ envelopeId: 'QQ314159' });
  const index = indexMessage(bytes);
  assert.deepEqual(index.problems, []);
  assert.match(fieldText(index, 'content-type') ?? '', /^multipart\/report; report-type=delivery-status; boundary=/);
  assert.equal(fieldText(index, 'auto-submitted'), 'auto-replied');
  assert.equal(fieldText(index, 'from'), 'Mail Delivery System <postmaster@example.com>');
  for (const name of ['to', 'subject', 'date', 'message-id', 'mime-version'])
    assert.equal(fieldsNamed(index, name).length, 1);
  const [people, programs, original] = parts(bytes);
  assert.equal(people?.type, 'text/plain');
  assert.match(people?.text ?? '', /bob@b\.test: failed\r\n {2}mx\.b\.test said: no such user/);
  assert.deepEqual(programs, {
    type: 'message/delivery-status',
    text: [
      'Reporting-MTA: dns; mx.example.com',
      'Original-Envelope-Id: QQ314159',
      'Arrival-Date: Sun, 22 Nov 2026 09:00:00 +0000',
      '',
      'Final-Recipient: rfc822; bob@b.test',
      'Action: failed',
      'Status: 5.1.1',
      'Remote-MTA: dns; mx.b.test',
      'Diagnostic-Code: smtp; 550 5.1.1 no such user',
      'Last-Attempt-Date: Sun, 22 Nov 2026 09:55:06 +0000',
      '',
    ].join('\r\n'),
  });
  assert.deepEqual(original, { type: 'text/rfc822-headers', text: header });
});

test('one block for each recipient', () => {
  const recipients = ['a@b.test', 'b@b.test', 'c@b.test'].map((finalRecipient) => ({ ...failed, finalRecipient }));
  assert.deepEqual(
    readDsn(write({ recipients }))?.recipients.map((one) => one.finalRecipient),
    ['a@b.test', 'b@b.test', 'c@b.test'],
  );
});

test('RFC 6533 §3: addresses in any script, with blanks and with what xtext escapes, survive', () => {
  for (const finalRecipient of [
    'jürgen@b.test',
    '"a b"@b.test',
    '"a\\"; b"@b.test',
    'ü+=\\{x}@b.test',
    '\u{1f4ef}@b.test',
    'x+y=z@b.test',
  ]) {
    const bytes = write({ recipients: [{ ...failed, finalRecipient, originalRecipient: finalRecipient }] });
    assert.partialDeepStrictEqual(
      readDsn(bytes)?.recipients,
      [{ finalRecipient, originalRecipient: finalRecipient }],
      finalRecipient,
    );
    assert.equal(watchLines(bytes).eightBitAt, undefined);
  }
});

test('RFC 3464 §2.3.1, §2.3.9: an original recipient keeps its type, and a delay says until when it is tried', () => {
  const delayed = { ...failed, action: 'delayed', status: '4.4.1', willRetryUntilMs: Date.UTC(2026, 10, 27) } as const;
  const original = { originalRecipient: '/G=bob/', originalRecipientType: 'x400' };
  const [people, programs] = parts(write({ recipients: [{ ...delayed, ...original }] }));
  assert.match(people?.text ?? '', /tried again until Fri, 27 Nov 2026 00:00:00 \+0000\. You need not send it again\./);
  assert.match(programs?.text ?? '', /^Original-Recipient: x400; \/G=bob\/\r$/m);
  assert.match(programs?.text ?? '', /^Will-Retry-Until: Fri, 27 Nov 2026 00:00:00 \+0000\r$/m);
  const ascii = { originalRecipient: 'a+b@c.test', originalRecipientType: 'utf-8' };
  const again = parts(write({ recipients: [{ ...failed, ...ascii }] }))[1]?.text ?? '';
  assert.match(again, /^Original-Recipient: utf-8; a\\x\{2B\}b@c\.test\r$/m);
});

test('RFC 3461 §4.3: the whole message comes back as a message', () => {
  const originalMessage = fromLatin1(`${header}\r\nHello Bob\r\n`);
  const [people, , returned] = parts(write({ originalMessage }));
  assert.match(people?.text ?? '', /Your message is attached\./);
  assert.equal(returned?.type, 'message/rfc822');
  assert.match(returned?.text ?? '', /^From: ada@example\.com\r\n[^\0]*\r\n\r\nHello Bob/);
});

test('an address of strangers is one line of its field, whatever it holds', () => {
  for (const address of [
    'a\fb@b.test',
    'a@b.test\r\nStatus: 2.0.0',
    '\x01@b.test',
    'ü\n@b.test',
    `${'ü'.repeat(2_000)}@b.test`,
  ]) {
    const bytes = write({ recipients: [{ ...failed, finalRecipient: address, originalRecipient: address }] });
    assert.partialDeepStrictEqual(readDsn(bytes)?.recipients, [{ status: '5.1.1' }]);
    assert.ok(watchLines(bytes).longestLine <= 998);
    assert.ok(!/^Status: 2/m.test(latin1(bytes)));
  }
});

test('foreign words are one line of their field, whatever they hold and however many', () => {
  const words = [
    '550 no\r\nStatus: 2.0.0\r\n\r\nFinal-Recipient: rfc822; eve@b.test',
    '550 gesperrt für immer \u{1f4ef}',
    `550 ${'x'.repeat(65_000)}`,
    `550 ${'word '.repeat(13_000)}`,
    '550 \u0000\u0007\u2028\ud800',
    '550 --part-0123456789--',
  ];
  for (const diagnostic of words) {
    const bytes = write({
      recipients: [{ ...failed, diagnostic, say: diagnostic, remoteMta: `mx\r\nX: ${diagnostic.slice(0, 50)}` }],
    });
    assert.equal(parts(bytes).length, 3);
    assert.ok(bytes.length < 8_000, `${bytes.length} octets`);
    const facts = watchLines(bytes);
    assert.deepEqual(
      [facts.eightBitAt, facts.nulAt, facts.bareCrAt, facts.bareLfAt],
      [undefined, undefined, undefined, undefined],
    );
    assert.ok(facts.longestLine <= 998);
    const read = readDsn(bytes);
    assert.equal(read?.recipients.length, 1);
    assert.partialDeepStrictEqual(read?.recipients, [{ finalRecipient: 'bob@b.test', status: '5.1.1' }]);
    assert.match(read?.recipients[0]?.diagnostic ?? '', /^550 /);
  }
});

test('the header of the message comes back as it was, also with 8 bits, long lines and without an end', () => {
  for (const text of ['', 'Subject: Gr\xc3\xbc\xc3\x9fe\r\n', `X: ${'a b '.repeat(1_000)}\r\n`, 'Subject: cut off']) {
    const bytes = write({ originalHeader: fromLatin1(text) });
    const [, , original] = parts(bytes);
    assert.equal(original?.text.replace(/\r\n[ \t]/g, ' ').trim(), text.replace(/\r\n$/, '').trim());
    assert.equal(watchLines(bytes).eightBitAt, undefined);
    assert.ok(watchLines(bytes).longestLine <= 998);
  }
});

const word = fc.string({ unit: anyCharacter, maxLength: 200 });
const anyRecipient = fc.record({
  finalRecipient: fc.constantFrom('a@b.test', 'ü@b.test', '"x y"@b.test'),
  action: fc.constantFrom<DsnAction>('failed', 'delayed', 'delivered', 'relayed', 'expanded'),
  status: fc.constantFrom('5.1.1', '4.4.7', '2.0.0', '5.7.26'),
  say: word,
  remoteMta: word,
  diagnostic: word,
});

test('whatever the words: what is written is read again, safe for every hop', () => {
  fc.assert(
    fc.property(fc.array(anyRecipient, { minLength: 1, maxLength: 5 }), (recipients) => {
      const bytes = write({ recipients });
      assert.deepEqual(
        readDsn(bytes)?.recipients.map(({ finalRecipient, action, status }) => ({ finalRecipient, action, status })),
        recipients.map(({ finalRecipient, action, status }) => ({ finalRecipient, action, status })),
      );
      const facts = watchLines(bytes);
      assert.deepEqual(
        [facts.eightBitAt, facts.nulAt, facts.bareCrAt, facts.bareLfAt],
        [undefined, undefined, undefined, undefined],
      );
      assert.ok(facts.longestLine <= 998);
    }),
    { numRuns: 200 },
  );
});

/** A notification as another server writes it. */
function report(status: string, type = 'message/delivery-status'): Uint8Array {
  return fromLatin1(
    [
      'From: MAILER-DAEMON@b.test',
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type="delivery-status"; boundary=b1',
      '',
      'preamble',
      '--b1',
      '',
      'Sorry.',
      '--b1',
      `Content-Type: ${type}`,
      '',
      status.replaceAll('\n', '\r\n'),
      '--b1',
      'Content-Type: message/rfc822',
      '',
      'Subject: hello',
      '',
      'x',
      '--b1--',
      '',
    ].join('\r\n'),
  );
}
const about = 'Reporting-MTA: dns; mx.b.test\n\n';

test('notifications of others, in the spellings they use', () => {
  const read = (block: string, type?: string) => readDsn(report(about + block, type))?.recipients[0];
  assert.deepEqual(read('Final-Recipient: RFC822;bob@b.test\nAction: failed\nStatus: 5.1.1 (bad mailbox)\n'), {
    finalRecipient: 'bob@b.test',
    action: 'failed',
    status: '5.1.1',
  });
  assert.deepEqual(
    read(
      'ORIGINAL-RECIPIENT: rfc822;bob@b.test\nfinal-recipient: rfc822;\n robert@c.test\naction: FAILED (for good)\nstatus: 5.0.0\nRemote-MTA: dns;mx.c.test\nDiagnostic-Code: smtp;550 mailbox\n full\n',
    ),
    {
      finalRecipient: 'robert@c.test',
      originalRecipient: 'bob@b.test',
      action: 'failed',
      status: '5.0.0',
      remoteMta: 'mx.c.test',
      diagnostic: '550 mailbox full',
    },
  );
  const global =
    'Final-Recipient: utf-8; j\xc3\xbcrgen@b.test\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 Benutzer gel\xc3\xb6scht\n';
  assert.partialDeepStrictEqual(read(global, 'message/global-delivery-status'), {
    finalRecipient: 'jürgen@b.test',
    diagnostic: '550 Benutzer gelöscht',
  });
  assert.partialDeepStrictEqual(read('Final-Recipient: rfc822; <bob@b.test>\nAction: failed\nStatus: 5.1.1\n'), {
    finalRecipient: 'bob@b.test',
  });
  assert.partialDeepStrictEqual(read('Final-Recipient: utf-8; j\\x{FC}rgen@b.test\nAction: failed\nStatus: 5.1.1\n'), {
    finalRecipient: 'jürgen@b.test',
  });
});

test('RFC 3463 §3.1: a status that says nothing gives way to the code in the diagnosis, if it is of the same class', () => {
  const statusOf = (status: string, diagnostic: string) =>
    readDsn(
      report(
        `${about}Final-Recipient: rfc822;a@b.test\nAction: failed\nStatus: ${status}\nDiagnostic-Code: ${diagnostic}\n`,
      ),
    )?.recipients[0]?.status;
  assert.equal(statusOf('5.0.0', 'smtp; 550 5.1.1 no such person'), '5.1.1');
  assert.equal(statusOf('5.0.0', 'smtp; 550-5.1.1 no such\n 550 5.1.1 person'), '5.1.1');
  assert.equal(statusOf('5.2.2', 'smtp; 550 5.1.1 no such person'), '5.2.2');
  assert.equal(statusOf('5.0.0', 'smtp; 450 4.2.0 come again'), '5.0.0');
  assert.equal(statusOf('5.0.0', 'smtp; 550 5.1.1.9 is no code'), '5.0.0');
  assert.equal(statusOf('5.0.0', 'smtp; 550 no code at all, 5.1.1 or so'), '5.0.0');
});

test('a block without recipient, action or status is no block; without any there is no notification', () => {
  const good = 'Final-Recipient: rfc822; a@b.test\nAction: failed\nStatus: 5.1.1\n\n';
  for (const bad of [
    'Final-Recipient: a@b.test\nAction: failed\nStatus: 5.1.1\n\n',
    'Action: failed\nStatus: 5.1.1\n\n',
    'Final-Recipient: rfc822; a@b.test\nAction: vanished\nStatus: 5.1.1\n\n',
    'Final-Recipient: rfc822; a@b.test\nAction: failed\nStatus: 9.1.1\n\n',
    'Final-Recipient: rfc822; a@b.test\nAction: failed\nStatus: 15.1.1\n\n',
    'Final-Recipient: rfc822; a@b.test\nAction: failed\n\n',
  ]) {
    assert.equal(readDsn(report(about + bad)), undefined, bad);
    assert.equal(readDsn(report(about + bad + good))?.recipients.length, 1, bad);
  }
});

test('only the report itself counts: not a reply that quotes one, nor one that a returned message carries', () => {
  const inner = report(`${about}Final-Recipient: rfc822; a@b.test\nAction: failed\nStatus: 5.1.1\n`);
  const wrapped = (type: string) =>
    concat([
      fromLatin1(
        `From: bob@b.test\r\nContent-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n\r\nI am away.\r\n--out\r\nContent-Type: ${type}\r\n\r\n`,
      ),
      inner,
      fromLatin1('\r\n--out--\r\n'),
    ]);
  assert.equal(readDsn(wrapped('message/rfc822')), undefined);
  assert.equal(readDsn(wrapped('text/plain')), undefined);
  assert.equal(
    readDsn(fromLatin1('From: bob@b.test\r\nSubject: Undelivered mail\r\n\r\n550 5.1.1 a@b.test does not exist\r\n')),
    undefined,
  );
});

test('endless words of a stranger are cut, and so are endless recipients', () => {
  const long = report(
    `${about}Final-Recipient: rfc822; a@b.test\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 ${'x'.repeat(200_000)}\n`,
  );
  assert.ok((readDsn(long)?.recipients[0]?.diagnostic?.length ?? 0) <= 4_000);
  const many = report(about + 'Final-Recipient: rfc822; a@b.test\nAction: failed\nStatus: 5.1.1\n\n'.repeat(5_000));
  assert.equal(readDsn(many)?.recipients.length, 1_000);
  assert.equal(readDsn(report('x'.repeat(2_000_000))), undefined);
});

test('nothing that comes in makes it throw', () => {
  const seed = latin1(
    report(
      `${about}Final-Recipient: utf-8; \\x{D800}a@b.test\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 \\x{FFFFFF}\n`,
    ),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      readDsn(bytes);
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(seed.length), fc.nat(40), fc.string({ unit: anyCharacter, maxLength: 8 })), {
        minLength: 1,
        maxLength: 6,
      }),
      (edits) => {
        let text = seed;
        for (const [at, cut, put] of edits) text = text.slice(0, at) + put + text.slice(at + cut);
        const read = readDsn(utf8(text));
        for (const one of read?.recipients ?? []) assert.ok(one.finalRecipient !== '' && one.status !== '');
      },
    ),
    { numRuns: 500 },
  );
});
