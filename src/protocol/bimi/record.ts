/** The TXT records at `default._bimi.<domain>`: where the logo is, and the certificate that says whose it is. Pure. draft-brand-indicators-for-message-identification-14 */
import { printable } from '../../base/printable.ts';
import { parseTagList } from '../../format/tag-list.ts';

export type BimiRecord =
  | {
      readonly kind: 'found';
      readonly text: string;
      /** `l=`: the logo; absent where it is to come out of the certificate. */
      readonly logo?: string;
      /** `a=`: the certificate. */
      readonly evidence?: string;
      /** `avp=`: whether a mail program may show a picture of the person instead. */
      readonly preference?: 'brand' | 'personal';
      /** `lps=`: local parts that have a logo of their own, by prefix. */
      readonly localParts: readonly string[];
    }
  /** The domain wants no logo: `v=BIMI1; l=; a=`. */
  | { readonly kind: 'declined'; readonly text: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'invalid'; readonly why: string; readonly texts: readonly string[] };

function looksLikeBimi(text: string): boolean {
  return /^\s*v\s*=\s*bimi/i.test(text);
}

export function parseBimiRecord(texts: readonly string[]): BimiRecord {
  const own = texts.filter(looksLikeBimi);
  const [text] = own;
  if (text === undefined) return { kind: 'none' };
  const invalid = (why: string): BimiRecord => ({ kind: 'invalid', why, texts: own });
  if (own.length > 1) return invalid('there is more than one such record');
  const tags = parseTagList(text, { names: 'any-case', broken: 'skip' });
  if (!tags.ok) return invalid(tags.say);
  const value = (tag: string) => tags.value.get(tag)?.value ?? '';
  if (value('v') !== 'BIMI1') return invalid('it does not begin with "v=BIMI1" in exactly these letters');
  if (!tags.value.has('l')) return invalid('it does not say where the logo is (l=)');
  const [logo, evidence] = [value('l'), value('a')];
  for (const url of [logo, evidence])
    if (url !== '' && !isHttps(url)) return invalid(`${printable(url, 80)} is no https: address`);
  if (logo === '' && evidence === '') return { kind: 'declined', text };
  const preference = ['brand', 'personal'].find((word) => word === value('avp').toLowerCase());
  return {
    kind: 'found',
    text,
    ...(logo !== '' && { logo }),
    ...(evidence !== '' && { evidence }),
    ...(preference !== undefined && { preference: preference as 'brand' | 'personal' }),
    localParts: value('lps')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  };
}

function isHttps(url: string): boolean {
  return /^https:\/\//i.test(url) && URL.canParse(url);
}
