/**
 * Messages whose every octet follows from their name: whoever receives one can tell whether it is whole. The name (token) is the
 * subject: `s7n12z5000` is message 12 of seed 7 with about 5,000 octets of text.
 */
import { createHash } from 'node:crypto';

export function tokenOf(seed: number, nth: number, octets: number): string {
  return `s${seed}n${nth}z${octets}`;
}

const tokenShape = /\bs\d+n\d+z\d+\b/;

/** Lines of 64 characters, some beginning with a dot, joined with CRLF. */
export function textOf(token: string): string {
  const octets = Number(/z(\d+)$/.exec(token)?.[1] ?? 0);
  const lines: string[] = [];
  for (let nth = 0; nth * 66 < octets; nth++) {
    const line = createHash('sha256').update(`${token} ${nth}`).digest('hex');
    lines.push(nth % 7 === 3 ? `.${line.slice(1)}` : line);
  }
  return lines.join('\r\n');
}

export function letter(token: string, from: string, to: readonly string[]): string {
  return [
    `From: ${from}`,
    `To: ${to.join(', ')}`,
    `Subject: ${token}`,
    `Message-ID: <${token}@client.test>`,
    'Date: Sun, 22 Nov 2026 10:00:00 +0000',
    '',
    textOf(token),
  ].join('\r\n');
}

/** The name in the header of a received message. */
export function tokenIn(message: string): string | undefined {
  const header = message.slice(0, Math.max(message.indexOf('\r\n\r\n'), 0));
  return tokenShape.exec(/^Subject: (.*)$/im.exec(header)?.[1] ?? '')?.[0];
}

/** Whether the text is, octet for octet, what the name says. */
export function isWhole(message: string, token: string): boolean {
  return message.slice(message.indexOf('\r\n\r\n') + 4).trimEnd() === textOf(token);
}
