/** Whose server knows a domain's registration: out of IANA's list of top-level domains (RFC 9224). Pure; the list is a stranger's file. */
import { fromUtf8 } from '../../base/bytes.ts';
import { type DomainName, isEqualOrBelow, parseDomainName } from '../../format/domain-name.ts';

/** RFC 9224 §8.2 */
export const rdapListUrl = 'https://data.iana.org/rdap/dns.json';
/** It has some 70,000. (Our choice.) */
export const rdapListOctetsMax = 1024 * 1024;

/** Base URLs that may be asked, each ending in a slash; undefined: this is no such list. */
export function rdapServersFor(file: Uint8Array, domain: DomainName): readonly string[] | undefined {
  const services = servicesOf(file);
  if (services === undefined) return undefined;
  let best = 0;
  let urls: readonly string[] = [];
  for (const [names, servers] of services) {
    // RFC 9224 §4: the longest match by labels
    const length = names.reduce((most, name) => (covers(name, domain) ? Math.max(most, labelsOf(name)) : most), 0);
    if (length > best) [best, urls] = [length, servers];
  }
  return urls
    .filter((url) => url.startsWith('https://') && URL.canParse(url))
    .map((url) => (url.endsWith('/') ? url : `${url}/`));
}

function covers(name: string, domain: DomainName): boolean {
  const entry = parseDomainName(name);
  return entry !== undefined && isEqualOrBelow(domain, entry);
}

function labelsOf(name: string): number {
  return name.split('.').length;
}

type Service = readonly [names: readonly string[], servers: readonly string[]];

/** RFC 9224 §3: `{"services": [[["com", "net"], ["https://..."]], ...]}` */
function servicesOf(file: Uint8Array): readonly Service[] | undefined {
  try {
    const list: unknown = JSON.parse(fromUtf8(file));
    if (typeof list !== 'object' || list === null || !('services' in list) || !Array.isArray(list.services))
      return undefined;
    return list.services.filter(isService);
  } catch {
    return undefined;
  }
}

function isService(value: unknown): value is Service {
  return Array.isArray(value) && value.length >= 2 && isTexts(value[0]) && isTexts(value[1]);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
