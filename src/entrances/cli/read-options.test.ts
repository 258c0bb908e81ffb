import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { CliError } from './cli-error.ts';
import {
  parseInstant,
  readClock,
  readCount,
  readDomain,
  readMailbox,
  readServer,
  readTimeout,
} from './read-options.ts';

test('a name server: address or name, with or without a port', () => {
  assert.deepEqual(readServer('192.0.2.53'), { host: '192.0.2.53', port: 53 });
  assert.deepEqual(readServer('127.0.0.1:1053'), { host: '127.0.0.1', port: 1053 });
  assert.deepEqual(readServer('2001:db8::53'), { host: '2001:db8::53', port: 53 });
  assert.deepEqual(readServer('[2001:db8::53]:5353'), { host: '2001:db8::53', port: 5353 });
  assert.deepEqual(readServer('ns.example.com:53'), { host: 'ns.example.com', port: 53 });
  for (const wrong of ['', 'a b', '127.0.0.1:0', '127.0.0.1:99999', 'a:b', '[::1', ':53'])
    assert.throws(() => readServer(wrong), isBadInput, wrong);
});

test('an instant says its offset, or is a date', () => {
  const at = Date.UTC(2026, 10, 22, 6);
  for (const text of [
    '2026-11-22T06:00:00Z',
    '2026-11-22T07:00:00+01:00',
    '2026-11-22t06:00z',
    '2026-11-22 06:00:00.000Z',
  ])
    assert.equal(parseInstant(text), at, text);
  assert.equal(parseInstant('2026-11-22'), Date.UTC(2026, 10, 22));
  for (const wrong of [
    '',
    'now',
    '2026-11-22T06:00:00',
    '2026-13-01',
    '2026-11-22T25:00:00Z',
    '1795327200',
    '22.11.2026',
  ])
    assert.equal(parseInstant(wrong), undefined, wrong);
  assert.throws(() => readClock('yesterday'), isBadInput);
});

test('every instant that is written is read again', () => {
  const most = Date.UTC(9999, 11, 31);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: most }), (ms) => {
      assert.equal(parseInstant(new Date(ms).toISOString()), ms);
    }),
    { numRuns: 300 },
  );
});

test('how long, how many', () => {
  assert.equal(readTimeout('30s'), 30_000);
  assert.equal(readTimeout('30'), 30_000);
  assert.equal(readTimeout('250ms'), 250);
  assert.equal(readTimeout('5m'), 300_000);
  assert.throws(() => readTimeout('soon'), isBadInput);
  assert.throws(() => readTimeout('-1s'), isBadInput);
  assert.equal(readCount('20', '--limit', 100), 20);
  for (const wrong of ['0', '101', '-1', '1.5', 'all', ''])
    assert.throws(() => readCount(wrong, '--limit', 100), isBadInput);
});

test('names and addresses', () => {
  assert.equal(readDomain('Bücher.Example'), 'xn--bcher-kva.example');
  assert.throws(() => readDomain('https://example.com'), isBadInput);
  assert.equal(readMailbox('Ann <ann@example.com>').local, 'ann');
  assert.throws(() => readMailbox('ann'), isBadInput);
});

function isBadInput(error: unknown): boolean {
  return error instanceof CliError && error.exit === 65 && error.next !== '';
}
