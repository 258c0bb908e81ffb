/** BMI-02: a record that is none, or a logo that receivers do not show. */
import { fails, listed, passes, quoted, skips, staysUnknown } from '../judged.ts';
import { mendAtEnd } from '../mend-alias.ts';
import type { DomainFacts, Judged } from '../types.ts';
import { bimiRule, recordOf } from './bimi-rule.ts';
import type { BimiFacts } from './facts.ts';

export const badLogo = bimiRule('BMI-02', judge);

function judge(facts: DomainFacts, record: Extract<BimiFacts['record'], { kind: 'found' | 'invalid' }>): Judged {
  const { name } = facts.bimi;
  const evidence = [facts.show(name, 'TXT')];
  if (record.kind === 'invalid')
    return fails({
      subject: name,
      evidence,
      meaning: `The record of the logo (BIMI) is not valid, so nobody looks for it: ${record.why}.`,
      fix: mendAtEnd(facts, name, {
        delete: record.texts.map((text) => recordOf(facts, text)),
        set: [],
        steps: [`publish one record in their place: v=BIMI1; l=https://${facts.subject.domain}/logo.svg; a=`],
      }),
    });
  if (record.logo === undefined)
    return skips({
      subject: name,
      evidence,
      meaning: 'The record (BIMI) names no logo of its own: it is taken out of the certificate.',
    });
  return judgeFetched(facts, record.logo);
}

function judgeFetched(facts: DomainFacts, url: string): Judged {
  const { logo, name } = facts.bimi;
  const base = { subject: url, evidence: [facts.show(name, 'TXT'), facts.show(url, 'HTTPS')] };
  if (logo.kind === 'not-asked')
    return staysUnknown({ subject: url, meaning: 'The logo was not fetched: nothing may be asked of the network.' });
  if (logo.kind === 'failed')
    return fails({
      ...base,
      meaning: `The logo could not be fetched, so nobody can show it: ${logo.say}.`,
      fix: { delete: [], set: [], steps: [`serve the logo at ${url}, without redirects, as image/svg+xml`] },
    });
  const type =
    logo.mediaType === 'image/svg+xml'
      ? []
      : [`it is served as ${quoted(logo.mediaType || 'nothing')}, not as image/svg+xml`];
  if (logo.read.kind === 'unknown' && type.length === 0)
    return staysUnknown({ ...base, meaning: `The logo was not judged: ${logo.read.why}.` });
  const problems = [...type, ...(logo.read.kind === 'bad' ? logo.read.problems : [])];
  if (problems.length === 0)
    return passes({ ...base, meaning: 'The logo is a small, square SVG Tiny PS with a title, as receivers want it.' });
  return fails({
    ...base,
    meaning: `Receivers do not show this logo: ${listed(problems, 5)}.`,
    fix: {
      delete: [],
      set: [],
      steps: ['save the logo as SVG Tiny PS and mend what is named above, then put it in place of the old file'],
    },
  });
}
