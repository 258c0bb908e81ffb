/**
 * Signed messages at random: odd folding and blanks, empty and endless bodies, octets above 127, several signatures with every
 * tag there is, keys of every kind; and most of them changed on the way in ways that a signature may or may not survive.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { signByReference, type Tags } from '../test/support/reference-dkim.ts';
import type { NameRecords, World } from './world.ts';

export type DkimCase = {
  readonly id: number;
  readonly world: World;
  /** Base64. */
  readonly message: string;
  /** From the top. */
  readonly signatures: number;
  /** What stands in each b=, without blanks. */
  readonly b: readonly string[];
  /** How each was made, from the top. */
  readonly wishes: readonly Wish[];
  readonly change: string;
};

/** One character per octet; lines end in CRLF. */
export type Letter = { readonly fields: readonly string[]; readonly body: string };

const mostly = <T>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<T>, weight = 12) =>
  fc.oneof({ weight, arbitrary: right }, { weight: 1, arbitrary: wrong });

const word = fc.constantFrom(
  'hello',
  'World',
  '=?utf-8?q?gr=C3=BC=C3=9Fe?=',
  'a',
  '\u00e9\u00ff',
  'x'.repeat(70),
  ';',
  'b=x',
  '"q"',
  '<a@b.test>',
);
const gap = fc.constantFrom(' ', ' ', ' ', '  ', '\t', ' \t ', '\r\n ', '\r\n\t', ' \r\n  ', '\t\r\n \t');
const value = fc
  .tuple(
    fc.constantFrom(' ', ' ', '', '  ', '\t', '\r\n '),
    fc.array(fc.tuple(word, gap), { maxLength: 5 }),
    fc.constantFrom('', '', ' ', '\t', ' \t'),
  )
  .map(([before, parts, after]) => {
    const text = parts.map(([one, between], at) => (at === parts.length - 1 ? one : one + between)).join('');
    return text === '' ? ' x' : before + text + after;
  });
const fieldOf = (name: fc.Arbitrary<string>) => fc.tuple(name, value).map(([one, text]) => `${one}:${text}`);

const from = fc.constantFrom(
  'From: Ann <ann@example.com>',
  'from:ann@example.com',
  'FROM:  "Ann\r\n\tB" <ann@example.com> ',
  'From: ann@mail.example.com',
);
const letter: fc.Arbitrary<Letter> = fc
  .tuple(
    from,
    fc.array(
      fieldOf(
        fc.constantFrom(
          'Subject',
          'To',
          'Date',
          'X-One',
          'x-one',
          'X-Two',
          'Received',
          'MIME-Version',
          'List-Id',
          'SUBJECT',
        ),
      ),
      { maxLength: 7 },
    ),
    fc.nat(7),
    fc.array(
      fc.constantFrom(
        '',
        '',
        'text',
        ' ',
        '\t',
        'two  blanks',
        ' leading',
        'trailing ',
        'trailing\t',
        '.',
        '..',
        'a\tb',
        '\u00e9\u00ff\u0080',
        '\u000b',
        'z'.repeat(990),
        '-- ',
        'From me',
      ),
      { maxLength: 9 },
    ),
    fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n\r\n', '\r\n\r\n\r\n', ' \r\n', '\r\n \r\n', '\r\n\t\r\n\r\n'),
  )
  .map(([author, others, at, lines, end]) => ({
    fields: [...others.slice(0, at), author, ...others.slice(at)],
    body: lines.length === 0 ? '' : lines.join('\r\n') + end,
  }));

export function letters(count: number, seed: number): Letter[] {
  return fc.sample(letter, { numRuns: count, seed });
}

export function textOf({ fields, body }: Letter): string {
  return `${fields.join('\r\n')}\r\n\r\n${body}`;
}

type Keys = { readonly rsa: KeyObject; readonly small: KeyObject; readonly ed25519: KeyObject };

