/** What is compared with whom. */
import { isDeepStrictEqual } from 'node:util';
import { systemClock } from '../src/base/clock.ts';
import { parseFromFields } from '../src/format/address.ts';
import { parseDomainName } from '../src/format/domain-name.ts';
import { createAuthenticator } from '../src/protocol/authenticate.ts';
import { verifyDkim } from '../src/protocol/dkim/verify-dkim.ts';
import { evaluateDmarc } from '../src/protocol/dmarc/evaluate-dmarc.ts';
import type { Resolver } from '../src/protocol/dns/types.ts';
import { resolverFromZone } from '../src/protocol/dns/zone-resolver.ts';
import { evaluateSpf } from '../src/protocol/spf/evaluate-spf.ts';
import { type DkimCase, dkimCases } from './dkim-cases.ts';
import { dmarcCases } from './dmarc-cases.ts';
import { dnsHosts } from './dns-hosts.ts';
import { type AnyComparison, comparison } from './judge.ts';
import { dkimDeviations, dmarcDeviations, type JudgedSignature, spfDeviations } from './known-deviations.ts';
import { type Answer, dkimpy, mailauth, mailDkim, mailSpf, opendkim, pyspf } from './peer.ts';
import { type SignCase, signedByUs, toBeSigned } from './sign-cases.ts';
import { spfCases } from './spf-cases.ts';
import { compiledCases } from './spf-compiler-cases.ts';
import { toZoneText, type World } from './world.ts';

/** Many cases share a world. */
const resolvers = new WeakMap<World, Resolver>();
function resolverOver(world: World): Resolver {
  const resolver = resolvers.get(world) ?? resolverFromZone(toZoneText(world));
  resolvers.set(world, resolver);
  return resolver;
}

/** The names that the text speaks of. */
const zoneOf = (world: World, text: string) =>
  toZoneText(Object.fromEntries(Object.entries(world).filter(([name]) => text.includes(name))));

const spf = comparison({
  name: 'spf',
  cases: 5_000,
  job: 'spf',
  peers: [mailauth, pyspf, mailSpf],
  make: async (count, seed) => spfCases(count, seed),
  ours: (one) =>
    evaluateSpf(resolverOver(one.world), {
      remoteAddress: one.ip,
      helo: one.helo,
      mailFrom: one.mail_from,
      receiver: 'mx.receiver.test',
    }),
  agrees: (ours, theirs) => ours.result === theirs.result,
  deviations: spfDeviations,
  describe: (one, ours) =>
    `${one.ip} <${one.mail_from}> ${one.helo}\nOURS: ${ours.result}\n${ours.trace.join('\n')}\n${zoneOf(one.world, ours.trace.join('\n'))}`,
});

/** What the SPF compiler proposes, evaluated by the others: whoever has to pass passes, and nobody else. */
const compiled = comparison({
  name: 'spf-compiler',
  cases: 2_000,
  job: 'spf',
  peers: [mailauth, pyspf, mailSpf],
  make: compiledCases,
  ours: async (one) => one.mustPass,
  agrees: (mustPass, theirs) => (theirs.result === 'pass') === mustPass,
  deviations: [],
  describe: (one, mustPass) =>
    `${one.ip} ${mustPass ? 'has to pass' : 'must not pass'}: ${one.what}\n${zoneOf(one.world, one.what)}`,
});

const dmarc = comparison({
  name: 'dmarc',
  cases: 5_000,
  job: 'dmarc',
  peers: [mailauth],
  make: async (count, seed) => dmarcCases(count, seed),
  ours: (one) =>
    evaluateDmarc(resolverOver(one.world), {
      author: parseFromFields([Buffer.from(` <ann@${one.from}>`)]),
      spf: { result: one.spf === null ? 'none' : 'pass', domain: one.spf ?? '' },
      dkim: one.dkim.map((domain) => ({ result: 'pass', domain: parseDomainName(domain) ?? '' })),
    }),
  agrees: (ours, theirs) =>
    ours.result === theirs.result &&
    (ours.result !== 'fail' || (ours.applied === theirs.policy && ours.policyDomain === theirs.domain)),
  deviations: dmarcDeviations,
  describe: (one, ours) =>
    `From ${one.from}, SPF ${one.spf}, DKIM ${one.dkim.join(' ')}\n${toZoneText(one.world)}OURS: ${ours.result} ${ours.policyDomain} ${ours.applied}\n${ours.trace.join('\n')}`,
});

type OurDkim = readonly { readonly result: string; readonly reason?: string }[];

/** A signature over a part of the body verifies; that it does not count is policy, and not compared. */
const verifies = (result: string | undefined) => result === 'pass' || result === 'policy';

