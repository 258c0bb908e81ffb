/** The way of a message, oldest hop first: how long each took, whether it was encrypted, and whether the names fit. Pure. */
import { isPublicAddress, parseIpAddress } from '../../format/ip-address.ts';
import { fieldBody, fieldsNamed, type MessageIndex, unfold } from '../../format/message/message-index.ts';
import { type ReceivedHop, readReceived } from '../../format/message/read-received.ts';
import type { ExplainedHop, Remark } from './types.ts';

const hopsMax = 60;
/** Below this nobody notices. */
const slowMs = 60_000;
/** Clocks of mail servers differ by this much without anything being wrong. */
const clockSlackMs = 2_000;

export function explainHops(index: MessageIndex): ExplainedHop[] {
  const hops = fieldsNamed(index, 'received')
    .slice(0, hopsMax)
    .map((field) => readReceived(unfold(fieldBody(index, field))))
    .reverse();
  return hops.map((hop, at) => explainHop(hop, hops[at - 1]));
}

function explainHop(hop: ReceivedHop, before: ReceivedHop | undefined): ExplainedHop {
  const { for: _to, id: _id, ...shown } = hop;
  const delayMs = hop.atMs !== undefined && before?.atMs !== undefined ? hop.atMs - before.atMs : undefined;
  return {
    ...shown,
    ...(delayMs !== undefined && { delayMs }),
    remarks: [...encryption(hop), ...names(hop), ...chain(hop, before), ...delay(delayMs), ...dates(hop)],
  };
}

function encryption({ tls, with: protocol, address, from }: ReceivedHop): Remark[] {
  if (tls !== undefined) return [{ kind: 'good', say: `encrypted on this hop${tls === 'TLS' ? '' : ` (${tls})`}` }];
  if (from === undefined || isInside(address)) return [];
  if (protocol !== undefined && /HTTP|local/i.test(protocol)) return [];
  return [
    {
      kind: 'bad',
      say: 'nothing says that this hop was encrypted: if it was not, anybody on the line could read along',
    },
  ];
}

/** The hop to the receiver: the topmost that came from outside, past filters and relays of the receiver's own network. */
export function hopFromOutside<Hop extends Pick<ReceivedHop, 'from' | 'address'>>(newestFirst: readonly Hop[]) {
  return newestFirst.find(({ from, address }) => from !== undefined && address !== undefined && !isInside(address));
}

/** Inside one machine or one network nobody listens. */
function isInside(address: string | undefined): boolean {
  const parsed = address === undefined ? undefined : parseIpAddress(address);
  return parsed !== undefined && !isPublicAddress(parsed);
}

/** Whether the host's own name, the name of its address, and the address belong together. */
function names({ from, reverseName, address }: ReceivedHop): Remark[] {
  if (from === undefined || address === undefined || isInside(address)) return [];
  const helo = from.toLowerCase().replace(/\.$/, '');
  if (reverseName === undefined) {
    return helo.startsWith('[')
      ? []
      : [{ kind: 'note', say: `the receiver noted no name for ${address} (no PTR record, or it did not look)` }];
  }
  if (helo === reverseName.toLowerCase()) return [{ kind: 'good', say: `it called itself what its address is called` }];
  return [{ kind: 'note', say: `it called itself ${from}, but its address is called ${reverseName}` }];
}

/** Whether this hop starts where the one before ended. */
function chain(hop: ReceivedHop, before: ReceivedHop | undefined): Remark[] {
  if (before?.by === undefined || hop.from === undefined) return [];
  const hosts = [hop.from, hop.reverseName].flatMap((name) => (name === undefined ? [] : name.toLowerCase()));
  const last = before.by.toLowerCase();
  if (hosts.some((name) => name === last || sharesTail(name, last)) || hop.from.startsWith('[')) return [];
  return [
    {
      kind: 'note',
      say: `the hop before ended at ${before.by}, this one starts at ${hop.from}: other names of one house, or a field somebody made up`,
    },
  ];
}

/** The last two labels are the same. */
function sharesTail(one: string, other: string): boolean {
  const tail = (name: string) => name.replace(/\.$/, '').split('.').slice(-2).join('.');
  return tail(one).includes('.') && tail(one) === tail(other);
}

function delay(delayMs: number | undefined): Remark[] {
  if (delayMs === undefined) return [];
  if (delayMs < -clockSlackMs)
    return [{ kind: 'note', say: 'it arrived before it was sent: the clocks of the two hosts differ' }];
  if (delayMs >= slowMs)
    return [{ kind: 'note', say: 'it waited before this hop: a queue, a greylist, or a host that was down' }];
  return [];
}

function dates({ atMs }: ReceivedHop): Remark[] {
  return atMs === undefined ? [{ kind: 'note', say: 'this field has no date that can be read' }] : [];
}
