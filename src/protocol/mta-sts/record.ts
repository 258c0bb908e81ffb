/** The TXT records at `_mta-sts.<domain>`: whether a policy is announced, and its id. Pure. RFC 8461 §3.1 */
import { announcedFields, oneRecord } from '../dns/one-record.ts';

export type StsRecord =
  | { readonly kind: 'found'; readonly id: string }
  | { readonly kind: 'none' }
  /** RFC 8461 §3.1: taken as if there was none; the reason is for people. */
  | { readonly kind: 'invalid'; readonly why: string };

const version = 'v=STSv1;'; // RFC 8461 §3.1: in exactly these letters

export function parseStsRecord(texts: readonly string[]): StsRecord {
  const found = oneRecord(texts, version);
  if (found.kind === 'none') return found;
  if (found.kind === 'several') return invalid('there is more than one such record');
  const fields = announcedFields(found.text, version);
  if (fields === undefined) return invalid('a field is not name=value');
  // RFC 8461 §3.2: of a field that is there twice the first counts
  const id = fields.find(({ name }) => name === 'id')?.value;
  const extensions = fields.filter(({ name }) => name !== 'id');
  if (id === undefined) return invalid('it has no id');
  if (!/^=[A-Za-z0-9]{1,32}$/.test(id)) return invalid('its id is not 1 to 32 letters and digits');
  if (extensions.some(({ value }) => !/^=[\x21-\x3a\x3c\x3e-\x7e]+$/.test(value)))
    return invalid('a field has a value that is not allowed');
  return { kind: 'found', id: id.slice(1) };
}

function invalid(why: string): StsRecord {
  return { kind: 'invalid', why };
}
