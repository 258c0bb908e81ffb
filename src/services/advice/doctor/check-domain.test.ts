import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogue, checked, counting, type Look } from '../../../../test/support/checked.ts';
import { crowdedZone, perfectSenders, perfectZone, twelveSenders } from '../../../../test/support/perfect-zone.ts';
import { storyStates } from '../../../../test/support/story-zones.ts';
import { utf8 } from '../../../base/bytes.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import { resolverFromZone } from '../../../protocol/dns/zone-resolver.ts';
import type { Finding } from '../types.ts';
import { checkDocument } from './check-document.ts';
import { checkAgain, checkDomain, type DomainCheck } from './check-domain.ts';
import { readSnapshot, snapshotDocument } from './snapshot.ts';
import type { DoctorWorld, HostProbe } from './types.ts';

const textOf = (check: DomainCheck) => JSON.stringify(checkDocument(check));
const failing = ({ findings }: DomainCheck) =>
  findings.filter(({ status, severity }) => status === 'fail' && severity !== 'advice');

for (const { name, zone, senders, score } of storyStates)
  test(`the story, ${name}: ${score}`, async () => {
    assert.equal((await checked({ zone, senders, isUnpublished: true })).prediction.score?.score, score);
  });

test('who sends is recognised, and the score is that of the worst', async () => {
  const { zone } = storyStates.at(-1) ?? { zone: '' };
  const { prediction } = await checked({ zone, isUnpublished: true });
  assert.deepEqual(
    prediction.senders.map(({ label, isDeclared, score }) => [label, isDeclared, score.score]),
    [
      ['proton', false, 10],
      ['sendgrid', false, 10],
    ],
  );
  const without = zone.replaceAll(/^.*sendgrid.*\n/gm, '');
  const both = await checked({ zone: without, senders: ['proton', 'sendgrid'], isUnpublished: true });
  assert.equal(both.prediction.score?.score, 4.4);
  const foreign = both.findings.find(({ id }) => id === 'ALN-02');
  assert.deepEqual([foreign?.status, foreign?.points], ['fail', 5.6]);
  const crowd = await checked({ zone: crowdedZone, senders: ['freshdesk', 'microsoft-365'] });
  const points = (subject: string) =>
    crowd.findings.find(({ id, subject: one }) => id === 'ALN-02' && one.endsWith(subject))?.points;
  assert.deepEqual([points('freshdesk'), points('microsoft-365')], [8.4, 1.6], 'each of its own score');
  assert.match(foreign?.fix?.steps?.join(' ') ?? '', /Authenticate Your Domain/);
});

test('a domain that sends nothing has no score, and one that is not there has none', async () => {
  const parked = 'example.com. MX 0 .\nexample.com. TXT "v=spf1 -all"\n_dmarc.example.com. TXT "v=DMARC1; p=reject"\n';
  assert.equal((await checked({ zone: parked })).prediction.score, undefined);
  const gone = await checked({ zone: parked, domain: 'example.org' });
  assert.deepEqual([gone.exists, gone.prediction.score], ['no', undefined]);
  const alias = await checked({ zone: 'example.com. CNAME shop.example.net.\nexample.net. A 192.0.2.1' });
  assert.equal(alias.exists, 'yes');
  const records = gone.findings.flatMap(({ fix }) => fix?.set ?? []);
  assert.deepEqual(records, [], 'nothing is to be published for a name that somebody mistyped');
});

test('for a domain that is not there nobody is waited for who can be silent for long', async () => {
  const never = new Promise<never>(() => {});
  const there = resolverFromZone('test. SOA ns.test. h.test. 1 1 1 1 1\ntest. NS ns.test.\n');
  const lists = (name: string) => /spamhaus|surbl|uribl/.test(name);
  const asked: string[] = [];
  const note = (what: string) => {
    asked.push(what);
    return never;
  };
  const world: DoctorWorld = {
    resolver: { lookup: (name, type) => (lists(name) ? note('lists') : there.lookup(name, type)) },
    isPublicResolver: false,
    authorities: { lookup: () => note('authorities') },
    probes: {},
    nowMs: 0,
  };
  const about = { domain: 'nowhere.test' as DomainName, declared: [], selectors: [], addresses: [] };
  const gone = await checkDomain({ catalogue, world }, about);
  assert.ok(gone.ok);
  assert.equal(gone.value.exists, 'no');
  assert.ok(asked.includes('authorities'), 'and some of them were asked');
  const [missing] = gone.value.findings.filter(({ id }) => id === 'DNS-01');
  assert.equal(missing?.status, 'fail');
  assert.ok(missing?.evidence.every(({ answer }) => /NXDOMAIN/.test(answer)));
  assert.match([...gone.value.snapshot.recorded.unasked.values()].join(), /there is no such domain/);
});

test('a perfect domain has nothing to mend', async () => {
  const check = await checked({ zone: perfectZone, senders: perfectSenders });
  assert.deepEqual(
    failing(check).map(({ id, meaning }) => `${id} ${meaning}`),
    [],
  );
  assert.equal(check.prediction.score?.score, 10);
});

