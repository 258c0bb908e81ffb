/** DKM-13: mail is signed as the domain with a key that nobody here knows of. */
import { fails, orElse, passes, quoted, skips } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { allWants, keySubject } from './look-at-keys.ts';
import { noRecords } from './mend-key.ts';

export const selectorUnknown: Rule = { id: 'DKM-13', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const { reports, office, selectors, domain } = facts.subject;
  const subject = keySubject(facts);
  if (reports === undefined)
    return [
      skips({
        subject,
        meaning: 'There are no reports of receivers that would tell which keys sign mail of the domain.',
      }),
    ];
  const known = new Set([
    ...allWants(facts).flatMap(({ name }) => name ?? []),
    ...[...selectors, ...(office?.keys ?? []).map(({ selector }) => selector)].map(
      (one) => `${one}._domainkey.${domain}`,
    ),
  ]);
  const strange = reports.selectorsSeen.filter((selector) => !known.has(`${selector}._domainkey.${domain}`));
  return orElse(
    strange.slice(0, findingsMax).map((selector) => ofSelector(facts, selector)),
    () =>
      passes({
        subject,
        meaning: `All keys that receivers saw in ${reports.days} days belong to senders that are known here.`,
      }),
  );
}

/** Reports are text of strangers. */
const findingsMax = 20;

function ofSelector({ subject: { catalogue, domain, senders }, show }: DomainFacts, selector: string): Judged {
  const name = `${selector}._domainkey.${domain}`;
  const sender = catalogue.recogniseName('selectors', selector)?.sender;
  const isNew = sender !== undefined && !senders.some(({ wants }) => wants.sender.id === sender.id);
  const who = isNew ? ` It looks like ${sender.name}.` : '';
  return fails({
    subject: domain,
    meaning: `Receivers saw mail signed as ${domain} with the key ${quoted(selector)}, and no sender that is known here uses it.${who}`,
    evidence: [show(name, 'TXT'), show(name, 'CNAME')],
    fix: {
      ...noRecords,
      steps: [
        `If it is yours, declare it: ${isNew ? `--sender ${sender.id}` : '--sender NAME'}`,
        `If nobody knows it, delete what stands at that name: whoever has the key passes as you.`,
      ],
    },
  });
}
