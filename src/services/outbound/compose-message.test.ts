import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromUtf8, latin1, utf8 } from '../../base/bytes.ts';
import { parseDomainName } from '../../format/domain-name.ts';
import { watchLines } from '../../format/line-ends.ts';
import type { Mailbox } from '../../format/mailbox.ts';
import { bodyBytes, fieldText, indexMessage } from '../../format/message/message-index.ts';
import { type Part, partContent, partFilename, partTree } from '../../format/message/part-tree.ts';
import { decodeWords } from '../../format/mime/encoded-word.ts';
import { type ComposeAttachment, type ComposeRequest, checkCompose, composeMessage } from './compose-message.ts';

function mailbox(local: string, display?: string): Mailbox {
  const domain = parseDomainName('example.com');
  assert.ok(domain);
  return { local, domain, ...(display === undefined ? {} : { display }) };
}

const request: ComposeRequest = {
  from: mailbox('hello'),
  to: [mailbox('ann')],
  cc: [],
  replyTo: [],
  subject: 'Hi',
  text: 'Hello\n',
  headers: [],
  attachments: [],
};
const context = { messageId: '<1@example.com>', dateMs: Date.UTC(2026, 10, 22, 9, 55, 6) };
const file: ComposeAttachment = {
  content: utf8('data'),
  filename: 'a.bin',
  contentType: 'application/octet-stream',
  disposition: 'attachment',
};

async function compose(more: Partial<ComposeRequest>) {
  const composed = await composeMessage({ ...request, ...more }, context);
  assert.ok(composed.ok, composed.ok ? '' : composed.say);
  const index = indexMessage(composed.value);
  return { text: fromUtf8(composed.value), index, tree: partTree(index) };
}

const shape = (part: Part): unknown =>
  part.kind === 'leaf' ? part.contentType.value : { [part.contentType.value]: part.parts.map(shape) };
const problems = (more: Partial<ComposeRequest>) =>
  checkCompose({ ...request, ...more }).map(({ pointer, code }) => `${pointer} ${code}`);

test('a small message is exactly what one would write by hand', async () => {
  const { text } = await compose({});
  assert.equal(
    text,
    'From: hello@example.com\r\nTo: ann@example.com\r\nSubject: Hi\r\nDate: Sun, 22 Nov 2026 09:55:06 +0000\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n' +
      'Content-Transfer-Encoding: 7bit\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello\r\n',
  );
});

test('the tree fits what there is', async () => {
  const image: ComposeAttachment = { ...file, contentType: 'image/png', disposition: 'inline', contentId: 'logo@x' };
  const html = '<img src="cid:logo@x">';
  assert.equal(shape((await compose({ text: 'a' })).tree.root), 'text/plain');
  assert.deepEqual(shape((await compose({ html })).tree.root), {
    'multipart/alternative': ['text/plain', 'text/html'],
  });
  assert.deepEqual(shape((await compose({ html, attachments: [image, file] })).tree.root), {
    'multipart/mixed': [
      { 'multipart/alternative': ['text/plain', { 'multipart/related': ['text/html', 'image/png'] }] },
      'application/octet-stream',
    ],
  });
  assert.deepEqual(shape((await compose({ attachments: [file] })).tree.root), {
    'multipart/mixed': ['text/plain', 'application/octet-stream'],
  });
});

test('addresses, names and subjects of every script are read back', async () => {
  const { index, text } = await compose({
    from: mailbox('hello', 'Jörg "the" Postmaster'),
    to: [mailbox('ann smith', 'Smith, Ann'), mailbox('grüße')],
    cc: [mailbox('bob')],
    replyTo: [mailbox('reply')],
    subject: 'Größe 漢字 '.repeat(20).trim(),
  });
  assert.equal(decodeWords(fieldText(index, 'subject') ?? ''), 'Größe 漢字 '.repeat(20).trim());
  assert.equal(decodeWords(fieldText(index, 'from') ?? ''), 'Jörg "the" Postmaster <hello@example.com>');
  assert.ok(text.includes('To: "Smith, Ann" <"ann smith"@example.com>, grüße@example.com\r\n'));
  assert.equal(watchLines(bodyBytes(index)).eightBitAt, undefined);
  assert.deepEqual([fieldText(index, 'cc'), fieldText(index, 'reply-to')], ['bob@example.com', 'reply@example.com']);
});

