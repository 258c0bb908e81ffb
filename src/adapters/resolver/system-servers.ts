/** The name servers this machine is configured to use: resolv.conf(5). */
import { readFileSync } from 'node:fs';
import { parseIpAddress } from '../../format/ip-address.ts';
import type { ResolverServer } from './stub-resolver.ts';

const dnsPort = 53;
const systemFile = '/etc/resolv.conf';

/** The libc's own limit is 3; a line more does no harm, a thousand would. */
const serversMax = 8;

/** What the libc does without a file or without servers in it. */
const localServer: ResolverServer = { address: '127.0.0.1', port: dnsPort };

export function readSystemServers(path: string = systemFile): readonly ResolverServer[] {
  return parseResolvConf(readIfThere(path));
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** `nameserver` lines in their order; `options trust-ad` says that their DNSSEC verdict (AD) may be believed. */
export function parseResolvConf(text: string): readonly ResolverServer[] {
  const addresses: string[] = [];
  let trustAd = false;
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    const [first] = values;
    if (keyword === 'nameserver' && first !== undefined && isServerAddress(first)) addresses.push(first);
    if (keyword === 'options' && values.includes('trust-ad')) trustAd = true;
  }
  const servers = addresses.slice(0, serversMax).map((address) => ({ address, port: dnsPort }));
  return (servers.length > 0 ? servers : [localServer]).map((server) => (trustAd ? { ...server, trustAd } : server));
}

function isServerAddress(text: string): boolean {
  return parseIpAddress(text.replace(/%[A-Za-z0-9._-]+$/, '')) !== undefined;
}
