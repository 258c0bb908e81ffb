import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromLatin1, latin1 } from '../../base/bytes.ts';
import { indexMessage } from './message-index.ts';
import {
  type Part,
  type PartLimits,
  type PartTree,
  partBody,
  partContent,
  partFilename,
  partTree,
} from './part-tree.ts';

const read = (text: string, limits?: PartLimits) => {
  const index = indexMessage(fromLatin1(text));
  const tree = partTree(index, limits);
  return { index, tree, body: (part: Part | undefined) => part && latin1(partBody(index, part)) };
};
const shape = (part: Part): unknown =>
  part.kind === 'leaf' ? part.contentType.value : { [part.contentType.value]: part.parts.map(shape) };
const codes = (tree: PartTree) => tree.problems.map((problem) => problem.code);
const multipart = (boundary: string, ...parts: string[]) =>
  `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;

test('RFC 2046 §5.1.1: preamble, parts, epilogue; the CRLF before a delimiter is the delimiter’s', () => {
  const { tree, body, index } = read(
    'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="simple boundary"\r\n\r\n' +
      'preamble\r\n--simple boundary\r\n\r\nimplicit\r\n--simple boundary  \r\nContent-type: text/plain; charset=us-ascii\r\n\r\n' +
      'explicit\r\n\r\n--simple boundary--\r\n\r\nepilogue',
  );
  assert.deepEqual(shape(tree.root), { 'multipart/mixed': ['text/plain', 'text/plain'] });
  const [first, second] = tree.root.parts;
  assert.deepEqual([body(first), body(second)], ['implicit', 'explicit\r\n']);
  assert.equal(second?.contentType.parameters.get('charset'), 'us-ascii');
  const text = latin1(index.bytes);
  assert.equal(text.slice(tree.root.bodyStart, tree.root.preambleEnd), 'preamble\r\n');
  assert.equal(text.slice(tree.root.epilogueStart, tree.root.end), '\r\nepilogue');
  assert.deepEqual([codes(tree), tree.complete], [[], true]);
});

test('a message without MIME is one plain part', () => {
  const { tree, body } = read('From: a@b.test\r\n\r\nHello\r\n--x\r\n');
  assert.deepEqual(
    [shape(tree.root), body(tree.root), tree.root.transferEncoding],
    ['text/plain', 'Hello\r\n--x\r\n', '7bit'],
  );
});

test('a boundary that begins with another one is another one', () => {
  const inner = multipart('ab', 'X: 1\r\n\r\none', '\r\ntwo');
  const { tree, body } = read(multipart('a', inner, '\r\nthree'));
  assert.deepEqual(shape(tree.root), {
    'multipart/mixed': [{ 'multipart/mixed': ['text/plain', 'text/plain'] }, 'text/plain'],
  });
  assert.deepEqual(tree.parts.filter((part) => part.kind === 'leaf').map(body), ['one', 'two', 'three']);
});

test('a multipart inside one of the same boundary is a leaf, so no message includes itself', () => {
  const { tree } = read(multipart('a', multipart('a', '\r\nx'), '\r\ny'));
  assert.ok(codes(tree).includes('repeated-boundary'));
  assert.equal(tree.root.parts[0]?.kind, 'leaf');
});

test('an outer delimiter ends inner parts that never close', () => {
  const open = 'Content-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n\r\nlost\r\n';
  const { tree, body } = read(multipart('out', open, '\r\nnext'));
  assert.deepEqual(shape(tree.root), { 'multipart/mixed': [{ 'multipart/mixed': ['text/plain'] }, 'text/plain'] });
  assert.deepEqual(tree.parts.filter((part) => part.kind === 'leaf').map(body), ['lost\r\n', 'next']);
  assert.deepEqual(codes(tree), ['not-closed']);
  assert.deepEqual(codes(read('Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx').tree), ['not-closed']);
});

test('parts that a delimiter cuts short', () => {
  const { tree, body, index } = read(
    'Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n--a\r\nA: b\r\n--a\r\nA: b\r\n\r\n--a\r\n\r\n--a--',
  );
  const spans = tree.root.parts.map((part) => latin1(index.bytes.subarray(part.start, part.end)));
  assert.deepEqual(spans, ['', 'A: b\r\n', 'A: b\r\n', '']);
  assert.deepEqual(tree.root.parts.map(body), ['', '', '', '']);
  assert.deepEqual(
    tree.root.parts.map((part) => part.header.fields.length),
    [0, 1, 1, 0],
  );
});

test('only whole lines are delimiters', () => {
  for (const line of ['--ax', '--a-', '--a--x', ' --a', '-a', '--', '--a\tx']) {
    const { tree, body } = read(
      `Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\none\r\n${line}\r\ntwo\r\n--a--\r\n`,
    );
    assert.deepEqual(tree.root.parts.map(body), [`one\r\n${line}\r\ntwo`], line);
  }
});

test('RFC 2046 §5.1.5, §5.2.1: digests hold messages; messages are descended into unless encoded', () => {
  const inner = 'Subject: inner\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--';
  const digest = `Content-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\n${inner}\r\n--a--\r\n`;
  const { tree } = read(digest);
  assert.deepEqual(shape(tree.root), {
    'multipart/digest': [{ 'message/rfc822': [{ 'multipart/alternative': ['text/plain'] }] }],
  });
  assert.deepEqual(
    tree.parts.map((part) => part.depth),
    [0, 1, 2, 3],
  );
  const encoded = read('Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nRnJvbTogYQ==\r\n');
  assert.equal(encoded.tree.root.kind, 'leaf');
  assert.equal(latin1(partContent(encoded.index, encoded.tree.root)), 'From: a');
});

test('boundaries that cannot be used', () => {
  assert.deepEqual(codes(read('Content-Type: multipart/mixed\r\n\r\n--\r\n').tree), ['no-boundary']);
  assert.deepEqual(codes(read('Content-Type: multipart/mixed; boundary="  "\r\n\r\n--\r\n').tree), ['no-boundary']);
  assert.deepEqual(codes(read(`Content-Type: multipart/mixed; boundary=${'b'.repeat(300)}\r\n\r\n`).tree), [
    'bad-boundary',
  ]);
});

test('file names for showing', () => {
  for (const [header, name] of [
    ["Content-Disposition: attachment; filename*=utf-8''%C3%9C.pdf", 'Ü.pdf'],
    ['Content-Disposition: attachment; filename="=?utf-8?b?w5wucGRm?="', 'Ü.pdf'],
    ['Content-Type: a/b; name=x.pdf', 'x.pdf'],
    ['Content-Disposition: attachment', undefined],
  ] as const) {
    assert.equal(partFilename(read(`${header}\r\n\r\n`).tree.root), name);
  }
});

test('64 levels are read; beyond 100 a part is a leaf and the tree says so', () => {
  const nest = (levels: number) => {
    let text = 'Content-Type: text/plain\r\n\r\nleaf';
    for (let level = 0; level < levels; level++) text = multipart(`b${level}`, text);
    return read(text);
  };
  const deep = nest(64);
  assert.deepEqual([deep.tree.parts.length, deep.tree.complete, codes(deep.tree)], [65, true, []]);
  assert.equal(deep.body(deep.tree.parts.at(-1)), 'leaf');
  const tooDeep = nest(150);
  assert.deepEqual([tooDeep.tree.complete, codes(tooDeep.tree)], [false, ['too-deep']]);
  const messages = read(`${'Content-Type: message/rfc822\r\n\r\n'.repeat(5_000)}x`);
  assert.deepEqual([messages.tree.parts.length, codes(messages.tree)], [101, ['too-deep']]);
});

test('20,000 parts: 10,000 are read, the rest is left alone and the tree says so', () => {
  const { tree, body } = read(multipart('a', ...Array(20_000).fill('X: y\r\n\r\nz')));
  assert.deepEqual([tree.parts.length, tree.complete, codes(tree)], [10_000, false, ['too-many-parts']]);
  assert.equal(body(tree.parts.at(-1)), 'z');
});

test('hostile lines are read in linear time', () => {
  const head = 'Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\n';
  for (const lines of [
    '--b\r\n'.repeat(200_000),
    `--${'-'.repeat(1_000_000)}`,
    `--a${' '.repeat(1_000_000)}x\r\n`,
    '\r\n--'.repeat(200_000),
  ]) {
    assert.equal(read(head + lines).tree.root.parts.length, 1);
  }
  assert.equal(read(`${head}${'x'.repeat(1_000_000)}\r\n--a--\r\n`).tree.parts.length, 2);
  assert.equal(
    read(`Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n${'X: y\r\n'.repeat(100_000)}`).tree.parts.length,
    2,
  );
});

const troubledMessages = fc
  .array(
    fc.constantFrom(
      ...['\r\n', '\r\n\r\n', '--a', '--b', '--a--', '--b--', 'x', ' ', '\n', '\r', '\0', '\xe4'],
      ...['Content-Type: multipart/mixed; boundary=a\r\n\r\n', 'Content-Type: multipart/mixed; boundary=b\r\n\r\n'],
      ...['Content-Type: message/rfc822\r\n\r\n', '\r\n--a\r\n', '\r\n--b\r\n', '\r\n--b--\r\n', '\r\n--a--\r\n'],
    ),
    { maxLength: 40 },
  )
  .map((pieces) => fromLatin1(`Content-Type: multipart/mixed; boundary=a\r\n\r\n${pieces.join('')}`));

test('property: any octets make a tree whose parts lie inside their parents, in order, without overlap', () => {
  fc.assert(
    fc.property(
      fc.oneof(troubledMessages, fc.uint8Array()),
      fc.record({ depthMax: fc.nat(5), partsMax: fc.integer({ min: 1, max: 9 }) }),
      (bytes, cut) => {
        const index = indexMessage(bytes);
        for (const tree of [partTree(index), partTree(index, cut)]) {
          assert.equal(tree.root, tree.parts[0]);
          assert.equal(tree.root.end, bytes.length);
          for (const part of tree.parts) {
            assert.ok(part.start <= part.bodyStart && part.bodyStart <= part.end);
            assert.ok(
              part.bodyStart <= part.preambleEnd &&
                part.preambleEnd <= part.epilogueStart &&
                part.epilogueStart <= part.end,
            );
            let at = part.kind === 'message' ? part.bodyStart : part.preambleEnd;
            for (const child of part.parts) {
              assert.ok(child.start >= at && child.end <= part.end);
              assert.equal(child.depth, part.depth + 1);
              at = child.end;
            }
          }
        }
        assert.ok(partTree(index, cut).parts.length <= cut.partsMax);
      },
    ),
    { numRuns: 500 },
  );
});
