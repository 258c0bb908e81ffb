import assert from 'node:assert/strict';
import test from 'node:test';
import { makeCertificate, tlsaOf } from '../../../test/support/test-chain.ts';
import { tlsaText } from '../../protocol/dane/tlsa.ts';
import * as library from './authentication.ts';
import { resolverFromZone } from './dns.ts';

test('MTA-STS and TLS-RPT: records and policies of strangers, text in, plain data out', () => {
  assert.deepEqual(library.parseMtaStsRecord(['v=STSv1; id=1']), { kind: 'found', id: '1' });
  assert.partialDeepStrictEqual(library.parseTlsRptRecord(['v=TLSRPTv1; rua=mailto:a@b.test']), {
    rua: ['mailto:a@b.test'],
  });
  const policy = { mode: 'enforce', mx: ['*.example.com'], maxAgeSeconds: 604_800 } as const;
  const read = library.parseMtaStsPolicy(library.writeMtaStsPolicy(policy));
  assert.ok(read.ok);
  assert.partialDeepStrictEqual(read.policy, policy);
  assert.deepEqual(
    ['MX.Example.com.', 'example.com', 'not a name'].map((host) => library.mtaStsNames(read.policy, host)),
    [true, false, false],
  );
  assert.deepEqual(library.parseMtaStsPolicy('x'), { ok: false, reason: 'line 1 is no field: x' });
});

test('DANE: what DNS says, held against what a host shows', async () => {
  const shown = await makeCertificate({ name: 'x' });
  const zone = resolverFromZone(`mx.test A 192.0.2.1\n_25._tcp.mx.test TLSA ${tlsaText(tlsaOf(shown, 3, 1, 1))}`);
  const resolver: library.Resolver = {
    lookup: async (name, type) => {
      const answer = await zone.lookup(name, type);
      return answer.kind === 'failed' ? answer : { ...answer, secure: true };
    },
  };
  const finding = await library.findDane({ host: 'MX.test', secure: true }, { resolver });
  assert.ok(finding.kind === 'dane');
  const other = await makeCertificate({ name: 'y' });
  assert.equal(library.matchDane(finding.records, [shown.der], { names: ['mx.test'] }).ok, true);
  assert.equal(library.matchDane(finding.records, [other.der], { names: ['mx.test'] }).ok, false);
  assert.equal(
    (await library.findDane({ host: 'mx.test', secure: true }, { resolver: zone })).kind,
    'none',
    'nobody proved it',
  );
  assert.equal((await library.findDane({ host: '192.0.2.1', secure: true }, { resolver })).kind, 'none');
});
