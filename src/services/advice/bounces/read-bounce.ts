/**
 * Finds the receiver's reply in what a person pastes: the reply itself, with or without its codes on every line; a line of a log; a
 * whole bounce as it came (message/delivery-status inside, or read from its text). Pure and bounded.
 */
import { fromUtf8 } from '../../../base/bytes.ts';
import { readDsn } from '../../../protocol/dsn/read-dsn.ts';

export type BouncedReply = {
  readonly code?: number;
  /** RFC 3463, e.g. `5.7.26` */
  readonly enhanced?: string;
  /** The receiver's own words, without codes, on one line. */
  readonly text: string;
  /** Whoever said it, where the bounce tells. */
  readonly host?: string;
  readonly recipient?: string;
};

/** Replies end below 1,000 characters, bounces name a few recipients. */
const textMax = 4_000;
const repliesMax = 100;
/** Of a pasted text; a whole bounce may be as long as the message it brings back. */
const pastedMax = 65_536;

/** Several where a bounce speaks of several recipients; none where there is no reply in it. */
export function readBounce(pasted: Uint8Array): readonly BouncedReply[] {
  const report = readDsn(pasted);
  if (report !== undefined) {
    return report.recipients
      .filter(({ action }) => action === 'failed' || action === 'delayed')
      .slice(0, repliesMax)
      .map(({ diagnostic, status, remoteMta, finalRecipient }) => ({
        ...readReplyText(diagnostic ?? status),
        enhanced: readReplyText(diagnostic ?? '').enhanced ?? status,
        ...(remoteMta !== undefined && { host: remoteMta }),
        recipient: finalRecipient,
      }));
  }
  const text = fromUtf8(pasted.subarray(0, pastedMax));
  const reply = readReplyText(text);
  return reply.code === undefined && reply.enhanced === undefined && reply.text === '' ? [] : [reply];
}

/** `550-5.7.26 one` and `550 5.7.26 two` on lines of their own, or behind other words of a log. RFC 5321 §4.2 */
export function readReplyText(pasted: string): BouncedReply {
  const flat = pasted
    .slice(0, pastedMax)
    .replaceAll(/[\s\u0000-\u001f]+/g, ' ')
    .trim();
  const codes = /(?:^|[^\d.])([245]\d\d)[ -]+(?:#?([245]\.\d{1,3}\.\d{1,4})[ :]?)?/.exec(flat);
  const alone = /(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,4})(?![\d.])/.exec(flat);
  const code = codes?.[1] ?? /^([245]\d\d)$/.exec(flat)?.[1];
  const enhanced = codes?.[2] ?? alone?.[1];
  const from = codes?.index ?? 0;
  // Every line of a reply has the codes again.
  const prefixes =
    code === undefined ? /(?!)/g : new RegExp(`(?<![\\d.])${code}(?:[ -]+#?[245](?:\\.\\d{1,4}){2}[ :]?|[ -]|$)`, 'g');
  const words = flat
    .slice(from, from + textMax)
    .replaceAll(prefixes, ' ')
    .replace(/^(?:[^\d[]? +)?(?:[245]\.\d{1,3}\.\d{1,4})?/, '')
    .replaceAll(/ {2,}/g, ' ')
    .trim();
  return {
    ...(code !== undefined && { code: Number(code) }),
    ...(enhanced !== undefined && { enhanced }),
    text: words,
    ...hostIn(flat),
  };
}

/** `host mx.example.com[192.0.2.1] said:` of Postfix, `Remote Server returned`, `mx.example.com said`. */
function hostIn(text: string): { readonly host?: string } {
  const host = /\bhost ([a-z0-9.-]{1,253})(?:\[| said)/i.exec(text)?.[1];
  return host === undefined ? {} : { host };
}
