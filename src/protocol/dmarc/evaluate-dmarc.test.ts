import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../../test/support/any-character.ts';
import { fromLatin1 } from '../../base/bytes.ts';
import { parseFromFields } from '../../format/address.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import type { DnsAnswer, RecordType, Resolver } from '../dns/types.ts';
import { resolverFromZone } from '../dns/zone-resolver.ts';
import { identifierWalksMax } from './alignment.ts';
import { type DmarcFacts, evaluateDmarc } from './evaluate-dmarc.ts';
import type { DmarcResult } from './types.ts';

type Told = {
  readonly from?: string;
  /** `pass bounce.example.com` */
  readonly spf?: string;
  readonly dkim?: readonly string[];
};

function facts(told: Told): DmarcFacts {
  const [spfResult = 'none', spfDomain = ''] = (told.spf ?? '').split(' ');
  return {
    author: parseFromFields([fromLatin1(told.from ?? 'user@example.com')]),
    spf: { result: spfResult as DmarcFacts['spf']['result'], domain: spfDomain },
    dkim: (told.dkim ?? []).map((one) => {
      const [result = '', domain = '', partial] = one.split(' ');
      const partialBody = partial === 'partial' ? { partialBody: true } : {};
      return { result: result as 'pass', domain: parseDomainName(domain) ?? ('' as DomainName), ...partialBody };
    }),
  };
}

/** With every answer at hand, and with every answer waited for: one result. */
async function dmarc(zone: string, told: Told = {}): Promise<DmarcResult> {
  const resolver = resolverFromZone(zone);
  const result = await evaluateDmarc(resolver, facts(told));
  assert.deepEqual(await evaluateDmarc({ lookup: resolver.lookup }, facts(told)), result);
  return result;
}

/** `result policy applied` */
async function verdict(zone: string, told: Told = {}): Promise<string> {
  const { result, policy, applied } = await dmarc(zone, told);
  return `${result} ${policy} ${applied}`;
}

const reject = '_dmarc.example.com TXT "v=DMARC1; p=reject"';

test('RFC 9989 §5.3.5: one aligned pass of SPF or DKIM is enough', async () => {
  for (const told of [
    { spf: 'pass example.com' },
    { dkim: ['pass example.com'] },
    { spf: 'fail example.com', dkim: ['fail example.com', 'pass mail.example.com'] },
  ]) {
    assert.equal(await verdict(reject, told), 'pass reject none', JSON.stringify(told));
  }
  for (const told of [
    {},
    { spf: 'softfail example.com' },
    { spf: 'pass other.test', dkim: ['pass other.test'] },
    { dkim: ['policy example.com', 'neutral example.com'] },
  ]) {
    assert.equal(await verdict(reject, told), 'fail reject reject', JSON.stringify(told));
  }
});

test('the result says what aligned and where the policy came from', async () => {
  const result = await dmarc(reject, {
    from: 'user@news.example.com',
    spf: 'pass bounce.example.com',
    dkim: ['pass other.test'],
  });
  assert.deepEqual(
    { ...result, legacy: undefined, trace: [] },
    {
      result: 'pass',
      domain: 'news.example.com',
      organizationalDomain: 'example.com',
      discoveryQueries: 3,
      legacy: undefined,
      spfAligned: true,
      dkimAligned: false,
      policyDomain: 'example.com',
      policy: 'reject',
      applied: 'none',
      trace: [],
    },
  );
  assert.ok(result.trace.some((line) => line.includes('spf pass for bounce.example.com: aligned (relaxed)')));
});

test('RFC 9989 §5.3.1: without exactly one author there is nothing to evaluate', async () => {
  for (const from of ['', 'a@example.com, b@example.org', 'a@example.com <b@example.com>', 'nobody']) {
    const result = await dmarc(reject, { from, spf: 'pass example.com' });
    assert.deepEqual(
      [result.result, result.domain, result.policy, result.applied],
      ['permerror', null, 'none', 'reject'],
      from,
    );
    assert.ok(result.reason);
  }
});

test('RFC 9989 §5.3.1: several authors of one domain are judged on it', async () => {
  const result = await dmarc(reject, { from: 'a@example.com, B <b@example.com>', spf: 'pass example.com' });
  assert.equal(result.result, 'pass');
  assert.match(result.trace[0] ?? '', /2 mailboxes/);
});

