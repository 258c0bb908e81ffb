/** The big public resolvers. Block lists refuse them, or tell them that nobody is listed. Pure. */
import { parseIpAddress } from '../../format/ip-address.ts';

const addresses: ReadonlySet<string> = new Set([
  ...['1.1.1.1', '1.0.0.1', '1.1.1.2', '1.0.0.2', '1.1.1.3', '1.0.0.3', '2606:4700:4700::1111', '2606:4700:4700::1001'], // Cloudflare
  ...['8.8.8.8', '8.8.4.4', '2001:4860:4860::8888', '2001:4860:4860::8844'], // Google
  ...['9.9.9.9', '149.112.112.112', '9.9.9.10', '149.112.112.10', '9.9.9.11', '2620:fe::fe', '2620:fe::9'], // Quad9
  ...['208.67.222.222', '208.67.220.220', '2620:119:35::35', '2620:119:53::53'], // OpenDNS
  ...['94.140.14.14', '94.140.15.15', '2a10:50c0::ad1:ff', '2a10:50c0::ad2:ff'], // AdGuard
  ...['185.228.168.9', '185.228.169.9', '76.76.2.0', '76.76.10.0', '64.6.64.6', '64.6.65.6', '4.2.2.1', '4.2.2.2'], // CleanBrowsing, Control D, Verisign, Level 3
  ...['77.88.8.8', '77.88.8.1', '223.5.5.5', '223.6.6.6', '114.114.114.114', '119.29.29.29'], // Yandex, AliDNS, 114DNS, DNSPod
]);

export function isPublicResolver(address: string): boolean {
  return addresses.has(parseIpAddress(address)?.text ?? '');
}
