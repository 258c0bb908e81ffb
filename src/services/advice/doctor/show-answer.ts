/** An answer of the DNS as evidence shows it: one line, records apart by ` | `, nothing that could move the cursor. Pure. */
import type { DnsAnswer, RecordData, RecordType } from '../../../protocol/dns/types.ts';

const hexOf = (octets: Uint8Array) => octets.toHex();

function textOf(type: RecordType, data: RecordData[RecordType]): string {
  if (typeof data === 'string') return type === 'TXT' || type === 'SPF' ? JSON.stringify(data) : data || '.';
  if ('exchange' in data) return `${data.preference} ${data.exchange || '.'}`;
  if ('matching' in data) return `${data.usage} ${data.selector} ${data.matching} ${hexOf(data.data)}`;
  if ('serial' in data) return `${data.primary} ${data.mailbox} ${data.serial} ${data.minimum}`;
  if ('tag' in data) return `${data.flags} ${data.tag} ${JSON.stringify(data.value)}`;
  return `${data.priority} ${data.weight} ${data.port} ${data.target || '.'}`;
}

export function showAnswer<T extends RecordType>(type: T, answer: DnsAnswer<RecordData[T]>): string {
  if (answer.kind === 'none') return answer.why === 'nxdomain' ? 'NXDOMAIN: no such name' : 'no record of this type';
  if (answer.kind === 'failed') return answer.why === 'timeout' ? 'no answer in time' : answer.why.toUpperCase();
  return answer.records.map((data) => textOf(type, data)).join(' | ');
}
