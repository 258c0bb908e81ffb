import assert from 'node:assert/strict';
import test from 'node:test';
import { fixedClock } from '../../base/clock.ts';
import type { Resolver } from '../dns/types.ts';
import { resolverFromZone } from '../dns/zone-resolver.ts';
import { createSpfEvaluator } from './create-spf-evaluator.ts';
import { evaluateSpf } from './evaluate-spf.ts';
import type { SpfResult, SpfSession } from './types.ts';

/** With every answer at hand, and with every answer waited for: one result. */
async function check(zone: string, session: Partial<SpfSession> = {}): Promise<SpfResult> {
  const whole = { remoteAddress: '192.0.2.1', helo: 'mail.example.com', mailFrom: 'user@example.com', ...session };
  const options = { clock: fixedClock(1_790_000_000_000) };
  const resolver = resolverFromZone(zone);
  const result = await evaluateSpf(resolver, whole, options);
  assert.deepEqual(await evaluateSpf({ lookup: resolver.lookup }, whole, options), result);
  return result;
}

async function verdict(zone: string, session: Partial<SpfSession> = {}): Promise<string> {
  const { result, reason } = await check(zone, session);
  return reason === undefined ? result : `${result} ${reason}`;
}

/** A resolver that remembers what it was asked. */
function listening(inner: Resolver): { resolver: Resolver; asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    resolver: {
      lookup: (name, type, options) => {
        asked.push(`${name} ${type}`);
        return inner.lookup(name, type, options);
      },
    },
  };
}

test('RFC 7208 §4.5: two SPF records are a permanent error, other TXT records are nobody’s business', async () => {
  assert.equal(
    await verdict('example.com TXT "v=spf1 -all"\nexample.com TXT "v=spf1 +all"'),
    'permerror several-records',
  );
  assert.equal(
    await verdict('example.com TXT "v=spf10 -all"\nexample.com TXT "x"\nexample.com TXT "v=spf1 +all"'),
    'pass',
  );
  assert.equal(await verdict('example.com TXT "spf2.0/pra -all"'), 'none no-record');
  assert.equal(await verdict('example.org TXT "v=spf1 -all"'), 'none no-record');
});

test('RFC 7208 §3.3: the strings of one TXT record are joined with nothing between', async () => {
  assert.equal(await verdict('example.com TXT "v=spf1 ip4:192.0" ".2.1 -all"'), 'pass');
});

test('RFC 7208 §4.4: a DNS failure is never "no record"', async () => {
  assert.equal(await verdict(';!SERVFAIL example.com\nexample.com TXT "v=spf1 -all"'), 'temperror dns-failure');
  assert.equal(await verdict(';!TIMEOUT example.com'), 'temperror dns-timeout');
});

test('RFC 7208 §4.6: the syntax of the whole record comes before any term', async () => {
  const result = await check('example.com TXT "v=spf1 +all foo"');
  assert.equal(result.result, 'permerror');
  assert.equal(result.reason, 'syntax');
  assert.ok(result.trace.some((line) => line.includes('"foo"')));
});

test('RFC 7208 §4.6.4: the eleventh lookup is an error, but only when it is reached', async () => {
  const hosts = Array.from({ length: 11 }, (_, i) => `h${i}.example.com A 198.51.100.1`).join('\n');
  const terms = (count: number) => Array.from({ length: count }, (_, i) => `a:h${i}.example.com`).join(' ');
  const ten = await check(`${hosts}\nexample.com TXT "v=spf1 ${terms(10)} ip4:192.0.2.1 -all"`);
  assert.deepEqual([ten.result, ten.lookups], ['pass', 10]);
  assert.equal(
    await verdict(`${hosts}\nexample.com TXT "v=spf1 ${terms(11)} ip4:192.0.2.1 -all"`),
    'permerror too-many-lookups',
  );
  assert.equal(await verdict(`${hosts}\nexample.com TXT "v=spf1 ${terms(10)} ip4:192.0.2.1 ${terms(5)} -all"`), 'pass');
});

