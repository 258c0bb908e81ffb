/** Until when a domain is registered, out of what its registry answers about it (RFC 9083). Pure; the answer is a stranger's JSON. */
import { fromUtf8 } from '../../base/bytes.ts';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import type { DomainName } from '../../format/domain-name.ts';

/** Contacts, notices and links of one domain take some 20,000. (Our choice.) */
export const rdapAnswerOctetsMax = 512 * 1024;
/** A domain has a handful. */
const eventsMax = 200;

/** RFC 9082 §3.1.3 */
export function rdapDomainUrl(server: string, domain: DomainName): string {
  return `${server}domain/${domain}`;
}

/** Milliseconds since 1970. */
export function registrationEnd(answer: Uint8Array, domain: DomainName): Outcome<number, 'no-answer' | 'no-date'> {
  const about = objectOf(answer);
  if (about?.objectClassName !== 'domain') return refuse('no-answer', 'the answer is not about a domain');
  const name = about.ldhName;
  // RFC 9083 §3: names in letters, digits and hyphens, whatever their case
  if (name !== undefined && (typeof name !== 'string' || name.toLowerCase().replace(/\.$/, '') !== domain))
    return refuse('no-answer', 'the answer is about another domain');
  const ends = eventsOf(about.events).flatMap(expirationOf);
  return ends.length > 0 ? accept(Math.min(...ends)) : refuse('no-date', 'the registry does not say');
}

function objectOf(answer: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(fromUtf8(answer));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function eventsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, eventsMax) : [];
}

/** RFC 9083 §4.5, §10.2.3 */
function expirationOf(event: unknown): readonly number[] {
  if (!isObject(event) || event.eventAction !== 'expiration' || typeof event.eventDate !== 'string') return [];
  const { eventDate } = event;
  const form = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/; // RFC 3339 §5.6
  const ms = form.test(eventDate) ? Date.parse(eventDate.toUpperCase().replace(' ', 'T')) : Number.NaN;
  return Number.isFinite(ms) ? [ms] : [];
}