test('each name and type is asked once, however many senders there are', async () => {
  const { resolver, asked } = counting(resolverFromZone(crowdedZone));
  const check = await checked({ zone: crowdedZone, senders: twelveSenders, world: { resolver } });
  assert.equal(check.prediction.senders.length, 12);
  assert.ok(asked.size > 150, `only ${asked.size} questions`);
  assert.deepEqual(
    [...asked].filter(([, count]) => count > 1),
    [],
  );
});

// ---- snapshots

const probe: HostProbe = {
  kind: 'seen',
  address: '192.0.2.25',
  greeting: '220 mx1.example.com',
  offersStartTls: true,
  tls: { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', chain: [], certificateProblem: 'nobody signed it' },
  accepts: { postmaster: '250 ok', abuse: '550 no such user' },
};
const full: Look = {
  zone: `${perfectZone}_25._tcp.mx1.example.com. TLSA 3 1 1 ${'ab'.repeat(32)}\n`,
  senders: perfectSenders,
  selectors: ['ph1'],
  addresses: ['192.0.2.25'],
  world: {
    probes: {
      mailHost: async () => probe,
      policyFile: async () => ({ ok: true, octets: utf8('version: STSv1\nmode: enforce\nmx: mx1.example.com\n') }),
      file: async () => ({ ok: false, say: 'no connection' }),
      port25: async () => 'blocked',
    },
  },
};
const octetsOf = (document: unknown) => utf8(JSON.stringify(document));

test('a look that was kept is judged again to the last octet, and nobody is asked', async () => {
  for (const look of [
    full,
    { ...full, limits: { questionsMax: 90, octetsMax: 1e6 } },
    { zone: perfectZone, isUnpublished: true },
  ]) {
    const check = await checked(look);
    const snapshot = readSnapshot(octetsOf(snapshotDocument(check.snapshot)));
    assert.ok(snapshot.ok, JSON.stringify(snapshot));
    const again = await checkAgain(catalogue, snapshot.value);
    assert.ok(again.ok);
    assert.equal(textOf(again.value), textOf(check));
    assert.deepEqual(snapshotDocument(again.value.snapshot), snapshotDocument(check.snapshot));
  }
});

test('a snapshot that is damaged, or made to mislead, is refused with its place', async () => {
  const { snapshot } = await checked(full);
  const whole = JSON.stringify(snapshotDocument(snapshot));
  const broken = (change: (document: Record<string, Record<string, unknown>>) => void) => {
    const document = JSON.parse(whole) as Record<string, Record<string, unknown>>;
    change(document);
    return octetsOf(document);
  };
  const put = (key: string, value: unknown) => broken(({ answers = {} }) => (answers[key] = value));
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [utf8(whole.slice(0, -20)), /no JSON document/],
    [utf8('[]'), /no JSON document/],
    [utf8('{"format":"other"}'), /something else/],
    [broken((document) => Object.assign(document, { version: 2 })), /version 2/],
    [broken(({ subject = {} }) => (subject.domain = 'a..b')), /subject\.domain/],
    [broken(({ subject = {} }) => (subject.addresses = ['192.0.2.256'])), /subject\.addresses/],
    [broken(({ subject = {} }) => (subject.office = { keys: 7 })), /subject\.office/],
    [broken(({ sight = {} }) => (sight.nowMs = 1e99)), /sight\.nowMs/],
    [put('dns TXT example.com', { kind: 'found', records: [7], ttlSeconds: 1, secure: false }), /TXT example\.com/],
    [
      put('dns TLSA x.example.com', { kind: 'found', records: [{}], ttlSeconds: 1, secure: false }),
      /question for TLSA/,
    ],
    [put('dns TXT example.com', { kind: 'perhaps' }), /question for TXT/],
    [put('dns __proto__ example.com', { kind: 'found' }), /nobody asks that/],
    [put('authorities NS example.com', { kind: 'asked', zone: 'example.com', answers: [] }), /question for NS/],
    [put('mailHost {"host":"mx.example.com"}', { kind: 'seen' }), /no answer to that/],
    [put('policyFile example.com', { ok: true, octets: 'text' }), /no answer to that/],
    [put('shell', 'rm'), /nobody asks that/],
  ];
  for (const [octets, say] of cases) {
    const read = readSnapshot(octets);
    assert.ok(!read.ok);
    assert.match(read.say, say);
  }
  assert.ok(readSnapshot(utf8(whole)).ok);
});

// ---- what cannot be seen

const key = ({ id, subject }: Finding) => `${id} ${subject}`;

/** DKM-10 is about the senders that were declared, and asks nobody. */
test('what no limit let us ask is unknown: with nothing asked, nothing passes and nothing fails', async () => {
  const check = await checked({ ...full, limits: { questionsMax: 0, octetsMax: 1e6 } });
  const judged = check.findings.filter(({ status, id }) => (status === 'pass' || status === 'fail') && id !== 'DKM-10');
  assert.deepEqual(judged.map(key), []);
  const evidence = check.findings.flatMap((one) => one.evidence).find(({ query }) => query === 'TXT example.com');
  assert.match(evidence?.answer ?? '', /not asked: 0 questions/);
});

