import assert from 'node:assert/strict';
import test from 'node:test';
import type { DomainName } from '../../../format/domain-name.ts';
import { resolverFromZone } from '../../../protocol/dns/zone-resolver.ts';
import { createSpfCompiler } from './compile-spf.ts';
import { gatherSpfFacts } from './gather-facts.ts';
import type { SpfProposal, SpfRequest, SpfWish } from './types.ts';

const name = 'example.com' as DomainName;
const compiler = createSpfCompiler();

const providers = `
_spf.google.com TXT "v=spf1 ip4:35.190.247.0/24 ip6:2001:4860:4000::/36 ~all"
sendgrid.net TXT "v=spf1 ip4:167.89.0.0/17 ~all"
mailgun.org TXT "v=spf1 include:_spf1.mailgun.org include:_spf2.mailgun.org ~all"
_spf1.mailgun.org TXT "v=spf1 ip4:209.61.151.0/24 ~all"
_spf2.mailgun.org TXT "v=spf1 ip4:141.193.32.0/23 ~all"
spf.protection.outlook.com TXT "v=spf1 ip4:40.92.0.0/15 ip6:2a01:111:f400::/48 -all"
mail.zendesk.com TXT "v=spf1 ip4:103.151.192.0/23 ~all"
servers.mcsv.net TXT "v=spf1 ip4:205.201.128.0/20 ~all"
example.com A 192.0.2.1
example.com AAAA 2001:db8::1
example.com MX 10 mx.example.com
mx.example.com A 192.0.2.2
`;

type Given = Partial<Omit<SpfRequest, 'wanted'>> & {
  readonly wanted?: readonly (Partial<SpfWish> & Pick<SpfWish, 'sender'>)[];
  readonly zone?: string;
};

async function compile({ zone = '', wanted = [], ...given }: Given): Promise<SpfProposal> {
  const wishes = wanted.map((wish): SpfWish => ({ terms: [], aligns: 'yes', ...wish }));
  const request: SpfRequest = { name, present: [], ...given, wanted: wishes };
  const texts = [...request.present, ...wishes.flatMap(({ terms }) => terms)];
  const facts = await gatherSpfFacts(resolverFromZone(`${providers}\n${zone}`), { name, texts, ownRecord: false });
  return compiler.compile(facts, request);
}

const codes = ({ problems }: SpfProposal) => problems.map(({ code }) => code);
const google = { sender: 'google', terms: ['include:_spf.google.com'] };

test('what is there keeps its order, what is wanted comes behind it, before the end', async () => {
  const made = await compile({
    present: ['v=spf1 mx include:legacy.test -all', 'google-site-verification=x'],
    wanted: [google, { sender: 'own', terms: ['ip4:192.0.2.9'] }],
    zone: 'legacy.test TXT "v=spf1 ip4:198.51.100.1 -all"',
  });
  assert.equal(made.record, 'v=spf1 mx include:legacy.test include:_spf.google.com ip4:192.0.2.9 -all');
  assert.deepEqual(made.replaces, ['v=spf1 mx include:legacy.test -all']);
  assert.deepEqual(
    made.terms.map(({ term, from, lookups }) => [term, from.join(), lookups]),
    [
      ['mx', '', 1],
      ['include:legacy.test', '', 1],
      ['include:_spf.google.com', 'google', 1],
      ['ip4:192.0.2.9', 'own', 0],
    ],
  );
  assert.deepEqual([made.lookups, made.isFit, codes(made)], [3, true, ['unclaimed']]);
});

test('what says the same already stays, letter by letter', async () => {
  const present = 'v=spf1  +Include:_SPF.google.com a:example.com IP4:192.0.2.0/24 ip4:192.0.2.7/32 ~ALL';
  const made = await compile({
    present: [present],
    wanted: [google, { sender: 'own', terms: ['a', 'ip4:192.0.2.8'] }],
  });
  assert.equal(made.record, present);
  assert.deepEqual([made.isPresent, made.replaces, made.isFit], [true, [], true]);
});

