import assert from 'node:assert/strict';
import test from 'node:test';
import { parseRecordValue, recordValueOf, textOfValue, valueOfText } from './record-value.ts';

const rows = [
  ['A', '192.0.2.1', '192.0.2.1'],
  ['AAAA', '2001:db8::1', '2001:db8::1'],
  ['CNAME', 's1.example.net', 's1.example.net.'],
  ['MX', '10 mx.example.com', '10 mx.example.com.'],
  ['MX', '0 .', '0 .'],
  ['SRV', '0 1 443 sip.example.com', '0 1 443 sip.example.com.'],
  ['CAA', '0 issue "letsencrypt.org"', '0 issue "letsencrypt.org"'],
  ['TLSA', '3 1 1 0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3', undefined],
  ['TXT', 'v=spf1 -all', '"v=spf1 -all"'],
  ['TXT', '', '""'],
  ['TXT', 'a"b\\c', '"a\\"b\\\\c"'],
  ['TXT', '\xff', '"\\255"'],
  ['TXT', 'x'.repeat(300), `"${'x'.repeat(255)}" "${'x'.repeat(45)}"`],
] as const;

test('RFC 1035 §5.1: values to zone text and back', () => {
  for (const [type, value, text] of rows) {
    assert.equal(textOfValue(type, value), text ?? value, value);
    assert.equal(valueOfText(type, text ?? value), value, value);
    const data = parseRecordValue(type, value);
    assert.equal(data && recordValueOf(data), value);
  }
});

test('names are absolute, lower case and without the final dot; below an origin where there is one', () => {
  assert.equal(valueOfText('CNAME', 'S1.Example.NET.'), 's1.example.net');
  assert.equal(valueOfText('MX', '10 mx', 'example.com'), '10 mx.example.com');
  assert.equal(valueOfText('MX', '10 mx.example.net.', 'example.com'), '10 mx.example.net');
  assert.equal(valueOfText('CNAME', '@', 'example.com'), 'example.com');
});

test('a TXT value without quotes is itself; beyond ASCII it is its UTF-8', () => {
  assert.equal(valueOfText('TXT', 'v=DMARC1; p=none'), 'v=DMARC1; p=none');
  assert.equal(valueOfText('TXT', '"é"'), '\xc3\xa9');
  assert.equal(valueOfText('TXT', '"ab"  "cd"'), 'abcd');
});

test('what is no value is none', () => {
  assert.equal(textOfValue('A', '192.0.2.256'), undefined);
  assert.equal(textOfValue('MX', 'mx.example.com'), undefined);
  assert.equal(textOfValue('CNAME', 'a.example.com b.example.com'), undefined);
  assert.equal(textOfValue('CNAME', 'a.example.com.\nb. 1 IN A 192.0.2.1'), undefined);
  assert.equal(textOfValue('TXT', '\u20ac'), undefined);
  for (const text of ['"a', '"a" b', '"\\999"', '"a\\']) assert.equal(valueOfText('TXT', text), undefined, text);
});
