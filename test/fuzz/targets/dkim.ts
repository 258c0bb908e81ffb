/**
 * DKIM: signatures and keys as text, and whole messages. A verifier is fooled when a message passes that is not, in all that
 * was signed, the one we signed; and it is too lazy when its canonical forms differ from a reference made of patterns.
 */
import assert from 'node:assert/strict';
import { verify } from 'node:crypto';
import { concat, fromLatin1, latin1 } from '../../../src/base/bytes.ts';
import { isEqualOrBelow, parseDomainName, parseQueryName } from '../../../src/format/domain-name.ts';
import { bodyBytes, fieldsNamed, indexMessage, rawField } from '../../../src/format/message/message-index.ts';
import { withoutBlanks } from '../../../src/format/tag-list.ts';
import { BodyHasher } from '../../../src/protocol/dkim/body-hasher.ts';
import { canonicalBody } from '../../../src/protocol/dkim/canonical-body.ts';
import { coveredHeader } from '../../../src/protocol/dkim/canonical-header.ts';
import { parseKeyRecord } from '../../../src/protocol/dkim/key-record.ts';
import { dkimProblems } from '../../../src/protocol/dkim/problems.ts';
import { readSignature } from '../../../src/protocol/dkim/signature.ts';
import type { DkimResult } from '../../../src/protocol/dkim/types.ts';
import { verifyDkim } from '../../../src/protocol/dkim/verify-dkim.ts';
import { resolverFromZone } from '../../../src/protocol/dns/zone-resolver.ts';
import { referenceRelaxedBody, referenceRelaxedField, referenceSimpleBody } from '../../support/reference-dkim.ts';
import { assertSentence } from '../holds.ts';
import { chunksOf, type FuzzTarget, type Octets, type OpenTarget, type Outcome } from '../target.ts';
import { clock, keyZone, plainMessage, signedMessages, testKeys } from './signed-messages.ts';

const signatureWords: readonly Octets[] = [
  ...[
    'v=1;',
    'a=rsa-sha256;',
    'a=ed25519-sha256;',
    'a=rsa-sha1;',
    'c=simple/relaxed;',
    'c=relaxed;',
    'd=example.com;',
    'd=com;',
    's=sel;',
    's=ed;',
  ],
  ...[
    'h=from:to:subject;',
    'h=From : to;',
    'bh=',
    'b=',
    'l=0;',
    'l=10;',
    'i=@example.com;',
    'i=a=40b@x.example.com;',
    'q=dns/txt;',
    't=1;',
    'x=2;',
  ],
  ...[
    'i=1;',
    'cv=none;',
    ';',
    '=',
    ':',
    '\r\n ',
    '\r\n',
    ' ',
    '\t',
    'YWJj',
    'd=xn--gre-6ka8i.example;',
    'd=grüße.example;',
    's=a.b;',
    '\0',
    '\\',
  ],
];

export const dkimSignature: FuzzTarget = {
  name: 'dkim-signature',
  octetsMax: 32_768,
  seeds: () => [
    ` v=1; a=rsa-sha256; c=relaxed/simple; d=example.com; s=sel; t=1; x=2; h=from:to; bh=${'A'.repeat(43)}=; b=YWJj`,
    ` v=1; a=ed25519-sha256; d=grüße.example; s=a.b; i=jörg=40@mail.grüße.example; h=From : To:\r\n\tsubject; l=10; bh=${'A'.repeat(43)}=; b=YW\r\n Jj;`,
    ` i=1; a=rsa-sha256; d=example.com; s=sel; h=from; bh=${'A'.repeat(43)}=; b=YWJj; q=dns/txt`,
    ' i=1; a=rsa-sha256; d=example.com; s=sel; cv=none; b=YWJj',
  ],
  dictionary: signatureWords,
  separators: [';', '=', ':', '\r\n'],
  open: () => ({ run: runSignature }),
};

