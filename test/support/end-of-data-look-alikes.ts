/** Every sequence that some mail system has taken for the end of data; none of them is. SEC Consult 2023, CVE-2023-51764/5/6 */
import { fromLatin1, utf8 } from '../../src/base/bytes.ts';

export const endOfDataLookAlikes: Record<string, Uint8Array> = Object.fromEntries(
  [
    ...['\n.\n', '\n.\r\n', '\r\n.\n', '\r.\r', '\r.\n', '\n.\r', '\r.\r\n', '\r\n.\r', '\r\n.\r\r\n'],
    ...['\r\r\n.\r\r\n', '\r\r.\r\r\n', '\n\n.\n\n', '\n\n.\r\n', '\r\n\r.\r\n', '\r\n\n.\r\n', '\r\n.\n\r\n'],
    ...['\r\n\0.\r\n', '\r\n.\0\r\n', '\r\n .\r\n', '\r\n. \r\n', '\r\n\t.\r\n', '\r\n.\t\r\n', '\r\n\b.\r\n'],
    ...['\r\n.\b\r\n', '\v.\v', '\r\n.\v\r\n', '\f.\f', '\r\n.\f\r\n', '\r\n..\r\n', '\u0085.\u0085', '\r\n.\u0085'],
    ...['\r\n\xef\xbb\xbf.\r\n', '\r\n.\xef\xbb\xbf\r\n', '\r\n.;\r\n', '\r\n.\r\0\n', '\r\0\n.\r\0\n'],
    // with the eighth bit, for those who drop it; octets that a lax decoder takes for CR, LF and dot; the end of files elsewhere
    ...['\x8d\x8a.\x8d\x8a', '\r\n\xae\r\n', '\xc0\x8d\xc0\x8a.\xc0\x8d\xc0\x8a', '\r\n\xc0\xae\r\n', '\r\n.\x1a\r\n'],
    ...['\v\r\n.\v\r\n', '\f\r\n.\f\r\n', '\x85.\r\n', '\r\n.\x85\r\n', '\x1c.\x1c', '\x1d.\x1e', '\r\n.\x7f\r\n'],
  ]
    .map((text): [string, Uint8Array] => [JSON.stringify(text), fromLatin1(text)])
    .concat(
      [
        '\u0085.\u0085',
        '\r\n.\u0085',
        '\u2028.\u2028',
        '\u2029.\u2029',
        '\r\n．\r\n',
        '\r\n\u2024\r\n',
        '\r\n\ufeff.\r\n',
        '\r\n.\u200b\r\n',
      ].map((text) => [`UTF-8 ${JSON.stringify(text)}`, utf8(text)]),
    ),
);
