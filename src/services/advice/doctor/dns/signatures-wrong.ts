/** DNS-04: DNSSEC that is wrong, outdated or absent. Pure. */
import { dnsNameOf } from '../../../../format/dns-name.ts';
import { canTell, vouchesFor } from '../../../../protocol/dns/delegation-signer.ts';
import type { DelegationSigner } from '../../../../protocol/dns/types.ts';
import { recordsIn, whyUnanswered } from '../ask.ts';
import { fails, listed, passes, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';

/** RFC 8624 §3.1 and RFC 9905: not to be signed with, and not checked by all. */
const weakAlgorithms: Readonly<Record<number, string>> = {
  1: 'RSA/MD5',
  3: 'DSA/SHA-1',
  5: 'RSA/SHA-1',
  6: 'DSA-NSEC3-SHA1',
  7: 'RSA/SHA-1 (NSEC3)',
  12: 'GOST',
};
const sha1Digest = 1; // RFC 9905: not to be used for DS

export function signaturesWrong(facts: DomainFacts): readonly Judged[] {
  const { dns, subject, show } = facts;
  const { zone, own } = dns;
  const bogus = [
    { type: 'MX', answer: own.mx },
    { type: 'TXT', answer: own.text },
    { type: 'NS', answer: own.ns },
    { type: 'A', answer: own.address },
  ].filter(({ answer }) => answer.kind === 'failed' && answer.why === 'bogus');
  if (bogus.length > 0)
    return [
      wrong(
        facts,
        bogus.map(({ type }) => show(subject.domain, type)),
      ),
    ];
  if (dns.isZoneText && zone.ds.kind === 'none')
    return [unseen(facts, 'the record that proves it (DS) stands in the zone above, not in this file')];
  if (zone.ds.kind === 'failed') return [unseen(facts, whyUnanswered(zone.ds))];
  if (zone.ds.kind === 'none') return [unsigned(facts)];
  const keys = recordsIn(zone.keys);
  if (keys.length === 0) {
    if (zone.keys.kind === 'failed') return [unseen(facts, whyUnanswered(zone.keys))];
    return [wrong(facts, [show(zone.top, 'DS'), show(zone.top, 'DNSKEY')])];
  }
  return judgeSigners(facts, zone.ds.records);
}

function judgeSigners(facts: DomainFacts, signers: readonly DelegationSigner[]): readonly Judged[] {
  const { zone, own } = facts.dns;
  const evidence = [facts.show(zone.top, 'DS'), facts.show(zone.top, 'DNSKEY')];
  const keys = recordsIn(zone.keys);
  const stale = signers.filter(
    (signer) => canTell(signer) && !keys.some((key) => vouchesFor(signer, dnsNameOf(zone.top), key)),
  );
  if (stale.length === signers.length) return [wrong(facts, evidence)];
  if (stale.length > 0) return [outdated(facts, stale)];
  const weak = weakness(signers);
  if (weak !== undefined) return [weakened(facts, weak)];
  const isProven = [own.mx, own.text, zone.soa].some((answer) => answer.kind !== 'failed' && answer.secure);
  if (!isProven)
    return [unseen(facts, 'the resolver that was asked does not check signatures; keys and DS fit together')];
  const meaning = `${zone.top} is signed with DNSSEC, and its signatures were checked: answers about it cannot be forged.`;
  return [passes({ subject: zone.top, meaning, evidence })];
}

function weakness(signers: readonly DelegationSigner[]): string | undefined {
  const algorithms = signers.flatMap(({ algorithm }) => weakAlgorithms[algorithm] ?? []);
  if (algorithms.length > 0) return `the algorithm ${listed(algorithms)}`;
  return signers.every(({ digestType }) => digestType === sha1Digest) ? 'a DS record with a SHA-1 digest' : undefined;
}

const dsValue = ({ keyTag, algorithm, digestType, digest }: DelegationSigner) =>
  `${keyTag} ${algorithm} ${digestType} ${digest.toHex()}`;

function wrong({ dns: { zone } }: DomainFacts, evidence: Judged['evidence']): Judged {
  const gone = recordsIn(zone.ds).map((ds) => ({ name: zone.top as string, type: 'DS', value: dsValue(ds) }));
  return fails({
    subject: zone.top,
    meaning: `The DNSSEC signatures of ${zone.top} do not fit: resolvers that check them treat the domain as if it did not exist.`,
    evidence,
    fix: {
      delete: gone,
      set: [],
      steps: [
        `At the registrar remove the DS record of ${zone.top}${gone.length > 0 ? ' shown here' : ''}: from then on the domain works again, unsigned.`,
        'Then turn DNSSEC on at the DNS host anew, and enter at the registrar the DS record that it shows.',
      ],
    },
  });
}

function outdated({ dns: { zone }, show }: DomainFacts, stale: readonly DelegationSigner[]): Judged {
  return fails({
    subject: zone.top,
    severity: 'warn',
    meaning: `${stale.length === 1 ? 'A DS record' : `${stale.length} DS records`} of ${zone.top} fit no key of the zone any more: when the one that still fits goes, the domain is lost.`,
    evidence: [show(zone.top, 'DS'), show(zone.top, 'DNSKEY')],
    fix: {
      delete: stale.map((ds) => ({ name: zone.top, type: 'DS', value: dsValue(ds) })),
      set: [],
      steps: ['DS records are changed at the registrar, not in the zone.'],
    },
  });
}

function weakened({ dns: { zone }, show }: DomainFacts, what: string): Judged {
  return fails({
    subject: zone.top,
    severity: 'warn',
    meaning: `${zone.top} is signed with DNSSEC by ${what}, which is outdated: many resolvers treat the domain as unsigned.`,
    evidence: [show(zone.top, 'DS')],
    fix: {
      delete: [],
      set: [],
      steps: [
        'At the DNS host change the signing algorithm to 13 (ECDSA P-256 with SHA-256).',
        'Enter the new DS record (digest type 2) at the registrar, and remove the old one a day later.',
      ],
    },
  });
}

function unsigned({ dns: { zone }, show }: DomainFacts): Judged {
  return fails({
    subject: zone.top,
    severity: 'advice',
    meaning: `${zone.top} is not signed with DNSSEC: answers about it can be forged on the way, and DANE cannot protect its mail.`,
    evidence: [show(zone.top, 'DS')],
    fix: {
      delete: [],
      set: [],
      steps: [
        'Turn DNSSEC on at the DNS host; it shows a DS record.',
        `Enter that DS record for ${zone.top} at the registrar.`,
      ],
    },
  });
}

function unseen({ dns: { zone }, show }: DomainFacts, why: string): Judged {
  const meaning = `Whether ${zone.top} is signed with DNSSEC, and rightly, could not be seen: ${why}.`;
  return staysUnknown({ subject: zone.top, meaning, evidence: [show(zone.top, 'DS')] });
}
