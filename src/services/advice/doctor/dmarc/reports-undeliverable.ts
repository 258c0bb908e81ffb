/** DMA-08: an address for reports that no mail reaches. */
import { unitedUris } from '../../../setup/setup.ts';
import { fails, orElse, passes, quoted, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { Destination } from './gather-destinations.ts';
import { mended, reportsTo } from './mend-record.ts';
import { type Own, withRecord } from './own-record.ts';

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
  const steps = ['Write each address as mailto:name@domain, with commas between several.'];
  const to = facts.dmarc.destinations.length > 0 ? [] : reportsTo(facts);
  const fix = mended(facts, (draft) => ({ ...draft, rua: unitedUris(draft.rua, to) }), steps);
  return fails({ ...about, meaning: `Receivers cannot send reports there: ${remark.replace(/^rua: /, '')}.`, fix });
}

function ofDestination(facts: DomainFacts, { about }: Own, one: Destination): Judged | undefined {
  const { uri, host, receives, refusal } = one;
  if (host === undefined)
    return fails({
      ...about,
      meaning: `Nobody can mail a report to ${quoted(uri)}: receivers send to mailto: addresses alone.`,
      fix: without(facts, uri),
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
      fix: without(facts, uri),
    });
  if (refusal === undefined) return undefined;
  const meaning = `Reports to ${quoted(uri)} are lost: the mail host of ${host} refuses that mailbox (${quoted(refusal)}).`;
  return fails({ ...about, evidence, meaning, fix: { delete: [], set: [], steps: [`Make the mailbox at ${host}.`] } });
}

/** An address that gets nothing goes; where it was the only one, another takes its place. */
function without(facts: DomainFacts, uri: string) {
  const works = facts.dmarc.destinations.some((one) => one.uri !== uri && one.receives === 'yes');
  const receives = (to: string) =>
    !to.endsWith(`@${facts.subject.domain}`) ||
    facts.dmarc.destinations.every(({ host, receives }) => host !== facts.subject.domain || receives !== 'no');
  const instead = works ? [] : reportsTo(facts).filter(receives);
  const steps =
    works || instead.length > 0
      ? []
      : ['Name an address that receives mail (rua=mailto:...), or have mail arrive at this one.'];
  return mended(
    facts,
    (draft) => ({
      ...draft,
      rua: unitedUris(
        draft.rua.filter((one) => one !== uri),
        instead,
      ),
    }),
    steps,
  );
}