function makeKeys(): Keys {
  return {
    rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
    small: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
    ed25519: generateKeyPairSync('ed25519').privateKey,
  };
}

/** RFC 6376 §3.6.1, RFC 8463 §4. */
function publicText(key: KeyObject): string {
  const der = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return (key.asymmetricKeyType === 'ed25519' ? der.subarray(-32) : der).toString('base64');
}

/** Selector: the record there. */
function recordsOf(keys: Keys): Readonly<Record<string, string | undefined>> {
  const p = publicText(keys.rsa);
  return {
    plain: `p=${p}`,
    full: `v=DKIM1; h=sha256; k=rsa; n=a%20note; s=email:other; t=x; p=${p};`,
    spaced: `v=DKIM1 ; k = rsa ; p = ${p.slice(0, 40)} ${p.slice(40)}`,
    small: `v=DKIM1; p=${publicText(keys.small)}`,
    ed: `v=DKIM1; k=ed25519; p=${publicText(keys.ed25519)}`,
    edbare: `v=DKIM1; p=${publicText(keys.ed25519)}`,
    strict: `v=DKIM1; t=s; p=${p}`,
    test: `v=DKIM1; t=y; p=${p}`,
    revoked: 'v=DKIM1; p=',
    sha1: `v=DKIM1; h=sha1; p=${p}`,
    web: `v=DKIM1; s=web; p=${p}`,
    any: `s=*; h=sha1:sha256; p=${p}`,
    late: `k=rsa; v=DKIM1; p=${p}`,
    two: `v=DKIM2; p=${p}`,
    twice: `p=${p}; p=${p}`,
    broken: 'v=DKIM1; p=????',
    other: `v=DKIM1; k=rsa; p=${publicText(keys.small)}`,
    none: undefined,
  };
}

const selectors = mostly(
  fc.constantFrom('plain', 'full', 'spaced', 'small', 'ed', 'strict', 'test', 'any'),
  fc.constantFrom('edbare', 'revoked', 'sha1', 'web', 'late', 'two', 'twice', 'broken', 'other', 'none'),
  5,
);
const covered = mostly(
  fc.constantFrom(
    'from:to:subject:date',
    'From:Subject:From',
    'from:x-one:x-one:x-two',
    'from : to : subject',
    'from:\r\n subject',
    'FROM:DATE:mime-version',
    'received:from:received:nothing-there',
    'from:from:from',
  ),
  fc.constantFrom('to:subject', '', 'from:', 'from:dkim-signature', 'x-from'),
  15,
);
const length = fc.oneof(
  { weight: 10, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: fc.constantFrom('0', '3', '10', '99999') },
);
const extra: fc.Arbitrary<Tags> = mostly(
  fc.constantFrom<Tags>(
    {},
    {},
    {},
    { t: '1700000000' },
    { t: '1700000000', x: '4102444800' },
    { q: 'dns/txt' },
    { i: '@example.com' },
    { i: '@sub.example.com' },
    { z: 'From:x|b=y' },
    { unknown: 'yes' },
  ),
  fc.constantFrom<Tags>(
    { x: '1000000000' },
    { t: '1700000000', x: '1600000000' },
    { q: 'http' },
    { i: '@other.test' },
    { v: '2' },
    { v: undefined },
    { d: undefined },
    { bh: 'AAAA' },
    { a: 'rsa-sha1' },
    { a: 'rsa' },
    { c: 'odd/simple' },
    { l: '-1' },
    { s: undefined },
    { t: 'x' },
  ),
  10,
);
const form = fc.constantFrom(
  'relaxed/relaxed',
  'relaxed/simple',
  'simple/relaxed',
  'simple/simple',
  'relaxed',
  'simple',
  undefined,
);
const wish = fc.record({
  selector: selectors,
  h: covered,
  c: form,
  l: length,
  extra,
  domain: fc.constantFrom('example.com', 'example.com', 'Example.COM', 'mail.example.com'),
});
export type Wish = typeof wish extends fc.Arbitrary<infer T> ? T : never;

