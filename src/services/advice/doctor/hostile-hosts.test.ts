/** Whatever a mail host, a policy file, a logo or a certificate says: every rule answers, in few words, and none of it is taken for good. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { factsOf } from '../../../../test/support/doctor.ts';
import { findingsOf, rules } from './judge-domain.ts';
import type { HostProbe, Probes } from './types.ts';

const zone = `
example.com MX 10 mx.example.com
mx.example.com A 192.0.2.25
_25._tcp.mx.example.com TLSA 3 1 1 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
_mta-sts.example.com TXT "v=STSv1; id=1"
mta-sts.example.com A 192.0.2.80
default._bimi.example.com TXT "v=BIMI1; l=https://example.com/l.svg; a=https://example.com/c.pem"
_dmarc.example.com TXT "v=DMARC1; p=reject"
`;

const piece = fc.constantFrom(
  ...[
    'version: STSv1\n',
    'mode: enforce\n',
    'mode: none\n',
    'mx: *.com\n',
    'mx: mx.example.com\n',
    'max_age: 604800\n',
  ],
  ...[
    'max_age: 99999999999999999999\n',
    '<svg version="1.2" baseProfile="tiny-ps" ',
    '<title>',
    '</svg>',
    '<!DOCTYPE a [<!ENTITY b "c">]>',
  ],
  ...[
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
    '\0',
    '\u001b[31m',
    '__proto__',
    'x'.repeat(3_000),
  ],
);
const octets = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join(''))),
  fc.uint8Array({ maxLength: 200 }),
);
const words = fc.string({ unit: 'binary', maxLength: 300 });
const host: fc.Arbitrary<HostProbe> = fc.oneof(
  fc.record({ kind: fc.constant('failed' as const), why: words }),
  fc.record(
    {
      kind: fc.constant('seen' as const),
      address: words,
      greeting: words,
      offersStartTls: fc.boolean(),
      tls: fc.record(
        { protocol: words, cipher: words, chain: fc.array(words, { maxLength: 3 }), certificateProblem: words },
        { requiredKeys: ['protocol', 'cipher', 'chain'] },
      ),
      tlsProblem: words,
      accepts: fc.dictionary(fc.constantFrom('postmaster', 'abuse', '__proto__'), words),
    },
    { requiredKeys: ['kind', 'address', 'greeting', 'offersStartTls', 'accepts'] },
  ),
);

test('hosts and files of strangers make no rule throw, and prove nothing', async () => {
  const property = fc.asyncProperty(host, octets, octets, words, async (probe, first, second, mediaType) => {
    const probes: Probes = {
      mailHost: async () => probe,
      policyFile: async () => ({ ok: true, octets: first }),
      file: async (url) => ({ ok: true, octets: url.endsWith('.svg') ? first : second, mediaType }),
    };
    const facts = await factsOf({ zone, world: { probes } });
    const own = rules.filter(({ id }) => /^(?:STS|DAN|BMI|MX)-/.test(id));
    for (const rule of own)
      for (const { meaning, status, id } of findingsOf(rule, facts)) {
        assert.ok(meaning.length > 0 && meaning.length < 2_000, id);
        assert.ok(!/[\u0000-\u0008\u001b]/.test(meaning), `${id}: ${JSON.stringify(meaning)}`);
        if (['DAN-02', 'BMI-02', 'BMI-04', 'STS-04'].includes(id)) assert.notEqual(status, 'pass', `${id}: ${meaning}`);
      }
  });
  await fc.assert(property, { numRuns: 40 });
});
