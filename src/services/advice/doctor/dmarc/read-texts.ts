/** The TXT records at a `_dmarc` name, told apart: policies, what was meant to be one, and what has no business there. Pure. */
import { type DmarcRecord, isDmarcRecord, parseDmarcRecord } from '../../../../protocol/dmarc/record.ts';
import { draftOf } from '../../../setup/setup.ts';

export type DmarcTexts = {
  readonly dmarc: readonly string[];
  readonly broken: readonly string[];
  readonly foreign: readonly string[];
  /** Where exactly one stands there, and can be read. */
  readonly record?: DmarcRecord;
};

export const noTexts: DmarcTexts = { dmarc: [], broken: [], foreign: [] };

/** More at one name were made to keep us busy. */
const textsMax = 20;

export function readTexts(all: readonly string[]): DmarcTexts {
  const texts = all.slice(0, textsMax);
  const dmarc = texts.filter(isDmarcRecord);
  const broken = texts.filter((text) => !isDmarcRecord(text) && isMeant(text));
  const foreign = texts.filter((text) => !isDmarcRecord(text) && !isMeant(text));
  const [only] = dmarc;
  const parsed = dmarc.length === 1 && only !== undefined ? parseDmarcRecord(only) : undefined;
  return { dmarc, broken, foreign, ...(parsed?.ok && { record: parsed.value }) };
}

/** `V=dmarc1`, a policy without a version, one in quotation marks. RFC 9989 §4.8 */
function isMeant(text: string): boolean {
  return /^[^a-z]{0,8}(?:v\s*[=:]?\s*dmarc|dmarc1|p\s*=\s*(?:none|quarantine|reject)\b)|\bv\s*=\s*dmarc/i.test(text);
}

/** What was probably meant: undefined where not even a policy can be made out. */
export function repairedDmarc(text: string): string | undefined {
  const plain = text
    .replaceAll(/["\\\u201c\u201d]|\xe2\x80[\x9c\x9d]/g, '')
    .replaceAll(/\bv\s*[=:]?\s*dmarc\s*1?\s*[;,]?|\bdmarc1\s*[;,]?/gi, ' ');
  // A comma or nothing in place of a semicolon is told by the tag that follows.
  const apart = plain.replaceAll(/[\s,;]+(?=(?:p|sp|np|adkim|aspf|psd|t|rua|ruf|fo|pct|rf|ri)\s*=)/gi, '; ');
  const tags = new Map<string, string>();
  for (const part of apart.split(';')) {
    const [, name, value] = /^\s*([a-z]+)\s*=\s*(\S.*?)\s*$/i.exec(part) ?? [];
    if (name !== undefined && value !== undefined && !tags.has(name.toLowerCase())) tags.set(name.toLowerCase(), value);
  }
  const list = ['v=DMARC1', ...[...tags].map(([name, value]) => `${name}=${value}`)].join('; ');
  const parsed = parseDmarcRecord(list);
  return parsed.ok && parsed.value.p !== undefined && draftOf(list) !== undefined ? list : undefined;
}