test('RFC 7208 §4.6.4: terms count over all records; ip4, ip6, all, the first record and the explanation are free', async () => {
  const zone = `
example.com TXT "v=spf1 ip4:198.51.100.1 ip6:2001:db8::1 include:a.example.com redirect=b.example.com"
a.example.com TXT "v=spf1 include:c.example.com -all"
c.example.com TXT "v=spf1 ip4:198.51.100.2 -all"
b.example.com TXT "v=spf1 -all exp=why.example.com"
why.example.com TXT "no"`;
  const result = await check(zone);
  assert.deepEqual([result.result, result.lookups, result.explanation], ['fail', 3, 'no']);
});

test('RFC 7208 §4.6.4: the third void lookup is an error; NXDOMAIN and an empty answer are both void', async () => {
  const zone = 'four.example.com A 198.51.100.1\nsix.example.com AAAA 2001:db8::1\n';
  const two = await check(
    `${zone}example.com TXT "v=spf1 a:six.example.com exists:no.example.com a:four.example.com ~all"`,
  );
  assert.deepEqual([two.result, two.voidLookups], ['softfail', 2]);
  assert.equal(
    await verdict(`${zone}example.com TXT "v=spf1 a:six.example.com exists:no.example.com mx:four.example.com ~all"`),
    'permerror too-many-void-lookups',
  );
});

test('RFC 7208 §4.6.4: only the name in the term is void, not the hosts of an MX or PTR record', async () => {
  const zone = `
example.com TXT "v=spf1 mx ptr ~all"
example.com MX 10 gone1.example.com
example.com MX 20 gone2.example.com
example.com MX 30 gone3.example.com
1.2.0.192.in-addr.arpa PTR gone4.example.com`;
  const result = await check(zone);
  assert.deepEqual([result.result, result.lookups, result.voidLookups], ['softfail', 2, 0]);
});

test('RFC 7208 §5: a v4-mapped client is an IPv4 client and matches no ip6', async () => {
  const zone = 'example.com TXT "v=spf1 -ip6:::ffff:192.0.2.1 -ip6:::/0 ip4:192.0.2.1 -all"';
  assert.equal(await verdict(zone, { remoteAddress: '::ffff:192.0.2.1' }), 'pass');
  assert.equal(await verdict(zone, { remoteAddress: '2001:db8::1' }), 'fail');
});

test('RFC 7208 §5.1: all matches, whatever comes after it', async () => {
  assert.equal(await verdict('example.com TXT "v=spf1 ?all -all"'), 'neutral');
});

test('RFC 7208 §5.2: what the result of an included record means', async () => {
  const outer = (inner: string) => `example.com TXT "v=spf1 include:in.example.com ?all"\n${inner}`;
  for (const [inner, expected] of [
    ['in.example.com TXT "v=spf1 +all"', 'pass'],
    ['in.example.com TXT "v=spf1 -all"', 'neutral'],
    ['in.example.com TXT "v=spf1 ~all"', 'neutral'],
    ['in.example.com TXT "v=spf1 ?all"', 'neutral'],
    ['in.example.com TXT "v=spf1 foo"', 'permerror syntax'],
    ['in.example.com TXT "hello"', 'permerror include-without-record'],
    ['', 'permerror include-without-record'],
    [';!SERVFAIL in.example.com', 'temperror dns-failure'],
    [';!TIMEOUT in.example.com', 'temperror dns-timeout'],
  ] as const) {
    assert.equal(await verdict(outer(inner)), expected, inner);
  }
});

test('RFC 7208 §5.2: an include takes the qualifier of the outer term', async () => {
  const inner = 'in.example.com TXT "v=spf1 ip4:192.0.2.1 -all"';
  const result = await check(`example.com TXT "v=spf1 ~include:in.example.com +all"\n${inner}`);
  assert.deepEqual([result.result, result.matched], ['softfail', '~include:in.example.com']);
});

