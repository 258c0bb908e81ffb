/** Wildcards: what the zone answers for names that nobody has. RFC 4592 */
import type { DomainName } from '../../../../../format/domain-name.ts';
import { type Asked, ask, nobodysLabel } from '../../ask.ts';
import type { DoctorWorld } from '../../types.ts';

export type TextSight = { readonly name: string; readonly text: Asked<'TXT'>; readonly alias: Asked<'CNAME'> };

export type WildFacts = {
  readonly dmarc: TextSight;
  readonly sts: TextSight;
  /** A name that nobody has, beside the two. */
  readonly beside: TextSight;
  /** A selector that nobody has. */
  readonly selector: TextSight;
  /** The wildcards themselves. */
  readonly star: TextSight;
  readonly keyStar: TextSight;
};

export async function gatherWild(world: DoctorWorld, domain: DomainName): Promise<WildFacts> {
  const sight = async (name: string): Promise<TextSight> => {
    const [text, alias] = await Promise.all([ask(world, name, 'TXT'), ask(world, name, 'CNAME')]);
    return { name, text, alias };
  };
  const [dmarc, sts, beside, selector, star, keyStar] = await Promise.all([
    sight(`_dmarc.${domain}`),
    sight(`_mta-sts.${domain}`),
    sight(`${nobodysLabel}.${domain}`),
    sight(`${nobodysLabel}._domainkey.${domain}`),
    sight(`*.${domain}`),
    sight(`*._domainkey.${domain}`),
  ]);
  return { dmarc, sts, beside, selector, star, keyStar };
}
