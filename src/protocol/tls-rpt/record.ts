/** The TXT records at `_smtp._tls.<domain>`: where reports about TLS to its hosts shall go. Pure. RFC 8460 §3 */
import { printable } from '../../base/printable.ts';
import { announcedFields, oneRecord } from '../dns/one-record.ts';

export type TlsRptRecord =
  | {
      readonly kind: 'found';
      /** `mailto:` and `https:` alone, in their order. Not empty. */
      readonly rua: readonly string[];
      /** Addresses of other schemes, which nobody can report to. */
      readonly ignored: readonly string[];
    }
  | { readonly kind: 'none' }
  /** RFC 8460 §3: taken as if there was none. */
  | { readonly kind: 'invalid'; readonly why: string };

const version = 'v=TLSRPTv1;'; // RFC 8460 §3: in exactly these letters
/** More places than anybody has, and each costs a report. (Our choice.) */
const placesMax = 10;

export function parseTlsRptRecord(texts: readonly string[]): TlsRptRecord {
  const found = oneRecord(texts, version);
  if (found.kind === 'none') return { kind: 'none' };
  if (found.kind === 'several') return invalid('there is more than one such record');
  const fields = announcedFields(found.text, version);
  if (fields === undefined) return invalid('a field is not name=value');
  const written = fields.find(({ name }) => name === 'rua')?.value; // of a repeated one the first
  if (written === undefined) return invalid('it has no rua');
  if (!written.startsWith('=')) return invalid('a blank stands behind rua');
  const places = written
    .slice(1)
    .split(',')
    .map((place) => place.trim());
  if (places.length > placesMax) return invalid(`its rua names more than ${placesMax} places`);
  const wrong = places.find((place) => !isUri(place));
  if (wrong !== undefined) return invalid(`${printable(wrong, 60)} is no address to report to`);
  const rua = places.filter(isReachable);
  if (rua.length === 0) return invalid('its rua names no mailto: and no https:');
  return { kind: 'found', rua, ignored: places.filter((place) => !isReachable(place)) };
}

function invalid(why: string): TlsRptRecord {
  return { kind: 'invalid', why };
}

/** RFC 8460 §3: a comma, a semicolon or an exclamation mark inside is written as %2C, %3B, %21. */
function isUri(place: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:[\x22-\x2b\x2d-\x3a\x3c-\x7e]+$/.test(place);
}

function isReachable(place: string): boolean {
  return /^mailto:[^@]+@[^@]+$/i.test(place) || (/^https:\/\/./i.test(place) && URL.canParse(place));
}
