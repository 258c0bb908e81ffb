import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromLatin1, latin1, utf8 } from '../../base/bytes.ts';
import { parseDomainName } from '../../format/domain-name.ts';
import { watchLines } from '../../format/line-ends.ts';
import { fieldsNamed, fieldText, indexMessage } from '../../format/message/message-index.ts';
import { applyFixUps, type FixUpOptions, type ReceivedFacts, writeReceived } from './fix-ups.ts';
import type { Entrance } from './types.ts';

const dateMs = Date.UTC(2026, 10, 22, 9, 55, 6);
const received = fromLatin1('Received: by mx.example.com\r\n');
const options: FixUpOptions = { messageId: '<new@example.com>', dateMs, received };
const complete = 'From: a@example.com\r\nDate: Sat, 1 Jan 2000 00:00:00 +0000\r\nMessage-ID: <old@example.com>\r\n';

function fix(message: string | Uint8Array, more: Partial<FixUpOptions> = {}) {
  const fixed = applyFixUps(typeof message === 'string' ? utf8(message) : message, { ...options, ...more });
  return fixed.ok
    ? { ...fixed.value, text: latin1(fixed.value.bytes) }
    : { code: fixed.code, say: fixed.say, text: '' };
}

test('MAIL_RULES 8: Date and Message-ID are added where they are missing', () => {
  const fixed = fix('From: a@example.com\r\n\r\nbody\r\n');
  assert.equal(
    fixed.text,
    'Received: by mx.example.com\r\nDate: Sun, 22 Nov 2026 09:55:06 +0000\r\nMessage-ID: <new@example.com>\r\nFrom: a@example.com\r\n\r\nbody\r\n',
  );
  assert.partialDeepStrictEqual(fixed, {
    messageId: '<new@example.com>',
    added: ['received', 'date', 'message-id'],
    removed: [],
  });
});

test('what is there stays; a field of blanks counts as missing', () => {
  assert.partialDeepStrictEqual(fix(`${complete}\r\nbody\r\n`), {
    text: `Received: by mx.example.com\r\n${complete}\r\nbody\r\n`,
    messageId: '<old@example.com>',
    added: ['received'],
  });
  const blank = fix('From: a@example.com\r\nDate: \r\nMessage-ID:\r\n \r\n\r\nbody\r\n');
  assert.equal(fieldsNamed(indexMessage(fromLatin1(blank.text)), 'date').length, 1);
  assert.partialDeepStrictEqual(blank, { messageId: '<new@example.com>', added: ['received', 'date', 'message-id'] });
});

test('MAIL_RULES 8: Bcc and Return-Path go in every spelling, and what the caller names', () => {
  const fixed = fix(
    `Return-Path: <x@y>\r\n${complete}Bcc: secret@example.com,\r\n more@example.com\r\nBCC : b@c\r\nResent-Bcc: d@e\r\nPosthorn-Idempotency-Key: k\r\n\r\nBcc: body\r\n`,
    { remove: ['posthorn-idempotency-key'] },
  );
  assert.equal(fixed.text, `Received: by mx.example.com\r\n${complete}\r\nBcc: body\r\n`);
  assert.partialDeepStrictEqual(fixed, {
    removed: ['return-path', 'bcc', 'bcc', 'resent-bcc', 'posthorn-idempotency-key'],
  });
});

test('MAIL_RULES 13: LF becomes CRLF, a lone CR is refused', () => {
  assert.equal(
    fix(`${complete}\r\nbody`.replaceAll('\r\n', '\n')).text,
    `Received: by mx.example.com\r\n${complete}\r\nbody\r\n`,
  );
  assert.partialDeepStrictEqual(fix(`${complete}\r\nbo\rdy\r\n`), { code: 'bare-cr' });
});

test('MAIL_RULES 10: 8 bits become 7', () => {
  assert.match(
    fix(`${complete}\r\nGrüße an alle da draußen\r\n`).text,
    /\r\n\r\nGr=C3=BC=C3=9Fe an alle da drau=C3=9Fen\r\n$/,
  );
});

test('names get one spelling, so that every reader reads the same fields', () => {
  const fixed = fix(`\xef\xbb\xbf${complete}Subject \t: x\r\nTo\r\n : b@c.test\r\n\r\nbody\r\n`);
  assert.equal(fixed.text, `Received: by mx.example.com\r\n${complete}Subject: x\r\nTo: b@c.test\r\n\r\nbody\r\n`);
  assert.equal(fix(` \t${complete}\r\nbody\r\n`).text, `Received: by mx.example.com\r\n${complete}\r\nbody\r\n`);
});

test('the line of an mbox file is not part of the message', () => {
  assert.equal(
    fix(`From me@example.com Sat Jan  1 00:00:00 2000\n${complete}\nbody\n`.replaceAll('\r', '')).text,
    `Received: by mx.example.com\r\n${complete}\r\nbody\r\n`,
  );
});

test('every line ends and an empty line ends the header', () => {
  for (const message of [complete, complete.trimEnd(), `${complete}\r\n`]) {
    assert.equal(fix(message).text, `Received: by mx.example.com\r\n${complete}\r\n`);
  }
});

test('headers that readers read differently are refused, with the place', () => {
  for (const message of [
    'junk\r\n',
    'From: a@b\r\njunk\r\nFrom: c@d\r\n\r\n',
    'X Y: 1\r\n\r\n',
    'A: \0\r\n\r\n',
    'A: b\r\n'.repeat(2_000),
    ' \r\nFrom: a@b\r\n\r\n',
  ]) {
    assert.partialDeepStrictEqual(fix(message), { code: 'header-malformed' }, JSON.stringify(message.slice(0, 40)));
  }
  assert.equal(fix('From: a@b\r\njunk\r\n\r\n').say, 'a line of the header has no colon (octet 11)');
});

