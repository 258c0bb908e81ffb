/** What the doctor gathers to tell whether a domain is used for mail at all, and whether it says so. */
import { observedOf } from '../../../setup/setup.ts';
import type { DomainObserved, ObservedAnswer } from '../../../setup/types.ts';
import { ask, nobodysLabel } from '../ask.ts';
import type { DoctorWorld, GatherSubject } from '../types.ts';

/** As the plan for an unused domain takes it. */
export type ParkedFacts = { readonly answers: DomainObserved['answers'] };

export async function gatherParkedFacts(world: DoctorWorld, { domain }: GatherSubject): Promise<ParkedFacts> {
  const questions = [
    ['MX', domain],
    ['TXT', domain],
    ['CNAME', domain],
    ['TXT', `_dmarc.${domain}`],
    ['CNAME', `_dmarc.${domain}`],
    ['TXT', `*._domainkey.${domain}`],
    ['CNAME', `*._domainkey.${domain}`],
    ['TXT', `${nobodysLabel}.${domain}`],
    ['CNAME', `${nobodysLabel}.${domain}`],
    ['TXT', `${nobodysLabel}._domainkey.${domain}`],
    ['CNAME', `${nobodysLabel}._domainkey.${domain}`],
  ] as const;
  const answered = await Promise.all(
    questions.map(async ([type, name]): Promise<[string, ObservedAnswer]> => {
      const answer = await ask(world, name, type);
      return [`${type} ${name}`, observedOf(type, answer)];
    }),
  );
  return { answers: Object.fromEntries(answered) };
}
