/** Domains as the API spells them. Pure; the types are those of the schemas. */
import { toUnicode } from '../../format/domain-name.ts';
import type { DkimKeyRecord, DomainProof, DomainRecord } from '../../services/directory/types.ts';
import type { CareReport, Sighting } from '../../services/setup/care/types.ts';
import type { Domain, DomainCheck, RecordSighting } from './schemas/domains.ts';
import { iso } from './show.ts';

export function showDomain(domain: DomainRecord, keys: readonly DkimKeyRecord[], proof: DomainProof): Domain {
  const { verified, lapse } = domain;
  return {
    object: 'domain',
    name: domain.name,
    unicode: toUnicode(domain.name),
    created_at: iso(domain.createdAtMs),
    receives: domain.receives,
    proof: plain(proof),
    ...(verified === undefined ? {} : { verified: { at: iso(verified.atMs), by: verified.by } }),
    ...(lapse === undefined ? {} : { lapse: showLapse(lapse) }),
    dkim_keys: keys.map(showDkimKey),
  };
}

function showLapse({
  sinceMs,
  warnedAtMs,
  stoppedAtMs,
}: NonNullable<DomainRecord['lapse']>): NonNullable<Domain['lapse']> {
  return {
    since: iso(sinceMs),
    ...(warnedAtMs === undefined ? {} : { warned_at: iso(warnedAtMs) }),
    ...(stoppedAtMs === undefined ? {} : { stopped_at: iso(stoppedAtMs) }),
  };
}

export function showDkimKey(key: DkimKeyRecord): Domain['dkim_keys'][number] {
  return {
    selector: key.selector,
    algorithm: key.algorithm,
    state: key.state,
    since: iso(key.stateSinceMs),
    ...(key.seenSinceMs === undefined || key.state !== 'pending' ? {} : { seen_since: iso(key.seenSinceMs) }),
    record: recordOf(key),
  };
}

/** RFC 6376 §3.6.2.1 */
function recordOf({ selector, domain, publicRecord }: DkimKeyRecord): DomainProof {
  return { name: `${selector}._domainkey.${domain}`, type: 'TXT', value: publicRecord };
}

export function showCheck({ domain, proof, keys }: CareReport): DomainCheck {
  const sighted = [
    { record: plain(proof), sighting: proof.sighting },
    ...keys.map((key) => ({ record: recordOf(key), sighting: key.sighting })),
  ];
  return {
    object: 'domain_check',
    domain: showDomain(domain, keys, proof),
    sends: domain.verified !== undefined && domain.lapse?.stoppedAtMs === undefined,
    records: sighted.flatMap(({ record, sighting }) => (sighting ? [showSighting(record, sighting)] : [])),
  };
}

function showSighting(record: DomainProof, { seen, witnesses }: Sighting): RecordSighting {
  return { ...record, seen, servers: witnesses.map((witness) => ({ ...witness })) };
}

function plain({ name, type, value }: DomainProof): DomainProof {
  return { name, type, value };
}
