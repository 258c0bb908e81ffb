import assert from 'node:assert/strict';
import test from 'node:test';
import { fromLatin1 } from '../../base/bytes.ts';
import { indexMessage } from '../../format/message/message-index.ts';
import { findIndirectTraces, isLooping } from './find-traces.ts';

const index = (header: string) => indexMessage(fromLatin1(`${header}From: bob@b.test\r\n\r\nList-Id: in the body\r\n`));
const received = 'Received: from a by b; Sat, 1 Jan 2000 00:00:00 +0000\r\n';

test('an ordinary message has no traces of a detour', () => {
  assert.deepEqual(findIndirectTraces(index(`${received}DKIM-Signature: v=1\r\nTo: ada@example.com\r\n`)), []);
});

test('what lists, forwarders and resenders leave is found, in any case, each once', () => {
  const header =
    'LIST-ID: <l.test>\r\nlist-id: <m.test>\r\nARC-Seal: i=1\r\nResent-From: x@y.test\r\nX-Forwarded-To: z@y.test\r\nDelivered-To: bob@gw.test\r\n';
  assert.deepEqual(findIndirectTraces(index(header)), [
    'List-Id',
    'an ARC set',
    'Resent-From',
    'X-Forwarded-To',
    'Delivered-To of another host',
  ]);
});

test('RFC 5321 §6.3: more than 100 Received fields are a loop, 100 are not', () => {
  assert.equal(isLooping(index(received.repeat(100)), []), false);
  assert.equal(isLooping(index(received.repeat(101)), []), true);
});

test('our own Delivered-To is a loop: the message has been in this very mailbox', () => {
  const recipients = ['ada@example.com'];
  assert.equal(isLooping(index('Delivered-To: ada@example.com\r\n'), recipients), true);
  assert.equal(isLooping(index('delivered-to:\r\n ADA@Example.Com \r\n'), recipients), true);
  assert.equal(isLooping(index('Delivered-To: bob@b.test\r\nDelivered-To: ada@example.com\r\n'), recipients), true);
  assert.equal(isLooping(index('Delivered-To: bob@b.test\r\n'), recipients), false);
  assert.equal(isLooping(index('Delivered-To: xada@example.com\r\n'), recipients), false);
});
