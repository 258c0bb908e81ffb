/** DAN-03: one key alone is named, so that the next change of it keeps mail out. */
import { fails, passes, skips } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import type { DaneHost } from './facts.ts';
import { brokenSignature, hostRule, tlsaEvidence } from './host-rule.ts';

export const noSpare = hostRule('DAN-03', judge);

function judge(facts: DomainFacts, host: DaneHost): Judged {
  const { tlsa, usable, name } = host;
  const subject = host.host;
  if (tlsa.kind !== 'found') return brokenSignature(facts, host);
  if (usable.length === 0) return skips({ subject, meaning: `${subject} has no DANE record that can be used.` });
  const evidence = tlsaEvidence(facts, host);
  if (usable.some(({ usage }) => usage === 2))
    return passes({
      subject,
      evidence,
      meaning: `The DANE records of ${subject} name an authority, so its key may change.`,
    });
  if (usable.length > 1)
    return passes({
      subject,
      evidence,
      meaning: `The DANE records of ${subject} name more than one key, so there is one to change to.`,
    });
  return fails({
    subject,
    evidence,
    meaning: `The DANE record of ${subject} names one key only: when that changes, mail is held back until DNS has followed.`,
    fix: {
      delete: [],
      set: [],
      steps: [
        `before the key changes, publish the record of the next one beside it: ${name} TLSA 3 1 1 <SHA-256 of the next key>`,
      ],
    },
  });
}
