import assert from 'node:assert/strict';
import test from 'node:test';
import { ed25519TestKeyPem } from '../../../test/support/dkim-test-keys.ts';
import { cli, type FakeCli } from '../../../test/support/fake-cli.ts';
import { describe, signHop } from '../../../test/support/reference-dkim2.ts';
import { importPrivateKey } from '../../protocol/dkim/private-keys.ts';

const read = importPrivateKey(ed25519TestKeyPem);
assert.ok(read.ok);
const { privateKey: key, publicRecord } = read.value;

const zone = [
  'a.test. TXT "v=spf1 ip4:192.0.2.1 -all"',
  '_dmarc.a.test. TXT "v=DMARC1; p=reject"',
  ...['a.test', 'list.test'].map((domain) => `ed._domainkey.${domain}. TXT "${publicRecord}"`),
  '',
].join('\n');
const plain = [
  'Return-Path: <ann@a.test>',
  'Received: from mx.a.test (mx.a.test [192.0.2.1]) by mx.b.test with ESMTPS; Tue, 14 Nov 2023 22:13:00 +0000',
  'From: Ann <ann@a.test>',
  'Subject: Hi',
  '',
  'Hello',
  '',
].join('\r\n');
const sent = signHop(describe(plain, 1), { key, from: 'ann@a.test', to: ['all@list.test'] });
const footed = signHop(describe(`${sent}footer\r\n`, 2, { b: [{ c: [1, 1] }] }), {
  key,
  from: 'bounce@list.test',
  to: ['bob@b.test'],
  tags: { f: 'exploded' },
});
const bare = signHop(describe(plain, 1), {
  key,
  tags: { mf: 'YW5uQGEudGVzdA==', rt: 'YkBiLnRlc3Q=,Y0BiLnRlc3Q=', d: 'a.test' },
});

const fake: FakeCli = {
  files: { zone, 'plain.eml': plain, 'footed.eml': footed, 'bare.eml': bare.replaceAll('\r\n', '\n') },
};
const auth = (line: string) => cli(`auth ${line} --zone zone --clock 2023-11-14T22:13:20Z`, fake);

test('auth FILE: a line for each engine; the session is what the header says, or what is given', async () => {
  const { code, out } = await auth('plain.eml');
  assert.equal(code, 0);
  assert.equal(
    out,
    [
      'From    ann@a.test',
      'SPF     pass for a.test, by ip4:192.0.2.1',
      'DKIM    none, nobody signed it',
      'DMARC   pass for a.test, policy reject',
      'ARC     none',
      '',
    ].join('\n'),
  );
  const forged = await auth('plain.eml --ip 192.0.2.9 --helo x.test');
  assert.equal(forged.code, 1);
  assert.match(forged.out, /^DMARC {3}fail for a\.test, policy reject/m);
  const strange = await cli('auth plain.eml --zone zone --quiet', {
    files: { zone, 'plain.eml': 'From: a@a.test\r\n\r\n' },
  });
  assert.deepEqual([strange.code, strange.out], [1, 'fail\n']);
});

test('auth FILE --experimental-dkim2: the chain, said to be experimental and not used', async () => {
  const { code, out } = await auth('footed.eml --experimental-dkim2 --mail-from bounce@list.test --rcpt-to bob@b.test');
  assert.equal(code, 1, 'DMARC fails, as it does without DKIM2');
  assert.equal(
    out.slice(out.indexOf('DKIM2')),
    [
      'DKIM2   pass, 2 hops, each form of the message as it was signed',
      '  experimental: draft-ietf-dkim-dkim2-spec-03, not used for judging',
      '',
      '  1. a.test, 2023-11-14 22:11:40 UTC',
      '     <ann@a.test> to <all@list.test>',
      '     signature pass: selector ed, ed25519-sha256, 256 bit',
      '     form 1 of the message: header and body as signed',
      '',
      '  2. list.test, 2023-11-14 22:11:40 UTC',
      '     <bounce@list.test> to <bob@b.test>',
      '     signature pass: selector ed, ed25519-sha256, 256 bit',
      '     form 2 of the message: header and body as signed; changed before it: body',
      '     asks or says: exploded',
      '',
    ].join('\n'),
  );
  assert.doesNotMatch((await auth('footed.eml')).out, /DKIM2/);
});

