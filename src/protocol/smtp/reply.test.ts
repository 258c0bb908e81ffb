import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Bug } from '../../base/outcome.ts';
import { replyOf, writeReply } from './reply.ts';

test('RFC 5321 §4.2.1, RFC 2034 §4: code and status stand on every line', () => {
  assert.equal(writeReply({ code: 220, text: 'mx.example.com ESMTP' }), '220 mx.example.com ESMTP\r\n');
  assert.equal(writeReply(replyOf('550 5.1.1', 'No such mailbox here')), '550 5.1.1 No such mailbox here\r\n');
  assert.equal(
    writeReply({ code: 214, enhanced: '2.0.0', text: 'Commands:', more: ['EHLO', 'QUIT'] }),
    '214-2.0.0 Commands:\r\n214-2.0.0 EHLO\r\n214 2.0.0 QUIT\r\n',
  );
  assert.throws(() => writeReply({ code: 250, enhanced: '5.0.0', text: 'what?' }), Bug);
});

const anyText = fc
  .array(fc.oneof(fc.nat({ max: 0xffff }), fc.nat({ max: 0x7f })), { maxLength: 200 })
  .map((units) => String.fromCharCode(...units));

test('whatever the text, the reply is printable ASCII in lines of at most 512 octets', () => {
  fc.assert(
    fc.property(anyText, fc.boolean(), (text, long) => {
      const wire = writeReply(replyOf('554 5.7.1', long ? text.repeat(20) : text));
      assert.match(wire, /^(?:554-5\.7\.1 [\x20-\x7e]*\r\n)*554 5\.7\.1 [\x20-\x7e]*\r\n$/);
      assert.ok(wire.split('\r\n').every((line) => line.length <= 510));
    }),
    { numRuns: 200 },
  );
});
