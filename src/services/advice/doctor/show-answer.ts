/** Answers as evidence shows them: one line, records apart by ` | `, nothing that could move the cursor. Pure. */
import type { DnsAnswer, RecordData, RecordType } from '../../../protocol/dns/types.ts';
import type { HostProbe } from './types.ts';

const hexOf = (octets: Uint8Array) => octets.toHex();

function textOf(type: RecordType, data: RecordData[RecordType]): string {
  if (typeof data === 'string') return type === 'TXT' || type === 'SPF' ? JSON.stringify(data) : data || '.';
  if ('exchange' in data) return `${data.preference} ${data.exchange || '.'}`;
  if ('matching' in data) return `${data.usage} ${data.selector} ${data.matching} ${hexOf(data.data)}`;
  if ('digest' in data) return `${data.keyTag} ${data.algorithm} ${data.digestType} ${hexOf(data.digest)}`;
  if ('protocol' in data) return `${data.flags} ${data.protocol} ${data.algorithm} ${data.key.toBase64()}`;
  if ('serial' in data) return `${data.primary} ${data.mailbox} ${data.serial} ${data.minimum}`;
  if ('tag' in data) return `${data.flags} ${data.tag} ${JSON.stringify(data.value)}`;
  return `${data.priority} ${data.weight} ${data.port} ${data.target || '.'}`;
}

export function showAnswer<T extends RecordType>(type: T, answer: DnsAnswer<RecordData[T]>): string {
  if (answer.kind === 'none') return answer.why === 'nxdomain' ? 'NXDOMAIN: no such name' : 'no record of this type';
  if (answer.kind === 'failed') return answer.why === 'timeout' ? 'no answer in time' : answer.why.toUpperCase();
  return answer.records.map((data) => textOf(type, data)).join(' | ');
}

/** A mail host as it showed itself. */
export function hostText(probe: HostProbe): string {
  if (probe.kind === 'failed') return probe.why;
  const { greeting, offersStartTls, tls, tlsProblem, accepts } = probe;
  const certificate = tls && (tls.certificateProblem ?? 'certificate valid');
  return [
    greeting,
    offersStartTls ? 'offers STARTTLS' : 'offers no STARTTLS',
    ...(tls ? [`${tls.protocol} ${tls.cipher}, ${certificate}`] : []),
    ...(tlsProblem === undefined ? [] : [tlsProblem]),
    ...Object.entries(accepts).map(([name, reply]) => `${name}: ${reply}`),
  ].join(' | ');
}