test('RFC 7208 §5.3: a without a name is the domain itself; one prefix length per family', async () => {
  const zone = 'example.com A 192.0.2.200\nexample.com AAAA 2001:db8:0:1::9\n';
  assert.equal(await verdict(`${zone}example.com TXT "v=spf1 a -all"`), 'fail');
  assert.equal(await verdict(`${zone}example.com TXT "v=spf1 a/24 -all"`), 'pass');
  assert.equal(await verdict(`${zone}example.com TXT "v=spf1 a/25 -all"`), 'fail');
  assert.equal(await verdict(`${zone}example.com TXT "v=spf1 a//64 -all"`), 'fail');
  const six = { remoteAddress: '2001:db8:0:1::1' };
  assert.equal(await verdict(`${zone}example.com TXT "v=spf1 a/24 -all"`, six), 'fail');
  assert.equal(await verdict(`${zone}example.com TXT "v=spf1 a/24//64 -all"`, six), 'pass');
});

test('RFC 7208 §5.4: mx means the MX hosts, and never the domain itself', async () => {
  const zone = 'example.com A 192.0.2.1\nmx.example.com A 192.0.2.1\nexample.com TXT "v=spf1 mx -all"';
  assert.equal(await verdict(zone), 'fail');
  assert.equal(await verdict(`${zone}\nexample.com MX 10 mx.example.com`), 'pass');
});

test('RFC 7208 §5.4: hosts are read in order of preference: a match before a failure is a match', async () => {
  const zone = (first: number, second: number) => `
example.com TXT "v=spf1 mx -all"
example.com MX ${first} good.example.com
example.com MX ${second} bad.example.com
good.example.com A 192.0.2.1
;!SERVFAIL bad.example.com`;
  assert.equal(await verdict(zone(10, 20)), 'pass');
  assert.equal(await verdict(zone(20, 10)), 'temperror dns-failure');
});

test('RFC 7208 §4.6.4: more than ten MX names are an error', async () => {
  const mx = (count: number) =>
    Array.from({ length: count }, (_, i) => `example.com MX ${i} m${i}.example.com`).join('\n');
  const zone = 'example.com TXT "v=spf1 mx -all"\nm9.example.com A 192.0.2.1\n';
  assert.equal(await verdict(zone + mx(10)), 'pass');
  assert.equal(await verdict(zone + mx(11)), 'permerror too-many-mx');
});

test('RFC 7505 §3: the null MX has no hosts and costs no query for addresses', async () => {
  const heard = listening(resolverFromZone('example.com TXT "v=spf1 mx -all"\nexample.com MX 0 .'));
  const session = { remoteAddress: '192.0.2.1', helo: 'x.example', mailFrom: 'a@example.com' };
  const result = await evaluateSpf(heard.resolver, session);
  assert.deepEqual([result.result, result.voidLookups], ['fail', 0]);
  assert.deepEqual(heard.asked, ['example.com TXT', 'example.com MX']);
});

test('RFC 7208 §5.5: ptr needs a name that points back, on a label boundary', async () => {
  const zone = (host: string, address: string) => `
example.com TXT "v=spf1 ptr -all"
1.2.0.192.in-addr.arpa PTR ${host}
${host} A ${address}`;
  assert.equal(await verdict(zone('mail.example.com', '192.0.2.1')), 'pass');
  assert.equal(await verdict(zone('example.com', '192.0.2.1')), 'pass');
  assert.equal(await verdict(zone('mail.example.com', '192.0.2.2')), 'fail');
  assert.equal(await verdict(zone('evilexample.com', '192.0.2.1')), 'fail');
  assert.equal(await verdict(zone('example.com.evil.test', '192.0.2.1')), 'fail');
});

test('RFC 7208 §5.5: a DNS failure in ptr is no match, and a name whose lookup fails is skipped', async () => {
  const zone = 'example.com TXT "v=spf1 ptr ?all"\n';
  assert.equal(await verdict(`${zone};!SERVFAIL 1.2.0.192.in-addr.arpa`), 'neutral');
  const two = '1.2.0.192.in-addr.arpa PTR bad.example.com\n1.2.0.192.in-addr.arpa PTR good.example.com\n';
  assert.equal(await verdict(`${zone}${two};!TIMEOUT bad.example.com\ngood.example.com A 192.0.2.1`), 'pass');
});

