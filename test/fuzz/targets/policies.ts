/**
 * What domains announce about TLS: the policy file of MTA-STS, its record, and the record of TLS reports. The first octet chooses;
 * several records are parted by a bar. A policy written by us and read again is the same.
 */
import assert from 'node:assert/strict';
import { latin1 } from '../../../src/base/bytes.ts';
import { matchesMx, parseStsPolicy, policyAgeMaxSeconds, policyText } from '../../../src/protocol/mta-sts/policy.ts';
import { parseStsRecord } from '../../../src/protocol/mta-sts/record.ts';
import { parseTlsRptRecord } from '../../../src/protocol/tls-rpt/record.ts';
import { assertSentence } from '../holds.ts';
import { type FuzzTarget, headAndRest, type Outcome } from '../target.ts';

export const tlsPolicies: FuzzTarget = {
  name: 'tls-policies',
  seeds: () => [
    '0version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n',
    '0version: STSv1\nmode: none\nmax_age: 0',
    '0version:STSv1 \nmode:\ttesting\nmx: a.example\nmx: b\u00fccher.example\nx_new: 1\nmax_age: 31557600\n\n',
    '1v=STSv1; id=20260101T000000;',
    '1v=STSv1; id=1|v=STSv1; id=2',
    '1v=spf1 -all|v=STSv1;id=a ; more=b; id=c',
    '2v=TLSRPTv1; rua=mailto:tls@example.com,https://example.net/v1/tlsrpt',
    '2v=TLSRPTv1;rua=ftp://x , mailto:a@b;',
    '2v=TLSRPTv1; rua =mailto:a@b.c; rua=mailto:d@e.f',
  ],
  dictionary: [
    ...['version: STSv1\n', 'mode: ', 'enforce', 'mx: ', '*.', 'max_age: ', '31557601', '\r\n', '\n', '\r', '\0', '\t'],
    ...['v=STSv1;', 'id=', 'v=TLSRPTv1;', 'rua=', 'mailto:', 'https://', '@', ',', '%2C', '!', ';', '|', ' ', '\u2028'],
  ],
  separators: ['\n', ';', ',', '|', ':'],
  open: () => ({ run }),
};

function run(input: Uint8Array): Outcome {
  const { head, rest } = headAndRest(input);
  if (head % 3 === 0) return policy(rest);
  const texts = latin1(rest).split('|');
  if (head % 3 === 1) {
    const record = parseStsRecord(texts);
    if (record.kind === 'invalid') assertSentence(record.why);
    if (record.kind === 'found') assert.match(record.id, /^[A-Za-z0-9]{1,32}$/);
    return record.kind === 'invalid' ? `record ${record.why.slice(0, 20)}` : `record ${record.kind}`;
  }
  const record = parseTlsRptRecord(texts);
  if (record.kind === 'invalid') assertSentence(record.why);
  if (record.kind !== 'found') return `reports ${record.kind === 'invalid' ? record.why.slice(-20) : 'none'}`;
  assert.ok(record.rua.length > 0 && record.rua.length + record.ignored.length <= 10);
  for (const place of [...record.rua, ...record.ignored]) assert.match(place, /^[\x21-\x7e]+$/);
  for (const place of record.rua) assert.match(place, /^(?:mailto:[^@]+@|https:\/\/)/i);
  return `reports ${record.rua.length} ${Math.min(record.ignored.length, 3)}`;
}

function policy(octets: Uint8Array): Outcome {
  const read = parseStsPolicy(octets);
  if (!read.ok) {
    assertSentence(read.say);
    return `policy ${read.say.replaceAll(/\d+/g, '').slice(0, 24)}`;
  }
  const { mode, mx, maxAgeSeconds } = read.value;
  assert.ok(maxAgeSeconds >= 0 && maxAgeSeconds <= policyAgeMaxSeconds);
  assert.ok(mx.length > 0 || mode === 'none');
  const again = parseStsPolicy(Buffer.from(policyText(read.value)));
  assert.ok(again.ok);
  assert.deepEqual([again.value.mode, again.value.mx, again.value.maxAgeSeconds], [mode, mx, maxAgeSeconds]);
  for (const pattern of mx) {
    assert.match(pattern, /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/);
    assert.ok(matchesMx(read.value, pattern.replace('*', 'any')));
    assert.ok(!matchesMx({ mx: [pattern] }, `x.y.${pattern.replace('*.', '')}`));
  }
  return `policy ${mode} ${Math.min(mx.length, 3)}`;
}
