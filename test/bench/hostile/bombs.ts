/** Messages that have stopped, or nearly stopped, some mail system: each as large as our limits let it be. CRLF, dots doubled. */

const messageOctets = 26_000_000; // below `limits.message_bytes`
export const strangersField = 'From: <eve@world.test>\r\n';
const plain = `${strangersField}Subject: hostile\r\n`;

function fill(unit: string, octets: number): Buffer {
  return Buffer.alloc(octets - (octets % unit.length), unit, 'latin1');
}

function message(header: string, body: Buffer | string): Buffer {
  return Buffer.concat([
    Buffer.from(`${header}\r\n`, 'latin1'),
    typeof body === 'string' ? Buffer.from(body, 'latin1') : body,
  ]);
}

/** A field of as many folded lines as fit. */
function longField(name: string, unit: string, octets: number): string {
  const line = ` ${unit.repeat(Math.floor(900 / unit.length))}\r\n`;
  return `${name}:${line.repeat(Math.floor(octets / line.length))}`;
}

const headerOctets = 200_000; // below the 256 KB that are read
const signature = (nth: number, more = '') =>
  `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=d${nth}.world.test; s=s; h=from:subject;${more} bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=${'A'.repeat(300)}\r\n`;

function nested(depth: number): string {
  let text = '';
  for (let nth = 0; nth < depth; nth++)
    text += `--b${nth}\r\nContent-Type: multipart/mixed; boundary=b${nth + 1}\r\n\r\n`;
  return text;
}

const mixed = (boundary: string) =>
  `${plain}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=${boundary}\r\n`;

export const bombs: Readonly<Record<string, () => Buffer>> = {
  'plain letters, as large as may be': () => message(plain, fill(`${'x'.repeat(76)}\r\n`, messageOctets)),
  'one line': () => message(plain, fill('x', messageOctets)),
  'empty lines': () => message(`${signature(1)}${plain}`, fill('\r\n', messageOctets)),
  'blanks, signed relaxed': () => message(`${signature(1)}${plain}`, fill(`${' \t'.repeat(400)}\r\n`, messageOctets)),
  'blanks in one line': () => message(`${signature(1)}${plain}`, fill(' ', messageOctets)),
  'ten signatures over 25 MB': () =>
    message(
      `${Array.from({ length: 10 }, (_, nth) => signature(nth)).join('')}${plain}`,
      fill('x y  z\r\n', messageOctets),
    ),
  'signatures, as many as fit': () =>
    message(`${Array.from({ length: 400 }, (_, nth) => signature(nth)).join('')}${plain}`, 'x'),
  'a signature of many field names': () => message(`${signature(1, ` h=${'from:'.repeat(30_000)}from;`)}${plain}`, 'x'),
  'multiparts, 20,000 deep': () => message(mixed('b0'), nested(20_000)),
  'messages in messages, 20,000 deep': () => message(plain, 'Content-Type: message/rfc822\r\n\r\n'.repeat(20_000)),
  'parts, a million': () => message(mixed('b'), fill('--b\r\n\r\n\r\n', 10_000_000)),
  'parts in a boundary of itself': () =>
    message(mixed('b'), fill('--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n', 10_000_000)),
  'boundaries that begin alike': () =>
    message(
      mixed('a'),
      Array.from(
        { length: 60 },
        (_, nth) =>
          `--${'a'.repeat(nth + 1)}\r\nContent-Type: multipart/mixed; boundary=${'a'.repeat(nth + 2)}\r\n\r\n`,
      ).join('') + `--${'a'.repeat(70)}\r\n`.repeat(100_000),
    ),
  'lines that nearly are boundaries': () =>
    message(mixed('b'.repeat(70)), fill(`--${'b'.repeat(69)}c\r\n`, messageOctets)),
  'a header without end': () => message(`${plain}${'X-More: y\r\n'.repeat(1_000_000)}`, 'x'),
  'a field without end': () => message(`${plain}${longField('X-Long', 'y', 20_000_000)}`, 'x'),
  folds: () => message(`${plain}Subject: x${'\r\n y'.repeat(headerOctets / 4)}\r\n`, 'x'),
  'quotes in From': () => message(`${longField('From', '"', headerOctets)}`, 'x'),
  'commas in From': () => message(`${longField('From', ',', headerOctets)}`, 'x'),
  'comments in From': () => message(`${longField('From', '(', headerOctets)}`, 'x'),
  'groups in From': () => message(`${longField('From', 'a:;,', headerOctets)}`, 'x'),
  'addresses in From': () => message(`${longField('From', 'a@world.test,', headerOctets)}`, 'x'),
  'angles in From': () => message(`${longField('From', '<', headerOctets)}`, 'x'),
  'encoded words': () => message(`${strangersField}${longField('Subject', '=?utf-8?q?=41?= ', headerOctets)}`, 'x'),
  'encoded words that do not end': () =>
    message(`${strangersField}${longField('Subject', '=?utf-8?q?', headerOctets)}`, 'x'),
  'encoded words of other worlds': () =>
    message(
      `${strangersField}${longField('Subject', '=?iso-2022-jp?b?GyRCGyhC?= =?utf-7?q?+AAA-?= ', headerOctets)}`,
      'x',
    ),
  'parameters that go on': () =>
    message(
      `${plain}Content-Type: text/plain;\r\n${Array.from({ length: 8_000 }, (_, nth) => ` name*${nth}*=utf-8''x;\r\n`).join('')} x=y\r\n`,
      'x',
    ),
  'parameters all alike': () =>
    message(`${plain}${longField('Content-Type', 'text/plain;a="\\";', headerOctets)}`, 'x'),
  'results of others': () =>
    message(`${'Authentication-Results: mx.example.com; spf=pass (((((\r\n'.repeat(900)}${plain}`, 'x'),
  seals: () =>
    message(
      Array.from(
        { length: 50 },
        (_, nth) =>
          `ARC-Seal: i=${nth + 1}; a=rsa-sha256; cv=pass; d=world.test; s=s; b=${'A'.repeat(300)}\r\nARC-Message-Signature: i=${nth + 1}; a=rsa-sha256; d=world.test; s=s; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=${'A'.repeat(300)}\r\nARC-Authentication-Results: i=${nth + 1}; world.test; spf=pass\r\n`,
      )
        .reverse()
        .join('') + plain,
      fill('x y  z\r\n', messageOctets),
    ),
  'base64 of nothing': () =>
    message(`${plain}Content-Transfer-Encoding: base64\r\n`, fill(`${'='.repeat(76)}\r\n`, messageOctets)),
  'quoted-printable of everything': () =>
    message(`${plain}Content-Transfer-Encoding: quoted-printable\r\n`, fill(`${'='.repeat(75)}\r\n`, messageOctets)),
  'octets above ASCII': () => message(`${plain}`, fill(`${'\xff'.repeat(76)}\r\n`, messageOctets)),
  'octets above ASCII in one line': () => message(`${plain}`, fill('\xe4', messageOctets)),
  'octets above ASCII in many parts': () =>
    message(mixed('b'), fill('--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xc3\xa4\r\n', 10_000_000)),
  'a report of many recipients': () =>
    message(
      `${plain}Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n`,
      `--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n${'Final-Recipient: rfc822; away@closed.test\r\nAction: failed\r\nStatus: 5.0.0\r\n\r\n'.repeat(200_000)}--b--\r\n`,
    ),
  'a report in reports': () =>
    message(
      `${plain}Content-Type: multipart/report; boundary=b\r\n`,
      fill('--b\r\nContent-Type: multipart/report; boundary=b\r\n\r\nFinal-Recipient: rfc822;', 10_000_000),
    ),
};