test('RFC 7208 §4.6.4: only the first ten PTR names are looked at', async () => {
  const zone = (place: number) =>
    `example.com TXT "v=spf1 ptr -all"\nright.example.com A 192.0.2.1\n${Array.from(
      { length: 14 },
      (_, i) => `1.2.0.192.in-addr.arpa PTR ${i === place ? 'right.example.com' : `w${i}.example.com`}`,
    ).join('\n')}`;
  assert.equal(await verdict(zone(9)), 'pass');
  assert.equal(await verdict(zone(10)), 'fail');
});

test('RFC 7208 §5.7: exists asks for A, for an IPv6 client too', async () => {
  const zone = 'example.com TXT "v=spf1 exists:y.example.com -all"\n';
  const six = { remoteAddress: '2001:db8::1' };
  assert.equal(await verdict(`${zone}y.example.com A 127.0.0.2`, six), 'pass');
  assert.equal(await verdict(`${zone}y.example.com AAAA 2001:db8::1`, six), 'fail');
});

test('RFC 7208 §6.1: redirect takes over when nothing matched; none there is permerror', async () => {
  const to = 'example.com TXT "v=spf1 redirect=b.example.com"\n';
  const result = await check(`${to}b.example.com TXT "v=spf1 ~all"`);
  assert.deepEqual([result.result, result.matched, result.domain], ['softfail', '~all', 'example.com']);
  assert.equal(await verdict(to), 'permerror redirect-without-record');
  assert.equal(
    await verdict('example.com TXT "v=spf1 redirect=%{h}"', { helo: 'a b' }),
    'permerror redirect-without-record',
  );
});

test('RFC 7208 §6.1: an all anywhere silences redirect; an all inside an included record does not', async () => {
  const rest = 'b.example.com TXT "v=spf1 -all"\nin.example.com TXT "v=spf1 -all"\n';
  assert.equal(await verdict(`${rest}example.com TXT "v=spf1 redirect=b.example.com ?all"`), 'neutral');
  assert.equal(await verdict(`${rest}example.com TXT "v=spf1 include:in.example.com redirect=b.example.com"`), 'fail');
});

test('RFC 7208 §6.2: the explanation is that of the record whose term failed', async () => {
  const zone = `
example.com TXT "v=spf1 include:in.example.com redirect=to.example.com exp=outer.example.com"
in.example.com TXT "v=spf1 -all exp=inner.example.com"
to.example.com TXT "v=spf1 -all exp=target.example.com"
outer.example.com TXT "outer"
inner.example.com TXT "inner"
target.example.com TXT "%{i} is not %{d}, asked by %{r} at %{t}: %{s} %{h} %{c}"`;
  const { explanation } = await check(zone, { receiver: 'mx.test' });
  assert.equal(
    explanation,
    '192.0.2.1 is not to.example.com, asked by mx.test at 1790000000: user@example.com mail.example.com 192.0.2.1',
  );
});

test('RFC 7208 §6.2: a broken explanation is left out and changes nothing', async () => {
  const broken = [
    '',
    'why.example.com TXT "a"\nwhy.example.com TXT "b"',
    'why.example.com TXT "%{x}"',
    ';!SERVFAIL why.example.com',
  ];
  broken.push(
    'why.example.com TXT "\\228"',
    'why.example.com TXT ""',
    `why.example.com TXT "${'%{h}'.repeat(60)}" "${'%{h}'.repeat(60)}"`,
  );
  for (const text of broken) {
    const result = await check(`example.com TXT "v=spf1 -all exp=why.example.com"\n${text}`);
    assert.deepEqual([result.result, result.explanation, result.voidLookups], ['fail', undefined, 0], text);
  }
});

