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
      chunking: false,
      dsn: false,
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

test('RFC 3030 §2: CHUNKING', () => {
  assert.equal(readCapabilities(['mx', 'chunking']).chunking, true);
  assert.equal(readCapabilities(['mx', 'BINARYMIME']).chunking, false);
});

test('RFC 3461 §3: DSN', () => {
  assert.equal(readCapabilities(['mx', 'dsn']).dsn, true);
  assert.equal(readCapabilities(['mx', 'XDSN']).dsn, false);
});

test('RFC 9422 §3: limits we know, in any order; others and malformed ones are passed over', () => {
  const limits = (text: string) => {
    const { mailMax, rcptMax, rcptDomainMax } = readCapabilities(['mx', text]);
    return [mailMax, rcptMax, rcptDomainMax];
  };
  assert.deepEqual(limits('LIMITS MAILMAX=10 RCPTMAX=100 RCPTDOMAINMAX=1'), [10, 100, 1]);
  assert.deepEqual(limits('limits rcptmax=999999 FUTURE FUTURE=1 x=;'), [undefined, 999_999, undefined]);
  for (const value of ['', '0', '01', '-1', '1e3', '1000000', '5=6', 'many', '1.5'])
    assert.deepEqual(limits(`LIMITS RCPTMAX=${value} MAILMAX=2`), [2, undefined, undefined], value);
  assert.deepEqual(limits('LIMITS'), [undefined, undefined, undefined]);
  assert.deepEqual(limits('LIMITS RCPTMAX MAILMAX'), [undefined, undefined, undefined]);
});
