/** SPF-19: networks that are larger than anybody's mail servers, or that nobody on the internet has. */
import { printable } from '../../../../base/printable.ts';
import { ipAddressOf, isPublicAddress } from '../../../../format/ip-address.ts';
import type { Directive } from '../../../../protocol/spf/record.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { fixOwnRecord } from './mend-record.ts';
import { aboutRecord, judgeRecord, type OwnRecord, ownRecords } from './read-record.ts';

export const networkTooWide: Rule<'SPF-19'> = {
  id: 'SPF-19',
  judge: (facts) => judgeRecord(facts, () => judgeNetworks(facts)),
};

/** 65,536 addresses; and what a provider gets for all its customers (RFC 6177 §2 speaks of /48 for one). */
const widest = { four: 16, six: 32 } as const;

function judgeNetworks(facts: DomainFacts): readonly Judged[] {
  const found = ownRecords(facts).flatMap((own) => [...judgePrivate(facts, own), ...judgeWide(facts, own)]);
  if (found.length > 0) return found;
  return [
    { ...aboutRecord(facts), status: 'pass', meaning: 'The record names no network that is too wide or private.' },
  ];
}

function judgePrivate(facts: DomainFacts, { at, text, record }: OwnRecord): readonly Judged[] {
  const terms = record.directives.filter(isPrivate).map((one) => one.text);
  if (terms.length === 0) return [];
  const meaning = `${printable(terms.join(' '), 120)} ${terms.length === 1 ? 'is' : 'are'} inside private networks: no receiver ever sees mail come from there.`;
  const fix = fixOwnRecord(facts, at, text, { drop: terms });
  return [
    {
      subject: at,
      evidence: [facts.show(at, 'TXT')],
      status: 'fail',
      severity: 'advice',
      meaning,
      ...(fix && { fix }),
    },
  ];
}

function judgeWide(facts: DomainFacts, { at, record }: OwnRecord): readonly Judged[] {
  const terms = record.directives.filter((one) => isWide(one) && !isPrivate(one)).map((one) => one.text);
  if (terms.length === 0) return [];
  const meaning = `${printable(terms.join(' '), 120)} ${terms.length === 1 ? 'covers' : 'cover'} far more addresses than anybody's mail servers have: whoever sits at one of them may send as ${facts.subject.domain}.`;
  const steps = [
    `In the record of ${at}, put the addresses that really send in the place of ${printable(terms.join(' '), 120)}.`,
  ];
  return [
    { subject: at, evidence: [facts.show(at, 'TXT')], status: 'fail', meaning, fix: { delete: [], set: [], steps } },
  ];
}

function isWide(directive: Directive): boolean {
  if (directive.qualifier !== '+') return false;
  if (directive.kind === 'ip4') return directive.prefix < widest.four;
  if (directive.kind === 'ip6') return directive.prefix < widest.six;
  if (directive.kind !== 'a' && directive.kind !== 'mx') return false;
  return directive.prefix4 < widest.four || directive.prefix6 < widest.six;
}

/** From its first to its last address. */
function isPrivate(directive: Directive): boolean {
  if (directive.kind !== 'ip4' && directive.kind !== 'ip6') return false;
  const { octets, prefix } = directive;
  const ends = [0x00, 0xff].map((fill) =>
    ipAddressOf(octets.map((octet, at) => withHostBits(octet, fill, prefix - at * 8))),
  );
  return ends.every((address) => address !== undefined && !isPublicAddress(address));
}

/** @param bits how many of the octet belong to the network */
function withHostBits(octet: number, fill: number, bits: number): number {
  const mask = bits >= 8 ? 0xff : bits <= 0 ? 0 : (0xff00 >> bits) & 0xff;
  return (octet & mask) | (fill & ~mask & 0xff);
}