test('RFC 7208 §6.2: what HELO brings along cannot make an explanation of control characters', async () => {
  const zone = 'example.com TXT "v=spf1 -all exp=why.example.com"\nwhy.example.com TXT "from %{h}"';
  assert.equal((await check(zone, { helo: 'a\r\n250 ok' })).explanation, undefined);
  assert.equal((await check(zone, { helo: 'ok.test' })).explanation, 'from ok.test');
});

test('RFC 7208 §7.2: d is the domain under evaluation, o the sender’s', async () => {
  const zone = `
example.com TXT "v=spf1 include:in.example.com -all"
in.example.com TXT "v=spf1 exists:%{d}.%{o}.list.test -all"
in.example.com.example.com.list.test A 127.0.0.2`;
  assert.equal(await verdict(zone), 'pass');
});

test('RFC 7208 §7.3: p is a confirmed name, the domain itself first, then one below it, else unknown', async () => {
  const zone = `
example.com TXT "v=spf1 exists:%{p}.list.test -all"
1.2.0.192.in-addr.arpa PTR other.test
1.2.0.192.in-addr.arpa PTR mail.example.com
other.test A 192.0.2.1
mail.example.com A 192.0.2.1`;
  const asked = async (text: string) => (await check(text)).trace.find((line) => line.startsWith('%{p}.list.test is'));
  assert.equal(await asked(zone), '%{p}.list.test is mail.example.com.list.test');
  assert.equal(
    await asked(`${zone}\nexample.com A 192.0.2.1\n1.2.0.192.in-addr.arpa PTR example.com`),
    '%{p}.list.test is example.com.list.test',
  );
  assert.equal(
    await asked('example.com TXT "v=spf1 exists:%{p}.list.test -all"'),
    '%{p}.list.test is unknown.list.test',
  );
});

test('RFC 7208 §7.4: i of an IPv6 client is dotted nibbles, c its readable form', async () => {
  const zone = `
example.com TXT "v=spf1 exists:%{i}.%{v}.list.test -all exp=why.test"
why.test TXT "%{c} %{i} %{v}"`;
  const { explanation } = await check(zone, { remoteAddress: '2001:DB8::1' });
  assert.equal(explanation, `2001:db8::1 2.0.0.1.0.d.b.8.${'0.'.repeat(23)}1 ip6`);
});

test('RFC 7208 §2.4: the null sender is postmaster at the HELO domain', async () => {
  const zone =
    'helo.example TXT "v=spf1 exists:%{l}.%{o}.list.test -all"\npostmaster.helo.example.list.test A 127.0.0.2';
  const result = await check(zone, { mailFrom: '', helo: 'HELO.example.' });
  assert.deepEqual([result.result, result.domain], ['pass', 'helo.example']);
  for (const helo of [
    '',
    'localhost',
    '[192.0.2.1]',
    'a..b',
    'a b.example',
    `${'a'.repeat(64)}.example`,
    'x.example\0',
    '192.0.2.1',
  ]) {
    assert.equal(
      await verdict('example TXT "v=spf1 +all"', { mailFrom: '', helo }),
      'none bad-domain',
      JSON.stringify(helo),
    );
  }
});

test('RFC 7208 §4.3: without a local part it is postmaster; a sender without a valid domain has no SPF', async () => {
  const zone = 'example.com TXT "v=spf1 exists:%{l}.list.test -all"\npostmaster.list.test A 127.0.0.2';
  assert.equal(await verdict(zone, { mailFrom: '@example.com' }), 'pass');
  for (const mailFrom of [
    'a@localhost',
    'a@',
    '@',
    'a@[192.0.2.1]',
    'a@example.com)',
    'a@exam ple.com',
    'a@example.com\r\nx',
    'a@example..com',
    'a@1.2',
  ]) {
    assert.equal(await verdict(zone, { mailFrom }), 'none bad-domain', JSON.stringify(mailFrom));
  }
});

