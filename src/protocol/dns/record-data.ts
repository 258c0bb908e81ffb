/** From records as text or wire gave them to what the `Resolver` port answers. */
import { dnsNameText, lowerDnsName } from '../../format/dns-name.ts';
import { type DnsRecord, recordShapes, type ShapedData } from '../../format/dns-record.ts';
import type { RecordData, RecordType } from './types.ts';

type Convert<T extends RecordType> = (data: Extract<ShapedData, { readonly type: T }>) => RecordData[T];

const hostText = (name: readonly string[]) => dnsNameText(lowerDnsName(name));

const converters: { readonly [T in RecordType]: Convert<T> } = {
  A: (data) => data.address,
  AAAA: (data) => data.address,
  MX: (data) => ({ preference: data.preference, exchange: hostText(data.exchange) }),
  TXT: (data) => data.strings.join(''), // RFC 7208 §3.3
  SPF: (data) => data.strings.join(''),
  PTR: (data) => hostText(data.host),
  NS: (data) => hostText(data.host),
  CNAME: (data) => hostText(data.target),
  TLSA: ({ usage, selector, matching, data }) => ({ usage, selector, matching, data }),
  SOA: (data) => ({
    primary: hostText(data.primary),
    mailbox: hostText(data.mailbox),
    serial: data.serial,
    minimum: data.minimum,
  }),
  DS: ({ keyTag, algorithm, digestType, digest }) => ({ keyTag, algorithm, digestType, digest }),
  DNSKEY: ({ flags, protocol, algorithm, key }) => ({ flags, protocol, algorithm, key }),
  CAA: ({ flags, tag, value }) => ({ flags, tag, value }),
  SRV: ({ priority, weight, port, target }) => ({ priority, weight, port, target: hostText(target) }),
};

export function recordCode(type: RecordType): number {
  return recordShapes[type].code;
}

/** What the records of `type` among `records` hold. */
export function recordDataOf<T extends RecordType>(type: T, records: readonly DnsRecord[]): readonly RecordData[T][] {
  const convert = converters[type] as (data: ShapedData) => RecordData[T];
  return records.flatMap(({ data }) => (data.type === type ? [convert(data)] : []));
}