test('nobody in To and Cc', async () => {
  assert.equal(fieldText((await compose({ to: [] })).index, 'to'), 'undisclosed-recipients:;');
  assert.equal(fieldText((await compose({ to: [], cc: [mailbox('c')] })).index, 'to'), undefined);
});

test('attachments come out as they went in, names of every script too', async () => {
  const octets = Uint8Array.from({ length: 1_000 }, (_, i) => i % 256);
  const names = [
    'Übersicht – 2026.pdf',
    '漢字'.repeat(40),
    'quo"te\\.txt',
    "it's =?utf-8?q?x?=",
    'a;b=c.csv',
    'plain.txt',
  ];
  const { index, tree } = await compose({
    attachments: names.map((filename) => ({ ...file, filename, content: octets })),
  });
  const parts = tree.parts.slice(2);
  assert.deepEqual(parts.map(partFilename), names);
  for (const part of parts) assert.deepEqual(Buffer.from(partContent(index, part)), Buffer.from(octets));
});

test('an attached message stays a message where it can, and is a file where it cannot', async () => {
  const message = (text: string) => ({
    ...file,
    contentType: 'message/rfc822',
    content: utf8(text),
    filename: 'm.eml',
  });
  const attachments = [
    'Subject: x\n\nplain\n',
    'Subject: x\n\nGrüße, dear reader\n',
    'Subject: Grüße\n\nx\n',
    'A: b\r\rc',
  ].map(message);
  const { index, tree } = await compose({ attachments });
  assert.deepEqual(tree.root.parts.slice(1).map(shape), [
    { 'message/rfc822': ['text/plain'] },
    { 'message/rfc822': ['text/plain'] },
    'application/octet-stream',
    'application/octet-stream',
  ]);
  assert.equal(latin1(partContent(index, tree.root.parts.at(-1) as Part)), 'A: b\r\rc');
});

test('security.md 1.3: what would forge or break a header is refused with its place', () => {
  for (const bad of ['a\r\nBcc: x', 'a\nb', 'a\rb', '\0', '\t', '\u2028', '\u0085']) {
    assert.deepEqual(problems({ subject: bad }), ['/subject control-character'], JSON.stringify(bad));
    assert.deepEqual(problems({ from: mailbox('a', bad) }), ['/from control-character']);
    assert.deepEqual(problems({ to: [mailbox('a'), mailbox('b', bad)] }), ['/to control-character']);
    assert.deepEqual(problems({ headers: [{ name: 'X-A', value: bad }] }), ['/headers/0 control-character']);
    assert.deepEqual(problems({ headers: [{ name: `X${bad}`, value: 'x' }] }), ['/headers/0 bad-field-name']);
    assert.deepEqual(problems({ attachments: [{ ...file, filename: bad }] }), [
      '/attachments/0/filename control-character',
    ]);
    assert.deepEqual(problems({ attachments: [{ ...file, contentType: `text/plain${bad}` }] }), [
      '/attachments/0/content_type bad-content-type',
    ]);
    assert.deepEqual(problems({ attachments: [{ ...file, contentId: bad }] }), [
      '/attachments/0/content_id bad-content-id',
    ]);
  }
  assert.deepEqual(problems({ subject: '\ud800', text: 'a\0', html: '\udc00' }), [
    '/subject lone-surrogate',
    '/text nul',
    '/html lone-surrogate',
  ]);
});

