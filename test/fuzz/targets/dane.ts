/**
 * TLSA records of strangers against certificate chains of strangers: nothing throws, and a yes has its ground. The first octet chooses
 * the record's kind; its data and the certificates of the chain are parted by a word.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { matchChain } from '../../../src/protocol/dane/match-chain.ts';
import { readCertificate, tlsaObjection, tlsaText, usableTlsa } from '../../../src/protocol/dane/tlsa.ts';
import { assertSentence } from '../holds.ts';
import { type FuzzTarget, headAndRest, type Outcome } from '../target.ts';

const parting = Buffer.from('|next|');
const nowMs = Date.UTC(2030, 0, 1);

/** An authority, a certificate for mx.example.com by it, the authority's key. */
const authority = der(
  'MIIBbzCCARWgAwIBAgIUW+Q5RLTkMVxDy1qQ/0yHivcPhH4wCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYTAgFw0yNjExMjIxNDE3MTNaGA8yMTI2MTAyOTE0MTcxM1owDDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABObARa3CUwQOGI3fgeGaBRbgAT8o+LvPLu1ttNi3rX6wmKhwB6+iC89adIMLIxkOEBcIUEhlU1yhl0MAB7A5CnejUzBRMB0GA1UdDgQWBBTckjFEJTi0JVDcXM/J6Vm/3ysJdzAfBgNVHSMEGDAWgBTckjFEJTi0JVDcXM/J6Vm/3ysJdzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQCBmRq71j8LRyEPu+EUBFQi1pMqb8LTljIv6OzJw/kjjgIgGrVYQzhqjs+4z5bRxQkMAlEq+KSOAUVhsgL8VuVBwwM=',
);
const leaf = der(
  'MIIBZjCCAQygAwIBAgIBAjAKBggqhkjOPQQDAjAMMQowCAYDVQQDDAFhMCAXDTI2MTEyMjE0MTcxM1oYDzIxMjYxMDI5MTQxNzEzWjAMMQowCAYDVQQDDAFiMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEtRJiPt+7CgkzQI/p+Sqrj9D67HCEtNX2xD2vHIaS9vnBpuk9Z0Z7MSiTTkYW+gCYV8kSB7Qr2Maw8PV+xe4FTKNdMFswGQYDVR0RBBIwEIIObXguZXhhbXBsZS5jb20wHQYDVR0OBBYEFGRjRoq1f9rp3ajRhN2GeJGcsN/SMB8GA1UdIwQYMBaAFNySMUQlOLQlUNxcz8npWb/fKwl3MAoGCCqGSM49BAMCA0gAMEUCIAZqYANy/0uM0qV62AXRgmdpX/BsJRuSXcWQ1Y4xyw2rAiEAgqC9C/fUTCM/hmXv1k0mOT2TviglqWbmN22KvTHLIZg=',
);
const key = der(
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE5sBFrcJTBA4Yjd+B4ZoFFuABPyj4u88u7W202LetfrCYqHAHr6ILz1p0gwsjGQ4QFwhQSGVTXKGXQwAHsDkKdw==',
);

function der(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}

function joined(kind: string, ...pieces: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([
    Buffer.from(kind),
    ...pieces.flatMap((piece, nth) => (nth === 0 ? [piece] : [parting, piece])),
  ]);
}

const digest = (octets: Uint8Array) => createHash('sha256').update(octets).digest();

export const dane: FuzzTarget = {
  name: 'dane',
  octetsMax: 8_192,
  seeds: () => [
    joined('0', leaf, leaf, authority),
    joined('1', leaf, leaf, authority),
    joined('2', digest(leaf), leaf, authority),
    joined('4', authority, leaf),
    joined('4', authority, leaf, authority),
    joined('5', key, leaf),
    joined('6', digest(authority), leaf, authority),
    joined('7', digest(key), leaf, authority),
    joined('8', Buffer.alloc(64), leaf),
  ],
  dictionary: [
    parting,
    leaf,
    authority,
    key,
    Buffer.from([0x30, 0x82]),
    Buffer.from([0x30, 0x80]),
    Buffer.from([2, 1, 0]),
  ],
  separators: ['|next|'],
  open: () => ({ run }),
};

function run(input: Uint8Array): Outcome {
  const { head, rest } = headAndRest(input);
  const pieces = split(Buffer.from(rest));
  const [data = Buffer.alloc(0), ...chain] = pieces;
  const record = {
    usage: (head & 4) === 0 ? 3 : 2,
    selector: head & 1,
    matching: ((head >> 1) & 1) + ((head >> 3) & 1),
    data,
  };
  const objection = tlsaObjection(record);
  if (objection !== undefined) assertSentence(objection);
  assert.match(tlsaText(record), /^[23] [01] [012] [0-9a-f]*$/);
  const usable = usableTlsa([record]);
  assert.equal(usable.length, objection === undefined ? 1 : 0);
  const match = matchChain(usable, chain, { names: ['mx.example.com'], nowMs });
  assertSentence(match.why);
  if (!match.ok) return `${objection === undefined ? '' : 'unusable '}${match.result} ${match.why.slice(0, 30)}`;
  assert.equal(objection, undefined);
  const first = chain[0] && readCertificate(chain[0]);
  assert.ok(first, 'a chain without a certificate proves nothing');
  if (record.usage === 3 && record.selector === 0 && record.matching === 0) assert.ok(first.raw.equals(data));
  if (record.usage === 2) assert.ok(first.checkHost('mx.example.com') !== undefined);
  return `proved ${head & 15} ${Math.min(chain.length, 3)}`;
}

function split(octets: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let from = 0; ; ) {
    const at = octets.indexOf(parting, from);
    pieces.push(octets.subarray(from, at < 0 ? octets.length : at));
    if (at < 0 || pieces.length > 30) return pieces;
    from = at + parting.length;
  }
}
