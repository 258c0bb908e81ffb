/** Mail kept in mind between acceptance and its first claim. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { FreshMail } from './fresh-mail.ts';
import type { DeliveryRow, MessageRow } from './outbound-store.ts';
import type { DeliveryId } from './types.ts';

const message = { id: 'em_1' } as unknown as MessageRow;
const bytes = new Uint8Array(1_000);

test('what was accepted is there for its first claim, leased, once', () => {
  const fresh = open();
  const one = delivery('del_1');
  fresh.put(message, [one], bytes);
  assert.deepEqual(fresh.take({ id: one.id, fence: 1 }, 7), {
    message,
    bytes,
    isAlone: true,
    delivery: { ...one, ready: 0, leased: 1, due_at_ms: 7, fence: 1 },
  });
  assert.equal(fresh.take({ id: one.id, fence: 1 }, 7), undefined);
});

test('what was claimed before has to be read', () => {
  const fresh = open();
  fresh.put(message, [delivery('del_1'), delivery('del_2')], bytes);
  assert.equal(fresh.take({ id: 'del_1', fence: 2 }, 7), undefined);
  assert.equal(fresh.take({ id: 'del_2', fence: 1 }, 7)?.isAlone, false);
});

test('the oldest give way to the newest, and what never fits is not kept', () => {
  const fresh = open();
  const body = new Uint8Array(256 * 1024);
  const many = (from: number, count: number) => Array.from({ length: count }, (_, at) => delivery(`del_${from + at}`));
  for (const from of [0, 16, 32]) fresh.put(message, many(from, 16), body);
  assert.equal(fresh.take({ id: 'del_15', fence: 1 }, 7), undefined);
  assert.ok(fresh.take({ id: 'del_16', fence: 1 }, 7));
  fresh.put(message, many(48, 33), body);
  assert.equal(fresh.take({ id: 'del_48', fence: 1 }, 7), undefined);
  assert.ok(fresh.take({ id: 'del_17', fence: 1 }, 7));
});

test('a large body is not kept: its delivery would hold all of it to the end', () => {
  const fresh = open();
  fresh.put(message, [delivery('del_1')], new Uint8Array(256 * 1024 + 1));
  assert.equal(fresh.take({ id: 'del_1', fence: 1 }, 7), undefined);
});

test('while nobody delivers nothing is kept', () => {
  const fresh = new FreshMail();
  fresh.put(message, [delivery('del_1')], bytes);
  fresh.open();
  assert.equal(fresh.take({ id: 'del_1', fence: 1 }, 7), undefined);
  fresh.put(message, [delivery('del_2')], bytes);
  fresh.close();
  assert.equal(fresh.take({ id: 'del_2', fence: 1 }, 7), undefined);
});

function open(): FreshMail {
  const fresh = new FreshMail();
  fresh.open();
  return fresh;
}

function delivery(id: DeliveryId): DeliveryRow {
  return { id, ready: 1, leased: 0, due_at_ms: null, fence: 0 } as DeliveryRow;
}