type Change = { readonly name: string; readonly apply: (text: string) => string };
const inHeader = (apply: (header: string) => string) => (text: string) => {
  const end = text.indexOf('\r\n\r\n');
  return apply(text.slice(0, end)) + text.slice(end);
};
const inBody = (apply: (body: string) => string) => (text: string) => {
  const start = text.indexOf('\r\n\r\n') + 4;
  return text.slice(0, start) + apply(text.slice(start));
};
const changes: readonly Change[] = [
  { name: 'nothing', apply: (text) => text },
  { name: 'nothing', apply: (text) => text },
  { name: 'nothing', apply: (text) => text },
  { name: 'a subject above', apply: (text) => `Subject: another\r\n${text}` },
  { name: 'a from above', apply: (text) => `From: <eve@example.com>\r\n${text}` },
  { name: 'a received above', apply: (text) => `Received: from x by y; now\r\n${text}` },
  { name: 'a subject below', apply: inHeader((header) => `${header}\r\nSubject: another`) },
  { name: 'from folded', apply: inHeader((header) => header.replace(/^From: Ann/m, 'From:\r\n Ann')) },
  {
    name: 'names in capitals',
    apply: inHeader((header) => header.replace(/^(?:From|To|Subject|Date)(?=:)/gm, (name) => name.toUpperCase())),
  },
  { name: 'blanks doubled in the header', apply: inHeader((header) => header.replace(/(?<=\w) (?=\w)/g, '  ')) },
  { name: 'blanks doubled', apply: inBody((body) => body.replace(/ /g, '  ')) },
  { name: 'blanks at the ends', apply: inBody((body) => body.replace(/\r\n/g, ' \r\n')) },
  { name: 'lines at the end', apply: inBody((body) => (body === '' ? body : `${body}\r\n\r\n`)) },
  { name: 'more text', apply: inBody((body) => `${body}more\r\n`) },
  { name: 'a letter', apply: inBody((body) => body.replace('e', 'E')) },
  { name: 'no body', apply: inBody(() => '') },
];

export function dkimCases(count: number, seed: number): DkimCase[] {
  const keys = makeKeys();
  const records = recordsOf(keys);
  const world: Record<string, NameRecords> = {};
  for (const [selector, text] of Object.entries(records)) {
    if (text === undefined) continue;
    const strings = text.match(/.{1,200}/g) ?? [''];
    for (const domain of ['example.com', 'mail.example.com'])
      world[`${selector}._domainkey.${domain}`] = { TXT: [strings] };
  }
  const one = fc.tuple(letter, fc.array(wish, { minLength: 1, maxLength: 3 }), fc.constantFrom(...changes));
  return fc.sample(one, { numRuns: count, seed }).map(([from_, wishes, change], id) => {
    let text = textOf(from_);
    for (const each of wishes) text = sign(text, each, keys);
    const sent = change.apply(text);
    const b = [...sent.matchAll(/^DKIM-Signature: (?:.|\r\n)*? b=([A-Za-z0-9+/=]*)(?=\r\n)/gm)].map(
      ([, data]) => data ?? '',
    );
    return {
      id,
      world,
      message: Buffer.from(sent, 'latin1').toString('base64'),
      signatures: b.length,
      b,
      wishes: wishes.toReversed(),
      change: change.name,
    };
  });
}

function sign(text: string, { selector, h, c, l, extra: more, domain }: Wish, keys: Keys): string {
  const isEd = selector === 'ed' || selector === 'edbare';
  const key = isEd ? keys.ed25519 : selector === 'small' || selector === 'other' ? keys.small : keys.rsa;
  const tags: Tags = {
    a: isEd ? 'ed25519-sha256' : 'rsa-sha256',
    c,
    d: domain,
    s: selector,
    h,
    ...(l === undefined ? {} : { l }),
    ...more,
  };
  return signByReference(text, key, tags);
}
