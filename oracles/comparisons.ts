/** What is compared with whom. */
import { resolverFromZone } from '../src/protocol/dns/zone-resolver.ts';
import { evaluateSpf } from '../src/protocol/spf/evaluate-spf.ts';
import { type AnyComparison, comparison } from './judge.ts';
import { spfDeviations } from './known-deviations.ts';
import { mailauth, mailSpf, pyspf } from './peer.ts';
import { spfCases } from './spf-cases.ts';
import { toZoneText, type World } from './world.ts';

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
    evaluateSpf(resolverFromZone(toZoneText(one.world)), {
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

export const comparisons: readonly AnyComparison[] = [spf];
