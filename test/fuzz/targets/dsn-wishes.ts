/** What a sender asks to be told (RFC 3461): whatever is taken of a MAIL or RCPT can be said to the next hop and means the same. */
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { fromUtf8 } from '../../../src/base/bytes.ts';
import {
  readEnvelopeId,
  readNotify,
  readOriginalRecipient,
  readReturn,
  writeEnvelopeId,
  writeNotify,
  writeOriginalRecipient,
  writeReturn,
} from '../../../src/protocol/dsn/dsn-wishes.ts';
import { assertOneLine } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

export const dsnWishes: FuzzTarget = {
  name: 'dsn-wishes',
  octetsMax: 2_048,
  seeds: () => [
    'NEVER',
    'SUCCESS,FAILURE,DELAY',
    'delay',
    'FULL',
    'hdrs',
    'QQ314159',
    'a+2Bb+3Dc+20d',
    'rfc822;bob@example.com',
    'rfc822;bob+2Btag+40x@example.com',
    'utf-8;j\\x{F6}rg@grüße.example',
    'utf-8;j+C3+B6rg@x.example',
    'x400;+0D+0A',
    'utf-8;\\x{110000}\\x{D800}\\x{0A}\\x{5C}\\x{2B}',
  ],
  dictionary: [
    ...[
      '+',
      '=',
      ';',
      ',',
      '+2B',
      '+0A',
      '+00',
      '+7F',
      '+80',
      '\\x{',
      '}',
      '\\x{5C}',
      '\\x{1F4EF}',
      '\\x{00E9}',
      'rfc822;',
      'utf-8;',
    ],
    ...['NEVER', 'SUCCESS', 'FAILURE', 'DELAY', 'FULL', 'HDRS', 'bob@example.com', 'ü', ' ', '\u2028', 'x'.repeat(100)],
  ],
  separators: [';', ',', '+', '\\'],
  open: () => ({ run }),
};

function run(input: Uint8Array): Outcome {
  if (!isUtf8(input)) return 'not UTF-8'; // refused as a command line before
  const text = fromUtf8(input);
  const notify = readNotify(text);
  if (notify) assert.deepEqual(readNotify(writeNotify(notify)), notify);
  const ret = readReturn(text);
  if (ret) assert.equal(readReturn(writeReturn(ret)), ret);
  const envelopeId = readEnvelopeId(text);
  if (envelopeId !== undefined) {
    assert.match(envelopeId, /^[\x20-\x7e]+$/);
    assert.match(writeEnvelopeId(envelopeId), /^[!-~]+$/);
    assert.equal(readEnvelopeId(writeEnvelopeId(envelopeId)) ?? envelopeId, envelopeId); // escaped it may be too long
  }
  const original = [true, false].map((smtpUtf8) => assertOriginal(text, smtpUtf8));
  return `${notify?.length} ${ret} ${envelopeId !== undefined && envelopeId !== text} ${original}`;
}

function assertOriginal(text: string, smtpUtf8: boolean): string {
  const original = readOriginalRecipient(text, { smtpUtf8 });
  if (original === undefined) return 'none';
  assertOneLine(original.address, 'the original recipient');
  const written = writeOriginalRecipient(original);
  if (written === undefined) return 'too long';
  assert.match(written, /^[!-~]{1,500}$/);
  assert.deepEqual(readOriginalRecipient(written, { smtpUtf8: false }), original);
  return `${original.type === 'rfc822'} ${original.type === 'utf-8'} ${written === text}`;
}
