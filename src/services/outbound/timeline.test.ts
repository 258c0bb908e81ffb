/** What people read of a message's life, in the words they read. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { EventRecord } from '../events/types.ts';
import type { DeliveryRow, MessageRow } from './outbound-store.ts';
import { tellTimeline } from './timeline.ts';
import { viewOf } from './view.ts';

const t0 = Date.UTC(2027, 0, 1);

function told(...events: { readonly type: EventRecord['type']; readonly data: object }[]): string[] {
  const records = events.map((event, nth) => ({
    ...event,
    subject: 'em_1',
    sequence: nth,
    id: `evt_${nth}`,
    atMs: t0 + nth,
  }));
  return tellTimeline(records as unknown as EventRecord[]).map(({ step, say }) => `${step}: ${say}`);
}

const accepted = {
  from: 'ada@example.com',
  recipients: ['bob@b.test'],
  via: 'the API',
  signatures: [{ domain: 'example.com', selector: 'ph1', algorithm: 'rsa-sha256' }],
};
const via = {
  host: 'mx2.b.test',
  address: '192.0.2.25',
  port: 25,
  localAddress: '192.0.2.1',
  why: 'second choice',
  reused: false,
  tls: { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', policy: 'opportunistic', certificateValid: true },
};
const attempt = {
  recipient: 'bob@b.test',
  tries: 1,
  say: 'mx2.b.test said: 450 come again.',
  reply: { code: 450, enhanced: '4.2.1', text: 'come again', stage: 'rcpt' },
  route: {
    source: 'mx',
    candidates: [
      { host: 'mx1.b.test', preference: 10 },
      { host: 'mx2.b.test', preference: 20 },
    ],
    passedOver: [{ host: 'mx1.b.test', why: 'connection refused' }],
  },
  via,
};

test('accepted and signed', () => {
  assert.deepEqual(told({ type: 'email.accepted', data: accepted }), [
    'accepted: from ada@example.com to bob@b.test by the API, stored on disk',
    'signed: DKIM rsa-sha256, d=example.com s=ph1',
  ]);
  assert.deepEqual(
    told({ type: 'email.accepted', data: { ...accepted, from: '', recipients: ['a@b', 'c@d'], signatures: [] } }),
    [
      'accepted: from <> to 2 recipients by the API, stored on disk',
      'signed: not signed: the From domain is not one of this office',
    ],
  );
});

test('a try that is repeated: which way, which TLS, whose words, when again', () => {
  assert.deepEqual(told({ type: 'email.deferred', data: { ...attempt, next_try_at_ms: t0 + 60_000 } }), [
    'route: MX 10 mx1.b.test, 20 mx2.b.test -> mx2.b.test (second choice); mx1.b.test left out: connection refused',
    'connected: 192.0.2.1 -> 192.0.2.25 port 25',
    'tls: TLSv1.3, TLS_AES_256_GCM_SHA384, certificate valid',
    'reply: mx2.b.test said of the recipient: 450 4.2.1 come again',
    'retry: mx2.b.test said: 450 come again. Try 2 at 2027-01-01T00:01:00.000Z',
  ]);
});

test('no TLS, or a certificate that proves nothing, is said with its reason', () => {
  const plain = told({
    type: 'email.delivered',
    data: { ...attempt, via: { ...via, tls: undefined, plainBecause: 'not offered', reused: true } },
  });
  assert.deepEqual(plain.slice(1, 3), [
    'connected: 192.0.2.1 -> 192.0.2.25 port 25, on an open connection',
    'tls: none: not offered',
  ]);
  const tls = { ...via.tls, certificateValid: false, certificateProblem: 'self-signed' };
  assert.equal(
    told({ type: 'email.delivered', data: { ...attempt, via: { ...via, tls } } })[2],
    'tls: TLSv1.3, TLS_AES_256_GCM_SHA384, certificate not proven (self-signed), which opportunistic TLS allows',
  );
});

test('an end with a reply is one word, an end without says why', () => {
  assert.equal(told({ type: 'email.bounced', data: attempt }).at(-1), 'settled: bounced');
  const { reply: _, via: __, ...silent } = attempt;
  assert.equal(
    told({ type: 'email.failed', data: { ...silent, say: 'No host answered.' } }).at(-1),
    'settled: failed: No host answered.',
  );
});

test('inside the house there is no connection to tell of', () => {
  const local = { ...attempt, via: undefined, route: { source: 'local', candidates: [], passedOver: [] } };
  assert.deepEqual(
    told({ type: 'email.delivered', data: local }).map((step) => step.split(':')[0]),
    ['route', 'reply', 'settled'],
  );
});

test('where nobody looked for a way none is told; a way that was not found is', () => {
  const nowhere = { source: 'none', candidates: [], passedOver: [] };
  const { reply: _, via: __, ...silent } = attempt;
  assert.deepEqual(
    told({ type: 'email.delivered', data: { ...silent, route: nowhere, say: 'Sent with a test key.' } }),
    ['settled: delivered: Sent with a test key.'],
  );
  const lost = { ...nowhere, passedOver: [{ host: 'b.test', why: 'does not exist' }] };
  assert.match(
    told({ type: 'email.bounced', data: { ...silent, route: lost } })[0] ?? '',
    /no way found; b\.test left out: does not exist/,
  );
});

test('what has no attempt: cancelled, and returned by mail', () => {
  assert.deepEqual(
    told({ type: 'email.cancelled', data: { recipient: 'bob@b.test', say: 'Cancelled before delivery.' } }),
    ['settled: Cancelled before delivery.'],
  );
  assert.deepEqual(
    told({ type: 'email.bounced', data: { recipient: 'bob@b.test', say: 'Returned after it had been taken: 550' } }),
    ['bounce: Returned after it had been taken: 550'],
  );
});

const message = {
  id: 'em_1',
  created_at_ms: t0,
  account: 'key_1',
  author: 'ada@example.com',
  mail_from: '',
  subject: 'hello',
  message_id_header: '<1@example.com>',
  size_bytes: 9,
  tags: '["a"]',
  metadata: '{"order":"7"}',
} as unknown as MessageRow;
const row = {
  id: 'del_1',
  recipient: 'bob@b.test',
  state: 'delayed',
  leased: 0,
  due_at_ms: t0 + 5,
  tries: 1,
  settled_at_ms: null,
  last: '{"say":"come again","reply":{"code":450,"text":"x","stage":"rcpt"},"host":"mx.b.test"}',
} as unknown as DeliveryRow;

test('a view is settled when all its recipients are', () => {
  const done: DeliveryRow = { ...row, state: 'delivered', due_at_ms: null, settled_at_ms: t0 + 9 };
  assert.equal(viewOf(message, [row, done]).settled, false);
  assert.equal(viewOf(message, [done, done]).settled, true);
  assert.partialDeepStrictEqual(viewOf(message, [done]), {
    from: 'ada@example.com',
    mailFrom: '',
    tags: ['a'],
    metadata: { order: '7' },
    recipients: [
      { deliveryId: 'del_1', state: 'delivered', settledAtMs: t0 + 9, say: 'come again', host: 'mx.b.test' },
    ],
  });
});

test('the next try is told only while nothing is under way', () => {
  assert.equal(viewOf(message, [row]).recipients[0]?.nextTryAtMs, t0 + 5);
  assert.ok(!('nextTryAtMs' in (viewOf(message, [{ ...row, leased: 1 }]).recipients[0] ?? {})));
  assert.ok(!('nextTryAtMs' in (viewOf(message, [{ ...row, due_at_ms: null }]).recipients[0] ?? {})));
});
