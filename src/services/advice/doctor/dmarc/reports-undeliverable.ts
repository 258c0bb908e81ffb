/** DMA-08: an address for reports that no mail reaches. */
import type { Fix } from '../../types.ts';
import { fails, orElse, passes, quoted, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { Destination } from './gather-destinations.ts';
import { mended } from './mend-record.ts';
import { type Own, withRecord } from './own-record.ts';
import { reportsTo } from './safe-draft.ts';

export const reportsUndeliverable: Rule = {
  id: 'DMA-08',
  judge: (facts) =>
    withRecord(facts, (own) => {
      const refused = own.record.remarks.filter((remark) => /^rua: .* is no report address$/.test(remark));
      const found = [
        ...refused.map((remark) => unusable(facts, own, remark)),
        ...facts.dmarc.destinations.flatMap((one) => ofDestination(facts, own, one) ?? []),
      ];
      return orElse(found, () =>
        own.record.rua.length === 0
          ? skips({ ...own.about, meaning: 'The record names no address for reports.' })
          : passes({ ...own.about, meaning: 'Mail arrives at every address for reports.' }),
      );
    }),
};

function unusable(facts: DomainFacts, { about }: Own, remark: string): Judged {
  const fix = mended(facts, undefined, ['Write each address as mailto:name@domain, with commas between several.']);
  return fails({ ...about, meaning: `Receivers cannot send reports there: ${remark.replace(/^rua: /, '')}.`, fix });
}

function ofDestination(facts: DomainFacts, { about }: Own, one: Destination): Judged | undefined {
  const { uri, host, receives, refusal } = one;
  if (host === undefined)
    return fails({
      ...about,
      meaning: `Nobody can mail a report to ${quoted(uri)}: receivers send to mailto: addresses alone.`,
      fix: without(facts),
    });
  const evidence = [...about.evidence, facts.show(host, 'MX')];
  if (receives === 'unknown')
    return staysUnknown({
      ...about,
      evidence,
      meaning: `Whether mail arrives at ${host}, where reports go, could not be looked up.`,
    });
  if (receives === 'no')
    return fails({
      ...about,
      evidence,
      meaning: `Reports to ${quoted(uri)} are lost: ${host} takes no mail.`,
      fix: without(facts),
    });
  if (refusal === undefined) return undefined;
  const meaning = `Reports to ${quoted(uri)} are lost: the mail host of ${host} refuses that mailbox (${quoted(refusal)}).`;
  return fails({ ...about, evidence, meaning, fix: { delete: [], set: [], steps: [`Make the mailbox at ${host}.`] } });
}

/** An address that gets nothing goes; where it was the only one, another takes its place. */
function without(facts: DomainFacts): Fix {
  const works = facts.dmarc.destinations.some(({ receives }) => receives !== 'no') || reportsTo(facts).length > 0;
  if (works) return mended(facts);
  const steps = ['Name an address that receives mail (rua=mailto:...), or have mail arrive at this one.'];
  return { delete: [], set: [], steps };
}