test('security.md 1.3: reserved fields, one of each structured one', () => {
  const names = [
    'Received',
    'DKIM-Signature',
    'Return-Path',
    'authentication-results',
    'ARC-Seal',
    'Bcc',
    'From',
    'Resent-To',
    'Content-Type',
    'Sender',
    'MIME-Version',
  ];
  for (const name of names)
    assert.deepEqual(problems({ headers: [{ name, value: 'x' }] }), ['/headers/0 reserved-header'], name);
  const twice = ['List-Unsubscribe', 'list-unsubscribe', 'X-A', 'X-A', '__proto__'].map((name) => ({
    name,
    value: '<https://x.test/>',
  }));
  assert.deepEqual(problems({ headers: twice }), ['/headers/1 repeated-header']);
  assert.deepEqual(problems({ headers: [{ name: 'References', value: '<ü@x>' }] }), ['/headers/0 not-ascii']);
  assert.deepEqual(problems({ headers: [{ name: 'References', value: `<${'x'.repeat(999)}>` }] }), [
    '/headers/0 line-too-long',
  ]);
  assert.deepEqual(problems({ to: Array.from({ length: 5_000 }, (_, i) => mailbox(`recipient-number-${i}`)) }), [
    ' header-too-large',
  ]);
});

test('attachments that are no files', () => {
  for (const contentType of [
    '',
    'text',
    'multipart/mixed',
    'MULTIPART/x; boundary=a',
    'text/plain; charset',
    'a/b\r\nX: y',
    'ü/x',
    'text/plain; x="a"b"',
  ]) {
    assert.deepEqual(
      problems({ attachments: [{ ...file, contentType }] }),
      ['/attachments/0/content_type bad-content-type'],
      contentType,
    );
  }
  assert.deepEqual(
    problems({ attachments: [{ ...file, contentType: 'text/csv; charset=utf-8; header="present"' }] }),
    [],
  );
  assert.deepEqual(problems({ attachments: [{ ...file, filename: '' }] }), ['/attachments/0/filename bad-filename']);
});

test('a problem is a refusal of the whole message', async () => {
  const composed = await composeMessage({ ...request, subject: 'a\r\nb' }, context);
  assert.partialDeepStrictEqual(composed, { ok: false, code: 'control-character' });
});

test('texts are not mail: lines of any length and end, any character', async () => {
  const { index, tree } = await compose({
    text: `a\rb\nc\r\n${'x'.repeat(5_000)}\n.\nFrom y\n漢`,
    html: 'ü'.repeat(10_000),
  });
  const [text, html] = tree.root.parts.map((part) => fromUtf8(partContent(index, part)));
  assert.equal(text, `a\r\nb\r\nc\r\n${'x'.repeat(5_000)}\r\n.\r\nFrom y\r\n漢`);
  assert.equal(html, 'ü'.repeat(10_000));
});

test('property: any accepted request becomes a message whose parts are what was asked for', async () => {
  const text = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.string({ unit: 'grapheme', maxLength: 100 }),
    fc.constantFrom('', '\n', '=_post-', '--', '.', 'x'.repeat(1_200)),
  );
  const arbitrary = fc.record({
    text,
    html: text,
    subject: fc.string({ unit: 'grapheme', maxLength: 100 }),
    content: fc.uint8Array({ maxLength: 100 }),
    filename: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
    name: fc.string({ unit: 'grapheme', maxLength: 30 }),
  });
  await fc.assert(
    fc.asyncProperty(arbitrary, async ({ content, filename, name, ...texts }) => {
      const given = { ...request, ...texts, to: [mailbox('a', name)], attachments: [{ ...file, content, filename }] };
      if (checkCompose(given).length > 0) return;
      const { index, tree } = await compose(given);
      assert.deepEqual(index.problems, []);
      assert.deepEqual(tree.problems, []);
      const last = tree.parts.at(-1) as Part;
      assert.deepEqual(Buffer.from(partContent(index, last)), Buffer.from(content));
      const wanted = [texts.text, texts.html]
        .filter((one) => one !== '')
        .map((one) => one.replace(/\r\n|\r|\n/g, '\r\n'));
      const shown = tree.parts.filter((part) => part.contentType.value.startsWith('text/'));
      assert.deepEqual(
        shown.map((part) => fromUtf8(partContent(index, part))),
        wanted,
      );
    }),
    { numRuns: 150 },
  );
});