test('auth FILE --experimental-dkim2: what is wrong, each kind once, and nothing of it changes the other verdicts', async () => {
  const { code, out } = await auth('bare.eml --experimental-dkim2 --mail-from eve@a.test');
  assert.equal(code, 0);
  assert.match(out, /^DMARC {3}pass for a\.test/m);
  assert.equal(
    out.slice(out.indexOf('DKIM2'), out.indexOf('\n\n  1.')),
    [
      'DKIM2   permerror, DKIM2-Signature i=1 tag=mf has no angle brackets around the',
      '        address, and 1 more like this',
      '  experimental: draft-ietf-dkim-dkim2-spec-03, not used for judging',
      '  DKIM2-Signature i=1 MAIL FROM <eve@a.test> did not match',
      '  Whether it was sent on to somebody else cannot be told without --rcpt-to',
      '  ADDRESS.',
    ].join('\n'),
  );
  for (const line of out.split('\n')) assert.ok(line.length <= 80, line);
  const none = await auth('plain.eml --experimental-dkim2');
  assert.match(none.out, /\nDKIM2 {3}none, nobody signed it this way\n {2}experimental: .*\n$/);
});

test('auth FILE --json: one document, dkim2 a member of its own', async () => {
  const { out } = await auth(
    'footed.eml --experimental-dkim2 --mail-from bounce@list.test --rcpt-to eve@b.test --json',
  );
  const { dkim2, dmarc } = JSON.parse(out);
  const without = JSON.parse((await auth('footed.eml --mail-from bounce@list.test --json')).out);
  assert.deepEqual(dmarc, without.dmarc);
  assert.equal(without.dkim2, undefined);
  assert.partialDeepStrictEqual(dkim2, {
    experimental: true,
    draft: 'draft-ietf-dkim-dkim2-spec-03',
    used_for_judging: false,
    result: 'permerror',
    reason: 'DKIM2-Signature i=2 RCPT TO <eve@b.test> did not match',
    problems: [{ code: 'rcpt-to-differs', ref: 'dkim2-spec-03 §11.4' }],
    compared: { mail_from: true, rcpt_to: true },
    signatures: [
      { sequence: 1, mail_from: 'ann@a.test', sets: [{ selector: 'ed', result: 'pass', key_bits: 256 }] },
      { sequence: 2, signed_at_seconds: 1_699_999_900, rcpt_to: ['bob@b.test'], flags: ['exploded'] },
    ],
    instances: [
      { instance: 1, header: 'pass' },
      { instance: 2, body: 'pass', changed: { header: false, body: true } },
    ],
  });
});

test('auth --jsonl --experimental-dkim2: beside the verdicts of each line', async () => {
  const message = Buffer.from(footed, 'latin1').toString('base64');
  const line = { remote_address: '192.0.2.1', helo: 'x.test', mail_from: 'bounce@list.test', message, zone };
  const clock = '2023-11-14T22:13:20Z';
  const input = [
    { ...line, clock, rcpt_to: ['bob@b.test'] },
    { ...line, clock },
    { ...line, rcpt_to: 'bob' },
  ]
    .map((one) => `${JSON.stringify(one)}\n`)
    .join('');
  const { code, out } = await cli('auth --jsonl --experimental-dkim2', { input });
  assert.equal(code, 65);
  const [whole, part, wrong] = out
    .trim()
    .split('\n')
    .map((one) => JSON.parse(one));
  assert.deepEqual([whole.dkim2.result, whole.dkim2.compared], ['pass', { mail_from: true, rcpt_to: true }]);
  assert.deepEqual([part.dkim2.result, part.dkim2.compared], ['pass', { mail_from: true, rcpt_to: false }]);
  assert.equal(wrong.error, 'rcpt_to must be a list of texts');
  const plainRun = await cli('auth --jsonl', { input: `${JSON.stringify({ ...line, clock })}\n` });
  assert.equal(JSON.parse(plainRun.out).dkim2, undefined);
});
