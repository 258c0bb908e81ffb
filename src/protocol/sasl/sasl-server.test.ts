import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { utf8 } from '../../base/bytes.ts';
import { answerSasl, decodeBase64, encodeBase64, saslMechanismNamed, startSasl } from './sasl-server.ts';

const credentials = (login: string, password: string, actAs = '') => ({
  kind: 'credentials',
  credentials: { actAs, login, password },
});

test('RFC 4616 §2: PLAIN, with and without an initial response', () => {
  assert.deepEqual(startSasl('PLAIN', utf8('\0tim\0tanstaaftanstaaf')), credentials('tim', 'tanstaaftanstaaf'));
  assert.deepEqual(startSasl('PLAIN', utf8('Ursel\0Kurt\0xipj3plmq')), credentials('Kurt', 'xipj3plmq', 'Ursel'));
  const asked = startSasl('PLAIN', undefined);
  assert.ok(asked.kind === 'challenge');
  assert.equal(asked.octets.length, 0);
  assert.deepEqual(answerSasl(asked.next, utf8('\0jürgen\0päss')), credentials('jürgen', 'päss'));
});

test('LOGIN asks for user and password', () => {
  const user = startSasl('LOGIN', undefined);
  assert.ok(user.kind === 'challenge');
  assert.equal(encodeBase64(user.octets), 'VXNlcm5hbWU6');
  const password = answerSasl(user.next, utf8('tim'));
  assert.ok(password.kind === 'challenge');
  assert.equal(encodeBase64(password.octets), 'UGFzc3dvcmQ6');
  assert.deepEqual(answerSasl(password.next, utf8('secret')), credentials('tim', 'secret'));
  assert.equal(startSasl('LOGIN', utf8('tim')).kind, 'challenge');
});

test('what no directory should see is malformed', () => {
  for (const response of [
    '',
    'a\0b',
    '\0\0p',
    '\0u\0',
    '\0u\0p\0q',
    '\0u\r\nX\0p',
    'a\u2028\0u\0p',
    `\0${'u'.repeat(256)}\0p`,
  ]) {
    assert.equal(startSasl('PLAIN', utf8(response)).kind, 'malformed', JSON.stringify(response));
  }
  assert.equal(startSasl('PLAIN', Uint8Array.of(0, 0xff, 0, 0x61)).kind, 'malformed');
  assert.equal(answerSasl({ mechanism: 'LOGIN', login: 'u' }, utf8('p\0q')).kind, 'malformed');
  assert.equal(answerSasl({ mechanism: 'LOGIN', login: '' }, utf8('p')).kind, 'malformed');
});

test('mechanism names in any case', () => {
  assert.equal(saslMechanismNamed('plain'), 'PLAIN');
  assert.equal(saslMechanismNamed('CRAM-MD5'), undefined);
});

test('RFC 4648 §3: base64 is read strictly', () => {
  for (const text of [
    'a',
    'ab',
    'abc',
    'ab=',
    'YQ',
    'YR==',
    'Y Q==',
    'YQ==\n',
    'YQ===',
    '-_==',
    '*',
    '=',
    'YQ==YQ==',
  ]) {
    assert.equal(decodeBase64(text), undefined, text);
  }
  assert.deepEqual(decodeBase64(''), Buffer.alloc(0));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (octets) => {
      assert.deepEqual(new Uint8Array(decodeBase64(encodeBase64(octets)) ?? []), octets);
    }),
  );
});

test('no response makes it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom('PLAIN', 'LOGIN'), (octets, mechanism) => {
      startSasl(mechanism, octets);
      answerSasl({ mechanism, login: 'u' }, octets);
    }),
  );
});
