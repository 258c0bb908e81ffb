/** Who sends with which name, and what each wants in the SPF record there: senders, addresses that a person gave, the office itself. Pure. */
import { type DomainName, parseDomainName } from '../../../../format/domain-name.ts';
import { spfWishOf } from '../../../setup/setup.ts';
import type { SpfWish } from '../../../setup/spf-compiler/types.ts';
import type { KnownSender, Subject } from '../types.ts';

/** One sender at one name. */
export type NamedWish = {
  /** The name that it sends with. */
  readonly at: DomainName;
  /** `Microsoft 365`, `The server at 192.0.2.10`. */
  readonly who: string;
  readonly isDeclared: boolean;
  readonly wish: SpfWish;
  /** Id in the catalogue, where it is there. */
  readonly sender?: string;
  /** What would have to be said of it before it can be tried. */
  readonly lacks?: string;
};

export function namedWishes(subject: Subject, senders: readonly KnownSender[]): readonly NamedWish[] {
  const wishes = [...senders.flatMap((sender) => wishesOfSender(sender)), ...wishesOfOffice(subject)];
  const told = new Set(wishes.flatMap(({ wish }) => wish.addresses ?? []));
  return [
    ...wishes,
    ...subject.addresses.filter((address) => !told.has(address)).map((one) => wishOfAddress(subject, one)),
  ];
}

function wishesOfSender({ wants, isDeclared }: KnownSender): NamedWish[] {
  const { sender, domain, spf, missing } = wants;
  if (!sender.sends) return [];
  const names = [...new Set([domain, ...spf.map(({ name }) => name)])].flatMap((name) => parseDomainName(name) ?? []);
  const lacks = missing.filter(({ terms }) => terms.length > 0).map(({ parameter }) => parameter.name);
  return names.map((at) => {
    const parts = spf.filter(({ name }) => name === at);
    const wish = spfWishOf(wants, parts, at === domain);
    return {
      at,
      who: sender.name,
      isDeclared,
      sender: sender.id,
      // What is only recognised has no say on what goes.
      wish:
        at !== domain
          ? { ...wish, aligns: 'yes' }
          : isDeclared || wish.aligns !== 'no'
            ? wish
            : { ...wish, aligns: 'uncertain' },
      ...(parts.length === 0 && lacks.length > 0 && { lacks: lacks.join(' or ') }),
    };
  });
}

function wishOfAddress({ domain }: Subject, address: string): NamedWish {
  const term = `${address.includes(':') ? 'ip6' : 'ip4'}:${address}`;
  const who = `The server at ${address}`;
  return {
    at: domain,
    who,
    isDeclared: true,
    wish: { sender: who, terms: [term], aligns: 'yes', addresses: [address] },
  };
}

function wishesOfOffice({ domain, office }: Subject): NamedWish[] {
  if (office === undefined) return [];
  const wish: SpfWish = { sender: 'posthorn', terms: [`a:${office.hostname}`], aligns: 'yes' };
  return [domain, parseDomainName(`bounce.${domain}`)]
    .filter((at) => at !== undefined)
    .map((at) => ({ at, who: `This Posthorn (${office.hostname})`, isDeclared: true, wish }));
}