function judged(one: DkimCase, ours: OurDkim, theirs: Answer): readonly JudgedSignature[] {
  const results = Array.isArray(theirs.results) ? theirs.results.map(String) : [];
  const why = Array.isArray(theirs.why) ? theirs.why.map(String) : [];
  return one.wishes.map((wish, at) => ({
    wish,
    change: one.change,
    ours: ours[at]?.result ?? 'absent',
    reason: ours[at]?.reason ?? '',
    theirs: results[at] ?? 'refused',
    why: why[at] ?? String(theirs.why),
  }));
}

const differing = (one: DkimCase, ours: OurDkim, theirs: Answer) =>
  judged(one, ours, theirs).filter((each) => verifies(each.ours) !== (each.theirs === 'pass'));

/** We get the message as a network would bring it, in pieces cut anywhere; the others get it whole. */
async function* inPieces(base64: string, seed: number): AsyncGenerator<Uint8Array> {
  const octets = Buffer.from(base64, 'base64');
  for (let at = 0, step = seed; at < octets.length; ) {
    step = (step * 1_103_515_245 + 12_345) % 2_147_483_648;
    const size = 1 + ((step >> 8) % 97);
    yield octets.subarray(at, at + size);
    at += size;
  }
}

const dkim = comparison<DkimCase, OurDkim>({
  name: 'dkim',
  cases: 2_000,
  job: 'verify',
  peers: [mailauth, dkimpy, mailDkim, opendkim],
  make: async (count, seed) => dkimCases(count, seed),
  ours: (one) => createAuthenticator({ resolver: resolverOver(one.world) }).verifyDkim(inPieces(one.message, one.id)),
  agrees: (ours, theirs, one) => differing(one, ours, theirs).length === 0,
  /** A message is explained by the first rule when every signature that differs has one. */
  deviations: dkimDeviations.map(({ peer, rule, explains }) => ({
    peer,
    rule,
    explains: (one, ours, theirs) => {
      const different = differing(one, ours, theirs);
      const rules = dkimDeviations.filter((each) => each.peer === peer);
      return different.some(explains) && different.every((each) => rules.some((other) => other.explains(each)));
    },
  })),
  describe: (one, ours) =>
    [
      `changed: ${one.change}`,
      ...one.wishes.map((wish, at) => `${JSON.stringify(wish)}: OURS ${ours[at]?.result} ${ours[at]?.reason ?? ''}`),
      Buffer.from(one.message, 'base64').toString('latin1'),
    ].join('\n'),
});

const signing = comparison({
  name: 'we-sign',
  cases: 1_000,
  job: 'verify',
  peers: [mailauth, dkimpy, mailDkim, opendkim],
  make: signedByUs,
  ours: async (one) => one.b.map(() => 'pass'),
  agrees: (ours, theirs) => isDeepStrictEqual(theirs.results, ours),
  deviations: [
    {
      peer: 'Mail::DKIM',
      rule: 'RFC 8463: ed25519-sha256; this version does not know it, and accepts the RSA signature beside it',
      explains: (_, __, theirs) => isDeepStrictEqual(theirs.results, ['pass', 'invalid']),
    },
  ],
  describe: (one) => Buffer.from(one.message, 'base64').toString('latin1'),
});

/** What they signed, each signature of it as we judge it. */
async function judgeTheirs(one: SignCase, theirs: Answer): Promise<readonly string[]> {
  const signed =
    typeof theirs.field === 'string'
      ? `DKIM-Signature: ${Buffer.from(theirs.field, 'base64').toString('latin1')}\r\n${Buffer.from(one.message, 'base64').toString('latin1')}`
      : Buffer.from(String(theirs.signed ?? ''), 'base64').toString('latin1');
  const results = await verifyDkim(Buffer.from(signed, 'latin1'), {
    resolver: resolverOver(one.world),
    clock: systemClock,
  });
  return results.map(({ result, reason }) => reason ?? result);
}

const signedByThem = comparison({
  name: 'they-sign',
  cases: 1_000,
  job: 'sign',
  peers: [mailauth, dkimpy, mailDkim, opendkim],
  make: async (count, seed) => toBeSigned(count, seed),
  ours: async () => ['pass'],
  agrees: async (ours, theirs, one) => isDeepStrictEqual(await judgeTheirs(one, theirs), ours),
  deviations: [],
  describe: (one) => `${one.header_form}/${one.body_form}\n${Buffer.from(one.message, 'base64').toString('latin1')}`,
});

export const comparisons: readonly AnyComparison[] = [spf, compiled, dkim, dmarc, signing, signedByThem, dnsHosts];