test('union by meaning: case, +, the same host, ranges inside others, the mildest qualifier', async () => {
  const cases: readonly (readonly [string, readonly string[], string])[] = [
    ['v=spf1 INCLUDE:_spf.Google.com ~all', ['+include:_SPF.google.com.'], 'include:_spf.google.com ~all'],
    ['v=spf1 a ~all', ['a:example.com', 'A:EXAMPLE.com/32'], 'a ~all'],
    ['v=spf1 ip4:10.1.2.3 ip4:10.2.0.0/16 -all', ['ip4:10.0.0.0/8'], 'ip4:10.0.0.0/8 -all'],
    ['v=spf1 ip6:2001:db8::1 ~all', ['ip6:2001:DB8:0::/48'], 'ip6:2001:db8::/48 ~all'],
    ['v=spf1 ?include:_spf.google.com mx ~all', ['include:_spf.google.com'], 'include:_spf.google.com mx ~all'],
    [
      'v=spf1 -ip4:192.0.2.5 include:_spf.google.com ~all',
      ['ip4:192.0.2.6'],
      'ip4:192.0.2.6 -ip4:192.0.2.5 include:_spf.google.com ~all',
    ],
    ['v=spf1 exists:%{I}.x.test ~all', ['exists:%{i}.x.test'], 'exists:%{I}.x.test exists:%{i}.x.test ~all'],
    ['v=spf1 a/24 ~all', ['a'], 'a/24 a ~all'],
  ];
  for (const [present, terms, expected] of cases) {
    const made = await compile({ present: [present], respell: true, wanted: [{ sender: 'x', terms }] });
    assert.equal(made.record?.replace('v=spf1 ', ''), expected, present);
  }
});

test('nothing goes unless a declared sender claims it and can never use it', async () => {
  const present = ['v=spf1 include:servers.mcsv.net include:sendgrid.net include:mailgun.org ~all'];
  const mailchimp = { sender: 'mailchimp', claims: ['.mcsv.net'], aligns: 'no' } as const;
  const made = await compile({
    present,
    wanted: [google, mailchimp, { sender: 'sendgrid', claims: ['sendgrid.net'], aligns: 'with-return-path' }],
  });
  assert.equal(made.record, 'v=spf1 include:sendgrid.net include:mailgun.org include:_spf.google.com ~all');
  assert.deepEqual(made.dropped, [
    {
      term: 'include:servers.mcsv.net',
      why: 'mailchimp sends with a return path of its own, so SPF can never pass for this domain',
    },
  ]);
  assert.deepEqual(made.terms[0]?.from, ['sendgrid']);
  const shared = await compile({ present, wanted: [mailchimp, { sender: 'other', claims: ['servers.mcsv.net'] }] });
  assert.match(shared.record ?? '', /servers\.mcsv\.net/);
  const wanted = await compile({
    wanted: [google, { sender: 'x', terms: ['include:x.test'], aligns: 'no', why: 'because' }],
  });
  assert.deepEqual(
    [wanted.record, wanted.dropped],
    ['v=spf1 include:_spf.google.com ~all', [{ term: 'include:x.test', why: 'because' }]],
  );
});

test('several records become one, in whatever order DNS gives them', async () => {
  const two = ['v=spf1 include:sendgrid.net -all', 'v=spf1 include:_spf.google.com ~all'];
  for (const present of [two, two.toReversed()]) {
    const made = await compile({ present, wanted: [] });
    assert.equal(made.record, 'v=spf1 include:_spf.google.com include:sendgrid.net ~all');
    assert.deepEqual([made.replaces, codes(made)[0]], [two.toSorted(), 'several-records']);
  }
});

test('how a record ends', async () => {
  const ends: readonly (readonly [readonly string[], Partial<SpfRequest>, string])[] = [
    [[], {}, '~all'],
    [[], { dmarcStage: 'quarantine' }, '~all'],
    [[], { dmarcStage: 'reject' }, '-all'],
    [['v=spf1 -all'], {}, '-all'],
    [['v=spf1 ~all'], { dmarcStage: 'reject' }, '~all'],
    [['v=spf1 ?all'], {}, '~all'],
    [['v=spf1 +all'], {}, '~all'],
    [['v=spf1 mx'], {}, '~all'],
    [['v=spf1 -all', 'v=spf1 mx ~all'], {}, '~all'],
  ];
  for (const [present, more, end] of ends) {
    const { record } = await compile({ present, wanted: [google], ...more });
    assert.ok(record?.endsWith(` ${end}`) && record.match(/all/g)?.length === 1, `${present}: ${record}`);
  }
  assert.equal((await compile({ silent: true })).record, 'v=spf1 -all');
  const silent = await compile({ silent: true, present: ['v=spf1 mx ~all', 'x'] });
  assert.deepEqual(
    [silent.record, silent.replaces, silent.dropped.map(({ term }) => term)],
    ['v=spf1 -all', ['v=spf1 mx ~all'], ['mx']],
  );
  assert.equal((await compile({ silent: true, present: ['V=SPF1  -ALL'] })).isPresent, true);
  assert.equal((await compile({})).record, undefined);
});

