/** A message out of a file, and how it came: what options say, else what its header says of the hop that brought it in from outside. */
import { parseIpAddress } from '../../format/ip-address.ts';
import { normaliseLineEnds } from '../../format/line-ends.ts';
import { fieldBody, fieldsNamed, indexMessage, unfold } from '../../format/message/message-index.ts';
import { readReceived } from '../../format/message/read-received.ts';
import { hopFromOutside } from '../../services/advice/advice.ts';
import type { CliHost } from './cli-host.ts';
import { bad } from './read-options.ts';
import { readStdin } from './read-stdin.ts';

/** As they stand on the command line. */
export type SessionOptions = { readonly ip?: string; readonly helo?: string; readonly mailFrom?: string };

export type FoundSession = {
  readonly remoteAddress?: string;
  readonly helo?: string;
  readonly mailFrom?: string;
};

/** @param file `-` is the standard input */
export async function readMessageFile(host: CliHost, file: string): Promise<Uint8Array> {
  return asSent(file === '-' ? await readStdin(host) : await host.readFile(file));
}

/** Files saved by mail programs often have LF alone; signatures are over CRLF. */
function asSent(octets: Uint8Array): Uint8Array {
  const normal = normaliseLineEnds(octets);
  return normal.ok ? normal.value : octets;
}

export function findSession(message: Uint8Array, { ip, helo, mailFrom }: SessionOptions): FoundSession {
  if (ip !== undefined && parseIpAddress(ip) === undefined) {
    throw bad('bad_address', `${ip} is no IP address.`, ['--ip 192.0.2.1']);
  }
  const index = indexMessage(message);
  const hops = fieldsNamed(index, 'received').map((field) => readReceived(unfold(fieldBody(index, field))));
  const hop = hopFromOutside(hops) ?? hops.find(({ address, from }) => address !== undefined && from !== undefined);
  const remoteAddress = ip ?? hop?.address;
  const path = fieldsNamed(index, 'return-path')[0];
  const noted = path === undefined ? undefined : unfold(fieldBody(index, path)).trim();
  const said = helo ?? hop?.from;
  const from = bare(mailFrom ?? noted);
  return {
    ...(remoteAddress !== undefined && { remoteAddress }),
    ...(said !== undefined && { helo: said }),
    ...(from !== undefined && { mailFrom: from }),
  };
}

function bare(path: string | undefined): string | undefined {
  return path?.trim().replace(/^<|>$/g, '');
}
