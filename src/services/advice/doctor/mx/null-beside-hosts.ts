/** MX-02: "no mail here" beside hosts that take mail. Pure. */
import { recordsIn, recordsOf, whyUnanswered } from '../ask.ts';
import { fails, listed, passes, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import { isNull, mxText } from './no-hosts.ts';

export function nullBesideHosts({ mx, subject: { domain }, show }: DomainFacts): readonly Judged[] {
  const evidence = [show(domain, 'MX')];
  if (mx.mx.kind === 'failed') {
    const meaning = `Whether ${domain} has a null MX could not be found out: ${whyUnanswered(mx.mx)}.`;
    return [staysUnknown({ subject: domain, meaning, evidence })];
  }
  const records = recordsIn(mx.mx);
  if (records.length === 0) return [skips({ subject: domain, meaning: `${domain} has no MX records.`, evidence })];
  const nulls = records.filter(isNull);
  const hosts = records.filter((record) => !isNull(record));
  if (nulls.length === 0 || hosts.length === 0) {
    const meaning =
      nulls.length === 0
        ? `No null MX stands among the mail hosts of ${domain}.`
        : `The null MX of ${domain} stands alone, as it has to.`;
    return [passes({ subject: domain, meaning, evidence })];
  }
  return [
    fails({
      subject: domain,
      meaning: `${domain} says "no mail here" and names ${listed(hosts.map(({ exchange }) => exchange))} at once: some senders give up, others deliver.`,
      evidence,
      fix: {
        delete: recordsOf(domain, 'MX', [...new Set(nulls.map(mxText))]),
        set: [],
        steps: [`If ${domain} shall take no mail, remove the other MX records instead and leave this one.`],
      },
    }),
  ];
}
