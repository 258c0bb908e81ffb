/** Small MIME messages and the words of MIME, for the targets that read, re-encode or report about messages. */

const multipart = [
  'From: ann@example.com',
  'To: bob@example.net',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary="a"',
  '',
  'before',
  '--a',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: 8bit',
  '',
  'Grüße',
  '--a',
  'Content-Type: multipart/alternative; boundary=ab',
  '',
  '--ab',
  '',
  'plain',
  '--ab',
  'Content-Type: text/html',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  '<p>a=3D=C3=BC=',
  '</p>',
  '--ab--',
  '--a',
  "Content-Disposition: attachment; filename*0*=utf-8''gr%C3%BC; filename*1=sse.pdf",
  'Content-Type: application/pdf; name="=?utf-8?q?a=C3=BC?="',
  'Content-Transfer-Encoding: base64',
  '',
  'SGVsbG8=',
  '--a--',
  'after',
  '',
];

const forwarded = [
  'From: ann@example.com',
  'Content-Type: message/rfc822',
  '',
  'From: bob@example.net',
  'Content-Type: multipart/digest; boundary=d',
  '',
  '--d',
  '',
  'Subject: one',
  '',
  'text',
  '--d--',
  '',
];

const signed = [
  'From: ann@example.com',
  'Content-Type: multipart/signed; boundary=s; protocol="application/pkcs7-signature"',
  '',
  '--s',
  'Content-Type: text/plain',
  '',
  'über',
  '--s',
  'Content-Type: application/pkcs7-signature',
  '',
  'MII=',
  '--s--',
  '',
];

/** A multipart in itself: its inner part has the boundary of the outer one. */
const cyclic = [
  'Content-Type: multipart/mixed; boundary=c',
  '',
  '--c',
  'Content-Type: multipart/mixed; boundary=c',
  '',
  '--c--',
  '',
];

export function mimeMessages(): readonly string[] {
  const messages = [multipart, forwarded, signed, cyclic].map((lines) => lines.join('\r\n'));
  return [
    ...messages,
    'From: ann@example.com\r\n\r\nplain\r\n',
    `Subject: long\r\n\r\n${'x'.repeat(1_200)}\r\n`,
    'Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\n\xff\0bare\nlf\rcr',
    'Content-Type: multipart/mixed\r\n\r\nno boundary',
  ];
}

export const mimeWords: readonly string[] = [
  ...[
    '\r\n',
    '\r\n\r\n',
    '--',
    '--a',
    '--a--',
    '--ab',
    '--ab--',
    '--c',
    '\r\n--a\r\n',
    '\r\n--a--\r\n',
    '\r\n--ab\r\n',
    ' ',
    ';',
  ],
  ...[
    'Content-Type: ',
    'multipart/mixed; boundary=a',
    'multipart/mixed; boundary=ab',
    'message/rfc822',
    'text/plain',
    'boundary=',
  ],
  ...[
    'boundary=""',
    `boundary=${'b'.repeat(300)}`,
    'Content-Type: message/rfc822\r\n\r\n',
    'Content-Transfer-Encoding: base64\r\n',
  ],
  ...[
    'Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n',
    'quoted-printable',
    '8bit',
    'x-unknown',
    '=\r\n',
    '=C3',
    '=FF',
    '=',
  ],
  ...[
    "filename*0*=utf-8''%41; ",
    'filename*1=b; ',
    'filename*=',
    'charset=utf-7',
    'charset=iso-2022-jp',
    '(comment)',
    '"',
    '\u00fc',
  ],
  ...[
    'Content-Type: multipart/signed; boundary=s\r\n',
    'message/delivery-status',
    'multipart/digest; boundary=d',
    'x'.repeat(1_000),
  ],
];
