import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { endOfDataLookAlikes } from '../../../test/support/end-of-data-look-alikes.ts';
import { concat, fromLatin1, latin1 } from '../../base/bytes.ts';
import { DataReader } from './data-reader.ts';
import type { BareNewline } from './line-reader.ts';

type Reading = { readonly ended: 'end' | 'more' | 'bare-newline'; readonly text: string; readonly rest: string };

function read(chunks: readonly Uint8Array[], bareNewline: BareNewline = 'refuse'): Reading {
  const reader = new DataReader(bareNewline);
  const parts: Uint8Array[] = [];
  for (const [i, chunk] of chunks.entries()) {
    const step = reader.push(chunk);
    if (step.kind === 'bare-newline') return { ended: 'bare-newline', text: '', rest: '' };
    parts.push(...step.octets);
    const text = latin1(concat(parts));
    assert.equal(reader.facts.size, text.length);
    if (step.kind === 'end') {
      return { ended: 'end', text, rest: latin1(concat([step.rest, ...chunks.slice(i + 1)])) };
    }
  }
  return { ended: 'more', text: latin1(concat(parts)), rest: '' };
}

const readText = (text: string, bareNewline?: BareNewline) => read([fromLatin1(text)], bareNewline);

test('RFC 5321 §4.1.1.4: CRLF.CRLF ends the data, the CRLF before the dot is the text’s own', () => {
  assert.deepEqual(readText('a\r\nb\r\n.\r\nNOOP\r\n'), { ended: 'end', text: 'a\r\nb\r\n', rest: 'NOOP\r\n' });
  assert.deepEqual(readText('.\r\n'), { ended: 'end', text: '', rest: '' });
  assert.deepEqual(readText('a\r\n.'), { ended: 'more', text: 'a\r\n', rest: '' });
});

test('RFC 5321 §4.5.2: one dot at the start of a line goes, no other', () => {
  assert.equal(readText('..\r\n...\r\n.a\r\na.\r\n.. \r\n.\r\n').text, '.\r\n..\r\na\r\na.\r\n. \r\n');
});

test('no look-alike ends the data: the text goes on, or the connection is to be closed', () => {
  assert.ok(Object.keys(endOfDataLookAlikes).length >= 40);
  for (const [name, octets] of Object.entries(endOfDataLookAlikes)) {
    for (const bareNewline of ['refuse', 'normalize'] as const) {
      const all = concat([fromLatin1('Subject: a\r\n\r\ntext'), octets, fromLatin1('MAIL FROM:<evil@a.example>\r\n')]);
      const reading = read([all], bareNewline);
      assert.notEqual(reading.ended, 'end', `${name} ${bareNewline}`);
      if (reading.ended === 'more') assert.match(reading.text, /MAIL FROM:<evil@a\.example>\r\n$/, name);
    }
  }
});

test('nor right after the 354, where only dot CRLF is the end', () => {
  for (const octets of ['.\n', '.\r', '\n.\r\n', '.\r\r\n', '.\0\r\n', ' .\r\n', '..\r\n']) {
    assert.notEqual(readText(octets).ended, 'end', JSON.stringify(octets));
  }
  for (const octets of ['.\n', '\n.\r\n', '\n.\n', '..\r\n']) {
    assert.equal(readText(octets, 'normalize').ended, 'more', JSON.stringify(octets));
  }
});

test('normalize: a LF alone becomes CRLF in the text, a CR alone is refused still', () => {
  assert.deepEqual(readText('a\n\n..b\r\nc\n.\r\n.\n\r\n.\r\nQUIT', 'normalize'), {
    ended: 'end',
    text: 'a\r\n\r\n.b\r\nc\r\n\r\n\r\n\r\n',
    rest: 'QUIT',
  });
  assert.equal(readText('a\rb\r\n', 'normalize').ended, 'bare-newline');
});

test('facts: size, longest line, NULs, octets above 127', () => {
  const reader = new DataReader();
  for (const chunk of ['Subject: \xe4\r', '\n.', '.\0\0', 'abc\r\n.\r\n']) reader.push(fromLatin1(chunk));
  assert.deepEqual(reader.facts, { size: 20, longestLine: 12, nuls: 2, eightBit: true });
});

test('facts are about the message, not about what the client sent behind it', () => {
  const reader = new DataReader();
  reader.push(fromLatin1('Hello\r\n.\r\nMAIL FROM:<j\xf6rg@example.com> SMTPUTF8\r\n'));
  assert.deepEqual(reader.facts, { size: 7, longestLine: 7, nuls: 0, eightBit: false });
});

/** The definition, without any state: cut at the first CRLF.CRLF, then look for what is alone, then unstuff. */
function definition(text: string): Reading {
  const whole = `\r\n${text}`;
  const at = whole.indexOf('\r\n.\r\n');
  const data = at < 0 ? whole : whole.slice(0, at + 2);
  const bare = /\r(?!\n)|(?<!\r)\n/.exec(at < 0 ? data.replace(/\r$/, '') : data);
  if (bare) return { ended: 'bare-newline', text: '', rest: '' };
  const unstuffed = data.replace(/\r\n\./g, '\r\n').slice(2);
  if (at >= 0) return { ended: 'end', text: unstuffed, rest: whole.slice(at + 5) };
  const held = /\r\n\.\r$/.test(data) ? 1 : 0; // the CR of what may become the end is not text yet
  return { ended: 'more', text: unstuffed.slice(0, unstuffed.length - held), rest: '' };
}

