/** Zones made to confuse: whatever stands in them, the rules of DKIM and DMARC end, ask little, and mend without loosening. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { clinicNowMs } from '../../../../../test/support/doctor.ts';
import { ed25519, rsa1024, rsa2048 } from '../../../../../test/support/doctor-keys.ts';
import { loadCatalogue } from '../../../../app/load-catalogue.ts';
import type { DomainName, QueryName } from '../../../../format/domain-name.ts';
import { parseDmarcRecord } from '../../../../protocol/dmarc/record.ts';
import type { DnsAnswer, RecordData, RecordType } from '../../../../protocol/dns/types.ts';
import { draftOf, isWeaker, parseDeclaredSender, senderWants } from '../../../setup/setup.ts';
import type { Finding } from '../../types.ts';
import { gatherDkimFacts } from '../dkim/facts.ts';
import { dkimRules } from '../dkim/rules.ts';
import { findingsOf } from '../judge-domain.ts';
import { recordedWorld } from '../recorded-world.ts';
import type { DomainFacts, KnownSender } from '../types.ts';
import { gatherDmarcFacts } from './facts.ts';
import { dmarcRules } from './rules.ts';

const domain = 'a.example.com' as DomainName;
const catalogue = await loadCatalogue();
const senders = ['mailchimp', 'google-workspace', 'mailgun', 'sendgrid:subdomain=news', 'smtp-relay'].flatMap(
  (text): KnownSender[] => {
    const declared = parseDeclaredSender(catalogue, text);
    const definition = declared.ok ? catalogue.find(declared.value.sender) : undefined;
    const wants =
      declared.ok && definition ? senderWants(definition, domain, declared.value.parameters, text) : undefined;
    return wants?.ok ? [{ wants: wants.value, isDeclared: text !== 'mailgun' }] : [];
  },
);

// ---- What such a zone holds

const octets = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
});
const tag = fc.oneof(
  fc.constantFrom(
    'v=DMARC1',
    'v=DMARC1',
    'V=DMARC1',
    'v=dmarc1',
    'p=none',
    'p=quarantine',
    'p=reject',
    'p=',
    'p=x',
    'sp=none',
    'sp=reject',
  ),
  fc.constantFrom(
    'np=reject',
    'np=none',
    't=y',
    'pct=0',
    'pct=40',
    'pct=100',
    'ri=1',
    'psd=y',
    'psd=n',
    'adkim=s',
    'aspf=s',
    'fo=1',
    'x=y',
  ),
  fc.constantFrom(
    'rua=mailto:r@a.example.com',
    'rua=mailto:r@other.test!9m,mailto:s@example.com',
    'rua=http://x',
    'rua=r',
    'ruf=mailto:f@example.com',
  ),
  fc.constantFrom(
    'v=DKIM1',
    'k=rsa',
    'k=ed25519',
    `p=${rsa1024}`,
    `p=${rsa2048}`,
    `p=${rsa2048.slice(0, 99)}`,
    `p=${ed25519}`,
    'h=sha1',
    's=x',
    't=y:s',
  ),
  octets,
);
const text = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.array(tag, { maxLength: 7 }), fc.constantFrom('; ', ';', ', ', ' ', '" "'))
      .map(([tags, apart]) => tags.join(apart)),
  },
  { weight: 3, arbitrary: fc.array(tag, { maxLength: 6 }).map((tags) => ['v=DMARC1', ...tags].join('; ')) },
  { weight: 1, arbitrary: octets.map((one) => one.repeat(200)) },
);
const texts = fc.oneof(
  { weight: 5, arbitrary: fc.array(text, { maxLength: 3 }) },
  { weight: 1, arbitrary: tag.map((one) => Array<string>(2_000).fill(one)) },
);
const name = fc.constantFrom(
  'a.example.com',
  'dkim2.mcsv.net',
  'other.test',
  '',
  'x\\000y',
  `${'l'.repeat(63)}.`.repeat(3).slice(0, -1),
);
const failed = fc.constantFrom('timeout', 'servfail', 'bogus').map((why) => ({ kind: 'failed', why }) as const);
const none = fc
  .constantFrom('nxdomain', 'nodata')
  .map((why) => ({ kind: 'none', why, ttlSeconds: 60, secure: false }) as const);
const answers = fc.array(
  fc.record({
    txt: texts,
    cname: fc.option(name),
    other: fc.oneof(failed, none),
    ttl: fc.integer({ min: 0, max: 0x7fffffff }),
  }),
  { minLength: 3, maxLength: 9 },
);
type Zone = typeof answers extends fc.Arbitrary<infer Value> ? Value : never;

/** The same name always gets the same answer. */
function lookUp(zone: Zone, asked: QueryName, type: RecordType): DnsAnswer<RecordData[RecordType]> {
  const sum = [...asked].reduce((total, letter) => (total * 31 + letter.charCodeAt(0)) % 9973, 7);
  const { txt, cname, other, ttl } = zone[sum % zone.length] ?? {
    txt: [],
    cname: null,
    other: { kind: 'failed', why: 'timeout' },
    ttl: 0,
  };
  const found = (records: readonly RecordData[RecordType][]): DnsAnswer<RecordData[RecordType]> =>
    records.length > 0 ? { kind: 'found', records, ttlSeconds: ttl, secure: false } : other;
  if (type === 'TXT') return found(txt);
  if (type === 'CNAME') return found(cname === null ? [] : [cname]);
  if (type === 'MX') return found(cname === null ? [] : [{ preference: 1, exchange: cname }]);
  return other;
}

