/**
 * The names of a domain that lead to the office once it is delegated: what the user creates, and what stands behind it. Four selectors,
 * since a rotation makes two new keys while the two before them are still looked for, and after a rest they come round again. Pure.
 */
import { createHash } from 'node:crypto';
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import type { Delegation, OwnOffice, RecordPurpose } from '../types.ts';

export type DelegatedName = {
  /** Below the domain. */
  readonly label: string;
  readonly purpose: RecordPurpose;
  readonly why: string;
};

const selectors = ['ph1', 'ph2', 'ph3', 'ph4'];

/** The same for a domain every time, so that what was once created keeps leading there; 80 bits that nobody else's domain has. */
export function delegationZone(domain: DomainName, hosted: DomainName): DomainName | undefined {
  const digits = BigInt(`0x${createHash('sha256').update(domain).digest('hex').slice(0, 20)}`).toString(32);
  return parseDomainName(`${digits.padStart(16, '0')}.${hosted}`);
}

/** In the order in which they are worth creating. */
export function delegatedNames({ receives, keys }: Pick<OwnOffice, 'receives' | 'keys'>): readonly DelegatedName[] {
  const own = keys
    .filter(({ retired, selector }) => !retired && isOwnSelector(selector))
    .map(({ selector }) => selector);
  return [
    ...[...new Set([...selectors, ...own])].map((selector) => ({
      label: `${selector}._domainkey`,
      purpose: 'dkim' as const,
      why: 'DKIM: a key of this server stands there, or will after a rotation',
    })),
    { label: 'bounce', purpose: 'return-path', why: 'bounces come back to this server' },
    { label: '_dmarc', purpose: 'verification', why: 'DMARC: the policy, raised here when you say so' },
    ...(receives ? inboundNames : []),
    {
      label: '_eml',
      purpose: 'verification',
      why: 'policy document: where it lies, once you serve one here',
    },
  ];
}

const inboundNames: readonly DelegatedName[] = [
  { label: '_mta-sts', purpose: 'verification', why: 'MTA-STS: announces the policy for mail to you' },
  { label: 'mta-sts', purpose: 'host', why: 'MTA-STS: this server answers there with the policy' },
  { label: '_smtp._tls', purpose: 'verification', why: 'TLS-RPT: where reports about TLS go' },
];

/** Selectors of imported keys stay where their records are. */
export function isOwnSelector(selector: string): boolean {
  return /^ph[0-9]+$/.test(selector);
}

export function spfInclude({ zone }: Pick<Delegation, 'zone'>): string {
  return `include:_spf.${zone}`;
}
