import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { concat, fromLatin1, latin1, utf8 } from '../../base/bytes.ts';
import { watchLines } from '../line-ends.ts';
import { indexMessage } from '../message/message-index.ts';
import { partContent, partTree } from '../message/part-tree.ts';
import { toSevenBit } from './seven-bit.ts';

const convert = (text: string) => latin1(toSevenBit(utf8(text)));

/** What a reader gets: type and content of every leaf. */
function leaves(bytes: Uint8Array): { readonly type: string; readonly content: string }[] {
  const index = indexMessage(bytes);
  return partTree(index)
    .parts.filter((part) => part.kind === 'leaf')
    .map((part) => ({ type: part.contentType.value, content: latin1(partContent(index, part)) }));
}

function assertNarrow(bytes: Uint8Array): void {
  const { longestLine, endsWithCrlf: _, ...culprits } = watchLines(bytes);
  assert.ok(longestLine <= 998);
  assert.deepEqual(
    Object.values(culprits).filter((at) => at !== undefined),
    [],
  );
}

test('with nothing to do the very same array comes back', () => {
  const bytes = utf8('Subject: x\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n\r\nseven bits\r\n');
  assert.equal(toSevenBit(bytes), bytes);
});

test('8-bit text becomes quoted-printable; text that is mostly escapes becomes base64', () => {
  assert.equal(
    convert(
      'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nSubject: x\r\n\r\nGrüße aus dem Norden\r\n',
    ),
    'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nSubject: x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe aus dem Norden\r\n',
  );
  assert.match(
    convert('MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nこんにちは\r\n'),
    /Content-Transfer-Encoding: base64\r\n\r\n44GT44KT44Gr44Gh44GvDQo=\r\n$/,
  );
});

test('8-bit text that nobody labelled gets its labels', () => {
  assert.equal(
    convert('Subject: x\r\n\r\nGrüße, that is greetings\r\n'),
    'Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe, that is greetings\r\n',
  );
  assert.match(
    latin1(toSevenBit(fromLatin1('A: b\r\n\r\nGr\xfc\xdfe, that is greetings\r\n'))),
    /charset=unknown-8bit\r\n/,
  );
});

test('an over-long line is enough', () => {
  const long = convert(`Content-Type: text/html\r\n\r\n<p>${'x'.repeat(1_000_000)}</p>\r\n`);
  assertNarrow(fromLatin1(long));
  assert.equal(leaves(fromLatin1(long))[0]?.content, `<p>${'x'.repeat(1_000_000)}</p>\r\n`);
  assert.equal(convert(`A: b\r\n\r\n${'x'.repeat(998)}\r\n`), `A: b\r\n\r\n${'x'.repeat(998)}\r\n`);
});

test('other types become base64; what is encoded already is encoded again in shorter lines', () => {
  assert.match(convert('MIME-Version: 1.0\r\nContent-Type: image/png\r\n\r\nü'), /base64\r\n\r\nw7w=\r\n$/);
  const oneLine = Buffer.from('x'.repeat(3_000)).toString('base64');
  const bytes = toSevenBit(utf8(`Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n${oneLine}\r\n`));
  assertNarrow(bytes);
  assert.equal(leaves(bytes)[0]?.content, 'x'.repeat(3_000));
});

const wide = (type: string) =>
  `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße aus dem Norden`;
