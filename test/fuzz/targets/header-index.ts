/**
 * The index of a header: fields tile it whatever it holds, small limits cut it and say so, and nobody is named as author where
 * some other reader would see another From.
 */
import assert from 'node:assert/strict';
import { latin1 } from '../../../src/base/bytes.ts';
import {
  fieldBody,
  fieldText,
  headerBytes,
  indexHeader,
  indexMessage,
  type MessageIndex,
  rawField,
  unfold,
} from '../../../src/format/message/message-index.ts';
import { readAuthor } from '../../../src/protocol/read-author.ts';
import { assertSentence, assertTiled } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

export const headerIndex: FuzzTarget = {
  name: 'header-index',
  seeds: () => [
    'From: ann@example.com\r\nTo: bob@example.net\r\nSubject: x\r\n\r\nHello\r\n',
    'Subject: folded\r\n over\r\n\tthree lines\r\nFrom: ann@example.com\r\n\r\n',
    ' From: first@example.com\r\nFrom : second@example.com\r\n\r\nx',
    'From:ann@example.com\r\n\r\n',
    'Subject: a\nFrom: hidden@example.com\r\nFrom: ann@example.com\r\n\r\n',
    'no colon here\r\nFrom: ann@example.com\r\n\r\nbody',
    'From\r\n : ann@example.com\r\n\r\n',
    '\ufeffFrom: ann@example.com\r\n\r\n',
    '\r\nFrom: in the body\r\n',
    'From: ann@example.com',
    'A: 1\rFrom: x@example.com\r\nFrom: ann@example.com\r\n\r\n',
    '',
  ],
  dictionary: [
    ...[
      'From:',
      'from :',
      'FROM',
      'Sender: ',
      'Resent-From: ',
      'To: ',
      'Subject: ',
      '\r\n',
      '\n',
      '\r',
      '\r\n\r\n',
      '\r\n ',
    ],
    ...[
      '\n\n',
      '\r\r\n',
      ':',
      ' ',
      '\t',
      '\0',
      '__proto__: x\r\n',
      'constructor: x\r\n',
      'From: bob@example.net\r\n',
      'X-A: b\r\n',
    ],
    ...['ann@example.com', 'x'.repeat(1_000), '\ufeff', '\u0085', 'Fr\0om: x\r\n', '.\r\n'],
  ],
  separators: ['\r\n', ':', '\n'],
  open: () => ({ run }),
};

const smallLimits = { fieldsMax: 4, headerBytesMax: 120 };

function run(input: Uint8Array): Outcome {
  const index = indexMessage(input);
  assertTiled(index);
  assertTiled(indexHeader(input));
  const cut = indexMessage(input, smallLimits);
  assertTiled(cut);
  assert.ok(cut.fields.length <= smallLimits.fieldsMax + 1);
  assert.ok(cut.complete ? cut.headerEnd === index.headerEnd : readAuthor(cut).kind !== 'one');
  for (const field of index.fields) {
    assert.equal(field.name, field.name.toLowerCase());
    const raw = rawField(index, field);
    assert.ok(raw.length === field.end - field.start && fieldBody(index, field).length <= raw.length);
    assert.ok(!/\r\n[\t ]/.test(unfold(fieldBody(index, field))), 'unfolded, a fold is left');
  }
  assert.ok((fieldText(index, 'subject') ?? '').length <= input.length);
  return `${assertAuthor(index)}; ${[...new Set(index.problems.map(({ code }) => code))].sort().join(' ')}`;
}

function assertAuthor(index: MessageIndex): string {
  const author = readAuthor(index);
  if (author.kind !== 'one') {
    assertSentence(author.why);
    return author.why;
  }
  assert.equal(index.fields.filter(({ name }) => name === 'from').length, 1);
  assert.equal(fromLinesAnywhere(index), 1, 'some reader sees another From');
  return 'one';
}

/** For readers that end a line at anything and skip whatever does not belong into a field name. */
function fromLinesAnywhere(index: MessageIndex): number {
  const lines = latin1(headerBytes(index)).split(/\r\n|\r|\n/);
  const isFrom = (line: string) =>
    /^([^:]*):/
      .exec(line)?.[1]
      ?.replaceAll(/[^!-~]/g, '')
      .toLowerCase() === 'from';
  return lines.filter((line, at) => isFrom(line) && (at === 0 || !/^[\t ]/.test(line))).length;
}
