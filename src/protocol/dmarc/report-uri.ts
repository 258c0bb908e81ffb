/** The report addresses of a DMARC record: `rua=mailto:a@b.example,mailto:c@d.example!10m`. RFC 9989 §4.6, §4.8 */
import { fromLatin1, fromUtf8 } from '../../base/bytes.ts';
import { type Mailbox, parseMailbox } from '../../format/address.ts';

export type ReportUri = {
  /** As published, without the obsolete size. */
  readonly uri: string;
  /** The address of a `mailto:` URI that names exactly one; other URIs are valid, and nobody has to serve them. */
  readonly mailbox?: Mailbox;
};

/** More are ignored: each one costs every receiver a message a day. (Ours; RFC 7489 §6.2 asked receivers to serve two at least.) */
const urisMax = 10;

export function parseReportUris(value: string): {
  readonly uris: readonly ReportUri[];
  readonly refused: readonly string[];
} {
  const uris: ReportUri[] = [];
  const refused: string[] = [];
  for (const written of value.split(',')) {
    const uri = uris.length < urisMax ? parseReportUri(written.trim()) : undefined;
    if (uri === undefined) refused.push(written.trim());
    else uris.push(uri);
  }
  return { uris, refused: refused.slice(0, urisMax) };
}

/** RFC 3986 §2 and §3: a scheme and legal characters; `!` and `,` must be encoded (RFC 9989 §4.8). */
export function parseReportUri(written: string): ReportUri | undefined {
  const uri = written.replace(/![0-9]+[kmgt]?$/i, ''); // RFC 9989 §4.8: the obsolete size is ignored
  if (!/^[a-z][a-z0-9+.-]*:(?:[\w\-.~:/?#[\]@$&'()*+;=]|%[0-9a-f]{2})*$/i.test(uri)) return undefined;
  const mailbox = /^mailto:/i.test(uri) ? mailboxOf(uri.slice('mailto:'.length).split('?')[0] ?? '') : undefined;
  return { uri, ...(mailbox && { mailbox }) };
}

/** RFC 6068 §2: percent-encoded UTF-8. */
function mailboxOf(encoded: string): Mailbox | undefined {
  const octets = encoded.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const text = fromUtf8(fromLatin1(octets));
  const parsed = text.includes('\ufffd') || /[<>]/.test(text) ? undefined : parseMailbox(text);
  return parsed?.ok ? parsed.value : undefined;
}