const mixed = (type: string, boundary: string, ...parts: string[]) =>
  `Content-Type: ${type}; boundary=${boundary}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;

test('only the parts that need it change, and what encloses them is labelled 7bit', () => {
  const narrow = convert(
    `MIME-Version: 1.0\r\n${mixed('multipart/mixed', 'a', 'X-Keep: this\r\n\r\nplain', wide('text/plain'), `Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: inner\r\n\r\nGrüße aus dem Norden`)}`,
  );
  assertNarrow(fromLatin1(narrow));
  assert.ok(narrow.includes('--a\r\nX-Keep: this\r\n\r\nplain\r\n--a\r\n'));
  assert.ok(!narrow.includes('8bit'));
  assert.ok(narrow.includes('Subject: inner\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n'));
  assert.deepEqual(
    leaves(fromLatin1(narrow)).map(({ content }) => content),
    ['plain', ...Array(2).fill(latin1(utf8('Grüße aus dem Norden')))],
  );
});

test('RFC 1847 §2.1: multipart/signed stays octet for octet, what stands beside it does not', () => {
  const signed = mixed(
    'multipart/signed',
    's',
    wide('text/plain'),
    'Content-Type: application/pgp-signature\r\n\r\nsig',
  );
  assert.equal(latin1(toSevenBit(utf8(signed))), latin1(utf8(signed)));
  const beside = convert(mixed('multipart/mixed', 'a', signed.trimEnd(), wide('text/plain')));
  assert.ok(beside.includes(latin1(utf8(signed.trimEnd()))));
  assert.ok(beside.includes('Gr=C3=BC'));
  assert.match(beside, /^Content-Type: multipart\/mixed; boundary=a\r\nContent-Transfer-Encoding: 8bit\r\n/);
});

test('what no reader shows goes when it is wide: preamble and epilogue', () => {
  const narrow = convert(
    'Content-Type: multipart/mixed; boundary=a\r\n\r\npräambel\r\n--a\r\n\r\nx\r\n--a--\r\nend \u00fc\r\n',
  );
  assert.equal(narrow, 'Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n');
});

test('header lines beyond 998 are folded at their blanks', () => {
  const list = Array.from({ length: 200 }, (_, i) => `user${i}@example.com`).join(', ');
  const narrow = toSevenBit(utf8(`Subject: x\r\nTo: ${list}\r\n\r\nbody\r\n`));
  for (const line of latin1(narrow).split('\r\n')) assert.ok(line.length <= 78);
  assert.equal(latin1(narrow).replaceAll('\r\n ', ' '), `Subject: x\r\nTo: ${list}\r\n\r\nbody\r\n`);
  const tail = latin1(toSevenBit(utf8(`A: b ${'x'.repeat(995)}   \r\n\r\n`)));
  assert.equal(tail, `A: b\r\n ${'x'.repeat(995)}   \r\n\r\n`);
});

test('NUL and lone line ends in a body are data and get encoded', () => {
  const bytes = toSevenBit(
    fromLatin1('Content-Type: application/x\r\nContent-Transfer-Encoding: binary\r\n\r\na\nb\rc\0'),
  );
  assertNarrow(bytes);
  assert.equal(leaves(bytes)[0]?.content, 'a\nb\rc\0');
});

test('UTF-8 header fields are kept: they need SMTPUTF8, not us', () => {
  const bytes = utf8('Subject: Grüße\r\n\r\nplain\r\n');
  assert.deepEqual(Buffer.from(toSevenBit(bytes)), Buffer.from(bytes));
});

test('beyond our limits nothing is touched', () => {
  const bytes = utf8(mixed('multipart/mixed', 'a', ...Array(10_001).fill('\r\nü')));
  assert.equal(toSevenBit(bytes), bytes);
});

type Tree =
  | { readonly type: string; readonly parts: readonly Tree[] }
  | { readonly type: string; readonly cte: string; readonly octets: Uint8Array };

const { tree: anyTree } = fc.letrec<{ tree: Tree; leaf: Tree; node: Tree }>((tie) => ({
  tree: fc.oneof({ maxDepth: 4, depthSize: 'small' }, tie('leaf'), tie('node')),
  leaf: fc.record({
    type: fc.constantFrom('text/plain', 'text/html', 'image/png', 'application/octet-stream'),
    cte: fc.constantFrom('7bit', '8bit', 'binary', 'x-unknown'),
    octets: fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .array(fc.constantFrom('ü', '\r\n', 'x'.repeat(999), 'a b', '=', 'From '), { maxLength: 8 })
        .map((all) => utf8(all.join(''))),
    ),
  }),
  node: fc.record({
    type: fc.constantFrom('multipart/mixed', 'multipart/alternative', 'message/rfc822'),
    parts: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
  }),
}));

function serialise(tree: Tree, path: string): Uint8Array {
  if (!('parts' in tree)) {
    return concat([
      fromLatin1(`Content-Type: ${tree.type}\r\nContent-Transfer-Encoding: ${tree.cte}\r\n\r\n`),
      tree.octets,
    ]);
  }
  if (tree.type === 'message/rfc822') {
    return concat([
      fromLatin1('Content-Type: message/rfc822\r\n\r\nSubject: s\r\n'),
      serialise(tree.parts[0] as Tree, `${path}m`),
    ]);
  }
  const boundary = `=_${path}`;
  const parts = tree.parts.flatMap((part, at) => [
    fromLatin1(`\r\n--${boundary}\r\n`),
    serialise(part, `${path}.${at}`),
  ]);
  return concat([
    fromLatin1(`Content-Type: ${tree.type}; boundary="${boundary}"\r\n\r\n`),
    ...parts,
    fromLatin1(`\r\n--${boundary}--`),
  ]);
}

test('property: what comes out is short 7-bit lines and decodes to the same parts', () => {
  fc.assert(
    fc.property(anyTree, (tree) => {
      const bytes = concat([serialise(tree, 'r'), fromLatin1('\r\n')]);
      const narrow = toSevenBit(bytes);
      assertNarrow(narrow);
      assert.deepEqual(leaves(narrow), leaves(bytes));
      assert.equal(toSevenBit(narrow), narrow);
    }),
    { numRuns: 300 },
  );
});

test('property: any octets: it never throws and is done the first time', () => {
  const trouble = fc.array(
    fc.constantFrom(
      'Content-Type: multipart/mixed; boundary=a\r\n',
      'Content-Type: text/plain\r\n',
      'Content-Transfer-Encoding: base64\r\n',
      '\r\n',
      '--a\r\n',
      '--a--\r\n',
      'ü',
      '\r',
      '\0',
      'x'.repeat(999),
      ' ',
    ),
    { maxLength: 25 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        trouble.map((all) => utf8(all.join(''))),
        fc.uint8Array(),
      ),
      (bytes) => {
        const once = toSevenBit(bytes);
        assert.deepEqual(Buffer.from(toSevenBit(once)), Buffer.from(once));
      },
    ),
    { numRuns: 500 },
  );
});
