import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseAuthenticationResults } from './parse-auth-results.ts';
import type { AuthResult } from './types.ts';
import { authenticationResultsField, writeAuthenticationResults } from './write-auth-results.ts';

const spf = (value: string): AuthResult => ({
  method: 'spf',
  result: 'pass',
  properties: [{ type: 'smtp', name: 'mailfrom', value }],
});

test('RFC 8601 §2.2: none alone when nothing was evaluated', () => {
  assert.equal(writeAuthenticationResults('mx.example.com', []), 'mx.example.com; none');
});

test('RFC 8601 §2.2: tokens and addresses as they are, everything else quoted', () => {
  assert.equal(
    writeAuthenticationResults('mx.example.com', [spf('a.example')]),
    'mx.example.com; spf=pass smtp.mailfrom=a.example',
  );
  assert.equal(writeAuthenticationResults('mx', [spf('b+c@a.example')]), 'mx; spf=pass smtp.mailfrom=b+c@a.example');
  assert.equal(writeAuthenticationResults('mx', [spf('2001:db8::1')]), 'mx; spf=pass smtp.mailfrom="2001:db8::1"');
  assert.equal(writeAuthenticationResults('mx', [spf('a"\\b')]), 'mx; spf=pass smtp.mailfrom="a\\"\\\\b"');
});

test('RFC 8601 §7.5: what cannot be written safely is left out, what is written stays one value', () => {
  for (const hostile of ['a\r\nSubject: x', 'a\0', 'a\tb', '\x7f', 'b\xfccher.example', 'x'.repeat(451), '']) {
    assert.equal(writeAuthenticationResults('mx', [spf(hostile)]), 'mx; spf=pass', JSON.stringify(hostile));
  }
  for (const hostile of ['h.example; dkim=pass', 'a (b', 'a) b', 'a smtp.mailfrom=b', '=?utf-8?q?x?=']) {
    const read = parseAuthenticationResults(writeAuthenticationResults('mx', [spf(hostile)]));
    assert.ok(read.ok);
    assert.deepEqual(
      read.value.results.map(({ properties }) => properties),
      [spf(hostile).properties],
    );
  }
});

test('RFC 5322 §2.1.1: the field is folded, its lines begin with a blank and stay short', () => {
  const results = Array.from({ length: 30 }, (_, at) => spf(`${'a'.repeat(50)}${at}.example`));
  const field = Buffer.from(authenticationResultsField('mx.example.com', results)).toString('latin1');
  assert.match(field, /^Authentication-Results: mx\.example\.com;\r\n /);
  for (const line of field.trimEnd().split('\r\n').slice(1)) assert.match(line, /^ .{1,120}$/);
  const value = writeAuthenticationResults('mx.example.com', results);
  for (const line of value.split('\r\n')) assert.ok(line.length <= 998);
  const read = parseAuthenticationResults(value);
  assert.equal(read.ok && read.value.results.length, 30);
});

test('whatever the values are, what was written is what is read', () => {
  const value = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.string({ unit: fc.constantFrom('a', ';', '"', '\\', '(', ')', ' ', '=', '\r\n', '@', '.'), maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(value, { maxLength: 5 }), (values) => {
      const results = values.map((one): AuthResult => ({ ...spf(one), reason: one }));
      const octets = authenticationResultsField('mx.example.com', results);
      const field = Buffer.from(octets).toString('latin1');
      assert.equal(field.replace(/\r\n /g, '').indexOf('\r\n'), field.replace(/\r\n /g, '').length - 2);
      const read = parseAuthenticationResults(field.slice('Authentication-Results:'.length, -2));
      assert.ok(read.ok);
      assert.deepEqual(read.value.unread, []);
      const safe = (one: string) => /^[\x20-\x7e]*$/.test(one);
      assert.deepEqual(
        read.value.results.map(({ reason, properties }) => [reason, properties[0]?.value]),
        values.map((one) => [safe(one) ? one : undefined, safe(one) && one !== '' ? one : undefined]),
      );
    }),
    { numRuns: 300 },
  );
});
