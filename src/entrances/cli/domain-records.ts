/**
 * What a domain has to publish so that its mail is sent and received here: the records one by one, and as master-file text. What
 * is published already is not looked at. Pure.
 */
import type { Domain } from './office-client.ts';

export type RecordToPublish = {
  /** Absolute, without the final dot. */
  readonly name: string;
  readonly type: 'MX' | 'TXT';
  /** TXT joined and unquoted. */
  readonly value: string;
  readonly why: string;
};

/** RFC 1035 §3.3.14: a TXT record is made of strings of at most 255 octets. */
const stringMax = 255;

type DomainToPublish = Pick<Domain, 'name' | 'receives' | 'verified'> & {
  readonly proof?: Domain['proof'];
  readonly dkim_keys: readonly Pick<Domain['dkim_keys'][number], 'state' | 'algorithm' | 'record'>[];
};

/** @param hostname the office's public name; without one only what does not depend on it */
export function recordsToPublish(domain: DomainToPublish, hostname: string | undefined): RecordToPublish[] {
  const signs = domain.dkim_keys
    .filter(({ state }) => state !== 'retired')
    .map(
      ({ record, algorithm }): RecordToPublish => ({
        ...record,
        why: `DKIM: receivers check our ${algorithm} signatures with it`,
      }),
    );
  const dmarc: RecordToPublish = {
    name: `_dmarc.${domain.name}`,
    type: 'TXT',
    value: domain.receives ? `v=DMARC1; p=none; rua=mailto:postmaster@${domain.name}` : 'v=DMARC1; p=none',
    why: 'DMARC: receivers report who sends as you; p=reject comes when all is well',
  };
  return [...proofOf(domain), ...(hostname === undefined ? [] : byHost(domain, hostname)), ...signs, dmarc];
}

/** A person's word needs none. */
function proofOf({ proof, verified }: DomainToPublish): RecordToPublish[] {
  if (proof === undefined || verified?.by === 'operator') return [];
  return [{ ...proof, why: 'the domain is yours: it may send while this record is there' }];
}

function byHost({ name, receives }: DomainToPublish, hostname: string): RecordToPublish[] {
  const mx = `10 ${hostname}`;
  const spf = `v=spf1 a:${hostname} ~all`;
  const bounces = `bounce.${name}`;
  return [
    ...(receives ? [{ name, type: 'MX', value: mx, why: 'mail to the domain comes here' } as const] : []),
    { name, type: 'TXT', value: spf, why: 'SPF: this server may send (one record only: extend the one you have)' },
    { name: bounces, type: 'MX', value: mx, why: 'bounces come back to the return path' },
    { name: bounces, type: 'TXT', value: spf, why: 'SPF of the return path' },
  ];
}

/** Lines that a zone file takes as they are, and that `--zone` reads. */
export function zoneLines(records: readonly RecordToPublish[]): string[] {
  return records.flatMap(({ name, type, value, why }) => [
    `; ${why}`,
    `${name}. ${type} ${type === 'MX' ? `${value}.` : quotedStrings(value)}`,
  ]);
}

function quotedStrings(value: string): string {
  const strings = value.match(new RegExp(`.{1,${stringMax}}`, 'gs')) ?? [''];
  return strings.map((one) => `"${one.replaceAll(/["\\]/g, '\\$&')}"`).join(' ');
}