export const dkimKey: FuzzTarget = {
  name: 'dkim-key',
  octetsMax: 8_192,
  seeds: () => {
    const { rsa, ed25519 } = testKeys();
    const small =
      'v=DKIM1; k=rsa; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMX6mDGqHFEJbtzlyrXCYdMmVEHZmNqLnHBkUVgSPgFWqXNXuQYGmbRFbnMpyqaVgmYsmyaUwbzJzZJNCrPsuQMCAwEAAQ==';
    return [rsa.record, ed25519.record, 'v=DKIM1; p=', 'p=YWJj; t=y:s; s=email; h=sha256', small];
  },
  dictionary: [
    'v=DKIM1;',
    'k=rsa;',
    'k=ed25519;',
    'p=',
    't=y;',
    't=s;',
    's=email;',
    's=*;',
    'h=sha1;',
    'h=sha256;',
    'n=x;',
    ';',
    '=',
    'MII',
    'AwEAAQ==',
    'AQAB',
    '////',
  ],
  separators: [';', '=', '/', '+'],
  open: (): OpenTarget => {
    const signature = Buffer.alloc(256, 0x5a);
    return { run: (input) => runKey(input, signature) };
  },
};

export const dkimVerify: FuzzTarget = {
  name: 'dkim-verify',
  octetsMax: 32_768,
  seeds: signedMessages,
  dictionary: [
    ...signatureWords,
    'From: eve@example.net\r\n',
    'Subject: x\r\n',
    '\r\n\r\n',
    'DKIM-Signature: ',
    ' \r\n',
    '\r\n.\r\n',
    'Hello  Bob,\t',
  ],
  separators: ['\r\n', ';', ' ', ':'],
  open: (): OpenTarget => {
    const deps = { resolver: resolverFromZone(keyZone()), clock };
    return { run: async (input) => judge(input, await verifyDkim(input, deps)) };
  },
};

export const dkimCanonical: FuzzTarget = {
  name: 'dkim-canonical',
  seeds: () => [
    plainMessage,
    'a\tb  c \r\n\r\n\r\n',
    ' \r\n',
    '\r\n',
    '',
    'no end',
    'x \r\r\n y\n \n',
    'A : b\r\n\tc  d \r\n',
  ],
  dictionary: [' ', '\t', '\r\n', '\r', '\n', '  ', ' \t ', ':', 'a', '\r\n ', ' \r', '\r\n\r\n', '\0', '\xa0', '\v'],
  separators: ['\r\n', ' ', ':'],
  open: () => ({ run: runCanonical }),
};

function runSignature(input: Uint8Array): Outcome {
  const message = concat([fromLatin1('DKIM-Signature:'), input, fromLatin1('\r\n\r\n')]);
  const index = indexMessage(message);
  const [field] = fieldsNamed(index, 'dkim-signature');
  if (field === undefined) return 'no field';
  const outcomes = (['dkim', 'arc'] as const).map((kind) => {
    const read = readSignature(index, field, kind);
    if (!read.ok) {
      assert.ok(Object.hasOwn(dkimProblems, read.problem));
      assert.ok(read.named.domain === '' || parseDomainName(read.named.domain) === read.named.domain);
      assert.match(read.named.selector, /^[a-z0-9_.-]*$/);
      assert.match(read.named.base64, /^[A-Za-z0-9+/]*={0,2}$/);
      return read.problem;
    }
    const { domain, selector, keyName, emptied, base64, identity, fieldNames, bodyHash, signature } = read.value;
    assert.equal(parseDomainName(domain), domain);
    assert.equal(parseQueryName(keyName), `${selector}._domainkey.${domain}`);
    assert.ok(emptied.start >= field.bodyStart && emptied.start <= emptied.end && emptied.end <= field.end);
    assert.equal(withoutBlanks(latin1(message.subarray(emptied.start, emptied.end))), base64);
    assert.ok(identity === undefined || isEqualOrBelow(identity.domain, domain));
    assert.ok(fieldNames.includes('from') && signature.length > 0);
    const digest = Buffer.from(bodyHash, 'base64');
    assert.ok(digest.length === 32 && digest.toString('base64') === bodyHash); // as the hasher writes it
    return `ok ${identity !== undefined} ${read.value.bodyOctets !== undefined} ${read.value.headerForm}`;
  });
  return outcomes.join(' ');
}

