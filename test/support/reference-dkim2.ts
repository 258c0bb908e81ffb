/**
 * DKIM2 once more, by the letter of dkim2-spec-03 with strings and patterns, slow and small: a signer and reviser for tests, which also makes
 * what no signer should make.
 */
import { createHash, type KeyObject, sign } from 'node:crypto';
import { referenceRelaxedField, referenceSimpleBody } from './reference-dkim.ts';

const sha256 = (text: string) => createHash('sha256').update(Buffer.from(text, 'latin1')).digest();
const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');

/** dkim2-spec-03 §4 */
const ignored =
  /^(?:received|return-path|delivered-to|authentication-results|dkim-signature|message-instance|dkim2-signature|x-.*|arc-.*)$/;

function split(message: string): { readonly fields: readonly string[]; readonly body: string } {
  const end = message.startsWith('\r\n') ? 0 : message.indexOf('\r\n\r\n');
  const header = end < 0 ? message : message.slice(0, end);
  const fields = header === '' ? [] : header.replace(/\r\n$/, '').split(/\r\n(?![\t ])/);
  return { fields, body: end < 0 ? '' : message.slice(end === 0 ? 2 : end + 4) };
}

/** Octets, not Unicode. */
const nameOf = (field: string) =>
  (field.split(':', 1)[0] ?? '').replace(/[\t\r\n ]+$/, '').replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** dkim2-spec-03 §6.2: by name, of each name from the last one upwards. */
export function referenceHeaderHash(message: string): Buffer {
  const relevant = split(message)
    .fields.filter((field) => !ignored.test(nameOf(field)))
    .reverse();
  const names = [...new Set(relevant.map(nameOf))].sort();
  const ordered = names.flatMap((name) => relevant.filter((field) => nameOf(field) === name));
  return sha256(ordered.map((field) => `${referenceRelaxedField(field)}\r\n`).join(''));
}

/** dkim2-spec-03 §6.1 */
export function referenceBodyHash(message: string): Buffer {
  return sha256(referenceSimpleBody(split(message).body));
}

/** The message with a Message-Instance on top that states what it is now. `tags` come last and may replace. */
export function describe(
  message: string,
  number: number,
  recipe?: unknown,
  tags: Readonly<Record<string, string | undefined>> = {},
): string {
  const hashes = [referenceHeaderHash(message), referenceBodyHash(message)].map((one) => one.toString('base64'));
  const r = recipe === undefined ? undefined : base64(typeof recipe === 'string' ? recipe : JSON.stringify(recipe));
  return `Message-Instance: ${listOf({ m: String(number), h: `sha256:${hashes.join(':')}`, r, ...tags })}\r\n${message}`;
}

export type Hop = {
  readonly from?: string;
  readonly to?: readonly string[];
  readonly selector?: string;
  readonly algorithm?: string;
  readonly key: KeyObject;
  /** Replaces what is made; `undefined` leaves a tag out. In `s`, `SIG` stands for the signature. */
  readonly tags?: Readonly<Record<string, string | undefined>>;
};

/** The message with a DKIM2-Signature on top, numbered by what is there. */
export function signHop(message: string, { from, to, selector, algorithm, key, tags = {} }: Hop): string {
  const named = (name: string) => split(message).fields.filter((field) => nameOf(field) === name);
  const mailFrom = from ?? 'ann@example.com';
  const all: Record<string, string | undefined> = {
    i: String(named('dkim2-signature').length + 1),
    m: String(named('message-instance').length),
    t: '1699999900',
    d: mailFrom.slice(mailFrom.lastIndexOf('@') + 1) || 'example.com',
    mf: base64(`<${mailFrom}>`),
    rt: (to ?? ['bob@example.net']).map((one) => base64(`<${one}>`)).join(','),
    s: `${selector ?? 'ed'}:${algorithm ?? 'ed25519-sha256'}:SIG`,
    ...tags,
  };
  const instances = byNumber(named('message-instance'), 'm', Number(all.m));
  const signatures = byNumber(named('dkim2-signature'), 'i', Number(all.i) - 1);
  const own = `DKIM2-Signature: ${listOf(all)}`;
  const emptied = listOf({ ...all, s: all.s?.replace(/:[^:,]*(?=,|$)/g, ':') });
  const covered = [...instances, ...signatures, `DKIM2-Signature: ${emptied}`].map(signedForm).join('');
  const octets = Buffer.from(covered, 'latin1');
  const signature = key.asymmetricKeyType === 'rsa' ? sign('sha256', octets, key) : sign(null, sha256(covered), key);
  return `${own.replace(/SIG/g, signature.toString('base64'))}\r\n${message}`;
}

function listOf(tags: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(tags)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value};`]))
    .join(' ');
}

/** dkim2-spec-03 §9.6 */
function signedForm(field: string): string {
  const colon = field.indexOf(':');
  return `${field.slice(0, colon).trim().toLowerCase()}:${field.slice(colon + 1).replace(/[\t\r\n ]+/g, '')}\r\n`;
}

function byNumber(fields: readonly string[], tag: string, most: number): string[] {
  const numberOf = (field: string) => Number(new RegExp(`[:; \\t\\r\\n]${tag}\\s*=\\s*(\\d+)`, 'i').exec(field)?.[1]);
  return fields.filter((field) => numberOf(field) <= most).toSorted((a, b) => numberOf(a) - numberOf(b));
}