type Chunks = { readonly ended: 'end' | 'bare-newline'; readonly text: string };

/** A message whose octets were counted, in pieces as chunks and the network cut them. */
function readCounted(pieces: readonly Uint8Array[], bareNewline: BareNewline = 'refuse'): Chunks {
  const reader = new DataReader(bareNewline, 'count');
  const parts: Uint8Array[] = [];
  for (const piece of pieces) {
    const step = reader.push(piece);
    assert.notEqual(step.kind, 'end', 'only the count ends it');
    if (step.kind !== 'more') return { ended: 'bare-newline', text: '' };
    parts.push(...step.octets);
    assert.equal(reader.facts.size, concat([...parts]).length);
  }
  const last = reader.finish();
  if (last.kind !== 'more') return { ended: 'bare-newline', text: '' };
  parts.push(...last.octets);
  assert.equal(reader.facts.size, Buffer.concat(parts).length);
  return { ended: 'end', text: latin1(Buffer.concat(parts)) };
}

const countedText = (text: string, bareNewline?: BareNewline) => readCounted([fromLatin1(text)], bareNewline);

test('RFC 3030 §2: where octets are counted a dot is a dot', () => {
  for (const text of ['.\r\n', 'a\r\n.\r\nb\r\n', '..\r\n...\r\n', '\r\n.\r\n', '']) {
    assert.deepEqual(countedText(text), { ended: 'end', text }, JSON.stringify(text));
  }
});

test('a last line that is not finished gets its CRLF, a last CR is refused', () => {
  assert.deepEqual(countedText('a\r\nb'), { ended: 'end', text: 'a\r\nb\r\n' });
  assert.deepEqual(countedText('.'), { ended: 'end', text: '.\r\n' });
  assert.equal(countedText('a\r').ended, 'bare-newline');
  assert.deepEqual(readCounted([fromLatin1('a\r'), fromLatin1('\nb')]), { ended: 'end', text: 'a\r\nb\r\n' });
  assert.equal(readCounted([fromLatin1('a\r'), fromLatin1('b')]).ended, 'bare-newline');
});

test('look-alikes among counted octets: kept whole, or the connection is to be closed', () => {
  for (const [name, octets] of Object.entries(endOfDataLookAlikes)) {
    const all = concat([fromLatin1('Subject: a\r\n\r\ntext'), octets, fromLatin1('MAIL FROM:<evil@a.example>\r\n')]);
    const reading = readCounted([all]);
    const isBare = /\r(?!\n)|(?<!\r)\n/.test(latin1(all));
    assert.deepEqual(reading, isBare ? { ended: 'bare-newline', text: '' } : { ended: 'end', text: latin1(all) }, name);
    const kept = readCounted([all], 'normalize');
    if (kept.ended === 'end') assert.equal(kept.text, latin1(all).replace(/(?<!\r)\n/g, '\r\n'), name);
  }
});

test('facts of counted octets', () => {
  const reader = new DataReader('refuse', 'count');
  for (const chunk of ['Subject: \xe4\r', '\n..\0', '\0abc']) reader.push(fromLatin1(chunk));
  reader.finish();
  assert.deepEqual(reader.facts, { size: 21, longestLine: 12, nuls: 2, eightBit: true });
});

const noise = fc
  .array(fc.constantFrom('\r\n', '.', '\r\n.', '\r\n.\r\n', '\r', '\n', 'a', '\0', 'bcdefgh', '\xff'), {
    maxLength: 14,
  })
  .map((parts) => parts.join(''));
const tidyNoise = noise.map((text) => text.replace(/\r(?!\n)|(?<!\r)\n/g, 'x'));

const anyCuts = fc.array(fc.nat({ max: 6 }), { maxLength: 12 });

function cutUp(text: string, cuts: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (const cut of cuts) {
    chunks.push(fromLatin1(text.slice(at, at + cut)));
    at += cut;
  }
  chunks.push(fromLatin1(text.slice(at)));
  return chunks;
}

test('any octets in any chunks: what the definition says', () => {
  fc.assert(
    fc.property(fc.oneof(noise, tidyNoise), anyCuts, (text, cuts) => {
      const chunks = cutUp(text, cuts);
      assert.deepEqual(read(chunks), definition(text));
      assert.deepEqual(read(chunks, 'normalize'), read([fromLatin1(text)], 'normalize'));
    }),
    { numRuns: 500 },
  );
});

test('any counted octets in any chunks: themselves with a finished last line, or a bare newline', () => {
  fc.assert(
    fc.property(fc.oneof(noise, tidyNoise), anyCuts, (text, cuts) => {
      const chunks = cutUp(text, cuts);
      const whole = text === '' || text.endsWith('\r\n') ? text : `${text}\r\n`;
      const isBare = /\r(?!\n)|(?<!\r)\n/.test(text);
      assert.deepEqual(
        readCounted(chunks),
        isBare ? { ended: 'bare-newline', text: '' } : { ended: 'end', text: whole },
      );
      assert.deepEqual(readCounted(chunks, 'normalize'), countedText(text, 'normalize'));
    }),
    { numRuns: 500 },
  );
});
