/** Whatever a zone holds, and whatever fails, every rule answers; what nobody answered is neither good nor bad. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { arbitraryRecord } from '../../../../test/support/arbitrary-dns.ts';
import { factsOf } from '../../../../test/support/doctor.ts';
import type { DnsName } from '../../../format/dns-name.ts';
import type { DnsRecord } from '../../../format/dns-record.ts';
import { zoneNames } from '../../../protocol/dns/zone-names.ts';
import { zoneResolver } from '../../../protocol/dns/zone-resolver.ts';
import { findingsOf, judgeDomain, rules } from './judge-domain.ts';
import type { DoctorWorld } from './types.ts';

const top: DnsName = ['example', 'com'];
const places = fc.constantFrom<readonly string[]>(
  [],
  ['_dmarc'],
  ['*'],
  ['_mta-sts'],
  ['s1', '_domainkey'],
  ['*', '_domainkey'],
  ['em1'],
  ['_dmarc', 'example', 'com'],
  ['mx'],
);
const targets = fc.constantFrom<DnsName>([], ['localhost'], ['mx', ...top], ['s1', 'sendgrid', 'net'], top);

/** At a name where mail looks; every other time with a target that matters there. */
const misplaced: fc.Arbitrary<DnsRecord> = fc
  .tuple(arbitraryRecord(), places, targets, fc.boolean())
  .map(([record, labels, target, isAimed]) => {
    const name = [...labels, ...top];
    const { data } = record;
    if (isAimed && data.type === 'MX') return { ...record, name, data: { ...data, exchange: target } };
    if (isAimed && data.type === 'CNAME') return { ...record, name, data: { ...data, target } };
    return { ...record, name };
  });

const senders = ['sendgrid:id=12,server=wl1,label=em1', 'amazon-ses:region=eu-west-1', 'google-workspace'];

test('no zone makes a rule throw, and every rule says something', async () => {
  const property = fc.asyncProperty(
    fc.array(misplaced, { maxLength: 40 }),
    fc.boolean(),
    async (records, isZoneText) => {
      const zone = { records: records.map((record) => ({ ...record, line: 1, lastLine: 1 })), unread: [], failing: [] };
      const world: Partial<DoctorWorld> = {
        resolver: zoneResolver([zone]),
        ...(isZoneText && { zoneText: { namesBelow: zoneNames([zone]) } }),
      };
      const facts = await factsOf({ zone: '', senders, world });
      for (const rule of rules) {
        const findings = findingsOf(rule, facts);
        assert.ok(findings.length > 0, rule.id);
        for (const { meaning, status, fix } of findings) {
          assert.ok(meaning.length > 0 && meaning.length < 2_000, rule.id);
          assert.ok(status === 'fail' || status === 'unknown' || fix === undefined, `${rule.id}: ${status} with a fix`);
        }
      }
    },
  );
  await fc.assert(property, { numRuns: 25 });
});

const failures = ['servfail', 'timeout'] as const;
for (const why of failures)
  test(`where everything ends in ${why}, checks of zone, mail hosts and unused domains are unknown or do not arise`, async () => {
    const world: Partial<DoctorWorld> = {
      resolver: { lookup: async () => ({ kind: 'failed', why }) },
      authorities: { lookup: async () => ({ kind: 'failed', say: 'the name servers could not be found' }) },
    };
    const findings = judgeDomain(await factsOf({ zone: '', senders, world }));
    const own = findings.filter(({ id }) => /^(?:DNS|MX|PRK)-/.test(id));
    assert.ok(own.length >= 25);
    const decided = own.filter(({ status }) => status === 'pass' || status === 'fail');
    assert.deepEqual(
      decided.map(({ id, meaning }) => `${id}: ${meaning}`),
      [],
    );
  });
