/**
 * SPF cases at random: a small world of names that point at each other, and sessions from a few addresses, so that terms match,
 * limits are reached and the DNS fails often enough.
 */
import fc from 'fast-check';
import type { NameRecords, World } from './world.ts';

export type SpfCase = {
  readonly id: number;
  readonly ip: string;
  readonly helo: string;
  readonly mail_from: string;
  readonly world: World;
};

const domains = ['a.test', 'b.test', 'c.test', 'd.test', 'sub.a.test', 'x.y.a.test'];
const hosts = [
  'm1.a.test',
  'm2.a.test',
  'm1.b.test',
  'h.c.test',
  'alias.a.test',
  'gone.test',
  'broken.test',
  'slow.test',
];
const clients = ['192.0.2.1', '192.0.2.77', '198.51.100.9', '203.0.113.200', '2001:db8::1', '2001:db8:7::9'];
const addresses4 = ['192.0.2.1', '192.0.2.77', '192.0.2.3', '198.51.100.9', '203.0.113.1', '10.0.0.1'];
const addresses6 = ['2001:db8::1', '2001:db8::2', '2001:db8:7::1', 'fe80::1'];

const anyDomain = fc.constantFrom(...domains);
const anyName = fc.oneof({ weight: 3, arbitrary: anyDomain }, { weight: 2, arbitrary: fc.constantFrom(...hosts) });

const macro = fc
  .tuple(
    fc.constantFrom('s', 'l', 'o', 'd', 'i', 'p', 'v', 'h', 'S', 'L', 'O', 'D', 'I', 'V', 'H'),
    fc.constantFrom('', '', '', '1', '2', '3', '9', '128'),
    fc.constantFrom('', '', 'r'),
    fc.constantFrom('', '', '.', '-', '+', '.-', '_', '=', ',/'),
  )
  .map(([letter, digits, reverse, delimiters]) => `%{${letter}${digits}${reverse}${delimiters}}`);
const wrongMacro = fc.constantFrom('%{d0}', '%', '%{', '%{x}', '%{d', '%{dr2}', '%a', '%{c}', '%{t}', '%{r}', '%{d2x}');
const macroText = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: macro },
      { weight: 1, arbitrary: fc.constantFrom('%%', '%_', '%-', '_', 'x', '-') },
    ),
    {
      minLength: 1,
      maxLength: 2,
    },
  )
  .map((parts) => parts.join('.'));

const target = fc.oneof(
  { weight: 60, arbitrary: anyName },
  { weight: 12, arbitrary: fc.tuple(macroText, anyDomain).map(([macros, domain]) => `${macros}.${domain}`) },
  { weight: 1, arbitrary: fc.tuple(wrongMacro, anyDomain).map(([macros, domain]) => `${macros}.${domain}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('%{d}', '%{o}', 'a..test', 'test', '192.0.2.1', 'a.test.', 'under_score.a.test', 'a.1'),
  },
);

/** Mostly right, so that most records are evaluated; wrong now and then. */
const mostly = <T>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 40, arbitrary: right }, { weight: 1, arbitrary: wrong });

const length4 = mostly(
  fc.constantFrom('', '', '', '/32', '/24', '/8', '/0'),
  fc.constantFrom('/33', '/024', '/', '/-1'),
);
const length6 = mostly(
  fc.constantFrom('', '', '', '//128', '//64', '//32', '//0'),
  fc.constantFrom('//129', '//064', '//'),
);
const ip4 = mostly(
  fc.constantFrom(...addresses4),
  fc.constantFrom('192.0.2', '192.0.2.256', '192.0.2.01', '1.2.3.4.5', '::1', ''),
);
const ip6 = mostly(
  fc.constantFrom(...addresses6),
  fc.constantFrom('2001:db8::1::2', '::ffff:192.0.2.1', '2001:DB8::1', '1:2:3', '192.0.2.1', ''),
);

const withTarget = (name: string) =>
  fc
    .tuple(fc.option(target, { nil: undefined }), length4, length6)
    .map(([to, four, six]) => `${name}${to === undefined ? '' : `:${to}`}${four}${six}`);

const mechanism = fc.oneof(
  { weight: 16, arbitrary: withTarget('a') },
  { weight: 16, arbitrary: withTarget('mx') },
  {
    weight: 16,
    arbitrary: fc
      .tuple(ip4, mostly(fc.constantFrom('', '', '/32', '/24', '/0'), fc.constantFrom('/33', '/24//64')))
      .map(([ip, net]) => `ip4:${ip}${net}`),
  },
  {
    weight: 12,
    arbitrary: fc
      .tuple(ip6, mostly(fc.constantFrom('', '', '/128', '/32', '/0'), fc.constantFrom('/129', '//64')))
      .map(([ip, net]) => `ip6:${ip}${net}`),
  },
  { weight: 24, arbitrary: target.map((to) => `include:${to}`) },
  { weight: 12, arbitrary: target.map((to) => `exists:${to}`) },
  { weight: 6, arbitrary: fc.option(target, { nil: undefined }).map((to) => (to === undefined ? 'ptr' : `ptr:${to}`)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'all',
      'All',
      'include',
      'exists',
      'ip4',
      'all:a.test',
      'ptr/24',
      'foo',
      'foo:bar',
      'a:',
      'mx:/24',
      'exists:a.test/24',
    ),
  },
);
const modifier = fc.oneof(
  { weight: 16, arbitrary: target.map((to) => `redirect=${to}`) },
  { weight: 8, arbitrary: target.map((to) => `exp=${to}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'redirect=',
      'exp=',
      'x=%{d}',
      'x=%',
      'y=',
      '1x=2',
      'x-y=a',
      '-redirect=a.test',
      'REDIRECT=b.test',
    ),
  },
);
const term = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom('', '', '', '-', '~', '?', '+'), mechanism)
      .map(([qualifier, rest]) => qualifier + rest),
  },
  { weight: 1, arbitrary: modifier },
);
const ending = fc.constantFrom('', ' -all', ' -all', ' ~all', ' ?all', ' all', '  -ALL ');
const record = fc
  .tuple(
    mostly(fc.constant('v=spf1'), fc.constantFrom('V=SPF1', 'v=spf10', ' v=spf1', 'v=spf2.0/pra', 'v=spf1\t')),
    fc.array(term, { maxLength: 6 }),
    ending,
  )
  .map(([version, terms, end]) => `${[version, ...terms].join(' ')}${end}`);