test('RFC 9989 §4.10.1: the author domain’s record, else the organizational domain’s, else the public suffix’s', async () => {
  const zone = `
_dmarc.a.b.example.com TXT "v=DMARC1; p=none"
_dmarc.b.example.com TXT "v=DMARC1; p=quarantine"
_dmarc.example.com TXT "v=DMARC1; p=reject"
_dmarc.bank TXT "v=DMARC1; p=reject; psd=y"
b.example.com A 192.0.2.1`;
  const source = async (from: string) => {
    const { policy, policyDomain } = await dmarc(zone, { from });
    return `${policy} ${policyDomain}`;
  };
  assert.equal(await source('x@a.b.example.com'), 'none a.b.example.com');
  assert.equal(await source('x@b.example.com'), 'quarantine b.example.com');
  assert.equal(await source('x@c.b.example.com'), 'reject example.com'); // what lies between does not count
  assert.equal(await source('x@mine.bank'), 'reject bank');
});

test('RFC 9989 §4.10.1: no record, no DMARC', async () => {
  const result = await dmarc('', { spf: 'pass example.com' });
  assert.deepEqual(
    [result.result, result.policy, result.applied, result.policyDomain],
    ['none', 'none', 'none', undefined],
  );
  assert.deepEqual([result.spfAligned, result.organizationalDomain, result.discoveryQueries], [true, 'example.com', 2]);
});

test('RFC 9989 §4.7: sp for subdomains that exist, np for those that do not, p for the domain itself', async () => {
  const zone = `
_dmarc.example.com TXT "v=DMARC1; p=none; sp=quarantine; np=reject"
there.example.com A 192.0.2.1
below.empty.example.com A 192.0.2.1
dangling.example.com CNAME gone.example.org`;
  assert.equal(await verdict(zone), 'fail none none');
  assert.equal(await verdict(zone, { from: 'x@there.example.com' }), 'fail quarantine quarantine');
  assert.equal(await verdict(zone, { from: 'x@gone.example.com' }), 'fail reject reject');
  assert.equal(await verdict(zone, { from: 'x@empty.example.com' }), 'fail quarantine quarantine'); // NODATA exists
  assert.equal(await verdict(zone, { from: 'x@dangling.example.com' }), 'fail quarantine quarantine');
});

test('RFC 9989 §4.7: without np it is sp, without sp it is p', async () => {
  const gone = { from: 'x@gone.example.com' };
  assert.equal(
    await verdict('_dmarc.example.com TXT "v=DMARC1; p=reject; sp=quarantine"', gone),
    'fail quarantine quarantine',
  );
  assert.equal(await verdict('_dmarc.example.com TXT "v=DMARC1; p=reject"', gone), 'fail reject reject');
  assert.equal(
    await verdict('_dmarc.example.com TXT "v=DMARC1; p=none; np=reject"', { from: 'x@there.example.com' }),
    'fail reject reject',
  );
});

test('RFC 9989 §4.7: sp and np of the author domain’s own record are not for itself', async () => {
  assert.equal(
    await verdict('_dmarc.example.com TXT "v=DMARC1; p=quarantine; sp=reject; np=reject"'),
    'fail quarantine quarantine',
  );
});

test('RFC 9989 §4.7: t=y is one step lower, and changes neither the result nor the policy', async () => {
  const testing = (p: string) => `_dmarc.example.com TXT "v=DMARC1; p=${p}; t=y"`;
  assert.equal(await verdict(testing('reject')), 'fail reject quarantine');
  assert.equal(await verdict(testing('quarantine')), 'fail quarantine none');
  assert.equal(await verdict(testing('none')), 'fail none none');
  assert.equal((await dmarc(testing('reject'))).testing, true);
  assert.equal('testing' in (await dmarc(reject)), false);
});

test('RFC 9989 App. A.6: pct does not weaken a policy', async () => {
  assert.equal(await verdict('_dmarc.example.com TXT "v=DMARC1; p=reject; pct=0"'), 'fail reject reject');
});

test('RFC 9989 §4.10.1: a record without a valid policy', async () => {
  assert.equal(await verdict('_dmarc.example.com TXT "v=DMARC1; p=block"'), 'none none none');
  assert.equal(await verdict('_dmarc.example.com TXT "v=DMARC1; rua=mailto:a@b.example"'), 'fail none none');
  assert.equal(
    await verdict('_dmarc.example.com TXT "v=DMARC1; p=reject; sp=x; rua=mailto:a@b.example"'),
    'fail none none',
  );
  assert.equal(
    await verdict('_dmarc.example.com TXT "v=DMARC1; p=reject; sp=x"', { spf: 'pass example.com' }),
    'none none none',
  );
});

