/**
 * What a policy document says, as JSON in both directions. Strict about what it knows and silent about members it does not know, so
 * that later versions can add some. Pure. docs/POLICY_DOCUMENT.md §4
 */
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import { printable } from '../../../base/printable.ts';
import { type DomainName, parseDomainName, parseQueryName } from '../../../format/domain-name.ts';
import { parseReportUri } from '../../../protocol/dmarc/report-uri.ts';
import { dmarcStages, stsModes } from '../types.ts';
import type { PolicyDocument, PublishedKey } from './types.ts';

/** More than any domain has. (Our choice.) */
const listMax = 100;
const textMax = 4_096;
const ageMaxSeconds = 31_557_600; // RFC 8461 §3.2

type Result<T> = Outcome<T, 'bad-document'>;
type Members = Readonly<Record<string, unknown>>;

export function readPayload(text: string): Result<PolicyDocument> {
  const value = parseJson(text);
  if (!isMembers(value)) return bad('the payload is no JSON object');
  const domain = typeof value.domain === 'string' ? parseDomainName(value.domain) : undefined;
  if (domain === undefined) return bad('domain is no domain name');
  const { serial, issued_at: issuedAt, contact } = value;
  if (typeof serial !== 'number' || !Number.isSafeInteger(serial) || serial < 1)
    return bad('serial is a whole number from 1 on');
  const issuedAtMs = typeof issuedAt === 'string' && isTime(issuedAt) ? Date.parse(issuedAt) : Number.NaN;
  if (Number.isNaN(issuedAtMs)) return bad('issued_at is no time like 2026-11-01T12:00:00Z');
  if (contact !== undefined && !isReportAddress(contact)) return bad('contact is a mailto: or https: address');
  return withRest(value, { domain, serial, issuedAtMs, ...(typeof contact === 'string' && { contact }) });
}

type Head = Pick<PolicyDocument, 'domain' | 'serial' | 'issuedAtMs' | 'contact'>;

function withRest(value: Members, head: Head): Result<PolicyDocument> {
  const senders = readTexts(value.senders, 'senders', (one) => /^[\x21-\x7e]+$/.test(one));
  if (!senders.ok) return senders;
  const keys = readKeys(value.keys);
  if (!keys.ok) return keys;
  const dmarc = readDmarc(value.dmarc);
  if (!dmarc.ok) return dmarc;
  const tls = readTls(value.tls);
  if (!tls.ok) return tls;
  return accept({ ...head, senders: senders.value.toSorted(), keys: keys.value, dmarc: dmarc.value, tls: tls.value });
}

function readKeys(value: unknown): Result<readonly PublishedKey[]> {
  if (!Array.isArray(value) || value.length > listMax) return bad(`keys is a list of at most ${listMax}`);
  const keys: PublishedKey[] = [];
  for (const one of value as readonly unknown[]) {
    const { selector, record } = isMembers(one) ? one : {};
    if (typeof selector !== 'string' || parseQueryName(selector) === undefined) return bad('a key has no selector');
    if (typeof record !== 'string' || !/^[\x20-\x7e]+$/.test(record) || record.length > textMax)
      return bad(`the key ${printable(selector, 60)} has no record`);
    if (keys.some((known) => known.selector === selector)) return bad(`${printable(selector, 60)} is there twice`);
    keys.push({ selector, record });
  }
  return accept(keys.toSorted((a, b) => (a.selector < b.selector ? -1 : 1)));
}

function readDmarc(value: unknown): Result<PolicyDocument['dmarc']> {
  const { stage, rua = [] } = isMembers(value) ? value : {};
  const known = dmarcStages.find((one) => one === stage);
  if (known === undefined) return bad(`dmarc.stage is one of ${dmarcStages.join(', ')}`);
  const addresses = readTexts(rua, 'dmarc.rua', (uri) => parseReportUri(uri)?.mailbox !== undefined);
  return addresses.ok ? accept({ stage: known, rua: addresses.value }) : addresses;
}

function readTls(value: unknown): Result<PolicyDocument['tls']> {
  const { mode, mx = [], max_age: age = 604_800, reports = [] } = isMembers(value) ? value : {};
  const known = stsModes.find((one) => one === mode);
  if (known === undefined) return bad(`tls.mode is one of ${stsModes.join(', ')}`);
  if (typeof age !== 'number' || !Number.isSafeInteger(age) || age < 0 || age > ageMaxSeconds)
    return bad(`tls.max_age is a number of seconds up to ${ageMaxSeconds}`);
  const hosts = readTexts(mx, 'tls.mx', (host) => parseDomainName(host.replace(/^\*\./, '')) !== undefined);
  if (!hosts.ok) return hosts;
  if (known !== 'none' && hosts.value.length === 0)
    return bad(`tls.mx names no host, and ${known} with none would stop all mail`); // RFC 8461 §3.2
  const addresses = readTexts(reports, 'tls.reports', isReportAddress);
  if (!addresses.ok) return addresses;
  return accept({ mode: known, mx: hosts.value, maxAgeSeconds: age, reports: addresses.value });
}

function readTexts(value: unknown, name: string, fits: (text: string) => boolean): Result<readonly string[]> {
  if (!Array.isArray(value) || value.length > listMax) return bad(`${name} is a list of at most ${listMax}`);
  const texts: string[] = [];
  for (const one of value as readonly unknown[]) {
    if (typeof one !== 'string') return bad(`${name} holds what is no text`); // which may not even let itself be made one
    if (one.length > textMax || !fits(one)) return bad(`${name} holds ${printable(one, 60)}`);
    if (!texts.includes(one)) texts.push(one);
  }
  return accept(texts);
}

/** RFC 3339 in UTC, without a share of a second: one way to write each time. */
function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text);
}

function isReportAddress(value: unknown): value is string {
  return typeof value === 'string' && /^(?:mailto:[^@\s]+@[^@\s]+|https:\/\/[\x21-\x7e]+)$/i.test(value);
}

/** Always the same octets for the same document. */
export function payloadText(document: PolicyDocument): string {
  const { domain, serial, issuedAtMs, senders, keys, dmarc, tls, contact } = document;
  return JSON.stringify({
    domain: domain satisfies DomainName,
    serial,
    issued_at: new Date(issuedAtMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    senders: [...senders],
    keys: keys.map(({ selector, record }) => ({ selector, record })),
    dmarc: { stage: dmarc.stage, rua: dmarc.rua },
    tls: { mode: tls.mode, mx: tls.mx, max_age: tls.maxAgeSeconds, reports: tls.reports },
    ...(contact !== undefined && { contact }),
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(say: string) {
  return refuse('bad-document', say);
}
