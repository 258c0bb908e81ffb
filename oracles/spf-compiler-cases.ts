/**
 * What the SPF compiler makes of random records and wishes, published in a made-up DNS: merged, flattened, or asked by address in a
 * hosted zone. Beside each client stands whether it has to pass, said by our engine of the records as they were before.
 */
import fc from 'fast-check';
import type { DomainName } from '../src/format/domain-name.ts';
import { resolverFromZone } from '../src/protocol/dns/zone-resolver.ts';
import { evaluateSpf } from '../src/protocol/spf/evaluate-spf.ts';
import { createSpfCompiler } from '../src/services/setup/spf-compiler/compile-spf.ts';
import { gatherSpfFacts } from '../src/services/setup/spf-compiler/gather-facts.ts';
import type { SpfExtraRecord, SpfProposal, SpfRemedyKind, SpfWish } from '../src/services/setup/spf-compiler/types.ts';
import { reverseName, type SpfCase } from './spf-cases.ts';
import { toZoneText, type World } from './world.ts';

export type CompiledCase = SpfCase & { readonly mustPass: boolean; readonly what: string };

const name = 'a.test' as DomainName;
const clients = [
  '192.0.2.77',
  '192.0.2.9',
  '198.51.100.9',
  '10.3.0.9',
  '10.7.0.1',
  '203.0.113.200',
  '2001:db8::7',
  '2001:db8:7::9',
  '2001:db8:ffff::1',
];
const providers = Array.from({ length: 12 }, (_, at) => `p${at}.test`);

const network = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat(11), fc.integer({ min: 14, max: 30 })).map(([at, bits]) => `ip4:10.${at}.0.0/${bits}`),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom('ip4:192.0.2.0/25', 'ip4:192.0.2.77', 'ip4:198.51.100.0/24', 'ip4:203.0.113.128/25'),
  },
  { weight: 3, arbitrary: fc.constantFrom('ip6:2001:db8::/47', 'ip6:2001:db8:7::/48', 'ip6:2001:db8::7') },
);
const host = fc.constantFrom('a', 'mx', 'a:h.test', 'mx:h.test/28');
const sign = fc.constantFrom('', '', '', '', '', '-', '~', '?');
const signed = (term: fc.Arbitrary<string>) => fc.tuple(sign, term).map((parts) => parts.join(''));
const include = fc.constantFrom(...providers).map((one) => `include:${one}`);
const provider = fc.tuple(
  fc.array(signed(network), { minLength: 1, maxLength: 6 }),
  fc.constantFrom('-all', '~all', '?all'),
);
const present = fc
  .tuple(
    fc.array(signed(fc.oneof(network, include, host)), { maxLength: 5 }),
    fc.constantFrom('-all', '~all', 'redirect=p11.test'),
  )
  .map(([terms, end]) => ['v=spf1', ...terms, end].join(' '));
/** Now and then more than ten lookups, so that a way out has to be taken. */
const wishes = fc.oneof(
  fc.uniqueArray(fc.oneof({ weight: 4, arbitrary: include }, { weight: 1, arbitrary: network }), {
    minLength: 1,
    maxLength: 6,
  }),
  fc.uniqueArray(include, { minLength: 10, maxLength: 12 }),
);
const kinds = fc.constantFrom<SpfRemedyKind>('flatten', 'host');

const setting = fc.tuple(fc.tuple(...providers.map(() => provider)), present, wishes, kinds);

export async function compiledCases(count: number, seed: number): Promise<CompiledCase[]> {
  const compiler = createSpfCompiler();
  const cases: CompiledCase[] = [];
  // Some proposals are not fit, because no way out is enough: those are not published.
  for (const [records, text, terms, kind] of fc.sample(setting, {
    numRuns: Math.ceil((count / clients.length) * 2),
    seed,
  })) {
    if (cases.length >= count) break;
    const world = worldOf(records.map(([own, end]) => ['v=spf1', ...own, end].join(' ')));
    const wanted = terms.map((term): SpfWish => ({ sender: term, terms: [term], aligns: 'yes' }));
    const facts = await gatherSpfFacts(resolverFromZone(toZoneText(world)), {
      name,
      texts: [text, ...terms],
      ownRecord: false,
    });
    const hosted = { zone: 'posthorn.test' as DomainName, id: 'k7' };
    const made = compiler.compile(facts, { name, present: [text], wanted, hosted, accept: [kind] });
    // Where a term that was there stops some of what is wanted, the proposal says so, and the person decides.
    const isTold = made.problems.some(({ code }) => code === 'order-conflict');
    if (!made.isFit || made.record === undefined || isTold) continue;
    cases.push(...(await casesOf(world, text, terms, made, cases.length)));
  }
  return cases.slice(0, count);
}

async function casesOf(
  world: World,
  text: string,
  terms: readonly string[],
  made: SpfProposal,
  first: number,
): Promise<CompiledCase[]> {
  const after = published(world, made);
  const passed = await Promise.all(
    [text, ...terms.map((term) => `v=spf1 ${term}`)].map((record) => passersOf(world, record)),
  );
  return clients.map((ip, at) => ({
    id: first + at,
    ip,
    helo: 'mx.a.test',
    mail_from: `ann@${name}`,
    world: after,
    mustPass: passed.some((passers) => passers[at] === true),
    what: `${text} and ${terms.join(' ')}: ${made.record} ${made.problems.map(({ code }) => code)}`,
  }));
}

async function passersOf(world: World, record: string): Promise<boolean[]> {
  const resolver = resolverFromZone(toZoneText(withText(world, name, record)));
  const verdicts = clients.map((ip) =>
    evaluateSpf(resolver, { remoteAddress: ip, helo: 'mx.a.test', mailFrom: `ann@${name}` }),
  );
  return (await Promise.all(verdicts)).map(({ result }) => result === 'pass');
}

function worldOf(records: readonly string[]): World {
  const both = { A: ['192.0.2.9'], AAAA: ['2001:db8:ffff::1'] };
  const hosts: World = {
    [name]: { ...both, MX: [[10, 'h.test']] },
    'h.test': { ...both, A: ['203.0.113.7'], MX: [[10, 'h.test']] },
  };
  return records.reduce((world, record, at) => withText(world, providers[at] ?? '', record), hosts);
}

function withText(world: World, at: string, text: string): World {
  return { ...world, [at]: { ...world[at], TXT: [text.match(/.{1,255}/gs) ?? []] } };
}

function published(world: World, { record = '', extra }: SpfProposal): World {
  const texts = [{ name, value: record }, ...extra.filter(({ type }) => type === 'TXT')];
  const withTexts = texts.reduce((all, one) => withText(all, one.name, one.value), world);
  const hosted = extra.find(({ value }) => value.includes('exists:'));
  if (hosted === undefined) return withTexts;
  const names = clients.map((ip) => reverseName(ip).replace(/\.arpa$/, `.${hosted.name}`));
  return {
    ...withTexts,
    ...Object.fromEntries(names.filter((one) => answers(extra, one)).map((one) => [one, { A: ['127.0.0.2'] }])),
  };
}

/** The made-up DNS knows no wildcards: what they would answer for our clients stands there by name. RFC 1034 §4.3.3 */
function answers(extra: readonly SpfExtraRecord[], asked: string): boolean {
  return extra.some(
    ({ type, name: at }) => type === 'A' && (at === asked || (at.startsWith('*.') && asked.endsWith(at.slice(1)))),
  );
}
