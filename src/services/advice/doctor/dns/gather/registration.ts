/** Until when the domain is registered, asked of its registry, where somebody wants it asked. */
import type { DomainName } from '../../../../../format/domain-name.ts';
import { loadPublicSuffixes } from '../../../../../protocol/dmarc/public-suffix.ts';
import type { DoctorWorld, RegistrationAnswer } from '../../types.ts';

export type RegistrationFacts = {
  /** The name that was bought: `example.com` for `mail.example.com`. */
  readonly name: DomainName;
  readonly answer: RegistrationAnswer;
};

/** Undefined: nobody asked. */
export async function gatherRegistration(
  { probes: { registration } }: DoctorWorld,
  domain: DomainName,
): Promise<RegistrationFacts | undefined> {
  if (registration === undefined) return undefined;
  const name = (await loadPublicSuffixes()).organizationalDomain(domain);
  return name && { name, answer: await registration(name) };
}
