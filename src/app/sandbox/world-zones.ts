/** The DNS of the sandbox world as master-file text: what each of its hosts would have published. */
import type { DkimKeyRecord } from '../../services/directory/types.ts';
import { sandboxNameServer } from './zone-files.ts';

export type WorldHost = {
  readonly domain: string;
  readonly hostname: string;
  readonly address: string;
  readonly keys: readonly Pick<DkimKeyRecord, 'selector' | 'publicRecord' | 'state'>[];
};

const ttlSeconds = 300;

/** The root is ours as well: every other name in the world does not exist, instead of being nobody's business. */
const root = ['; nothing else exists', '. SOA a.root. nobody.root. 1 3600 600 86400 60', '. NS a.root.'];
/** Where domains are kept that people set up here. */
const host = [`${sandboxNameServer}. A 192.0.2.53`];

/** Zones that nobody changes: the root, the reverse names of every host's network, and the domains of these hosts. */
export function worldZones(hosts: readonly WorldHost[], fixed: readonly WorldHost[]): string {
  const lines = [...root, ...host, ...fixed.flatMap(linesOf), ...hosts.flatMap(reverseZoneOf)];
  return [`$TTL ${ttlSeconds}`, ...lines, ''].join('\n');
}

/** The zone of one host's domain. */
export function zoneOf(of: WorldHost): string {
  return [`$TTL ${ttlSeconds}`, ...linesOf(of), ''].join('\n');
}

function linesOf({ domain, hostname, address, keys }: WorldHost): string[] {
  return [
    `; ${domain}: its mail comes from and goes to ${hostname}`,
    ...authority(domain, hostname),
    `${domain}. MX 10 ${hostname}.`,
    `${domain}. TXT ${quoted(`v=spf1 ip4:${address} -all`)}`,
    `_dmarc.${domain}. TXT ${quoted(`v=DMARC1; p=reject; rua=mailto:postmaster@${domain}`)}`,
    ...keys
      .filter(({ state }) => state !== 'retired')
      .map(({ selector, publicRecord }) => `${selector}._domainkey.${domain}. TXT ${quoted(publicRecord)}`),
    `${hostname}. A ${address}`,
    `${hostname}. TXT ${quoted('v=spf1 a -all')}`,
    `bounce.${domain}. MX 10 ${hostname}.`,
    `bounce.${domain}. TXT ${quoted(`v=spf1 ip4:${address} -all`)}`,
  ];
}

function reverseZoneOf({ hostname, address }: WorldHost): string[] {
  const [a, b, c, d] = address.split('.');
  const zone = `${c}.${b}.${a}.in-addr.arpa`;
  return [`; reverse names of ${address}`, ...authority(zone, hostname), `${d}.${zone}. PTR ${hostname}.`];
}

function authority(zone: string, hostname: string): string[] {
  return [`${zone}. SOA ${hostname}. postmaster.${hostname}. 1 3600 600 86400 60`, `${zone}. NS ${hostname}.`];
}

/** Strings of at most 255 octets. RFC 1035 §3.3.14 */
function quoted(value: string): string {
  return (value.match(/.{1,255}/g) ?? ['']).map((piece) => `"${piece.replaceAll(/["\\]/g, '\\$&')}"`).join(' ');
}
