/** Letters that show whether a server leaves alone what is not its own: dots, long lines, octets beyond ASCII, odd blanks and folds. */
import { createHash } from 'node:crypto';

type LetterWish = {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
};

/** What servers add where it is missing. */
export function trace(subject: string): string[] {
  const id = Buffer.from(subject).toString('hex');
  return ['Date: Sun, 22 Nov 2026 10:00:00 +0000', `Message-ID: <${id}@letters.test>`];
}

/** CRLF line ends. */
export function oddLetter({ from, to, subject }: LetterWish): Buffer {
  const lines = [
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${subject}`,
    ...trace(subject),
    'X-Folded: one',
    '\ttwo',
    '   three  ',
    'X-No-Blank:at all',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    '.',
    '..',
    '...dots',
    ' .not a dot',
    '.\tdot, tab',
    'QUIT',
    'BDAT 5 LAST',
    'From here on nobody adds a >',
    'blanks at the end  \t ',
    '',
    'Gr\xc3\xbc\xc3\x9fe',
    '\x01\x7f\xff\xfe and no character at all',
    `long:${'x'.repeat(992)}`,
    `.${'y'.repeat(997)}`,
    '=46=6F no quoted-printable',
    '',
    '',
    '.',
    '',
    '',
  ];
  return Buffer.from(lines.join('\r\n'), 'latin1');
}

/** About this many octets of lines of many lengths, some of which begin with a dot. */
export function largeLetter({ from, to, subject }: LetterWish, size: number): Buffer {
  const header = `From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\n${trace(subject).join('\r\n')}\r\n\r\n`;
  const block = Buffer.from(
    Array.from({ length: 500 }, (_, at) => `${at % 7 === 0 ? '.' : ''}${'z'.repeat((at * 37) % 180)}\r\n`).join(''),
  );
  const letter = Buffer.alloc(size, block);
  letter.write(header, 'latin1');
  letter.write('\r\n', header.length, 'latin1');
  letter.write('\r\n', size - 2, 'latin1');
  return withoutLoneEnds(letter);
}

/** Cutting and pasting may leave half a line end at a seam. */
function withoutLoneEnds(letter: Buffer): Buffer {
  for (let at = 0; at < letter.length; at++) {
    const isLoneCr = letter[at] === 0x0d && letter[at + 1] !== 0x0a;
    const isLoneLf = letter[at] === 0x0a && letter[at - 1] !== 0x0d;
    if (isLoneCr || isLoneLf) letter[at] = 0x7a;
  }
  return letter;
}

export function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}

/** Nothing but trace fields may stand before it. */
export function endsWith(octets: Uint8Array, letter: Uint8Array): boolean {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).subarray(-letter.length).equals(letter);
}

/** Fields of the delivery status in a notification, per group (RFC 3464 §2.1): of the message, then of each recipient; names in lower case. */
export function statusGroups(notification: Uint8Array): ReadonlyMap<string, string>[] {
  const text = Buffer.from(notification).toString('utf8').replaceAll('\r\n', '\n');
  const part = /\ncontent-type: *message\/(?:global-)?delivery-status[\s\S]*?\n\n([\s\S]*?)\n--/i.exec(text)?.[1];
  if (part === undefined) throw new Error(`no delivery status in:\n${text}`);
  const groups = part.replaceAll(/\n[ \t]+/g, ' ').split(/\n\n+/);
  return groups
    .map(
      (group) =>
        new Map(
          [...group.matchAll(/^([\w-]+): *(.*)$/gm)].map(([, name = '', value = '']) => [name.toLowerCase(), value]),
        ),
    )
    .filter((group) => group.size > 0);
}
