import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../../base/bytes.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { resolverFromZone } from '../dns/zone-resolver.ts';
import { afterFetch, decidePolicy } from './decide-policy.ts';
import { matchesMx, parseStsPolicy, policyAgeMaxSeconds, policyOctetsMax, policyText } from './policy.ts';
import { parseStsRecord } from './record.ts';
import { createStsPolicies, type FetchPolicyFile } from './sts-policies.ts';
import type { CachedPolicy, StsPolicy } from './types.ts';

const domain = parseDomainName('example.com') as DomainName;
const lines = (...text: string[]) => utf8(text.join('\r\n'));
const policyOf = (...text: string[]) => parseStsPolicy(lines('version: STSv1', ...text));

// ---- the record ----

test('RFC 8461 §3.1: the record and its id', () => {
  const good = ['v=STSv1; id=20160831085700Z;', 'v=STSv1;id=a', 'v=STSv1; ext=x-1:y ; id=20160831085700Z ; '];
  assert.deepEqual(
    good.map((text) => parseStsRecord([text])),
    [
      { kind: 'found', id: '20160831085700Z' },
      { kind: 'found', id: 'a' },
      { kind: 'found', id: '20160831085700Z' },
    ],
  );
  assert.deepEqual(parseStsRecord(['v=STSv1; id=a; id=b']), { kind: 'found', id: 'a' });
});

test('RFC 8461 §3.1: other texts do not count, and two records are none', () => {
  assert.deepEqual(parseStsRecord([]), { kind: 'none' });
  const others = ['v=spf1 -all', 'v=stsv1; id=1', ' v=STSv1; id=1', 'v=STSv1 ; id=1', 'v=STSv12; id=1'];
  assert.deepEqual(parseStsRecord(others), { kind: 'none' });
  assert.deepEqual(parseStsRecord([...others, 'v=STSv1; id=1']), { kind: 'found', id: '1' });
  assert.equal(parseStsRecord(['v=STSv1; id=1', 'v=STSv1; id=1']).kind, 'invalid');
});

test('RFC 8461 §3.1: what is no record', () => {
  for (const text of [
    'v=STSv1;',
    'v=STSv1; id=',
    `v=STSv1; id=${'a'.repeat(33)}`,
    'v=STSv1; id=a-b',
    'v=STSv1; id=a; =b',
    'v=STSv1; id=a;; x=y',
    'v=STSv1; ID=a',
    'v=STSv1; id = a',
    'v=STSv1; id=a; x=a=b',
  ])
    assert.equal(parseStsRecord([text]).kind, 'invalid', text);
});

// ---- the policy ----

test('RFC 8461 §3.2: a policy, with either line end, blanks, unknown fields and doubles', () => {
  const expected = {
    mode: 'enforce',
    mx: ['mail.example.com', '*.example.net', 'backupmx.example.com'],
    maxAgeSeconds: 604_800,
  };
  const text = [
    'version: STSv1',
    'mode: enforce',
    'mx: Mail.example.com',
    'mx:*.example.net',
    'mx: backupmx.example.com  ',
    'max_age: 604800',
  ];
  for (const octets of [
    utf8(text.join('\n')),
    lines(...text),
    lines(...text, ''),
    utf8(`${text.toReversed().join('\r\n')}\n`),
  ]) {
    const policy = parseStsPolicy(octets);
    assert.ok(policy.ok, policy.ok ? '' : policy.say);
    assert.equal(policy.value.mode, expected.mode);
    assert.deepEqual(policy.value.mx.toSorted(), expected.mx.toSorted());
    assert.equal(policy.value.maxAgeSeconds, expected.maxAgeSeconds);
  }
  const doubled = policyOf(
    'mode: testing',
    'mode: enforce',
    'x-new: ä b',
    'mx: a.test',
    'max_age: 1',
    'max_age: 2',
    'version: STSv2',
  );
  assert.ok(doubled.ok);
  assert.partialDeepStrictEqual(doubled.value, { mode: 'testing', maxAgeSeconds: 1 });
  assert.equal(doubled.value.lines.length, 8);
});

test('RFC 8461 §3.2: mode none needs no mx; names in other scripts become A-labels', () => {
  const none = policyOf('mode: none', 'max_age: 0');
  assert.ok(none.ok && none.value.mx.length === 0);
  const foreign = policyOf('mode: enforce', 'mx: *.müller.example', 'max_age: 1');
  assert.ok(foreign.ok);
  assert.ok(matchesMx(foreign.value, 'mx.xn--mller-kva.example'));
});

