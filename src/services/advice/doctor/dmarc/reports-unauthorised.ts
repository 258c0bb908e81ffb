/** DMA-09: an address at another domain that has not said it takes reports about this one. */
import { fails, orElse, passes, quoted, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { Destination } from './gather-destinations.ts';
import { type Own, withRecord } from './own-record.ts';

/** RFC 9990 ("Verifying External Destinations") */
export const reportsUnauthorised: Rule = {
  id: 'DMA-09',
  judge: (facts) =>
    withRecord(facts, (own) => {
      const { destinations } = facts.dmarc;
      const external = destinations.filter(({ permit }) => permit?.kind === 'allowed' && permit.external);
      return orElse(
        destinations.flatMap((one) => ofDestination(facts, own, one) ?? []),
        () =>
          destinations.length === 0
            ? skips({ ...own.about, meaning: 'The record names no address for reports.' })
            : passes({
                ...own.about,
                meaning:
                  external.length > 0
                    ? 'The other domains that reports go to have said that they take them.'
                    : 'Reports go to your own domain, which needs nobody\u2019s word.',
                evidence: [
                  ...own.about.evidence,
                  ...external.flatMap(({ permitName }) => (permitName ? [facts.show(permitName, 'TXT')] : [])),
                ],
              }),
      );
    }),
};

function ofDestination(
  { show, subject: { domain } }: DomainFacts,
  { about }: Own,
  one: Destination,
): Judged | undefined {
  const { uri, host, permit, permitName, hasPermitText } = one;
  if (permit === undefined || host === undefined || permit.kind === 'allowed') return undefined;
  const evidence = permitName ? [show(permitName, 'TXT')] : about.evidence;
  if (permit.kind === 'unknown')
    return staysUnknown({
      ...about,
      evidence,
      meaning: `Whether ${host} takes reports about ${domain} could not be looked up.`,
    });
  const ask = `The record belongs into the zone of ${host}: ask whoever keeps it.`;
  const isWrong = hasPermitText ? [`What stands at ${permitName} does not do: ${permit.why}.`] : [];
  const set = permitName ? [{ name: permitName, type: 'TXT', value: 'v=DMARC1', ttl: 3600 }] : [];
  return fails({
    ...about,
    evidence,
    meaning: `Receivers send no reports to ${quoted(uri)}: ${host} has not said in its DNS that it takes reports about ${domain}.`,
    fix: {
      delete: [],
      set,
      steps: [...isWrong, permitName ? ask : 'The domain is too long for an address there: name another one.'],
    },
  });
}