test('RFC 9989 §4.4: relaxed compares organizational domains, strict the names', async () => {
  const zone = (modes: string) => `_dmarc.example.com TXT "v=DMARC1; p=reject${modes}"`;
  assert.equal(await verdict(zone(''), { spf: 'pass a.example.com' }), 'pass reject none');
  assert.equal(await verdict(zone('; aspf=s'), { spf: 'pass a.example.com' }), 'fail reject reject');
  assert.equal(await verdict(zone('; aspf=s'), { dkim: ['pass a.example.com'] }), 'pass reject none');
  assert.equal(await verdict(zone('; adkim=s'), { dkim: ['pass a.example.com'] }), 'fail reject reject');
  assert.equal(await verdict(zone('; adkim=s; aspf=s'), { spf: 'pass example.com' }), 'pass reject none');
});

test('RFC 9989 §4.10.2: psd=n cuts a subdomain off from its parent, both ways', async () => {
  const zone = `${reject}\n_dmarc.sub.example.com TXT "v=DMARC1; p=quarantine; psd=n"`;
  assert.equal(await verdict(zone, { spf: 'pass sub.example.com' }), 'fail reject reject');
  assert.equal(
    await verdict(zone, { from: 'x@sub.example.com', spf: 'pass example.com' }),
    'fail quarantine quarantine',
  );
  assert.equal(
    await verdict(zone, { from: 'x@sub.example.com', spf: 'pass a.sub.example.com' }),
    'pass quarantine none',
  );
});

test('RFC 9989 §4.10.2: neighbours under a public suffix do not align', async () => {
  const zone = '_dmarc.com TXT "v=DMARC1; p=reject; psd=y"';
  assert.equal(await verdict(zone, { spf: 'pass other.com' }), 'fail reject reject');
  assert.equal(await verdict(zone, { spf: 'pass com' }), 'fail reject reject');
  assert.equal(await verdict(zone, { spf: 'pass mail.example.com' }), 'pass reject none');
});

test('RFC 9989 §4.10.2: names that only look alike do not align', async () => {
  for (const domain of ['evilexample.com', 'example.com.evil.test', 'example.co', 'com']) {
    assert.equal(await verdict(reject, { spf: `pass ${domain}` }), 'fail reject reject', domain);
  }
});

test('a signature over part of the body does not count', async () => {
  assert.equal(await verdict(reject, { dkim: ['pass example.com partial'] }), 'fail reject reject');
});

test('RFC 9989 §5.3.6: a temporary error that could have been the pass leaves the verdict open', async () => {
  assert.equal(await verdict(reject, { spf: 'temperror example.com' }), 'temperror reject none');
  assert.equal(
    await verdict(reject, { dkim: ['temperror mail.example.com', 'fail example.com'] }),
    'temperror reject none',
  );
  assert.equal(await verdict(reject, { spf: 'temperror example.com', dkim: ['pass example.com'] }), 'pass reject none');
  assert.equal(
    await verdict(reject, { spf: 'temperror other.test', dkim: ['temperror other.test'] }),
    'fail reject reject',
  );
});

test('RFC 9989 §5.3.6: a DNS failure that hides the policy is a temperror, one that changes nothing is not', async () => {
  assert.equal(await verdict(';!SERVFAIL _dmarc.example.com', { spf: 'pass example.com' }), 'temperror none none');
  assert.equal(
    await verdict(`${reject}\n;!TIMEOUT _dmarc.a.example.com`, { from: 'x@a.example.com' }),
    'temperror none none',
  );
  const upper = `${reject}\n;!SERVFAIL _dmarc.com`; // the policy is known, the organizational domain is not
  assert.equal(await verdict(upper, { spf: 'pass example.com' }), 'pass reject none');
  assert.equal(await verdict(upper, { spf: 'pass a.example.com' }), 'temperror reject none');
  assert.equal(await verdict(upper, { spf: 'pass other.test' }), 'fail reject reject');
  assert.equal(await verdict(upper), 'fail reject reject');
  const walk = `${reject}\n;!SERVFAIL _dmarc.a.example.com`; // the identifier's own walk fails
  assert.equal(await verdict(walk, { spf: 'pass a.example.com' }), 'temperror reject none');
});

