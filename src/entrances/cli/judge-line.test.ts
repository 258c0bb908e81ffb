import assert from 'node:assert/strict';
import test from 'node:test';
import { rsaTestKeyPem } from '../../../test/support/dkim-test-keys.ts';
import { cli } from '../../../test/support/fake-cli.ts';
import { utf8 } from '../../base/bytes.ts';
import { fixedClock } from '../../base/clock.ts';
import { importPrivateKey } from '../../protocol/dkim/private-keys.ts';
import { signDkim } from '../../protocol/dkim/sign-dkim.ts';
import { resolverFromZone } from '../../protocol/dns/zone-resolver.ts';
import { createLineJudge } from './judge-line.ts';

const session = { remote_address: '192.0.2.1', helo: 'mx.a.test', mail_from: 'ann@a.test' };
const zone = 'a.test. TXT "v=spf1 ip4:192.0.2.1 -all"\n';

/** No zone, no DNS. */
const judge = createLineJudge(async () => resolverFromZone(''), fixedClock(Date.UTC(2026, 10, 22)));

async function answer(line: unknown): Promise<Record<string, unknown>> {
  return { ...(await judge(utf8(typeof line === 'string' ? line : JSON.stringify(line)))) };
}

test('without a message there is SPF alone', async () => {
  assert.deepEqual(await answer({ id: 1, ...session, zone }), {
    id: 1,
    spf: {
      result: 'pass',
      domain: 'a.test',
      matched: 'ip4:192.0.2.1',
      lookups: 0,
      void_lookups: 0,
      trace: ['a.test: v=spf1 ip4:192.0.2.1 -all', 'ip4:192.0.2.1: match, so pass', 'result: pass'],
    },
  });
  assert.deepEqual(Object.keys(await answer({ ...session, zone })), ['spf'], 'no id, no id');
});

test('a message is judged by everything, with its own zone and clock', async () => {
  const key = importPrivateKey(rsaTestKeyPem);
  assert.ok(key.ok);
  const message = utf8('From: ann@a.test\r\nSubject: Hi\r\n\r\nHello\r\n');
  const { privateKey, publicRecord } = key.value;
  const signing = { domain: 'a.test', selector: 's1', algorithm: 'rsa-sha256', privateKey } as const;
  const signature = await signDkim(message, [signing as never], { nowSeconds: Date.UTC(2026, 0, 1) / 1000 });
  const signed = Buffer.concat([signature, message]);
  const published = `${zone}_dmarc.a.test. TXT "v=DMARC1; p=reject"\ns1._domainkey.a.test. TXT ${strings(publicRecord)}\n`;
  const line = {
    id: 'x',
    ...session,
    message: signed.toString('base64'),
    zone: published,
    clock: '2026-02-01T00:00:00Z',
  };
  const { dkim, dmarc, arc, ...rest } = await answer({ ...line, receiver: 'mx.b.test' });
  assert.deepEqual(Object.keys(rest), ['id', 'spf', 'header_from', 'authentication_results']);
  assert.equal(rest.header_from, 'ann@a.test');
  assert.match(String(rest.authentication_results), /^mx\.b\.test;\s/);
  assert.partialDeepStrictEqual(dkim, [
    { result: 'pass', domain: 'a.test', selector: 's1', algorithm: 'rsa-sha256', key_bits: 2048 },
  ]);
  assert.partialDeepStrictEqual(dmarc, {
    result: 'pass',
    domain: 'a.test',
    policy: 'reject',
    spf_aligned: true,
    dkim_aligned: true,
  });
  assert.deepEqual(arc, { result: 'none', chain: [] });
  // before it was signed
  const early = await answer({ ...line, clock: '2025-01-01T00:00:00Z' });
  assert.partialDeepStrictEqual(early.dkim, [{ domain: 'a.test' }]);
});