test('RFC 7208 §6.1: a redirect stays the end, until something else ends the record', async () => {
  const zone = 'r.test TXT "v=spf1 ip4:198.51.100.0/24 -all"\ns.test TXT "v=spf1 ip4:203.0.113.0/24 ~all"';
  const one = await compile({ zone, present: ['v=spf1 redirect=R.test'], wanted: [google] });
  assert.deepEqual([one.record, one.lookups], ['v=spf1 include:_spf.google.com redirect=r.test', 2]);
  assert.equal(one.proof.stranger?.result, 'fail');
  const two = await compile({ zone, present: ['v=spf1 mx redirect=r.test', 'v=spf1 redirect=s.test'] });
  assert.equal(two.record, 'v=spf1 mx include:r.test include:s.test ~all');
  const strict = await compile({ zone, present: ['v=spf1 redirect=r.test', 'v=spf1 mx -all'] });
  assert.equal(strict.record, 'v=spf1 mx include:r.test -all');
  const idle = await compile({ zone, present: ['v=spf1 mx -all redirect=r.test'], wanted: [google] });
  assert.deepEqual([idle.record, codes(idle)[0]], ['v=spf1 mx include:_spf.google.com -all', 'modifier-taken']);
});

test('RFC 7208 §6: explanation and unknown modifiers stay; of two explanations the first', async () => {
  const made = await compile({ present: ['v=spf1 mx -all exp=why.test x=%{d}'], wanted: [google] });
  assert.equal(made.record, 'v=spf1 mx include:_spf.google.com -all exp=why.test x=%{d}');
  const two = await compile({ present: ['v=spf1 a -all exp=a.test', 'v=spf1 mx -all exp=b.test'] });
  assert.deepEqual([two.record, two.dropped.map(({ term }) => term)], ['v=spf1 a mx -all exp=a.test', ['exp=b.test']]);
});

test('RFC 7208 §5.1: what stands behind all stays there, without effect, until somebody wants it', async () => {
  const present = ['v=spf1 mx ~all include:sendgrid.net'];
  const kept = await compile({ present, wanted: [google] });
  assert.equal(kept.record, 'v=spf1 mx include:_spf.google.com ~all include:sendgrid.net');
  assert.equal(codes(kept)[0], 'behind-all');
  const wanted = await compile({ present, wanted: [{ sender: 'sendgrid', terms: ['include:sendgrid.net'] }] });
  assert.equal(wanted.record, 'v=spf1 mx include:sendgrid.net ~all');
});

test('what cannot be read is named, told as left out, and costs nothing else', async () => {
  const made = await compile({ present: ['v=spf1 mx inclde:x.test ip4:1.2.3 -all'], wanted: [google] });
  assert.equal(made.record, 'v=spf1 mx include:_spf.google.com -all');
  assert.deepEqual(
    made.dropped.map(({ term }) => term),
    ['inclde:x.test', 'ip4:1.2.3'],
  );
  assert.deepEqual(
    made.problems.flatMap(({ where }) => (where ? [where.at] : [])),
    [10, 24],
  );
  const quoted = await compile({ present: ['"v=spf1 include:sendgrid.net -all"'], wanted: [google] });
  assert.equal(quoted.record, 'v=spf1 include:sendgrid.net include:_spf.google.com -all');
  assert.deepEqual(quoted.replaces, ['"v=spf1 include:sendgrid.net -all"']);
});

const many = Array.from(
  { length: 12 },
  (_, at) => `p${at}.test TXT "v=spf1 ip4:10.${at}.0.0/24 ip6:2001:db8:${at}::/48 ~all"`,
).join('\n');
const dear = `${many}
dear.test TXT "v=spf1 ${Array.from({ length: 8 }, (_, at) => `include:p${at}.test`).join(' ')} ~all"`;
const wide = Array.from({ length: 12 }, (_, at) => ({ sender: `s${at}`, terms: [`include:p${at}.test`] }));