test('RFC 9989 §4.7: when it is not known whether the subdomain exists, a fail stays open and a pass does not', async () => {
  const zone = '_dmarc.example.com TXT "v=DMARC1; p=none; np=reject"\n;!SERVFAIL a.example.com';
  assert.equal(await verdict(zone, { from: 'x@a.example.com' }), 'temperror none none');
  assert.equal(await verdict(zone, { from: 'x@a.example.com', spf: 'pass a.example.com' }), 'pass none none');
});

test('a U-label author is judged by its A-label', async () => {
  const author = parseFromFields([Buffer.from('x@bücher.example')]);
  const zone = '_dmarc.xn--bcher-kva.example TXT "v=DMARC1; p=reject"';
  const result = await evaluateDmarc(resolverFromZone(zone), {
    ...facts({ spf: 'pass xn--bcher-kva.example' }),
    author,
  });
  assert.deepEqual([result.result, result.domain], ['pass', 'xn--bcher-kva.example']);
});

/** Answers by rule, for any name, and counts. */
function counting(rule: (name: string) => string | undefined): { resolver: Resolver; queries: () => number } {
  let queries = 0;
  const lookup = async (name: string, type: RecordType): Promise<DnsAnswer<never>> => {
    queries++;
    const text = type === 'TXT' ? rule(name) : undefined;
    const common = { ttlSeconds: 1, secure: false };
    return text === undefined
      ? { kind: 'none', why: 'nxdomain', ...common }
      : { kind: 'found', records: [text as never], ...common };
  };
  return { resolver: { lookup }, queries: () => queries };
}

test('hundreds of signatures of deep subdomains cost a bounded number of queries', async () => {
  const { resolver, queries } = counting((name) => (name === '_dmarc.example.com' ? 'v=DMARC1; p=reject' : undefined));
  const dkim = Array.from({ length: 500 }, (_, i) => `pass s${i}.a.b.c.d.e.f.g.h.i.other${i}.example.com`);
  const result = await evaluateDmarc(resolver, facts({ from: 'x@a.b.c.d.e.f.g.h.example.com', dkim }));
  assert.equal(result.result, 'pass'); // the first ones walked do align
  assert.ok(queries() <= 8 * (identifierWalksMax + 1), `${queries()} queries`);
  const foreign = counting((name) => (name === '_dmarc.example.com' ? 'v=DMARC1; p=reject' : undefined));
  const strangers = Array.from({ length: 500 }, (_, i) => `pass s${i}.example.org`);
  await evaluateDmarc(foreign.resolver, facts({ dkim: strangers }));
  assert.equal(foreign.queries(), 2);
});

test('whatever SPF, DKIM and the DNS say: no throw, and reject only for a fail under reject', async () => {
  const name = fc.constantFrom('example.com', 'a.example.com', 'b.a.example.com', 'other.test', 'com', '');
  const outcome = fc.constantFrom('pass', 'fail', 'temperror', 'permerror', 'none');
  const proof = fc.tuple(outcome, name).map((pair) => pair.join(' '));
  const record = fc.oneof(
    fc.constantFrom(
      'v=DMARC1; p=reject',
      'v=DMARC1; p=none; np=reject',
      'v=DMARC1; psd=y; p=reject',
      'v=DMARC1; psd=n; p=quarantine; t=y',
      'v=DMARC1',
    ),
    fc.string({ unit: anyCharacter, maxLength: 30 }),
  );
  const answer = fc.oneof(
    fc.constant({ kind: 'none' as const, why: 'nxdomain' as const }),
    fc.constant({ kind: 'failed' as const, why: 'servfail' as const }),
    fc.array(record, { minLength: 1, maxLength: 2 }).map((records) => ({ kind: 'found' as const, records })),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(answer, { minLength: 1, maxLength: 9 }),
      proof,
      fc.array(proof, { maxLength: 4 }),
      async (answers, spf, dkim) => {
        let turn = 0;
        const lookup = async (): Promise<DnsAnswer<never>> =>
          ({ ttlSeconds: 1, secure: false, ...answers[turn++ % answers.length] }) as DnsAnswer<never>;
        const result = await evaluateDmarc({ lookup }, facts({ from: 'x@a.example.com', spf, dkim }));
        assert.equal(
          result.result === 'pass',
          (result.spfAligned || result.dkimAligned) && result.result !== 'none' && result.result !== 'temperror',
        );
        if (result.applied !== 'none') assert.equal(result.result, 'fail');
        for (const line of result.trace) assert.match(line, /^[\x20-\x7e]*$/);
        assert.ok(turn < 60);
      },
    ),
    { numRuns: 300 },
  );
});
