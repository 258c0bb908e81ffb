/**
 * DKIM once more, by the letter of RFC 6376 with strings and patterns, slow and small: what the real canonicalisers are held
 * against, and a signer that also makes the signatures no signer should make.
 */
import { createHash, type KeyObject, sign } from 'node:crypto';

/** RFC 6376 §3.4.3, one character per octet. */
export function referenceSimpleBody(body: string): string {
  return `${withoutFinalLineEnds(body)}\r\n`;
}

/** RFC 6376 §3.4.4, one character per octet. */
export function referenceRelaxedBody(body: string): string {
  const squeezed = body
    .replace(/[\t ]+/g, ' ')
    .replace(/ \r\n/g, '\r\n')
    .replace(/ $/, '');
  const content = withoutFinalLineEnds(squeezed);
  return content === '' ? '' : `${content}\r\n`;
}

function withoutFinalLineEnds(text: string): string {
  let rest = text;
  while (rest.endsWith('\r\n')) rest = rest.slice(0, -2);
  return rest;
}

/** RFC 6376 §3.4.2, without the CRLF. */
export function referenceRelaxedField(field: string): string {
  const colon = field.indexOf(':');
  const squeeze = (text: string) => text.replace(/\r\n/g, '').replace(/[\t ]+/g, ' ');
  const lower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()); // octets, not Unicode
  return `${lower(squeeze(field.slice(0, colon))).replace(/ $/, '')}:${squeeze(field.slice(colon + 1)).replace(/^ | $/g, '')}`;
}

/** Tags in order; `undefined` leaves one out, `bh` and `b` are computed unless given. */
export type Tags = Readonly<Record<string, string | undefined>>;

const defaults: Tags = {
  v: '1',
  a: 'rsa-sha256',
  c: 'relaxed/relaxed',
  d: 'example.com',
  s: 'sel',
  h: 'from:to:subject',
};

/** @param message one character per octet; the answer has the DKIM-Signature above it */
export function signByReference(message: string, key: KeyObject, tags: Tags = {}, name = 'DKIM-Signature'): string {
  const all: Record<string, string | undefined> = { ...defaults, ...tags };
  const [headerForm, bodyForm] = formsOf(all.c);
  const { fields, body } = split(message);
  if (!('bh' in tags)) all.bh = bodyHash(body, bodyForm, all.l);
  const b = tags.b;
  delete all.b;
  const list = Object.entries(all).flatMap(([tag, value]) => (value === undefined ? [] : [`${tag}=${value}`]));
  const own = `${name}: ${list.join('; ')}; b=`;
  const covered = pick(
    fields,
    (all.h ?? '').split(':').map((one) => one.trim().toLowerCase()),
  );
  const canonical = (field: string) => (headerForm === 'relaxed' ? referenceRelaxedField(field) : field);
  const octets = Buffer.from([...covered, own].map(canonical).join('\r\n'), 'latin1');
  return `${own}${b ?? signatureOf(octets, key)}\r\n${message}`;
}

/** RFC 6376 §3.3, RFC 8463 §3. */
function signatureOf(octets: Buffer, key: KeyObject): string {
  if (key.asymmetricKeyType === 'rsa') return sign('sha256', octets, key).toString('base64');
  return sign(null, createHash('sha256').update(octets).digest(), key).toString('base64');
}

function formsOf(c: string | undefined): [string, string] {
  const [header = 'simple', body = 'simple'] = (c ?? '').split('/');
  return [header, body];
}

function bodyHash(body: string, form: string, l: string | undefined): string {
  const canonical = form === 'relaxed' ? referenceRelaxedBody(body) : referenceSimpleBody(body);
  const covered = l === undefined ? canonical : canonical.slice(0, Number(l));
  return createHash('sha256').update(Buffer.from(covered, 'latin1')).digest('base64');
}

function split(message: string): { fields: string[]; body: string } {
  const end = message.indexOf('\r\n\r\n');
  const header = end < 0 ? message.replace(/\r\n$/, '') : message.slice(0, end);
  return { fields: header.split(/\r\n(?![\t ])/), body: end < 0 ? '' : message.slice(end + 4) };
}

/** RFC 6376 §5.4.2: from the bottom up. */
function pick(fields: readonly string[], names: readonly string[]): string[] {
  const left = fields.toReversed();
  return names.flatMap((name) => {
    const at = left.findIndex((field) => field.slice(0, field.indexOf(':')).trim().toLowerCase() === name);
    return at < 0 ? [] : left.splice(at, 1);
  });
}