test('what comes after the time is up is unknown, and so is what is asked then', async () => {
  const over = new AbortController();
  const plain = resolverFromZone(perfectZone);
  const resolver: typeof plain = {
    lookup: async (name, type) => {
      if (name.startsWith('_dmarc')) over.abort();
      return name.startsWith('_mta-sts') ? new Promise<never>(() => {}) : plain.lookup(name, type);
    },
  };
  const limits = { questionsMax: 1e4, octetsMax: 1e8, signal: over.signal };
  const check = await checked({ zone: perfectZone, senders: perfectSenders, world: { resolver }, limits });
  const sts = check.findings.find(({ id }) => id === 'STS-01');
  assert.equal(sts?.status, 'unknown');
});

/** Broken in every family. */
const brokenZone = perfectZone
  .replace('include:_spf.google.com ~all', 'include:_spf.google.com +all')
  .replace('p=reject; sp=reject', 'p=reject; sp=none')
  .replace('MX 20 mx2.example.com', 'MX 20 192.0.2.9')
  .replace('v=STSv1; id=20261101', 'v=STSv1')
  .replace('ph1._domainkey.example.com. 3600 TXT "v=DKIM1', 'ph1._domainkey.example.com. 3600 TXT "v=DKIM1; t=y')
  .replace('v=TLSRPTv1;', 'v=TLSRPTv2;');

/** DNS-01 is about just that: name servers that answer for the domain itself with a failure. */
test('half the names without an answer: nothing passes or fails that would not with all of them', async () => {
  const names = [...new Set([...brokenZone.matchAll(/^(\S+)\. \d+ /gm)].map(([, name = '']) => name))].sort();
  for (const zone of [perfectZone, brokenZone]) {
    const whole = await checked({ zone, senders: perfectSenders });
    const failed = new Set(failing(whole).map(key));
    const passed = new Set(whole.findings.filter(({ status }) => status === 'pass').map(key));
    assert.ok(zone === perfectZone || failed.size >= 5, [...failed].join(', '));
    for (let round = 0; round < 4; round++) {
      const silent = names.filter((_, at) => (at >> (round >> 1)) % 2 === round % 2);
      const hidden = `${zone}${silent.map((name) => `;!SERVFAIL ${name}.`).join('\n')}\n`;
      const { findings } = await checked({ zone: hidden, senders: perfectSenders });
      const wrong = findings.filter(
        (one) =>
          (one.status === 'pass' && failed.has(key(one))) ||
          (one.status === 'fail' && one.severity !== 'advice' && one.id !== 'DNS-01' && passed.has(key(one))),
      );
      assert.deepEqual(
        wrong.map((one) => `${one.status} ${key(one)}: ${one.meaning} without ${silent.join(' ')}`),
        [],
      );
    }
  }
});

test('hostile zones end, in bounds, and what is broken does not pass', async () => {
  const giant = Array.from({ length: 200 }, () => `"${'x'.repeat(250)}"`).join(' ');
  const zones: readonly (readonly [zone: string, fails: readonly string[]])[] = [
    [
      'example.com. TXT "v=spf1 include:a.example.com ~all"\na.example.com. TXT "v=spf1 include:example.com ~all"\n',
      ['SPF'],
    ],
    ['_dmarc.example.com. CNAME a.example.com.\na.example.com. CNAME _dmarc.example.com.\nexample.com. TXT "x"\n', []],
    [
      `example.com. TXT ${giant}\n_dmarc.example.com. TXT ${giant}\nx._domainkey.example.com. TXT ${giant}\n`,
      ['SPF-01'],
    ],
    ['*.example.com. TXT "v=DMARC1; p=reject"\nexample.com. MX 10 .\n', ['DNS-05']],
    ['*.example.com. TXT "v=DKIM1; p="\n*.example.com. MX 0 example.com.\nexample.com. A 127.0.0.1\n', []],
    [Array.from({ length: 300 }, (_, at) => `example.com. MX ${at} mx${at}.example.com.\n`).join(''), ['MX-03']],
    [
      Array.from({ length: 300 }, (_, at) => `example.com. TXT "v=spf1 include:s${at}.example.com -all"\n`).join(''),
      ['SPF-02'],
    ],
    [
      'example.com. TXT "v=spf1 \\027[2J\\255 %{d}%{ -all"\n_dmarc.example.com. TXT "v=DMARC1;p=\\000\\027]0;"\n',
      ['SPF-03'],
    ],
  ];
  for (const [zone, fails] of zones) {
    const { resolver, asked } = counting(resolverFromZone(zone));
    const { findings } = await checked({ zone, senders: ['sendgrid', 'proton'], world: { resolver } });
    assert.ok(asked.size < 1_500, `${asked.size} questions for ${zone.slice(0, 60)}`);
    const failed = findings.filter(({ status }) => status === 'fail').map(({ id }) => id);
    for (const wanted of fails)
      assert.ok(
        failed.some((id) => id.startsWith(wanted)),
        `${wanted} passes: ${zone.slice(0, 80)}`,
      );
  }
});
