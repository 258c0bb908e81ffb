/** A message of 25 MB as a mail program writes it: lines of base64, now and then one that begins with a dot. */
import { createHash } from 'node:crypto';
import { seededRandom } from '../../../src/base/random.ts';

export type LargeLetter = {
  readonly bytes: Buffer;
  readonly text: Buffer;
  readonly textSha256: string;
};

const lineCharacters = 76; // RFC 2045 §6.8

export function largeLetter(about: {
  readonly seed: number;
  readonly octets: number;
  readonly from: string;
  readonly to: string;
}): LargeLetter {
  const random = seededRandom(about.seed);
  const lines: string[] = [];
  for (let written = 0, nth = 0; written < about.octets; nth++) {
    const line = Buffer.from(random.bytes(57)).toString('base64');
    const kept = nth % 97 === 5 ? `.${line.slice(1)}` : line;
    lines.push(kept);
    written += lineCharacters + 2;
  }
  const text = Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1');
  const header = [
    `From: ${about.from}`,
    `To: ${about.to}`,
    `Subject: large ${about.seed}`,
    `Message-ID: <large-${about.seed}@client.test>`,
    'Date: Sun, 22 Nov 2026 10:00:00 +0000',
    'MIME-Version: 1.0',
    'Content-Type: application/octet-stream',
    'Content-Transfer-Encoding: 7bit',
    '',
    '',
  ].join('\r\n');
  return {
    bytes: Buffer.concat([Buffer.from(header, 'latin1'), text]),
    text,
    textSha256: createHash('sha256').update(text).digest('hex'),
  };
}

/** RFC 5321 §4.5.2, with the dot that ends it. */
export function stuffed(bytes: Buffer): Buffer {
  return Buffer.from(`${bytes.toString('latin1').replaceAll('\r\n.', '\r\n..')}.\r\n`, 'latin1');
}
