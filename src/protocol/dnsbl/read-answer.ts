/**
 * What a list's answer says, by its return codes. A refusal is no listing, a code that is not known neither, and "no such name" is
 * "not listed" only of a list that is seen to answer. Pure. RFC 5782 §2.1
 */
import { parseIpAddress } from '../../format/ip-address.ts';
import type { DnsAnswer } from '../dns/types.ts';
import type { BlockList, ListEntry, ListReading } from './types.ts';

/** What Spamhaus says instead of answering, and others after it. */
const refusals: Readonly<Record<string, string>> = {
  '127.255.255.252': 'the name of the list was mistyped',
  '127.255.255.254': 'it does not answer public name servers',
  '127.255.255.255': 'it was asked too often through this name server',
};

export type ListLook = {
  readonly answer: DnsAnswer<string>;
  /** The answers to its test entries: what it has to list, and what it must not. */
  readonly tested: { readonly listed: DnsAnswer<string>; readonly clean: DnsAnswer<string> };
  readonly isPublicResolver: boolean;
};

export function readListAnswer(list: BlockList, { answer, tested, isPublicResolver }: ListLook): ListReading {
  const said = readCodes(list, answer);
  if (said.state === 'unknown') return said;
  const control = readCodes(list, tested.listed);
  if (control.state === 'unknown') return control;
  if (control.state === 'clean') return unknown('it does not answer this name server');
  // RFC 5782 §5: a list that lists what it must not has gone, or is answered for by somebody else
  if (readCodes(list, tested.clean).state !== 'clean') return unknown('it lists everything, so its word means nothing');
  if (said.state === 'clean' && isPublicResolver)
    return unknown('it was asked through a public name server, and tells those nothing');
  return said;
}

function readCodes(list: BlockList, answer: DnsAnswer<string>): ListReading {
  if (answer.kind === 'failed') return unknown(`it gave no answer (${answer.why})`);
  if (answer.kind === 'none') return { state: 'clean' };
  const refused = answer.records.map((code) => refusalIn(list, code)).find((why) => why !== undefined);
  if (refused !== undefined) return unknown(refused);
  const codes = [...new Set(answer.records)].toSorted();
  const entries = codes.flatMap((code) => entriesOf(list, code));
  if (entries.length === 0) return unknown(`it answered ${codes.slice(0, 3).join(', ')}, which is none of its codes`);
  return { state: 'listed', codes, entries: [...new Set(entries)] };
}

function refusalIn(list: BlockList, code: string): string | undefined {
  const own = list.refusals?.[code] ?? refusals[code];
  if (own !== undefined) return own;
  if (code.startsWith('127.255.')) return `it refuses to answer (${code})`;
  return code.startsWith('127.') ? undefined : `what came back (${code}) is no answer of a block list`;
}

function entriesOf({ codes }: BlockList, code: string): readonly ListEntry[] {
  if (!('bits' in codes) || typeof codes.bits !== 'object') return knownEntry(codes as Record<string, ListEntry>, code);
  const octets = code.startsWith('127.0.0.') ? parseIpAddress(code)?.bytes : undefined;
  const last = octets?.[3] ?? 0;
  return Object.entries(codes.bits as Record<string, ListEntry>).flatMap(([bit, entry]) =>
    (last & Number(bit)) === 0 ? [] : [entry],
  );
}

function knownEntry(codes: Readonly<Record<string, ListEntry>>, code: string): readonly ListEntry[] {
  return Object.hasOwn(codes, code) ? [codes[code] as ListEntry] : [];
}

function unknown(why: string): ListReading {
  return { state: 'unknown', why };
}