const strings = (text: fc.Arbitrary<string>) =>
  fc
    .tuple(text, fc.nat(40))
    .map(([whole, at]) => (at > 10 && at < whole.length ? [whole.slice(0, at), whole.slice(at)] : [whole]));
const policies = fc.oneof(
  { weight: 40, arbitrary: strings(record).map((one) => [one]) },
  { weight: 1, arbitrary: fc.tuple(strings(record), strings(record)).map(([one, two]) => [one, two]) },
  { weight: 2, arbitrary: strings(record).map((one) => [['google-site-verification=x'], one]) },
  { weight: 1, arbitrary: fc.constant([['not spf at all']]) },
);

const some = <T>(values: readonly T[], most: number) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: most });
const optional = <T>(arbitrary: fc.Arbitrary<T>, chance: number) =>
  fc.oneof({ weight: chance, arbitrary }, { weight: 10 - chance, arbitrary: fc.constant(undefined) });

const domainRecords: fc.Arbitrary<NameRecords> = fc
  .record({
    TXT: policies,
    A: optional(some(addresses4, 3), 5),
    AAAA: optional(some(addresses6, 2), 3),
    MX: optional(
      fc
        .tuple(some(hosts, 4), fc.nat(30))
        .map(([names, many]) => (many === 0 ? Array.from({ length: 11 }, (_, at) => `n${at}.b.test`) : names))
        .map((names) => names.map((name, at) => [at * 10, name] as const)),
      5,
    ),
  })
  .map(compact);
const hostRecords: fc.Arbitrary<NameRecords> = fc
  .record({ A: optional(some(addresses4, 2), 7), AAAA: optional(some(addresses6, 2), 4) })
  .map(compact);

/** Absent members are left out, so that a world reads like a zone. */
function compact(records: { readonly [K in keyof NameRecords]: NameRecords[K] | undefined }): NameRecords {
  return Object.fromEntries(Object.entries(records).filter(([, value]) => value !== undefined));
}

const world: fc.Arbitrary<World> = fc
  .tuple(
    fc.tuple(...domains.map(() => domainRecords)),
    fc.tuple(...hosts.slice(0, 4).map(() => hostRecords)),
    fc.array(fc.tuple(fc.constantFrom(...clients), some([...domains, ...hosts], 3)), { maxLength: 4 }),
    fc.nat(9),
    fc.constantFrom(...domains),
  )
  .map(([ofDomains, ofHosts, pointers, mishap, struck]) => {
    const names: Record<string, NameRecords> = {};
    for (const [at, name] of domains.entries()) names[name] = ofDomains[at] ?? {};
    for (const [at, name] of hosts.slice(0, 4).entries()) names[name] = ofHosts[at] ?? {};
    names['alias.a.test'] = { CNAME: ['m1.a.test'] };
    names['broken.test'] = { fail: 'SERVFAIL' };
    names['slow.test'] = { fail: 'TIMEOUT' };
    for (let at = 0; at < 11; at++) names[`n${at}.b.test`] = { A: ['203.0.113.1'] };
    for (const [client, targets] of pointers) names[reverseName(client)] = { PTR: targets };
    if (mishap === 0) names[struck] = { fail: 'SERVFAIL' };
    if (mishap === 1) names[struck] = { CNAME: ['b.test'] };
    if (mishap === 2) delete names[struck];
    if (mishap === 1 && struck === 'b.test') names[struck] = { CNAME: ['a.test'] };
    return names;
  });

export function reverseName(ip: string): string {
  if (ip.includes('.')) return `${ip.split('.').toReversed().join('.')}.in-addr.arpa`;
  const [head = '', tail = ''] = ip.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => group.padStart(4, '0')));
  const zeros = Array.from({ length: 8 - groups(head).length - groups(tail).length }, () => '0000');
  return `${[...groups(head), ...zeros, ...groups(tail)].join('').split('').toReversed().join('.')}.ip6.arpa`;
}

const sender = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom('ann', 'a-b+c', 'x.y.z', 'UPPER'), anyDomain)
      .map(([local, domain]) => `${local}@${domain}`),
  },
  { weight: 1, arbitrary: fc.constant('') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('ann@gone.test', 'ann@broken.test', 'ann@test', 'a.test', '@a.test', '"a@b"@a.test'),
  },
);
const helo = fc.oneof(
  { weight: 8, arbitrary: anyName },
  { weight: 1, arbitrary: fc.constantFrom('[192.0.2.1]', 'localhost', 'm1.A.test') },
);

export function spfCases(count: number, seed: number): SpfCase[] {
  const one = fc.record({ ip: fc.constantFrom(...clients), helo, mail_from: sender, world });
  return fc.sample(one, { numRuns: count, seed }).map((rest, id) => ({ id, ...rest }));
}
