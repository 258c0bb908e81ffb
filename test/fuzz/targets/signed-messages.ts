/** A small signed and sealed message, its DNS, and what must be left of it wherever its signature still verifies. */
import { createHash, type KeyObject, sign } from 'node:crypto';
import { fixedClock } from '../../../src/base/clock.ts';
import { importPrivateKey } from '../../../src/protocol/dkim/private-keys.ts';
import { ed25519TestKeyPem, rsaTestKeyPem } from '../../support/dkim-test-keys.ts';
import { referenceRelaxedField, signByReference, type Tags } from '../../support/reference-dkim.ts';

function keyOf(pem: string): { readonly key: KeyObject; readonly record: string } {
  const imported = importPrivateKey(pem);
  if (!imported.ok) throw new Error(imported.say);
  return { key: imported.value.privateKey, record: imported.value.publicRecord };
}

export const clock = fixedClock(1_700_000_000_000);

export function testKeys() {
  return { rsa: keyOf(rsaTestKeyPem), ed25519: keyOf(ed25519TestKeyPem) };
}

/** The keys under the names by which the messages below call them. */
export function keyZone(): string {
  const { rsa, ed25519 } = testKeys();
  const strings = (record: string) => (record.match(/.{1,255}/g) ?? []).map((one) => `"${one}"`).join(' ');
  return [
    `sel._domainkey.example.com. TXT ${strings(rsa.record)}`,
    `ed._domainkey.example.com. TXT ${strings(ed25519.record)}`,
    `test._domainkey.example.com. TXT ${strings(`${ed25519.record}; t=y`)}`,
    'revoked._domainkey.example.com. TXT "v=DKIM1; p="',
    ';!SERVFAIL broken._domainkey.example.com.',
    'example.com. TXT "v=spf1 ip4:192.0.2.0/24 -all"',
    '_dmarc.example.com. TXT "v=DMARC1; p=reject"',
    '',
  ].join('\n');
}

export const plainMessage = [
  'From: Ann <ann@example.com>',
  'To: bob@example.net',
  'Subject: A  message\r\n that folds',
  'Date: Sun, 22 Nov 2026 09:55:06 +0000',
  '',
  'Hello  Bob,\t',
  '',
  'this is it. ',
  '',
  '',
].join('\r\n');

const oversigned = 'from:from:to:to:subject:subject:date:date';
const edTags: Tags = { a: 'ed25519-sha256', s: 'ed', h: oversigned };

export function signedMessages(): readonly Uint8Array[] {
  const { rsa, ed25519 } = testKeys();
  const messages = [
    signByReference(plainMessage, rsa.key, { h: oversigned }),
    signByReference(plainMessage, ed25519.key, edTags),
    signByReference(plainMessage, ed25519.key, { ...edTags, c: 'simple/simple' }),
    signByReference(plainMessage, ed25519.key, { ...edTags, l: '10' }),
    signByReference(plainMessage, ed25519.key, {
      ...edTags,
      s: 'test',
      x: '1800000000',
      t: '1600000000',
      i: '@mail.example.com',
    }),
    signByReference(plainMessage, ed25519.key, { ...edTags, s: 'revoked' }),
    signByReference(plainMessage, ed25519.key, { ...edTags, s: 'broken' }),
    signByReference(signByReference(plainMessage, ed25519.key, edTags), ed25519.key, {
      ...edTags,
      c: 'relaxed/simple',
    }),
    plainMessage,
  ];
  return messages.map((message) => Buffer.from(message, 'latin1'));
}

/** RFC 8617 §5.1: two hops. */
export function sealedMessages(): readonly Uint8Array[] {
  const { key } = testKeys().ed25519;
  const one = addSet(plainMessage, key, 1);
  return [one, addSet(one, key, 2), addSet(one, key, 2).replace('cv=pass', 'cv=fail')].map((text) =>
    Buffer.from(text, 'latin1'),
  );
}

function addSet(text: string, key: KeyObject, instance: number): string {
  const signer = { a: 'ed25519-sha256', d: 'example.com', s: 'ed' };
  const tags = { ...signer, v: undefined, i: String(instance), h: oversigned };
  const signed = signByReference(text, key, tags, 'ARC-Message-Signature');
  const results = `ARC-Authentication-Results: i=${instance}; mx${instance}.example; spf=pass\r\n`;
  const cv = instance === 1 ? 'none' : 'pass';
  const unsigned = `ARC-Seal: i=${instance}; a=${signer.a}; d=${signer.d}; s=${signer.s}; cv=${cv}; t=1600000000; b=`;
  const sealed = [...setsOf(results + signed), unsigned].map(referenceRelaxedField).join('\r\n');
  const digest = createHash('sha256').update(Buffer.from(sealed, 'latin1')).digest();
  return `${unsigned}${sign(null, digest, key).toString('base64')}\r\n${results}${signed}`;
}

/** RFC 8617 §5.1.1: by instance, in each results, message signature, seal. */
function setsOf(text: string): string[] {
  const order = ['arc-authentication-results', 'arc-message-signature', 'arc-seal'];
  const rank = (field: string) => {
    const instance = Number(/[ ;:]i=([0-9]+)/.exec(field)?.[1]);
    return instance * 10 + order.indexOf(field.slice(0, field.indexOf(':')).toLowerCase());
  };
  const fields = (text.split('\r\n\r\n', 1)[0] ?? '').split('\r\n').filter((field) => /^arc-/i.test(field));
  return fields.toSorted((a, b) => rank(a) - rank(b));
}