test('RFC 8461 §3.2: what is no policy', () => {
  const rest = ['mode: enforce', 'mx: a.test', 'max_age: 86400'];
  const bad: Readonly<Record<string, Uint8Array>> = {
    'no version': lines(...rest),
    'other version': lines('version: STSv2', ...rest),
    'no mode': lines('version: STSv1', 'mx: a.test', 'max_age: 1'),
    'no mx': lines('version: STSv1', 'mode: testing', 'max_age: 1'),
    'no max_age': lines('version: STSv1', 'mode: none'),
    'unknown mode': lines('version: STSv1', 'mode: Enforce', ...rest.slice(1)),
    'too old': lines('version: STSv1', 'mode: none', `max_age: ${policyAgeMaxSeconds + 1}`),
    'negative age': lines('version: STSv1', 'mode: none', 'max_age: -1'),
    'wildcard inside': lines('version: STSv1', 'mode: enforce', 'mx: mail.*.test', 'max_age: 1'),
    'half a wildcard': lines('version: STSv1', 'mode: enforce', 'mx: *mail.test', 'max_age: 1'),
    'bare wildcard': lines('version: STSv1', 'mode: enforce', 'mx: *', 'max_age: 1'),
    'an address': lines('version: STSv1', 'mode: enforce', 'mx: 192.0.2.1', 'max_age: 1'),
    HTML: utf8('<!DOCTYPE html><html></html>'),
    'an empty line': lines('version: STSv1', '', ...rest),
    'a blank before the colon': lines('version : STSv1', ...rest),
    'a control character': lines('version: STSv1', 'x: a\0b', ...rest),
    'not UTF-8': Buffer.concat([lines('version: STSv1', ...rest), Buffer.of(0x0a, 0x78, 0x3a, 0xff)]),
    'a mark in front': utf8(`\ufeffversion: STSv1\n${rest.join('\n')}`),
    nothing: new Uint8Array(),
    'too long': Buffer.concat([lines('version: STSv1', ...rest, ''), Buffer.alloc(policyOctetsMax, 'x: y\n')]),
    'a thousand hosts and one': lines(
      'version: STSv1',
      'mode: enforce',
      'max_age: 1',
      ...Array.from({ length: 1_001 }, (_, i) => `mx: m${i}.test`),
    ),
  };
  for (const [what, octets] of Object.entries(bad)) assert.equal(parseStsPolicy(octets).ok, false, what);
});

test('RFC 8461 §4.1: a wildcard stands for exactly one label', () => {
  const mx = ['mail.example.com', '*.example.net'];
  for (const host of ['mail.example.com', 'a.example.net']) assert.ok(matchesMx({ mx }, host), host);
  for (const host of [
    'example.com',
    'a.mail.example.com',
    'example.net',
    'a.b.example.net',
    'aexample.net',
    'net',
    'mail.example.com.evil.test',
  ])
    assert.ok(!matchesMx({ mx }, host), host);
});

test('what we serve is what we read', () => {
  const label = fc
    .stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/)
    .filter((text) => parseDomainName(`${text}.test`) !== undefined);
  const pattern = fc.tuple(fc.boolean(), label, label).map(([star, a, b]) => `${star ? '*.' : ''}${a}.${b}.test`);
  const policy = fc.record(
    {
      mode: fc.constantFrom('enforce' as const, 'testing' as const, 'none' as const),
      mx: fc.array(pattern, { minLength: 1, maxLength: 5 }),
      maxAgeSeconds: fc.integer({ min: 0, max: policyAgeMaxSeconds }),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(policy, (given) => {
      const read = parseStsPolicy(utf8(policyText(given)));
      assert.ok(read.ok, read.ok ? '' : read.say);
      const { lines: _, ...value } = read.value;
      assert.deepEqual(value, given);
    }),
    { numRuns: 100 },
  );
});

// ---- what is kept ----

const dayMs = 86_400_000;
const kept = (id: string, fetchedAtMs: number, maxAgeSeconds = 604_800): CachedPolicy => ({
  policy: { mode: 'enforce', mx: ['a.test'], maxAgeSeconds, lines: [] },
  id,
  fetchedAtMs,
});

test('RFC 8461 §5.1: use, fetch or none', () => {
  const found = (id: string) => ({ kind: 'found', id }) as const;
  const step = (
    cached: CachedPolicy | undefined,
    announced: Parameters<typeof decidePolicy>[0]['announced'],
    nowMs: number,
  ) => decidePolicy({ cached, announced, nowMs }).kind;
  assert.equal(step(undefined, found('1'), 0), 'fetch');
  assert.equal(step(kept('1', 0), found('1'), 1000), 'use');
  assert.equal(step(kept('1', 0), found('2'), 1000), 'fetch');
  assert.equal(step(kept('1', 0), found('1'), dayMs), 'fetch', 'renewed every day');
  assert.equal(step(kept('1', 0, 100), found('1'), 50_000), 'fetch', 'renewed at half of its life');
  assert.equal(step(undefined, { kind: 'none' }, 0), 'none');
  for (const announced of [
    { kind: 'none' },
    { kind: 'invalid', why: 'x' },
    { kind: 'failed', why: 'servfail' },
  ] as const) {
    assert.equal(step(kept('1', 0), announced, 604_799_999), 'use', `${announced.kind} does not remove what is kept`);
    assert.equal(step(kept('1', 0), announced, 604_800_000), 'none', 'except by its age');
    assert.equal(step(kept('1', 5_000), announced, 4_000), 'use', 'a clock that is set back takes nothing away');
    assert.equal(
      step(kept('1', 604_800_000), announced, 0),
      'none',
      'nor is it kept for ever by one that went far back',
    );
  }
});