test('the last @ outside quotes ends the local part; a quote that stays open is no address', async () => {
  const zone = 'example.com TXT "v=spf1 -all"\nvictim.test TXT "v=spf1 +all"';
  const domainOf = async (mailFrom: string) => (await check(zone, { mailFrom })).domain;
  assert.equal(await domainOf('"a@victim.test"@example.com'), 'example.com');
  assert.equal(await domainOf('a@victim.test@example.com'), 'example.com');
  assert.equal(await domainOf('@victim.test:a@example.com'), 'example.com');
  assert.equal(await domainOf('"a\\"@victim.test"@example.com'), 'example.com');
  assert.equal(await domainOf('(any@example.com'), 'example.com');
  assert.equal(await verdict(zone, { mailFrom: '"a@victim.test' }), 'none bad-domain');
  assert.equal(await verdict(zone, { mailFrom: 'a@victim.test"@example.com' }), 'none bad-domain');
});

test('RFC 8616 §4: U-labels become A-labels; terms that speak of a non-ASCII local part match nothing', async () => {
  const zone = `
xn--bcher-kva.example TXT "v=spf1 exists:%{l}.list.test include:%{s}.list.test ?exists:%{o}.list.test -all"
xn--bcher-kva.example.list.test A 127.0.0.2
*.list.test A 127.0.0.2`;
  const result = await check(zone, { mailFrom: 'jürgen@Bücher.example' });
  assert.deepEqual([result.result, result.domain], ['neutral', 'xn--bcher-kva.example']);
});

test('RFC 7208 §4.8: a name that cannot exist is never asked for and matches nothing', async () => {
  const inner = resolverFromZone(
    'example.com TXT "v=spf1 a:%{h} exists:%{l}.x.test mx:a..b.example include:%{h} -all"',
  );
  const heard = listening(inner);
  const session = { remoteAddress: '192.0.2.1', helo: 'a\0b', mailFrom: `${'l'.repeat(64)}@example.com` };
  const result = await evaluateSpf(heard.resolver, session);
  assert.deepEqual([result.result, result.reason, result.voidLookups], ['permerror', 'include-without-record', 0]);
  assert.deepEqual(heard.asked, ['example.com TXT']);
});

test('RFC 1034 §3.6.2: CNAMEs are followed, a loop is a DNS error', async () => {
  const zone =
    'example.com TXT "v=spf1 a:alias.example.com -all"\nalias.example.com CNAME host.example.com\nhost.example.com A 192.0.2.1';
  assert.equal(await verdict(zone), 'pass');
  assert.equal(
    await verdict('example.com TXT "v=spf1 a:l.example.com -all"\nl.example.com CNAME l.example.com'),
    'temperror dns-failure',
  );
});

test('a client address that is none has no SPF', async () => {
  for (const remoteAddress of ['', 'localhost', '192.0.2', '192.0.2.1:25', 'fe80::1%eth0']) {
    assert.equal(
      await verdict('example.com TXT "v=spf1 +all"', { remoteAddress }),
      'none bad-remote-address',
      remoteAddress,
    );
  }
});

test('the trace tells the way, indented by record', async () => {
  const { trace } = await check(
    'example.com TXT "v=spf1 include:in.example.com -all"\nin.example.com TXT "v=spf1 ip4:192.0.2.0/24"',
  );
  assert.deepEqual(trace, [
    'example.com: v=spf1 include:in.example.com -all',
    'include:in.example.com: lookup 1 of 10',
    '  in.example.com: v=spf1 ip4:192.0.2.0/24',
    '  ip4:192.0.2.0/24: match, so pass',
    'include:in.example.com: match, so pass',
    'result: pass',
  ]);
});

test('an evaluator that remembers records judges as the plain function does', async () => {
  const resolver = resolverFromZone(
    'example.com TXT "v=spf1 include:in.example.com -all"\nin.example.com TXT "v=spf1 ip4:192.0.2.1"',
  );
  const spf = createSpfEvaluator({ resolver, clock: fixedClock(0) });
  for (const remoteAddress of ['192.0.2.1', '192.0.2.2', '192.0.2.1']) {
    const session = { remoteAddress, helo: 'x.example', mailFrom: 'a@example.com' };
    assert.deepEqual(await spf.evaluateSpf(session), await evaluateSpf(resolver, session));
  }
});
