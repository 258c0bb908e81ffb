import assert from 'node:assert/strict';
import test from 'node:test';
import { receivedSpfField } from './received-spf.ts';
import type { SpfResult, SpfSession } from './types.ts';

const pass: SpfResult = {
  result: 'pass',
  domain: 'a.test',
  matched: 'ip4:192.0.2.0/24',
  lookups: 0,
  voidLookups: 0,
  trace: [],
};
const session: SpfSession = {
  remoteAddress: '::ffff:192.0.2.1',
  helo: 'mx.a.test',
  mailFrom: 'ann@a.test',
  receiver: 'mx.b.test',
};
const field = (spf: SpfResult, said: Partial<SpfSession> = {}) =>
  Buffer.from(receivedSpfField(spf, { ...session, ...said })).toString('latin1');

test('RFC 7208 §9.1: the result, then what it was judged by', () => {
  assert.equal(
    field(pass),
    'Received-SPF: pass receiver=mx.b.test; client-ip=192.0.2.1;\r\n' +
      ' envelope-from="ann@a.test"; helo=mx.a.test; identity=mailfrom;\r\n' +
      ' mechanism="ip4:192.0.2.0/24";\r\n',
  );
  const none: SpfResult = { result: 'none', domain: '', reason: 'bad-domain', lookups: 0, voidLookups: 0, trace: [] };
  assert.match(
    field(none, { mailFrom: '', receiver: '' }),
    /^Received-SPF: none client-ip=192\.0\.2\.1; helo=mx\.a\.test; identity=helo;\r\n problem=bad-domain;\r\n$/,
  );
});

test('what the client said stays one value, or is left out', () => {
  const hostile = field(pass, { helo: 'x; receiver=evil (comment) "', mailFrom: 'a"b\\c@d' });
  assert.ok(
    hostile.includes('helo="x; receiver=evil (comment) \\"";') && hostile.includes('envelope-from="a\\"b\\\\c@d";'),
    hostile,
  );
  const unfit = field(pass, {
    helo: 'a\r\nSubject: b',
    mailFrom: `${'x'.repeat(400)}@a.test`,
    remoteAddress: 'no address',
  });
  assert.doesNotMatch(unfit, /helo|envelope|client-ip|Subject/);
  for (const line of hostile.split('\r\n')) assert.ok(line.length <= 998);
});
