/** What a server says: the same replies and the same nonsense however it is cut, each bounded, each one line when shown. */
import assert from 'node:assert/strict';
import { type Heard, ReplyReader, replyLimits } from '../../../src/protocol/smtp/read-reply.ts';
import { isPositive, writeReply } from '../../../src/protocol/smtp/reply.ts';
import { chunksOf, type FuzzTarget, type Outcome } from '../target.ts';

export const replyReader: FuzzTarget = {
  name: 'reply-reader',
  octetsMax: 80_000,
  seeds: () => [
    '220 mx.example.com ESMTP\r\n',
    '250-mx.example.com\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 SMTPUTF8\r\n',
    '550 5.1.1 no such user\r\n',
    '550-5.7.1 first\r\n550-5.7.1 second\r\n550 5.7.1 third\r\n',
    '250\r\n354 go\r\n',
    '250 grüße\r\n',
    '000 nothing\r\n',
    '250-a\r\n251 b\r\n',
    '250 bare\n250 x\r\n',
    '250 \xff\r\n',
    'HTTP/1.1 400 Bad Request\r\n',
  ],
  dictionary: [
    ...[
      '250 ',
      '250-',
      '220 ',
      '354 ',
      '421 ',
      '450 4.2.0 ',
      '550 5.1.1 ',
      '599 ',
      '600 ',
      '199-',
      '\r\n',
      '\n',
      '\r',
      '\0',
      '-',
      ' ',
    ],
    ...['250-x\r\n', '250 x\r\n', '2.0.0', '9.9.9', '٢٥٠ ', '250\t', '\u2028', 'x'.repeat(600)],
  ],
  separators: ['\r\n', ' ', '-'],
  open: () => ({ run }),
};

const repliesMax = 300;

function run(input: Uint8Array): Outcome {
  const whole = readAll([input]);
  const pieces = readAll(chunksOf(input));
  // a chunk more or less lies unread behind nonsense; what of it is kept for the timeline may differ
  assert.equal(JSON.stringify(pieces.map(withoutHeard)), JSON.stringify(whole.map(withoutHeard)));
  for (const [at, one] of whole.entries()) {
    if (one.kind === 'nonsense') {
      assert.ok(one.nonsense.heard.length <= 200);
      continue;
    }
    const { code, enhanced, text, lines } = one.reply;
    assert.ok(code >= 200 && code <= 599 && lines.length >= 1 && lines.length <= replyLimits.lines);
    assert.ok(!/[\r\n\0]/.test(text) && text.length <= replyLimits.octets);
    assert.ok(enhanced === undefined || enhanced[0] === String(code)[0]);
    if (at < 50) assertForwardable(code, text);
  }
  return whole
    .slice(0, 4)
    .map((one) => (one.kind === 'reply' ? one.reply.code : one.nonsense.why))
    .join(' ');
}

/** The first ones: nobody hears more on one connection. */
function readAll(chunks: readonly Uint8Array[]): Heard[] {
  const reader = new ReplyReader();
  const heard: Heard[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let one = reader.next(); one; one = reader.next()) {
      heard.push(one);
      if (one.kind === 'nonsense' || heard.length >= repliesMax) return heard;
    }
  }
  return heard;
}

function withoutHeard(one: Heard): unknown {
  return one.kind === 'reply' ? one : one.nonsense.why;
}

/** The words of one server in a reply of ours: exactly one reply, in printable ASCII, in lines of 512 octets. */
function assertForwardable(code: number, text: string): void {
  const written = writeReply({ code, text, more: [text] });
  assert.match(written, /^(?:[2-5]\d\d[ -][\x20-\x7e]{0,506}\r\n)+$/);
  const [reply, ...more] = readAll([Buffer.from(written, 'latin1')]);
  assert.ok(reply?.kind === 'reply' && more.length === 0 && isPositive(reply.reply) === code < 300);
}
