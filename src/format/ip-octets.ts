/**
 * The octets of IP addresses and their canonical text, each family on its own: an AAAA record may hold `::ffff:192.0.2.1` and
 * stays an IPv6 address here. What an address *means* (one client, v4-mapped, private) is `ip-address.ts`'s business.
 */

/** Four decimal numbers without leading zeros: `010` is eight to some readers. */
export function ipv4Octets(text: string): Uint8Array | undefined {
  const octets = new Uint8Array(4);
  let start = 0;
  for (let place = 0; place < 4; place++) {
    const dot = place < 3 ? text.indexOf('.', start) : text.length;
    const number = dot < 0 ? undefined : decimalOctet(text, start, dot);
    if (number === undefined) return undefined;
    octets[place] = number;
    start = dot + 1;
  }
  return octets;
}

/** Digit by digit: a pattern for all four took three times as long. */
function decimalOctet(text: string, start: number, end: number): number | undefined {
  const digits = end - start;
  if (digits < 1 || digits > 3 || (digits > 1 && text.charCodeAt(start) === ZERO)) return undefined;
  let number = 0;
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return number > 255 ? undefined : number;
}

const ZERO = 0x30;

export function ipv4Text(octets: Uint8Array): string {
  return octets.join('.');
}

/** RFC 4291 §2.2: eight groups, one `::`, the last two groups possibly as a dotted quad. */
export function ipv6Octets(text: string): Uint8Array | undefined {
  if (text.length > 45) return undefined; // the longest spelling: six groups and a dotted quad
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? '', true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

function groupsOf(text: string, mayEndInQuad: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const quad = mayEndInQuad && index === parts.length - 1 && part.includes('.') ? ipv4Octets(part) : undefined;
    if (quad !== undefined) {
      const [a = 0, b = 0, c = 0, d = 0] = quad;
      groups.push((a << 8) | b, (c << 8) | d);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/** RFC 5952 §4: lower case, no leading zeros, the first longest run of two or more zero groups as `::`; §5: v4-mapped with a dotted quad. */
export function ipv6Text(octets: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((octets[2 * i] ?? 0) << 8) | (octets[2 * i + 1] ?? 0));
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return `::ffff:${ipv4Text(octets.subarray(12))}`;
  const run = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (run.length < 2) return hex.join(':');
  return `${hex.slice(0, run.start).join(':')}::${hex.slice(run.start + run.length).join(':')}`;
}

function longestZeroRun(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  }
  return best;
}
