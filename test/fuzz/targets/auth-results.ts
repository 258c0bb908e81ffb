/**
 * Authentication-Results of strangers: read in bounds, and never left in a message when any reader could take them for ours.
 * What was read and is written by us says the same.
 */
import assert from 'node:assert/strict';
import { concat, fromLatin1, latin1 } from '../../../src/base/bytes.ts';
import { indexMessage, rawField } from '../../../src/format/message/message-index.ts';
import { parseAuthenticationResults } from '../../../src/protocol/auth-results/parse-auth-results.ts';
import { forgedResultsFields } from '../../../src/protocol/auth-results/strip-auth-results.ts';
import type { AuthResult } from '../../../src/protocol/auth-results/types.ts';
import { authenticationResultsField } from '../../../src/protocol/auth-results/write-auth-results.ts';
import { assertOneField, assertSentence, trimmed } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

const ours = 'mx.example.com';

export const authResults: FuzzTarget = {
  name: 'auth-results',
  seeds: () => [
    ' mx.example.com; spf=pass smtp.mailfrom=example.net; dkim=pass (1024-bit key) header.d=example.net header.b="abc/+="',
    ' other.example 1; none',
    ' "mx.example.com" (comment (nested)) 1;\r\n dmarc=fail action=none header.from="a b"@example.net; arc=pass reason="x \\" y"',
    '(c)MX.EXAMPLE.COM.; auth=pass smtp.auth=ann@example.com',
    ' mx.example.com',
    ' i=1; mx.example.com; spf=pass',
    ' mx.exa\r\n mple.com; spf=pass',
    ' other.example; ;; x/2=pass policy.p = v; =;broken; dkim=',
  ],
  dictionary: [
    ...[
      'mx.example.com',
      'MX.example.com',
      'other.example',
      ';',
      '=',
      '"',
      '(',
      ')',
      '\\',
      '.',
      '/',
      ' 1',
      '\r\n ',
      '\r\n',
      'spf=pass',
      'dkim=pass',
    ],
    ...[
      'smtp.mailfrom=',
      'header.d=',
      'reason=',
      'none',
      '@',
      '\0',
      '\u00fc',
      '\u200b',
      '\ufeff',
      'mx.example.com.',
      '=?utf-8?q?mx=2Eexample=2Ecom?=',
    ],
  ],
  separators: [';', '=', ' ', '.', '"'],
  open: () => ({ run }),
};

function run(input: Uint8Array): Outcome {
  const read = parseAuthenticationResults(input);
  const stripped = assertStripped(input);
  if (!read.ok) {
    assertSentence(read.say);
    return `unreadable ${stripped}`;
  }
  const { authservId, results, unread } = read.value;
  assert.ok(results.length + unread.length <= 200);
  const octets = results.reduce(
    (sum, { properties, comments }) => sum + properties.length + comments.join('').length,
    0,
  );
  assert.ok(octets <= input.length && authservId.length <= input.length);
  const rewritable = results.filter(hasShortWords).slice(0, 20).map(onlyTyped);
  const field = assertOneField(authenticationResultsField('ours.example', rewritable), 'Authentication-Results');
  const again = parseAuthenticationResults(field);
  assert.ok(again.ok && again.value.unread.length === 0, 'we cannot read what we write');
  assert.deepEqual(again.value.results.map(onlyTyped), rewritable.map(withoutUnwritten));
  return `${Math.min(results.length, 3)} ${Math.min(unread.length, 2)} ${results[0]?.properties.length} ${stripped}`;
}

function onlyTyped({ method, result, reason, properties }: AuthResult): AuthResult {
  const typed = properties.filter(({ type }) => type !== '');
  return { method, result, ...(reason !== undefined && { reason }), properties: typed };
}

/** Methods, results and properties that we write have names of ours. */
function hasShortWords({ method, result, properties }: AuthResult): boolean {
  const names = properties.flatMap(({ type, name }) => [type, name]);
  return [method, result, ...names].every((word) => word.length <= 40);
}

/** What holds a control character, is not ASCII, or is very long is left out. */
function withoutUnwritten({ reason, properties, ...rest }: AuthResult): AuthResult {
  const isWritten = (value: string) => /^[\x20-\x7e]{0,450}$/.test(value);
  return {
    ...rest,
    ...(reason !== undefined && isWritten(reason) && { reason }),
    properties: properties.filter(({ value }) => value !== '' && isWritten(value)),
  };
}

/** Above a harmless one. A hasty reader looks for our name at the beginning, quoted or not. */
function assertStripped(input: Uint8Array): boolean {
  const harmless = fromLatin1('Authentication-Results: other.example; none\r\n');
  const bytes = concat([
    fromLatin1('Authentication-Results:'),
    input,
    fromLatin1('\r\n'),
    harmless,
    fromLatin1('\r\n'),
  ]);
  const index = indexMessage(bytes);
  const forged = forgedResultsFields(index, [ours]).map((field) => latin1(rawField(index, field)));
  assert.ok(!forged.includes(latin1(harmless)), 'the field of another host is stripped');
  for (const field of index.fields) {
    const text = latin1(rawField(index, field));
    if (field.name !== 'authentication-results' || forged.includes(text)) continue;
    const [, quoted, plain = ''] = /^[^:]*:\s*(?:"([^"]*)"|([^\s;"()]*))/.exec(text) ?? [];
    const head = trimmed((quoted ?? plain).toLowerCase(), ' \t\r\n');
    assert.notEqual(head.replace(/\.$/, ''), ours, 'a field in our name is left');
  }
  return forged.length > 0;
}
