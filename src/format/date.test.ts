import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDate, parseDate } from './date.ts';

/** Any UTF-16 units, lone surrogates too. */
const anyText = fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)) });

const at = Date.UTC(1997, 10, 21, 15, 55, 6);

test('RFC 5322 §3.3: dates as they are written', () => {
  assert.equal(formatDate(at), 'Fri, 21 Nov 1997 15:55:06 +0000');
  assert.equal(formatDate(at, '-0600'), 'Fri, 21 Nov 1997 09:55:06 -0600');
  assert.equal(formatDate(at, '+1400'), 'Sat, 22 Nov 1997 05:55:06 +1400');
  assert.equal(formatDate(Date.UTC(2003, 6, 1, 0, 0, 0)), 'Tue, 1 Jul 2003 00:00:00 +0000');
});

test('what has no date is a mistake of ours', () => {
  for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, 9e15, -9e15]) assert.throws(() => formatDate(ms));
  assert.throws(() => formatDate(at, 'GMT'));
});

test('RFC 5322 §3.3: the current form', () => {
  const expected = { ms: at, offsetMinutes: -360, isCurrentForm: true };
  assert.deepEqual(parseDate('Fri, 21 Nov 1997 09:55:06 -0600'), expected);
  assert.deepEqual(parseDate(' fri,21 nov 1997\r\n\t09:55:06 -0600 (Central (Standard\\)) Time) '), expected);
  assert.deepEqual(parseDate('21 Nov 1997 09:55:06 -0600'), expected);
  assert.deepEqual(parseDate('21 Nov 1997 15:55 +0000'), { ...expected, ms: at - 6000, offsetMinutes: 0 });
  assert.equal(parseDate('Sat, 31 Dec 2016 23:59:60 +0000')?.ms, Date.UTC(2017, 0, 1));
});

test('RFC 5322 §3.3: -0000 says nothing about the zone', () => {
  assert.deepEqual(parseDate('21 Nov 1997 15:55:06 -0000'), { ms: at, offsetMinutes: undefined, isCurrentForm: true });
});

test('RFC 5322 §4.3: obsolete zones and years', () => {
  assert.deepEqual(parseDate('21 Nov 97 09:55:06 CST'), { ms: at, offsetMinutes: -360, isCurrentForm: false });
  assert.deepEqual(parseDate('21 Nov 1997 15:55:06 GMT'), { ms: at, offsetMinutes: 0, isCurrentForm: false });
  for (const zone of ['Z', 'a', 'CEST']) {
    assert.deepEqual(parseDate(`21 Nov 97 15 : 55 : 06 ${zone}`), {
      ms: at,
      offsetMinutes: undefined,
      isCurrentForm: false,
    });
  }
  assert.equal(parseDate('1 Jan 49 00:00 UT')?.ms, Date.UTC(2049, 0, 1));
  assert.equal(parseDate('1 Jan 50 00:00 UT')?.ms, Date.UTC(1950, 0, 1));
  assert.equal(parseDate('1 Jan 102 00:00 UT')?.ms, Date.UTC(2002, 0, 1));
});

test('a wrong day of the week is told, not believed', () => {
  assert.deepEqual(parseDate('Mon, 21 Nov 1997 09:55:06 -0600'), {
    ms: at,
    offsetMinutes: -360,
    isCurrentForm: false,
  });
});

test('what is no date', () => {
  const texts = [
    '',
    'now',
    '21 Nov 1997',
    '21 Nov 1997 09:55:06',
    '31 Feb 2024 00:00:00 +0000',
    '0 Jan 2024 00:00:00 +0000',
    '1 Jan 1899 00:00:00 +0000',
    '1 Jan 2024 24:00:00 +0000',
    '1 Jan 2024 00:60:00 +0000',
    '1 Jan 2024 00:00:61 +0000',
    '1 Jan 2024 00:00:00 +0060',
    '1 Jan 2024 00:00:00 +000',
    '1 Jan 2024 00:00:00 +0000 x',
    '1 Jan 2024 00:00:00GMT',
    '1 Jan 20240 00:00:00 +0000',
    '2024-01-01T00:00:00Z',
    'Foo, 1 Jan 2024 00:00:00 +0000',
    '1 Jan 2024 00:00:00 +0000 (open',
    '1 Jan 2024 00:00:00 +0000 close)',
    `1 Jan 2024 00:00:00 +0000${' '.repeat(300)}`,
  ];
  for (const text of texts) assert.equal(parseDate(text), undefined, text);
});

test('property: what is written is read back', () => {
  const whole = fc.integer({ min: Date.UTC(1901, 0, 1) / 1000, max: Date.UTC(9998, 0, 1) / 1000 });
  const zone = fc.integer({ min: -99 * 60 - 59, max: 99 * 60 + 59 });
  fc.assert(
    fc.property(whole, zone, (seconds, minutes) => {
      const digits = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60].map((n) =>
        String(n).padStart(2, '0'),
      );
      const text = formatDate(seconds * 1000, `${minutes < 0 ? '-' : '+'}${digits.join('')}`);
      assert.deepEqual(parseDate(text), { ms: seconds * 1000, offsetMinutes: minutes, isCurrentForm: true });
    }),
    { numRuns: 300 },
  );
});

test('property: never throws', () => {
  const piece = fc.constantFrom(
    'Mon',
    ',',
    ' ',
    '1',
    '31',
    'Feb',
    '2024',
    '12',
    ':',
    '+',
    '0000',
    'GMT',
    '(',
    ')',
    '\\',
  );
  fc.assert(
    fc.property(fc.oneof(anyText, fc.string({ unit: piece, maxLength: 30 })), (text) => {
      const date = parseDate(text);
      assert.ok(date === undefined || Number.isSafeInteger(date.ms));
    }),
    { numRuns: 500 },
  );
});
