import assert from 'node:assert/strict';
import test from 'node:test';
import { noCapabilities, readCapabilities } from './client-capabilities.ts';

test('RFC 5321 §4.1.1.1: the first line is a greeting, each further one a keyword with parameters', () => {
  assert.deepEqual(
    readCapabilities([
      'STARTTLS greets you',
      'size 1000',
      '8bitmime',
      'SMTPUTF8',
      'PIPELINING',
      'AUTH plain LOGIN',
      'X-ODD',
    ]),
    {
      extended: true,
      startTls: false,
      pipelining: true,
      eightBit: true,
      smtpUtf8: true,
      size: true,
      sizeMax: 1000,
      auth: ['PLAIN', 'LOGIN'],
    },
  );
  assert.deepEqual(readCapabilities(['mx']), { ...noCapabilities, extended: true });
});

test('RFC 1870 §4: SIZE without a number, or with 0, names no limit', () => {
  for (const line of ['SIZE', 'SIZE 0', 'SIZE many', 'SIZE -1', 'SIZE 99999999999999999999']) {
    const read = readCapabilities(['mx', line]);
    assert.equal(read.size, true);
    assert.equal(read.sizeMax, undefined, line);
  }
});

test('RFC 6531 §3.1: SMTPUTF8 without 8BITMIME is not offered', () => {
  assert.equal(readCapabilities(['mx', 'SMTPUTF8']).smtpUtf8, false);
});

test('a keyword is a whole word', () => {
  assert.equal(readCapabilities(['mx', 'XSTARTTLS', 'STARTTLSX', 'NO STARTTLS']).startTls, false);
});