async function judge(zone: Zone) {
  let asked = 0;
  const resolver = {
    lookup: async <T extends RecordType>(at: QueryName, type: T): Promise<DnsAnswer<RecordData[T]>> => {
      asked++;
      return lookUp(zone, at, type) as DnsAnswer<RecordData[T]>;
    },
  };
  const { world, show } = recordedWorld({ resolver, isPublicResolver: false, probes: {}, nowMs: clinicNowMs });
  const selectors = zone.flatMap(({ txt }) => txt.slice(0, 200));
  const about = {
    domain,
    catalogue,
    selectors,
    addresses: [],
    reports: {
      days: 90,
      selectorsSeen: selectors,
      bySender: { mailchimp: { messages: 40, alignedSpf: 40, alignedDkim: 0 } },
    },
  };
  const signs = Promise.resolve({
    signs: { selectors: [{ selector: 'k2' }, { selector: 'google' }] },
    hasWildcardKeys: false,
    hasOtherKeys: false,
    failed: [],
  });
  const subject = { ...about, senders: Promise.resolve(senders), signs };
  const [dkim, dmarc] = await Promise.all([gatherDkimFacts(world, subject), gatherDmarcFacts(world, subject)]);
  // These rules read nothing of the other families.
  const facts = { subject: { ...about, senders }, dkim, dmarc, nowMs: clinicNowMs, show } as unknown as DomainFacts;
  return { asked, facts, findings: [...dkimRules, ...dmarcRules].flatMap((rule) => findingsOf(rule, facts)) };
}

// ---- What holds for all of them

/** 60 selectors each told and reported, three questions each; the names of senders, of record holders, of report addresses. */
const questionsMax = 900;

test('hostile zones: every rule says something that can be read, asks little, and never loosens what it mends', async () => {
  await fc.assert(
    fc.asyncProperty(answers, async (zone) => {
      const { asked, facts, findings } = await judge(zone);
      assert.ok(asked < questionsMax, `${asked} questions`);
      for (const { id } of [...dkimRules, ...dmarcRules])
        assert.ok(
          findings.some((one) => one.id === id),
          id,
        );
      assert.ok(findings.length < 1_000, `${findings.length} findings`);
      for (const finding of findings) {
        assert.match(finding.meaning, /^[\x20-\x7e\u2019]{10,1200}$/, finding.id);
        if (finding.status === 'fail') assert.ok(finding.fix, finding.id);
        mendsWell(facts, finding);
      }
      if (facts.dmarc.answer.kind === 'failed')
        for (const { id, status } of findings)
          if (id.startsWith('DMA') && !['DMA-03', 'DMA-18'].includes(id))
            assert.ok(status === 'unknown' || status === 'skip', `${id} ${status}`);
    }),
    { numRuns: 25 },
  );
});

/** What stands at the name counts only as one record; that is what a fix may not weaken. */
function mendsWell({ dmarc: { name: at, texts, destinations } }: DomainFacts, { id, fix }: Finding): void {
  for (const { name: where, value } of fix?.set ?? []) {
    if (!where.startsWith('_dmarc.')) continue;
    const parsed = parseDmarcRecord(value);
    assert.ok(parsed.ok && parsed.value.usable === 'yes', `${id} sets ${value}`);
    const record = where === at && texts.record?.usable === 'yes' ? texts.record : undefined;
    const there = record && draftOf(record.text)?.draft;
    if (record === undefined || there === undefined) continue;
    const { p = 'none', sp, np, rua, testing } = parsed.value;
    assert.ok(!isWeaker(p, there.p) && !(testing && !there.testing), `${id}: ${record.text} -> ${value}`);
    if (id === 'DMA-18') continue; // it takes sp and np away where nobody reads them
    assert.ok(!isWeaker(sp ?? p, there.sp ?? there.p), `${id}: ${record.text} -> ${value}`);
    assert.ok(!isWeaker(np ?? sp ?? p, there.np ?? there.sp ?? there.p), `${id}: ${record.text} -> ${value}`);
    const reached = there.rua.filter((uri) => destinations.some((one) => one.uri === uri && one.receives !== 'no'));
    const lost = reached.filter((uri) => !rua.some((one) => one.uri.toLowerCase() === uri.toLowerCase()));
    assert.deepEqual(lost, [], `${id}: ${record.text} -> ${value}`);
    assert.ok(rua.length > 0 || there.rua.length === 0, `${id}: ${record.text} -> ${value}`);
  }
}