test('RFC 7208 §4.6.4: over ten lookups nothing is fit, and the ways out come in order', async () => {
  const wanted = [
    google,
    { sender: 'zendesk', terms: ['include:mail.zendesk.com'], literal: true },
    { sender: 'dear', terms: ['include:dear.test'], movesTo: 'news' },
    { sender: 'p3', terms: ['include:p3.test'] },
  ];
  const given = { zone: dear, present: ['v=spf1 a include:gone.test ip4:192.0.2.1 ip6:2001:db8::1 -all'], wanted };
  const made = await compile({ ...given, hosted: { zone: 'posthorn.test' as DomainName, id: 'k7' } });
  assert.deepEqual([made.lookups, made.isFit], [14, false]);
  assert.deepEqual(
    made.remedies.map(({ kind, lookups, enough }) => [kind, lookups, enough]),
    [
      ['remove', 11, false],
      ['move', 2, true],
      ['host', 3, true],
      ['flatten', 3, true],
    ],
  );
  const [remove, move, host, flatten] = made.remedies;
  const base = 'v=spf1 ip4:192.0.2.1 ip6:2001:db8::1';
  assert.equal(remove?.record, `${base} include:_spf.google.com include:mail.zendesk.com include:dear.test -all`);
  assert.equal(move?.record, `${base} include:_spf.google.com include:mail.zendesk.com -all`);
  assert.deepEqual(move?.extra, [{ name: 'news.example.com', type: 'TXT', value: 'v=spf1 include:dear.test ~all' }]);
  assert.equal(host?.record, `${base} include:_spf.k7.posthorn.test include:mail.zendesk.com -all`);
  assert.match(host?.duties.join() ?? '', /include:mail\.zendesk\.com stays/);
  assert.equal(
    flatten?.record,
    `${base} include:_spf.google.com include:mail.zendesk.com include:_spf1.example.com -all`,
  );
  assert.equal(flatten?.extra[0]?.value.match(/ip4/g)?.length, 8);
});

test('a way out that was accepted is taken, tried, and taken again next time', async () => {
  for (const kind of ['flatten', 'host', 'move'] as const) {
    const hosted = { zone: 'posthorn.test' as DomainName, id: 'k7' };
    const wanted = wide.map((wish) => ({ ...wish, movesTo: wish.sender, claims: [wish.terms[0]?.slice(8) ?? ''] }));
    const first = await compile({ zone: many, present: ['v=spf1 mx -all'], wanted, accept: [kind], hosted });
    assert.ok(first.isFit && first.extra.length > 0 && first.lookups <= 10, `${kind} ${codes(first)}`);
    assert.ok(first.proof.tried > 12 || kind !== 'flatten', kind);
    const published = first.extra
      .filter(({ type }) => type === 'TXT')
      .map(({ name: at, value }) => `${at} TXT "${value}"`);
    const zone = `${many}\n${published.join('\n')}`;
    const again = await compile({ zone, present: [first.record ?? ''], wanted, accept: [kind], hosted });
    assert.deepEqual([again.record, again.isFit, again.isPresent], [first.record, true, true], kind);
  }
});

test('names that do not exist, loops, several records below: told, and nothing new of that kind is fit', async () => {
  const zone =
    'loop.test TXT "v=spf1 include:loop.test -all"\ntwo.test TXT "v=spf1 -all"\ntwo.test TXT "v=spf1 ~all"\nbad.test TXT "v=spf1 foo"';
  for (const [target, code] of [
    ['gone.test', 'broken-below'],
    ['two.test', 'broken-below'],
    ['bad.test', 'broken-below'],
    ['loop.test', 'loop'],
  ] as const) {
    const added = await compile({ zone, wanted: [google, { sender: 'x', terms: [`include:${target}`] }] });
    assert.deepEqual([added.isFit, codes(added).includes(code)], [false, true], target);
    const there = await compile({ zone, present: [`v=spf1 include:${target} -all`], wanted: [google] });
    assert.deepEqual([codes(there).includes(code)], [true], target);
    assert.match(there.record ?? '', new RegExp(`include:${target}`));
  }
  const lost = await compile({ zone: ';!SERVFAIL slow.test', wanted: [{ sender: 'x', terms: ['include:slow.test'] }] });
  assert.deepEqual([codes(lost), lost.isFit], [['unknown-below'], true]);
});

test('void lookups: names that are not there, and families that are not', async () => {
  const none = await compile({ wanted: [{ sender: 'x', terms: ['a:1.test', 'a:2.test', 'exists:3.test'] }] });
  assert.deepEqual([none.voidLookups, none.isFit, codes(none)], [3, false, ['too-many-void-lookups']]);
  const zone = 'h1.test A 192.0.2.1\nh2.test A 192.0.2.2\nh3.test A 192.0.2.3';
  const four = await compile({ zone, wanted: [{ sender: 'x', terms: ['a:h1.test', 'a:h2.test', 'a:h3.test'] }] });
  assert.deepEqual([four.voidLookups, four.voidLookupsWorst, four.isFit, codes(four)], [0, 3, true, ['void-for-some']]);
});

