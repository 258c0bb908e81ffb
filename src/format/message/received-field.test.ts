import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { concat, fromLatin1, latin1 } from '../../base/bytes.ts';
import { parseDomainName } from '../domain-name.ts';
import { fieldText, indexMessage } from './message-index.ts';
import { type Hop, smtpKeyword, writeReceivedField } from './received-field.ts';

const by = parseDomainName('mx.example.com');
const domain = parseDomainName('example.net');
assert.ok(by && domain);
const hop: Hop = { by, with: 'ESMTPS', id: 'em_1', dateMs: Date.UTC(2026, 10, 22, 9, 55, 6) };
const value = (given: Hop) => fieldText(indexMessage(writeReceivedField(given)), 'received');

test('RFC 5321 §4.4: from, by, with, id, for, date', () => {
  const whole: Hop = {
    ...hop,
    from: { helo: 'client.example.net', address: '192.0.2.1', reverseName: domain },
    tls: { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' },
    for: { local: 'ann', domain },
  };
  assert.equal(
    value(whole),
    'from client.example.net (example.net [192.0.2.1]) by mx.example.com with ESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384) id em_1 for <ann@example.net>; Sun, 22 Nov 2026 09:55:06 +0000',
  );
  for (const line of latin1(writeReceivedField(whole)).split('\r\n')) assert.ok(line.length <= 78);
  assert.equal(value(hop), 'by mx.example.com with ESMTPS id em_1; Sun, 22 Nov 2026 09:55:06 +0000');
});

test('literals are written as RFC 5321 §4.1.3 wants them', () => {
  assert.match(
    value({ ...hop, from: { helo: '[IPv6:2001:db8::1]', address: '2001:db8::1' } }) ?? '',
    /^from \[IPv6:2001:db8::1\] \(\[IPv6:2001:db8::1\]\) by/,
  );
  assert.match(value({ ...hop, from: { helo: '[192.0.2.1]' } }) ?? '', /^from \[192\.0\.2\.1\] by/);
});

test('what is no name and no literal is not repeated', () => {
  for (const helo of [
    '',
    'a b',
    'x)(by evil',
    'a\r\nBcc: x',
    'ü',
    '[1.2.3.4',
    'a;b',
    '"q"',
    '-',
    '.',
    'a'.repeat(300),
    '(comment)',
  ]) {
    assert.match(
      value({ ...hop, from: { helo, address: 'x) (y' } }) ?? '',
      /^from unknown \(\[unknown\]\) by mx\.example\.com/,
      helo,
    );
  }
});

test('a UTF-8 recipient is left out, so that the field stays ASCII', () => {
  assert.equal(value({ ...hop, for: { local: 'grüße', domain } }), value(hop));
});

test('RFC 3848, RFC 6531 §4.3: keywords', () => {
  const all = { extended: true, tls: true, authenticated: true, smtpUtf8: true };
  assert.equal(smtpKeyword(all), 'UTF8SMTPSA');
  assert.equal(smtpKeyword({ ...all, smtpUtf8: false }), 'ESMTPSA');
  assert.equal(smtpKeyword({ ...all, authenticated: false, smtpUtf8: false }), 'ESMTPS');
  assert.equal(smtpKeyword({ ...all, tls: false }), 'UTF8SMTPA');
  assert.equal(smtpKeyword({ ...all, extended: false }), 'SMTP');
});

test('property: whatever a peer says, it is one field with exactly our clauses', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (helo, address, id, cipher) => {
      const bytes = writeReceivedField({ ...hop, from: { helo, address }, id, tls: { protocol: 'TLSv1.3', cipher } });
      const index = indexMessage(concat([bytes, fromLatin1('\r\n')]));
      assert.deepEqual([index.fields.length, index.problems], [1, []]);
      assert.match(
        fieldText(index, 'received') ?? '',
        /^from [^ ()]+(?: \([^()]+\))? by mx\.example\.com with ESMTPS \(TLSv1\.3 [\w.-]+\) id [\w.-]+; Sun, 22 Nov 2026/,
      );
    }),
    { numRuns: 300 },
  );
});