function runKey(input: Uint8Array, signature: Uint8Array): Outcome {
  const record = parseKeyRecord(latin1(input));
  if (typeof record === 'string') {
    assert.ok(Object.hasOwn(dkimProblems, record));
    return record;
  }
  const { type, bits, key } = record;
  assert.ok(type === 'ed25519' ? bits === 256 : bits >= 1_024 && bits <= 4_096); // RFC 8301 §3.2
  assert.equal(isVerified(type, key, signature), false, 'a key that says yes to anything');
  return `${type} ${bits > 2_048} ${record.testing} ${record.exactDomain} ${record.hashes?.length} ${record.services.length}`;
}

function isVerified(type: 'rsa' | 'ed25519', key: Parameters<typeof verify>[2], signature: Uint8Array): boolean {
  try {
    return verify(type === 'rsa' ? 'sha256' : null, Buffer.from('x'), key, signature);
  } catch {
    return false; // OpenSSL imports it and will not use it
  }
}

const original = indexMessage(Buffer.from(plainMessage, 'latin1'));
const originalBody = referenceRelaxedBody(latin1(bodyBytes(original)));

function judge(input: Uint8Array, results: readonly DkimResult[]): Outcome {
  const index = indexMessage(input);
  assert.equal(results.length, fieldsNamed(index, 'dkim-signature').length);
  for (const one of results) {
    if (one.reason !== undefined) assertSentence(one.reason);
    assert.equal(one.problem === undefined, one.result === 'pass');
    if (one.result === 'pass') assertGenuine(input, one);
  }
  return results
    .slice(0, 3)
    .map(({ result, problem }) => problem ?? result)
    .join(' ');
}

/** Our keys signed one message only: its fields in this order, and its body, apart from what relaxed forgives. */
function assertGenuine(input: Uint8Array, { signedFields, domain }: DkimResult): void {
  assert.equal(domain, 'example.com');
  const index = indexMessage(input);
  const texts = (ranges: readonly { start: number; end: number }[], bytes: Uint8Array) =>
    ranges.map(({ start, end }) => referenceRelaxedField(latin1(bytes.subarray(start, end)).replace(/\r\n$/, '')));
  const wanted = ['from', 'to', 'subject', 'date'].flatMap((name) => fieldsNamed(original, name));
  assert.deepEqual(texts(signedFields, input), texts(wanted, original.bytes), 'another header passes');
  assert.equal(referenceRelaxedBody(latin1(bodyBytes(index))), originalBody, 'another body passes');
  const names = ['from', 'to', 'subject', 'date'].map((name) => fieldsNamed(index, name).length);
  assert.deepEqual(names, [1, 1, 1, 1], 'a second field beside an oversigned one');
}

function runCanonical(input: Uint8Array): Outcome {
  const text = latin1(input);
  for (const [form, wanted] of [
    ['simple', referenceSimpleBody(text)],
    ['relaxed', referenceRelaxedBody(text)],
  ] as const) {
    const parts: Uint8Array[] = [];
    const body = canonicalBody(form, (octets) => parts.push(Buffer.from(octets)));
    for (const chunk of chunksOf(input)) body.update(chunk);
    body.end();
    assert.equal(latin1(concat([new Uint8Array(), ...parts])), wanted);
    assertHash(form, input, wanted);
  }
  const fields = indexMessage(input).fields.filter(({ name }) => name !== '');
  const relaxed = latin1(
    coveredHeader(
      input,
      fields.map((field) => ({ field })),
      'relaxed',
    ),
  );
  const index = indexMessage(input);
  const wanted = fields.map((field) => referenceRelaxedField(latin1(rawField(index, field)).replace(/\r\n$/, '')));
  assert.equal(relaxed, wanted.join('\r\n'));
  return `${Math.min(fields.length, 3)} ${wanted.join('').length === text.length} ${text.endsWith('\r\n')}`;
}

function assertHash(form: 'simple' | 'relaxed', input: Uint8Array, canonical: string): void {
  const hasher = new BodyHasher();
  hasher.want(form);
  hasher.want(form, canonical.length);
  hasher.want(form, canonical.length + 1);
  for (const chunk of chunksOf(input)) hasher.update(chunk);
  hasher.end();
  assert.equal(hasher.result(form).canonicalOctets, canonical.length);
  assert.equal(hasher.result(form, canonical.length).base64, hasher.result(form).base64);
  assert.equal(hasher.result(form, canonical.length + 1).base64, undefined);
}