test('an empty message is a message', async () => {
  const { dkim, dmarc, header_from } = await answer({ ...session, zone, message: '' });
  assert.deepEqual(dkim, []);
  assert.equal(header_from, null);
  assert.partialDeepStrictEqual(dmarc, { result: 'permerror', domain: null, applied: 'reject' });
});

const unreadable: readonly (readonly [line: unknown, answered: Record<string, unknown>])[] = [
  ['nonsense', { error: 'the line is not JSON in UTF-8' }],
  ['[1]', { error: 'the line is no JSON object' }],
  ['null', { error: 'the line is no JSON object' }],
  [{ id: 7 }, { id: 7, error: 'remote_address is missing' }],
  [
    { id: null, ...session, remote_address: 'here' },
    { id: null, error: 'remote_address is no IP address' },
  ],
  [{ ...session, remote_address: 1 }, { error: 'remote_address must be a text' }],
  [{ ...session, helo: undefined }, { error: 'helo is missing' }],
  [{ ...session, mail_from: undefined }, { error: 'mail_from is missing' }],
  [{ ...session, message: 'a*b=' }, { error: 'message is not base64' }],
  [{ ...session, message: 'QUJ' }, { error: 'message is not base64' }],
  [{ ...session, clock: 'now' }, { error: 'clock must be a time like 2026-11-22T06:00:00Z' }],
  [{ ...session, clock: 1 }, { error: 'clock must be a text' }],
  [{ ...session, zone: 'a.test. TXT "open\n' }, { error: 'zone: line 1: a quotation mark is never closed' }],
];

for (const [line, answered] of unreadable) {
  test(`a line that cannot be read says why: ${answered.error}`, async () =>
    assert.deepEqual(await answer(line), answered));
}

test('octets that are no UTF-8, and lines beyond the limit', async () => {
  assert.deepEqual(await judge(Uint8Array.of(0x22, 0xff, 0x22)), { error: 'the line is not JSON in UTF-8' });
  assert.match(String(Object.values(await judge(undefined))[0]), /longer than \d+ octets/);
});

test('auth --jsonl answers in order, goes on after bad lines, and says so with 65', async () => {
  const good = (id: number) => JSON.stringify({ id, ...session, zone });
  const lines = Array.from({ length: 60 }, (_, id) => good(id));
  const fine = await cli('auth --jsonl', { input: lines.join('\n') });
  assert.equal(fine.code, 0);
  const ids = (out: string) =>
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).id as unknown);
  assert.deepEqual(
    ids(fine.out),
    lines.map((_, id) => id),
  );
  const mixed = await cli('auth --jsonl', { input: `${good(1)}\r\n\n  \nnonsense\n${good(3)}\n` });
  assert.equal(mixed.code, 65);
  assert.deepEqual(ids(mixed.out), [1, undefined, 3]);
  assert.deepEqual(await cli('auth --jsonl', { input: '' }), { code: 0, out: '', err: '' });
});

test('lines without a zone ask what --zone says, at the time of --clock', async () => {
  const input = JSON.stringify({ ...session, zone: undefined });
  const { code, out } = await cli('auth --jsonl --zone z1 --zone z2 --clock 2026-01-01', {
    input,
    files: { z1: 'b.test. TXT "v=spf1 -all"\n', z2: zone },
  });
  assert.equal(code, 0);
  assert.equal(JSON.parse(out).spf.result, 'pass');
  const broken = await cli('auth --jsonl --zone z1', { input, files: { z1: 'a.test.\n\na.test. TXT "open\n' } });
  assert.equal(broken.code, 65);
  assert.match(JSON.parse(broken.out).error.say, /^z1: line \d: /);
  assert.equal((await cli('auth --jsonl --zone none', { input })).code, 65);
  assert.equal((await cli('auth --jsonl --clock now', { input })).code, 65);
});

function strings(value: string): string {
  return (value.match(/.{1,255}/g) ?? []).map((one) => `"${one}"`).join(' ');
}
