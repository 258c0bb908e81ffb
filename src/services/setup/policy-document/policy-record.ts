/** The TXT record at `_eml.<domain>`, in both directions. Pure. docs/POLICY_DOCUMENT.md §2 */
import { asBuffer } from '../../../base/bytes.ts';
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import { printable } from '../../../base/printable.ts';
import { announcedFields, oneRecord } from '../../../protocol/dns/one-record.ts';
import type { PolicyRecord } from './types.ts';

const version = 'v=EML1;';
const urlOctetsMax = 500;
export const keyOctets = 32; // RFC 8032 §5.1.5
const ttlSeconds = { least: 300, most: 604_800, usual: 86_400 };

type Result = Outcome<PolicyRecord, 'bad-record'>;

/** Undefined where there is none. */
export function parsePolicyRecord(texts: readonly string[]): Result | undefined {
  const found = oneRecord(texts, version);
  if (found.kind === 'none') return undefined;
  if (found.kind === 'several') return bad('there is more than one record');
  const fields = announcedFields(found.text, version);
  if (fields === undefined) return bad('a field is not name=value');
  const names = fields.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return bad(`${twice} is there twice`);
  return readFields(new Map(fields.map(({ name, value }) => [name, value.replace(/^[ \t]*=[ \t]*/, '')])));
}

function readFields(fields: ReadonlyMap<string, string>): Result {
  const { url = '', kid = '', p = '', serial = '', ttl = String(ttlSeconds.usual) } = Object.fromEntries(fields);
  if (!isPolicyUrl(url)) return bad(`url ${printable(url, 60)} is no https: address`);
  if (!isKeyId(kid)) return bad('kid is 1 to 64 letters, digits, - and _');
  const publicKey = asBuffer(Buffer.from(p, 'base64'));
  if (publicKey.length !== keyOctets || publicKey.toString('base64') !== p)
    return bad(`p is no Ed25519 key: ${keyOctets} octets in base64`);
  const least = readSerial(serial);
  if (least === undefined) return bad('serial is a whole number from 1 on');
  const seconds = /^[0-9]{1,6}$/.test(ttl) ? Number(ttl) : 0;
  if (seconds < ttlSeconds.least || seconds > ttlSeconds.most)
    return bad(`ttl is a number of seconds from ${ttlSeconds.least} to ${ttlSeconds.most}`);
  return accept({ url, kid, publicKey: Uint8Array.from(publicKey), serial: least, ttlSeconds: seconds });
}

export function policyRecordText({ url, kid, publicKey, serial, ttlSeconds: ttl }: PolicyRecord): string {
  return `${version} url=${url}; kid=${kid}; p=${Buffer.from(publicKey).toString('base64')}; serial=${serial}; ttl=${ttl}`;
}

export function isPolicyUrl(text: string): boolean {
  return /^https:\/\/[\x21-\x3a\x3c-\x7e]+$/.test(text) && text.length <= urlOctetsMax && URL.canParse(text);
}

export function isKeyId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text);
}

function readSerial(text: string): number | undefined {
  const serial = /^[1-9][0-9]{0,15}$/.test(text) ? Number(text) : undefined;
  return serial !== undefined && Number.isSafeInteger(serial) ? serial : undefined;
}

function bad(say: string): Result {
  return refuse('bad-record', say);
}
