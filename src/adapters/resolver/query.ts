/**
 * A question as it leaves, and the answers to it that are believed: what a forger would have to guess (RFC 5452) besides the port.
 */
import type { Random } from '../../base/random.ts';
import { type DnsName, lowerDnsName } from '../../format/dns-name.ts';
import {
  classIn,
  type DnsMessage,
  type DnsQuestion,
  ednsUdpOctets,
  emptyMessage,
  encodeMessage,
  rcodes,
} from '../../protocol/dns/message-codec.ts';

export type Query = { readonly id: number; readonly question: DnsQuestion; readonly octets: Uint8Array };

const ourEdns = { udpOctets: ednsUdpOctets, version: 0, dnssecOk: false, options: [] } as const;

export function makeQuery(
  random: Random,
  asked: { readonly name: DnsName; readonly type: number },
  shape: { readonly edns: boolean },
): Query | undefined {
  const bits = random.bytes(2 + Math.ceil(lettersIn(asked.name) / 8)); // at once: each call costs more than its octets
  const id = ((bits[0] ?? 0) << 8) | (bits[1] ?? 0);
  const question = { name: mixedCase(asked.name, bits.subarray(2)), type: asked.type, class: classIn };
  const octets = encodeMessage({
    ...emptyMessage(id),
    recursionDesired: true,
    authenticData: true, // RFC 6840 §5.7: we understand AD in the answer
    questions: [question],
    ...(shape.edns ? { edns: ourEdns } : {}),
  });
  return octets && { id, question, octets };
}

function lettersIn(name: DnsName): number {
  return name.reduce((sum, label) => sum + label.length, 0);
}

/** Each letter's case is one more bit a forger has to guess; servers copy the question as it is. */
function mixedCase(name: DnsName, bits: Uint8Array): DnsName {
  let at = 0;
  return name.map((label) => {
    let mixed = '';
    for (let index = 0; index < label.length; index++, at++) {
      const octet = label.charCodeAt(index);
      const isUpper = (((bits[at >> 3] ?? 0) >> (at & 7)) & 1) === 1 && octet >= 0x61 && octet <= 0x7a;
      mixed += String.fromCharCode(isUpper ? octet - 0x20 : octet);
    }
    return mixed;
  });
}

/** Whether this answers the query: `exact` when even the letter case is ours. RFC 5452 §9.1 */
export function matchOf(message: DnsMessage, query: Query): 'exact' | 'but-for-case' | 'no' {
  if (!message.isResponse || message.id !== query.id || message.opcode !== 0) return 'no';
  const [question, ...others] = message.questions;
  // A server that did not understand the query may not repeat it; all it can say is that it failed.
  if (question === undefined)
    return message.rcode === rcodes.noError || message.rcode === rcodes.nameError ? 'no' : 'exact';
  const { name, type } = query.question;
  if (others.length > 0 || question.type !== type || question.class !== classIn) return 'no';
  if (isSame(question.name, name)) return 'exact';
  return isSame(lowerDnsName(question.name), lowerDnsName(name)) ? 'but-for-case' : 'no';
}

function isSame(one: DnsName, other: DnsName): boolean {
  return one.length === other.length && one.every((label, at) => label === other[at]);
}