test('RFC 7208 §4.6.4: an address behind too many names without an answer is known not to pass', async () => {
  const zone = 'h1.test A 192.0.2.1\nh2.test A 192.0.2.2\nh3.test A 192.0.2.3';
  const made = await compile({
    zone,
    present: ['v=spf1 a:h1.test a:h2.test a:h3.test -all'],
    wanted: [{ sender: 'own', terms: ['ip6:2001:db8::9'] }],
  });
  assert.deepEqual(made.proof.failed, [{ sender: 'own', address: '2001:db8::9', result: 'permerror' }]);
  assert.deepEqual([made.isFit, codes(made).slice(-2)], [false, ['void-for-some', 'not-authorised']]);
});

test('every known address is tried, and a stranger', async () => {
  const made = await compile({ wanted: [{ ...google, addresses: ['35.190.247.9', '192.0.2.200'] }] });
  assert.deepEqual(made.proof.failed, [{ sender: 'google', address: '192.0.2.200', result: 'softfail' }]);
  assert.deepEqual([made.isFit, codes(made)], [true, ['not-authorised']]); // Google’s own terms do not hold it
  const open = await compile({
    zone: 'open.test TXT "v=spf1 +all"',
    wanted: [{ sender: 'x', terms: ['include:open.test'] }],
  });
  assert.deepEqual([open.isFit, codes(open)], [false, ['everybody-passed']]);
});

test('the size of the answer, the other TXT values included', async () => {
  const terms = Array.from({ length: 20 }, (_, at) => `ip4:198.51.${at}.7`);
  const small = await compile({ wanted: [{ sender: 'x', terms }] });
  assert.deepEqual([small.answerOctets, codes(small)], [12 + 11 + 2 + 4 + 12 + 2 + (small.record?.length ?? 0), []]);
  const beside = await compile({ wanted: [{ sender: 'x', terms }], present: ['y'.repeat(100)] });
  assert.deepEqual([beside.answerOctets, codes(beside)], [small.answerOctets + 12 + 101, ['size']]);
  const huge = await compile({ wanted: [{ sender: 'x', terms }], planned: ['y'.repeat(900)] });
  assert.deepEqual([huge.problems.at(-1)?.severity, huge.isFit], ['error', false]);
});

test('a zone with four providers, each one’s wizard in turn, in every order: none is lost', async () => {
  const wizards = [
    'include:_spf.google.com -all',
    'include:sendgrid.net ~all',
    'include:mailgun.org ~all',
    'include:spf.protection.outlook.com -all',
  ];
  const clients = ['35.190.247.1', '167.89.0.1', '209.61.151.1', '40.92.0.1', '192.0.2.99', '192.0.2.2'];
  const texts = ['v=spf1 ip4:192.0.2.99 mx ~all', ...wizards];
  const facts = await gatherSpfFacts(resolverFromZone(providers), { name, texts, ownRecord: false });
  for (const order of permutations(wizards)) {
    let record = 'v=spf1 ip4:192.0.2.99 mx ~all';
    for (const wizard of order) {
      const wish: SpfWish = { sender: wizard, terms: [`v=spf1 ${wizard}`], aligns: 'yes' };
      const made = compiler.compile(facts, { name, present: [record], wanted: [wish] });
      assert.ok(made.isFit);
      record = made.record ?? '';
    }
    for (const wizard of wizards) assert.ok(record.includes(` ${wizard.split(' ')[0]} `), record);
    assert.match(record, /^v=spf1 ip4:192\.0\.2\.99 mx .* ~all$/);
    const all: SpfWish = { sender: 'all', terms: [], aligns: 'yes', addresses: clients };
    const last = compiler.compile(facts, { name, present: [record], wanted: [all] });
    assert.deepEqual([last.proof.failed, last.isPresent, last.proof.stranger?.result], [[], true, 'softfail']);
  }
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}

test('hostile zones: bounded, and nothing is lost without a word', async () => {
  const giant = await compile({ present: [`v=spf1 ${'a '.repeat(33_000)}-all`], wanted: [google] });
  assert.deepEqual([giant.record, giant.isFit, codes(giant)], [undefined, false, ['size']]);
  const rows = Array.from(
    { length: 300 },
    (_, at) => `v=spf1 ip4:10.${at >> 8}.${at & 255}.1 include:n${at}.test -all`,
  );
  const crowd = await compile({ present: rows, wanted: [google] });
  assert.equal(crowd.terms.length, 601);
  assert.deepEqual([crowd.lookups > 10, crowd.isFit], [true, false]);
  const fork = Array.from(
    { length: 25 },
    (_, at) => `f${at}.test TXT "v=spf1 include:f${at + 1}.test include:f${at + 1}.test -all"`,
  ).join('\n');
  const forked = await compile({ zone: fork, wanted: [{ sender: 'x', terms: ['include:f0.test'] }] });
  assert.deepEqual([forked.lookups, forked.isFit], [999, false]);
});
