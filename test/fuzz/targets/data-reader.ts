/**
 * Message data after 354, against a reference that sees them whole: the same end, the same text, the same offence, however
 * the network cuts them. And what may leave again arrives as it was.
 */
import assert from 'node:assert/strict';
import { concat, fromLatin1, latin1 } from '../../../src/base/bytes.ts';
import { createLineWatch, normaliseLineEnds, watchLines } from '../../../src/format/line-ends.ts';
import { type DataFacts, DataReader } from '../../../src/protocol/smtp/data-reader.ts';
import { DotStuffer } from '../../../src/protocol/smtp/dot-stuff.ts';
import type { BareNewline } from '../../../src/protocol/smtp/line-reader.ts';
import { endOfDataLookAlikes } from '../../support/end-of-data-look-alikes.ts';
import { chunksOf, type FuzzTarget, type Outcome } from '../target.ts';

export const dataReader: FuzzTarget = {
  name: 'data-reader',
  octetsMax: 32_768, // read ten times over
  seeds: () => [
    'Subject: x\r\n\r\nHello\r\n.\r\n',
    '.\r\nNOOP\r\n',
    '..stuffed\r\n...\r\n.\r\n',
    'no end\r\n',
    'a\r\n.\rb',
    'über\r\n\0\r\n.\r\n',
    `${'x'.repeat(1_200)}\r\n.\r\nMAIL FROM:<jörg@example.com> SMTPUTF8\r\n`,
    ...Object.values(endOfDataLookAlikes).map((one) => concat([fromLatin1('a'), one, fromLatin1('b\r\n.\r\n')])),
  ],
  dictionary: [
    '\r\n.\r\n',
    '\n.\n',
    '\r.\r',
    '\r\n.\n',
    '\n.\r\n',
    '\r\n',
    '\r',
    '\n',
    '.',
    '..',
    '\r\n..\r\n',
    '\0',
    '.\r\n',
    '\r\n.',
    '\r\n.\r',
  ],
  separators: ['\r\n', '.', '\n'],
  open: () => ({ run }),
};

type Read =
  | { readonly kind: 'more' }
  | { readonly kind: 'end'; readonly text: string; readonly rest: string; readonly facts: DataFacts }
  | { readonly kind: 'bare-newline' };

function run(input: Uint8Array): Outcome {
  assertLineWatch(input);
  const reads = (['refuse', 'normalize'] as const).map((mode) => {
    const inChunks = readAll(chunksOf(input), mode);
    assert.deepEqual(readAll([input], mode), inChunks);
    assert.deepEqual(inChunks, reference(latin1(input), mode));
    if (inChunks.kind === 'end') assertSendable(inChunks.text);
    assertCounted(input, mode);
    return inChunks.kind;
  });
  return `${reads} ${latin1(input).startsWith('.')}`;
}

function readAll(chunks: readonly Uint8Array[], mode: BareNewline): Read {
  const reader = new DataReader(mode);
  const octets: Uint8Array[] = [];
  for (const [at, chunk] of chunks.entries()) {
    const step = reader.push(chunk);
    if (step.kind === 'bare-newline') return { kind: 'bare-newline' };
    octets.push(...step.octets);
    if (step.kind === 'more') continue;
    const rest = latin1(concat([step.rest, ...chunks.slice(at + 1)]));
    return { kind: 'end', text: latin1(concat(octets)), rest, facts: reader.facts };
  }
  return { kind: 'more' };
}

/** RFC 3030 §2: where octets are counted a dot is a dot, and a last line without its end gets one. */
function assertCounted(input: Uint8Array, mode: BareNewline): void {
  const reader = new DataReader(mode, 'count');
  const octets: Uint8Array[] = [];
  let isBare = false;
  for (const chunk of chunksOf(input)) {
    const step = reader.push(chunk);
    isBare ||= step.kind === 'bare-newline';
    if (isBare) break;
    octets.push(...(step.kind === 'more' ? step.octets : []));
  }
  const last = isBare ? undefined : reader.finish();
  const text = latin1(input);
  const offence = mode === 'refuse' ? /\r(?!\n)|(?<!\r)\n/ : /\r(?!\n)/;
  assert.equal(last?.kind !== 'more', offence.test(text));
  if (last?.kind !== 'more') return;
  const lines = text.replaceAll(/(?<!\r)\n/g, '\r\n');
  const wanted = lines === '' || lines.endsWith('\r\n') ? lines : `${lines}\r\n`;
  assert.equal(latin1(concat([new Uint8Array(), ...octets, ...last.octets])), wanted);
  assert.deepEqual(reader.facts, factsOf(wanted));
}

/**
 * By searching: the first CRLF.CRLF, the CRLF of DATA itself included, unless a CR or LF alone comes before its last octet.
 * `normalize` forgives LF alone, as a line end behind which no dot ends the data.
 */
function reference(data: string, mode: BareNewline): Read {
  const end = `\r\n${data}`.indexOf('\r\n.\r\n');
  const offence = (mode === 'refuse' ? /\r[^\n]|(?<!\r)\n/ : /\r[^\n]/).exec(data)?.index ?? Number.POSITIVE_INFINITY;
  if (offence < (end < 0 ? data.length : end + 3)) return { kind: 'bare-newline' };
  if (end < 0) return { kind: 'more' };
  const lines = `\r\n${data.slice(0, end)}`.replaceAll(/(?<!\r)\n/g, '\r\n');
  const text = lines.replaceAll('\r\n.', '\r\n').slice(2);
  return { kind: 'end', text, rest: data.slice(end + 3), facts: factsOf(text) };
}

function factsOf(text: string): DataFacts {
  const longestLine = text.split('\r\n').reduce((longest, line) => Math.max(longest, line.length), 0);
  return {
    size: text.length,
    longestLine: text === '' ? 0 : longestLine + 2,
    nuls: text.split('\0').length - 1,
    eightBit: /[\x80-\xff]/.test(text),
  };
}

/** Out by the client's writer and in by the server's reader: the same text, or it does not leave at all. */
function assertSendable(text: string): void {
  const stuffer = new DotStuffer({ allowEightBit: true });
  const parts: Uint8Array[] = [];
  for (const chunk of chunksOf(fromLatin1(text))) {
    const stuffed = stuffer.push(chunk);
    assert.ok(stuffed.ok || stuffed.code === 'nul' || stuffed.code === 'long-line');
    if (!stuffed.ok) return;
    parts.push(stuffed.value);
  }
  const end = stuffer.finish();
  assert.ok(end.ok);
  const sent = readAll([concat([...parts, end.value])], 'refuse');
  assert.ok(sent.kind === 'end' && sent.text === text && sent.rest === '', 'it arrives as something else');
}

function assertLineWatch(input: Uint8Array): void {
  const watch = createLineWatch();
  for (const chunk of chunksOf(input)) watch.feed(chunk);
  assert.deepEqual(watch.facts(), watchLines(input));
  const lines = normaliseLineEnds(input);
  assert.equal(lines.ok, watchLines(input).bareCrAt === undefined);
  if (!lines.ok) return;
  assert.equal(watchLines(lines.value).bareLfAt, undefined);
  assert.ok(lines.value.length <= 2 * input.length);
}
