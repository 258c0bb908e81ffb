/** The very SPF record that lets the sending host pass, with what is published now left as it is. Pure. */
import { parseIpAddress } from '../../../../format/ip-address.ts';
import type { SenderWants } from '../../../setup/types.ts';
import type { Fix, FixRecord } from '../../types.ts';

export type SpfSituation = {
  /** Where SPF was asked. */
  readonly domain: string;
  readonly address: string;
  /** Published there now. */
  readonly record?: string;
  readonly service?: SenderWants;
};

export function spfFix({ domain, address, record, service }: SpfSituation): Fix | undefined {
  const ip = parseIpAddress(address);
  const named = service?.spf.find(({ name }) => name === domain)?.terms ?? [];
  const terms = named.length > 0 ? named : ip === undefined ? [] : [`ip${ip.family}:${ip.text}`];
  if (terms.length === 0) return undefined;
  const whose = named.length > 0 ? (service?.sender.name ?? domain) : address;
  const set: FixRecord = { name: domain, type: 'TXT', value: withTerms(record, terms) };
  return {
    delete: record === undefined ? [] : [{ name: domain, type: 'TXT', value: record }],
    set: [set],
    steps: [`Only if ${whose} is meant to send for ${domain}: if it is not, this message is not yours.`],
  };
}

function withTerms(record: string | undefined, terms: readonly string[]): string {
  if (record === undefined) return `v=spf1 ${terms.join(' ')} ~all`;
  const [version = 'v=spf1', ...rest] = record.split(' ').filter((word) => word !== '');
  return [version, ...terms.filter((term) => !rest.includes(term)), ...rest].join(' ');
}