test('RFC 8461 §3.3: a failed fetch keeps the policy that was kept, and is told', () => {
  const old = kept('1', 0);
  const step = decidePolicy({ cached: old, announced: { kind: 'found', id: '2' }, nowMs: 1000 });
  assert.ok(step.kind === 'fetch');
  assert.partialDeepStrictEqual(afterFetch(step, { ok: false, code: 'fetch-error', say: 'no answer' }, 2000), {
    cached: old,
    problem: 'sts-policy-fetch-error',
  });
  assert.partialDeepStrictEqual(afterFetch(step, { ok: false, code: 'invalid', say: 'x' }, 2000), {
    cached: old,
    problem: 'sts-policy-invalid',
  });
  const { policy } = kept('2', 0);
  assert.deepEqual(afterFetch(step, { ok: true, policy }, 2000).cached, { policy, id: '2', fetchedAtMs: 2000 });
});

// ---- carried out ----

class PolicyHost {
  files: string[] = [];
  fetched = 0;
  readonly fetchFile: FetchPolicyFile = async () => {
    this.fetched++;
    const file = this.files.shift();
    return file === undefined
      ? { ok: false, code: 'fetch-error', say: 'nobody answers' }
      : { ok: true, octets: utf8(file) };
  };
}

const policyFile = (mode: StsPolicy['mode'], maxAgeSeconds = 604_800) =>
  policyText({ mode, mx: ['mx.example.com'], maxAgeSeconds });

function policies(records: { id: string | undefined }, host: PolicyHost) {
  let nowMs = 0;
  let lookups = 0;
  const now = {
    lookup: ((name, type) => {
      lookups++;
      return resolverFromZone(
        records.id === undefined ? '' : `_mta-sts.example.com TXT "v=STSv1; id=${records.id}"`,
      ).lookup(name, type);
    }) as ReturnType<typeof resolverFromZone>['lookup'],
  };
  const made = createStsPolicies({ resolver: now, clock: { nowMs: () => nowMs }, fetchFile: host.fetchFile });
  return {
    at: (ms: number) => {
      nowMs = ms;
      return made.of(domain);
    },
    lookups: () => lookups,
  };
}

test('a policy is fetched once, kept, and replaced when another is announced', async () => {
  const host = new PolicyHost();
  const records = { id: '1' };
  const sts = policies(records, host);
  host.files = [policyFile('enforce'), policyFile('none')];
  assert.equal((await sts.at(0)).cached?.policy.mode, 'enforce');
  assert.equal((await sts.at(1)).cached?.policy.mode, 'enforce');
  assert.equal(sts.lookups(), 1, 'within five minutes nobody is asked again');
  await sts.at(400_000);
  assert.deepEqual([sts.lookups(), host.fetched], [2, 1]);
  records.id = '2';
  assert.equal((await sts.at(800_000)).cached?.policy.mode, 'none');
});

test('neither a record that goes nor a host that fails takes a kept policy away before its time', async () => {
  const host = new PolicyHost();
  const records: { id: string | undefined } = { id: '1' };
  const sts = policies(records, host);
  host.files = [policyFile('enforce')];
  await sts.at(0);
  records.id = undefined;
  assert.equal((await sts.at(1_000_000)).cached?.policy.mode, 'enforce');
  records.id = '2';
  assert.partialDeepStrictEqual(await sts.at(2_000_000), { cached: { id: '1' }, problem: 'sts-policy-fetch-error' });
  host.files = ['<html>'];
  assert.partialDeepStrictEqual(await sts.at(3_000_000), { cached: { id: '1' }, problem: 'sts-policy-invalid' });
  records.id = undefined;
  assert.equal((await sts.at(604_800_001)).cached, undefined);
});

test('many askers at once share one fetch; a policy without age is not kept', async () => {
  const host = new PolicyHost();
  const sts = policies({ id: '1' }, host);
  host.files = [policyFile('enforce', 0), policyFile('testing', 0)];
  const all = await Promise.all(Array.from({ length: 20 }, () => sts.at(0)));
  assert.equal(host.fetched, 1);
  assert.equal(all[19]?.cached?.policy.mode, 'enforce');
  assert.equal((await sts.at(10_000)).cached?.policy.mode, 'testing');
});

test('what is kept at hand is bounded: strangers write it', async () => {
  let lookups = 0;
  const text = `${policyFile('enforce')}${'x: y\n'.repeat(10_000)}`;
  const sts = createStsPolicies({
    resolver: {
      lookup: async () => {
        lookups++;
        return { kind: 'found', records: ['v=STSv1; id=1'] as never, ttlSeconds: 1, secure: false };
      },
    },
    clock: { nowMs: () => 0 },
    fetchFile: async () => ({ ok: true, octets: utf8(text) }),
  });
  const names = Array.from({ length: 20 }, (_, i) => parseDomainName(`d${i}.test`) as DomainName);
  for (const name of names) assert.ok((await sts.of(name)).cached);
  assert.equal(lookups, 20);
  await sts.of(names[19] as DomainName);
  assert.equal(lookups, 20, 'the last one is at hand');
  await sts.of(names[0] as DomainName);
  assert.equal(lookups, 21, 'the first one had to go');
});
