import assert from 'node:assert/strict';
import test from 'node:test';
import { indexMessage } from '../../format/message/message-index.ts';
import { forgedResultsFields } from './strip-auth-results.ts';

function isDropped(field: string, ours = ['mx.example.com', 'xn--grn-ioa.example']): boolean {
  const octets = Buffer.from(`Received: by x\r\n${field}\r\nFrom: a@b.example\r\n\r\n`, 'utf8');
  const dropped = forgedResultsFields(indexMessage(octets), ours);
  assert.ok(dropped.length <= 1);
  return dropped.length === 1;
}

test('RFC 8601 §5: our name in every spelling', () => {
  for (const field of [
    'Authentication-Results: mx.example.com; dkim=pass',
    'AUTHENTICATION-RESULTS:MX.Example.COM;none',
    'Authentication-Results: mx.example.com',
    'Authentication-Results: mx.example.com.; dkim=pass',
    'Authentication-Results: mx.example.com 1; dkim=pass',
    'Authentication-Results:\r\n mx.example.com\r\n (x); dkim=pass',
    'Authentication-Results: (a (nested) comment) mx.example.com (b) 1 (c) ; dkim=pass',
    'Authentication-Results: "mx.example.com"; dkim=pass',
    'Authentication-Results: "mx\\.example\\.com" (x); dkim=pass',
    'Authentication-Results: "mx.example.com "; dkim=pass',
    'Authentication-Results: "mx.exam\r\n ple.com"; dkim=pass',
    'Authentication-Results: mx.exam\u200bple.com; dkim=pass',
    'Authentication-Results : mx.example.com; dkim=pass',
    ' Authentication-Results: mx.example.com; dkim=pass'.trimStart(),
    'Authentication-Results: grün.example; dkim=pass',
    'Authentication-Results: xn--GRN-ioa.example; dkim=pass',
  ]) {
    assert.equal(isDropped(field), true, field);
  }
});

test('RFC 8601 §5: what cannot be read with certainty goes as well', () => {
  for (const field of [
    'Authentication-Results: mx.example.com/1; dkim=pass',
    'Authentication-Results: mx .example.com; dkim=pass',
    'Authentication-Results: mx(x).example.com; dkim=pass',
    'Authentication-Results: "mx.example.com; dkim=pass',
    'Authentication-Results: (mx.example.com; dkim=pass',
    'Authentication-Results: dkim=pass header.d=bank.example',
    'Authentication-Results:',
    'Authentication-Results: =?utf-8?q?mx.example.com?=; dkim=pass',
  ]) {
    assert.equal(isDropped(field), true, field);
  }
});

test('RFC 8601 §5: what others wrote under their own name stays', () => {
  for (const field of [
    'Authentication-Results: mx.example.net; dkim=pass',
    'Authentication-Results: amx.example.com; dkim=pass',
    'Authentication-Results: mx.example.com.evil.example; dkim=pass',
    'Authentication-Results: other (mx.example.com); dkim=pass',
    'Authentication-Results: other; dkim=pass reason="mx.example.com"',
    'ARC-Authentication-Results: i=1; mx.example.com; dkim=pass',
    'X-Authentication-Results: mx.example.com; dkim=pass',
  ]) {
    assert.equal(isDropped(field), false, field);
  }
});
