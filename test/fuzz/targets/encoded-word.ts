/** Text for people out of header fields: one line whatever hides in an encoded word, never much longer than what came in. */
import assert from 'node:assert/strict';
import { latin1 } from '../../../src/base/bytes.ts';
import { parseContentType, parseParameterised } from '../../../src/format/mime/content-type.ts';
import { decodeWords, encodeWords } from '../../../src/format/mime/encoded-word.ts';
import { assertOneLine } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

export const encodedWord: FuzzTarget = {
  name: 'encoded-word',
  octetsMax: 16_384, // decoded, encoded, decoded again
  seeds: () => [
    '=?utf-8?q?caf=C3=A9?= =?utf-8?q?_x?=',
    '=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=',
    '=?iso-2022-jp?B?GyRCRnxLXBsoQg==?= plain =?utf-8*en?q?a?=',
    '=?utf-7?q?+AGE-?= =?windows-1252?q?=80?= =?utf-16?b?//4AAA==?=',
    '=?utf-8?q?a=0D=0ABcc:_x=00?=',
    'Grüße ohne Wörter',
    'plain text',
    '=?gb18030?b?hDGVMw==?==?x-none?q?a?=',
  ],
  dictionary: [
    ...[
      '=?',
      '?=',
      '=?utf-8?q?',
      '=?utf-8?b?',
      '=?us-ascii?Q?',
      '=?big5?b?',
      '=?iso-2022-jp?b?',
      '=?shift_jis?q?',
      '=?gb18030?q?',
    ],
    ...[
      '=?utf-16le?b?',
      '=?replacement?q?',
      '=?utf-8?q??=',
      '=C3',
      '=0A',
      '=0D',
      '=E2=80=A8',
      '_',
      '?',
      '=',
      'YQ==',
      '=1B$B',
      ' ',
    ],
    ...['*en', '\r\n ', '=?utf-8?q?=FF?=', '=?=?=?', '/w==', '=ED=A0=80', '=EF=BB=BF'],
  ],
  separators: ['?', ' ', '=?', '?='],
  open: () => ({ run }),
};

export const contentType: FuzzTarget = {
  name: 'content-type',
  seeds: () => [
    'text/plain; charset=us-ascii (a comment)',
    'multipart/mixed; boundary="a;b\\"c\\\\"',
    "a/b; title*0*=us-ascii'en'This%20is; title*1*=%2A; title*2=\"isn't it\"",
    'attachment; filename*=utf-8\'\'gr%C3%BC%C3%9Fe.pdf; filename="=?utf-8?q?a?="',
    'a/b; x="never closed; y=1',
    'a/b;;; ; x=1;x=2;=3',
  ],
  dictionary: [
    ...[
      ';',
      '=',
      '"',
      '\\',
      '(',
      ')',
      '/',
      '*',
      "'",
      '%41',
      '%',
      '%0d%0a',
      '*0',
      '*0*',
      '*1*=',
      '*999=',
      "utf-8''",
      "utf-16''",
    ],
    ...['boundary=', 'filename*=', 'name=', 'text/html', '; a=b', '; f*0=x', '; f*1=y', '=?utf-8?q?=0A?=', ' ', '\t'],
  ],
  separators: [';', '=', '*'],
  open: () => ({ run: runContentType }),
};

function run(input: Uint8Array): Outcome {
  const text = latin1(input);
  const shown = decodeWords(text);
  assertOneLine(shown, 'the decoded text');
  // an octet becomes at most one character of three octets, be it U+FFFD
  assert.ok(shown.length <= input.length + 1, `${input.length} octets became ${shown.length} characters`);
  const words = encodeWords(shown);
  for (const word of words) assert.match(word, /^=\?UTF-8\?[BQ]\?[!->@-~]*\?=$/);
  assert.ok(words.every((word) => word.length <= 75)); // RFC 2047 §2
  assert.equal(decodeWords(words.join(' ')), shown);
  const isChanged = shown !== text.replaceAll('\t', ' ');
  return `${isChanged} ${shown.includes('\ufffd')} ${Math.min(words.length, 3)} ${/[^\x00-\x7f]/.test(shown)}`;
}

function runContentType(input: Uint8Array): Outcome {
  const text = latin1(input);
  const { value, parameters } = parseParameterised(text);
  let octets = value.length;
  for (const [name, held] of parameters) {
    assert.equal(name, name.toLowerCase());
    assertOneLine(held, `the parameter ${JSON.stringify(name)}`);
    octets += held.length;
  }
  assert.ok(octets <= input.length, `${input.length} octets became ${octets} characters`);
  assert.match(parseContentType(text).value, /^[^\x00-\x20/]+\/[^\x00-\x20/]+$/);
  const kinds = [...parameters].slice(0, 3).map(([name, held]) => `${name.length < 3} ${/[^\x00-\x7f]/.test(held)}`);
  return `${value.includes('/')} ${kinds} ${Math.min(parameters.size, 5)}`;
}
