/** The TLSA record of the key a host shows, 3 1 1, as RFC 7672 §3.1 advises; and the records in its way. Pure. */
import { createHash, X509Certificate } from 'node:crypto';
import { isEqualOrBelow } from '../../../../format/domain-name.ts';
import { tlsaText } from '../../../../protocol/dane/tlsa.ts';
import type { Tlsa } from '../../../../protocol/dane/types.ts';
import type { Fix, FixRecord } from '../../types.ts';
import type { DomainFacts } from '../types.ts';
import type { DaneHost } from './facts.ts';

/** As the plan has it; also how long a change of the key has to wait. */
const ttlSeconds = 3600;

/** @param wrong the records to take away */
export function tlsaFix({ subject }: DomainFacts, host: DaneHost, wrong: readonly Tlsa[]): Fix {
  const record = (value: string): FixRecord => ({ name: host.name, type: 'TLSA', value });
  const there = host.tlsa.kind === 'found' ? host.tlsa.records.map(tlsaText) : [];
  const wanted = shownKey(host);
  const isWanted = wanted !== undefined && !there.includes(wanted);
  const isOthers = !isEqualOrBelow(host.host, subject.domain);
  return {
    delete: wrong.map((one) => record(tlsaText(one))),
    set: isWanted ? [{ ...record(wanted), ttl: ttlSeconds }] : [],
    ...(isOthers && { steps: [`${host.host} is somebody else's: ask who runs it to change these records`] }),
  };
}

function shownKey({ probe }: DaneHost): string | undefined {
  const [leaf] = probe?.kind === 'seen' ? (probe.tls?.chain ?? []) : [];
  if (leaf === undefined) return undefined;
  try {
    const { publicKey } = new X509Certificate(Buffer.from(leaf, 'base64'));
    const digest = createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('hex');
    return `3 1 1 ${digest}`;
  } catch {
    return undefined; // what it showed is no certificate
  }
}