test('what cannot be made fit to send is refused', () => {
  assert.partialDeepStrictEqual(fix(`${complete}List-Unsubscribe: <https://${'x'.repeat(1_000)}>\r\n\r\n`), {
    code: 'line-too-long',
  });
  const signed = 'Content-Type: multipart/signed; boundary=a\r\n\r\n--a\r\n\r\n\0\r\n--a\r\n\r\ns\r\n--a--\r\n';
  assert.partialDeepStrictEqual(fix(complete + signed), { code: 'nul' });
});

test('mail of others passes as it is', () => {
  const foreign = 'Return-Path: <x@y>\r\nFrom : a@b\r\njunk\r\nX-Key: 1\r\n\r\nGr\xfc\xdfe, '.concat(
    'x'.repeat(2_000),
    '\r\n',
  );
  const fixed = fix(fromLatin1(foreign), { keepAsIs: true, remove: ['x-key'] });
  assert.equal(fixed.text, `Received: by mx.example.com\r\n${foreign.replace('X-Key: 1\r\n', '')}`);
  assert.partialDeepStrictEqual(fixed, { messageId: '', added: ['received'], removed: ['x-key'] });
});

test('property: what was fixed is fit to send, has its fields, and needs no second fix', () => {
  const pieces = fc.array(
    fc.constantFrom(
      ...[
        '\r\n',
        '\n',
        ' ',
        ':',
        'From: a@b\r\n',
        'Bcc: c\r\n',
        'To : d\r\n',
        'Date:\r\n',
        'X: y\r\n z\r\n',
        'ü',
        'x'.repeat(1_000),
        '\r\n\r\n',
        'Message-ID: <a@b>\r\n',
        '\0',
      ],
    ),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        pieces.map((all) => utf8(all.join(''))),
        fc.uint8Array(),
      ),
      (message) => {
        const fixed = applyFixUps(message, options);
        if (!fixed.ok) return;
        const { bytes, messageId } = fixed.value;
        const facts = watchLines(bytes);
        assert.deepEqual(
          [facts.bareCrAt, facts.bareLfAt, facts.nulAt, facts.endsWithCrlf],
          [undefined, undefined, undefined, true],
        );
        assert.ok(facts.longestLine <= 998);
        const index = indexMessage(bytes);
        assert.deepEqual(index.problems, []);
        assert.deepEqual([fieldsNamed(index, 'bcc').length, fieldText(index, 'message-id')], [0, messageId]);
        assert.ok(fieldText(index, 'date'));
        const again = applyFixUps(bytes, { ...options, received: new Uint8Array() });
        assert.deepEqual(again.ok && Buffer.from(again.value.bytes), Buffer.from(bytes));
      },
    ),
    { numRuns: 500 },
  );
});

const by = parseDomainName('mx.example.com');
const domain = parseDomainName('example.net');
assert.ok(by && domain);
const one = { local: 'ann', domain };
const facts = (entrance: Entrance, more: Partial<ReceivedFacts> = {}): ReceivedFacts => ({
  entrance,
  by,
  id: 'em_1',
  recipients: [one],
  dateMs,
  ...more,
});
const trace = (given: ReceivedFacts) => fieldText(indexMessage(writeReceived(given)), 'received')?.replace(/; .*/, '');
const smtp = {
  kind: 'smtp',
  clientAddress: '192.0.2.1',
  helo: 'laptop.example.net',
  extended: true,
  smtpUtf8: false,
  authenticated: true,
} as const;
const tls = { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', authorized: false };

test('MAIL_RULES 8: Received names the entrance; a login’s address is hidden by default', () => {
  assert.equal(
    trace(facts({ ...smtp, tls })),
    'from laptop.example.net by mx.example.com with ESMTPSA (TLSv1.3 TLS_AES_256_GCM_SHA384) id em_1 for <ann@example.net>',
  );
  for (const helo of ['[192.0.2.1]', '192.0.2.1', '[IPv6:2001:db8::1]', '2001:db8::1'])
    assert.equal(
      trace(facts({ ...smtp, helo })),
      'from unknown by mx.example.com with ESMTPA id em_1 for <ann@example.net>',
    );
  assert.match(trace(facts(smtp, { showClient: true })) ?? '', /^from laptop\.example\.net \(\[192\.0\.2\.1\]\) by/);
  assert.match(
    trace(facts({ ...smtp, authenticated: false })) ?? '',
    /^from laptop\.example\.net \(\[192\.0\.2\.1\]\) by mx\.example\.com with ESMTP id/,
  );
  assert.equal(
    trace(facts({ kind: 'http', clientAddress: '192.0.2.1' })),
    'by mx.example.com with HTTP id em_1 for <ann@example.net>',
  );
  assert.equal(trace(facts({ kind: 'cli' }, { recipients: [] })), 'by mx.example.com with local id em_1');
});

test('RFC 3848, RFC 6531 §4.3: HELO is SMTP without an E, and UTF8SMTP says that the parameter came', () => {
  assert.match(trace(facts({ ...smtp, extended: false, authenticated: false })) ?? '', / with SMTP id/);
  assert.match(trace(facts({ ...smtp, smtpUtf8: true, tls })) ?? '', / with UTF8SMTPSA \(/);
});

test('MAIL_RULES 8: for only with one recipient', () => {
  assert.equal(
    trace(facts({ kind: 'cli' }, { recipients: [one, { local: 'bob', domain }] })),
    'by mx.example.com with local id em_1',
  );
  assert.equal(
    trace(facts({ ...smtp, smtpUtf8: true }, { recipients: [{ local: 'grüße', domain }] })),
    'from laptop.example.net by mx.example.com with UTF8SMTPA id em_1',
  );
});
