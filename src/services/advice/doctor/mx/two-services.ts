/** MX-04: hosts of several services. Pure. */
import { parseIpAddress } from '../../../../format/ip-address.ts';
import { recordsIn, recordsOf } from '../ask.ts';
import { fails, listed, passes } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import { mxText, withoutHosts } from './no-hosts.ts';
import { isLeftover } from './proof-left-over.ts';

type Owned = {
  readonly value: string;
  readonly preference: number;
  readonly owner: string;
  readonly isService: boolean;
};

export function twoServices(facts: DomainFacts): readonly Judged[] {
  const none = withoutHosts(facts);
  if (none !== undefined) return [none];
  const { mx, subject, show } = facts;
  const { domain } = subject;
  const hosts = recordsIn(mx.mx)
    .filter(({ exchange }) => exchange !== '' && !isLeftover(exchange))
    .map((record) => ({ value: mxText(record), preference: record.preference, ...ownerOf(facts, record.exchange) }))
    .toSorted((a, b) => a.preference - b.preference);
  const owners = [...new Set(hosts.map(({ owner }) => owner))];
  const evidence = [show(domain, 'MX')];
  // Hosts that nobody knows may be one's own, however they are named: two of them are no two services.
  if (owners.length < 2 || !hosts.some(({ isService }) => isService)) {
    const meaning = `The mail hosts of ${domain} belong together.`;
    return [passes({ subject: domain, meaning, evidence })];
  }
  const kept = keptOwner(facts, hosts);
  const others = owners.filter((owner) => owner !== kept);
  return [
    fails({
      subject: domain,
      meaning: `Mail to ${domain} goes to ${listed(owners)}: ${shareOf(hosts)}.`,
      evidence,
      fix: {
        delete: recordsOf(domain, 'MX', [
          ...new Set(hosts.filter(({ owner }) => owner !== kept).map(({ value }) => value)),
        ]),
        set: [],
        steps: [
          `This leaves the mail to ${kept}. If ${listed(others)} shall take it, remove the records of ${kept} instead.`,
        ],
      },
    }),
  ];
}

/** RFC 5321 §5.1: the lowest preference first; among equal ones by chance. */
function shareOf([first, ...others]: readonly Owned[]): string {
  const isEqual = others.some(({ preference, owner }) => preference === first?.preference && owner !== first?.owner);
  return isEqual
    ? 'each gets a part of it, by chance'
    : `whenever ${first?.owner} does not answer, the mail goes to the other, and nobody looks for it there`;
}

function ownerOf({ subject }: DomainFacts, exchange: string): Pick<Owned, 'owner' | 'isService'> {
  const { catalogue, office } = subject;
  const service = catalogue.recogniseName('mx', exchange)?.sender;
  if (service !== undefined) return { owner: service.name, isService: true };
  if (office?.receives && exchange === office.hostname) return { owner: 'this office', isService: true };
  return { owner: houseOf(exchange), isService: false };
}

/** What to call a host that no service of the catalogue claims: its domain, as near as the name tells. */
function houseOf(exchange: string): string {
  if (parseIpAddress(exchange) !== undefined) return exchange;
  const labels = exchange.split('.');
  const isNational = labels.at(-1)?.length === 2 && (labels.at(-2)?.length ?? 0) <= 3; // co.uk, com.au
  return labels.slice(isNational ? -3 : -2).join('.');
}

/** Who was declared to take the mail; else whose hosts senders try first. */
function keptOwner({ subject }: DomainFacts, hosts: readonly Owned[]): string {
  const declared = subject.senders.find(
    ({ wants, isDeclared }) =>
      isDeclared && wants.sender.receives && hosts.some(({ owner }) => owner === wants.sender.name),
  );
  return declared?.wants.sender.name ?? (hosts[0] as Owned).owner;
}
