import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { referenceRelaxedField } from '../../../test/support/reference-dkim.ts';
import { fixedClock } from '../../base/clock.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { indexMessage } from '../../format/message/message-index.ts';
import { publicRecordOf } from '../dkim/private-keys.ts';
import type { SigningKey } from '../dkim/sign-dkim.ts';
import { resolverFromZone } from '../dns/zone-resolver.ts';
import { createArcSealer, type SealRequest, sealArc } from './seal-arc.ts';
import { verifyArc } from './verify-arc.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const key: SigningKey = { domain: 'a.test' as DomainName, selector: 's', algorithm: 'ed25519-sha256', privateKey };
const deps = {
  resolver: resolverFromZone(`s._domainkey.a.test. TXT "${publicRecordOf(privateKey)}"`),
  clock: fixedClock(1_700_000_000_000),
};
const text = 'DKIM-Signature: v=1; d=o.test\r\nFrom: a@o.test\r\nTo: b@a.test\r\nSubject: x\r\n\r\nHello  \r\n\r\n';

function request(result: SealRequest['arc']['result']): SealRequest {
  const results = [
    { method: 'spf', result: 'pass', properties: [{ type: 'smtp', name: 'mailfrom', value: 'o.test' }] },
  ];
  return { arc: { result }, authservId: 'mx.a.test', results, key, nowSeconds: 1_600_000_000 };
}

async function sealed(message: string, result: SealRequest['arc']['result']): Promise<string> {
  const fields = await sealArc(Buffer.from(message, 'latin1'), request(result));
  assert.ok(fields, 'a set was added');
  return Buffer.from(fields).toString('latin1') + message;
}

const verdict = async (message: string) => {
  const { result, oldestPass, chain } = await verifyArc(Buffer.from(message, 'latin1'), deps);
  return `${result} ${oldestPass ?? '-'} ${chain.map(({ cv }) => cv).join(',')}`;
};

test('RFC 8617 §5.1: the first set says none, each later one pass, and the chain verifies', async () => {
  const one = await sealed(text, 'none');
  assert.match(
    one,
    /^ARC-Seal: i=1; [\s\S]*\r\nARC-Message-Signature: i=1; [\s\S]*\r\nARC-Authentication-Results: i=1; mx\.a\.test;/,
  );
  assert.equal(await verdict(one), 'pass 0 none');
  const two = await sealed(`Received: from x\r\n${one}`, 'pass');
  assert.equal(await verdict(two), 'pass 0 none,pass');
  assert.equal(await verdict(await sealed(two.replace('Hello', 'Hi'), 'pass')), 'pass 3 none,pass,pass');
  assert.equal(await verdict(two.replace('cv=none', 'cv=fail')), 'fail - ');
});

test('a chain that cannot be checked for the moment is not declared broken for ever', async () => {
  const message = Buffer.from(await sealed(text, 'none'), 'latin1');
  const silent = { ...deps, resolver: resolverFromZone(';!SERVFAIL s._domainkey.a.test.') };
  const arc = await verifyArc(message, silent);
  assert.deepEqual([arc.result, arc.temporary], ['fail', true]);
  assert.equal(await sealArc(message, { ...request('fail'), arc }), undefined);
  const broken = await verifyArc(Buffer.from(message.toString('latin1').replace('Hello', 'Hi'), 'latin1'), deps);
  assert.deepEqual([broken.result, broken.temporary], ['fail', undefined]);
});

test('RFC 8617 §4.1.2: the message signature covers the DKIM signatures, no seal and no results', async () => {
  const fields = await sealed(await sealed(text, 'none'), 'pass');
  const covered = /ARC-Message-Signature: i=2;[\s\S]*?h=([\s\S]*?);/
    .exec(fields)?.[1]
    ?.replaceAll(/\s/g, '')
    .split(':');
  assert.ok(covered);
  assert.ok(covered.includes('dkim-signature') && covered.includes('from'), `${covered}`);
  assert.deepEqual(
    covered.filter((name) => /^arc-|results|received/.test(name)),
    [],
  );
});

test('RFC 8617 §5.1.2: a failed chain is sealed once, over the own set alone, and never again', async () => {
  const two = await sealed(await sealed(text, 'none'), 'pass');
  const failed = await sealed(two.replace('Hello', 'Hi'), 'fail');
  assert.match(failed, /^ARC-Seal: i=3; .* cv=fail;/);
  const [seal = '', message = '', results = ''] = failed.split(/\r\n(?![ \t])/);
  const signature = Buffer.from(seal.slice(seal.indexOf(' b=') + 3).replaceAll(/\s/g, ''), 'base64');
  const unsigned = seal.slice(0, seal.indexOf(' b=') + 3);
  const covered = [results, message, unsigned].map(referenceRelaxedField).join('\r\n');
  const digest = createHash('sha256').update(covered, 'latin1').digest();
  assert.ok(verify(null, digest, createPublicKey(privateKey), signature));
  assert.equal(await sealArc(Buffer.from(failed, 'latin1'), request('fail')), undefined);
  assert.equal(await verdict(failed), 'fail - ');
});

test('RFC 8617 §4.2.1: no fifty-first set, none where arrival and message disagree, none over a header that is not read or would be folded into ours', async () => {
  const full = 'ARC-Seal: i=50; cv=pass\r\n';
  const add = (message: string, result: SealRequest['arc']['result']) =>
    sealArc(Buffer.from(message, 'latin1'), request(result));
  assert.equal(await add(full + text, 'fail'), undefined);
  assert.ok(await add(full.replace('50', '49') + text, 'fail'));
  assert.equal(await add(text, 'pass'), undefined, 'the chain that passed is gone');
  assert.equal(await add(await sealed(text, 'none'), 'none'), undefined, 'there was none, now there is one');
  assert.equal(await add('X: y\r\n'.repeat(2_000) + text, 'none'), undefined);
  assert.equal(await add(` ${text}`, 'none'), undefined);
});

test('RFC 8617 §5.1: the body in any chunks gives the same set', async () => {
  const index = indexMessage(Buffer.from(text, 'latin1'));
  const body = index.bytes.subarray(index.bodyStart);
  const whole = await sealArc(index, request('none'));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: body.length })), async (cuts) => {
      const sealer = createArcSealer(index, request('none'));
      let from = 0;
      for (const to of [...cuts.toSorted((a, b) => a - b), body.length]) {
        sealer?.update(body.subarray(from, to));
        from = to;
      }
      assert.deepEqual(await sealer?.finish(), whole);
    }),
    { numRuns: 20 },
  );
});
