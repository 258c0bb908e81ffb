/**
 * Signed documents: JWS in its general JSON form (RFC 7515 §7.2.1) with EdDSA over Ed25519 (RFC 8037 §3.1). Only the key that DNS
 * pins counts; further signatures are for the time in which a key is changed. docs/POLICY_DOCUMENT.md §3
 */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { asBuffer, fromLatin1 } from '../../../base/bytes.ts';
import { type Outcome, refuse } from '../../../base/outcome.ts';
import { payloadText, readPayload } from './policy-payload.ts';
import { isKeyId, keyOctets } from './policy-record.ts';
import type { PolicyDocument, PolicyRecord } from './types.ts';

export const documentOctetsMax = 262_144;
const signaturesMax = 8;
const type = 'eml-policy+json';

type PolicyKey = { readonly kid: string; readonly privateKey: KeyObject };

export function sealPolicy(document: PolicyDocument, keys: readonly PolicyKey[]): string {
  const payload = base64Url(payloadText(document));
  const signatures = keys.map(({ kid, privateKey }) => {
    const header = base64Url(JSON.stringify({ alg: 'EdDSA', kid, typ: type }));
    const signature = sign(null, signed(header, payload), privateKey).toString('base64url');
    return { protected: header, signature };
  });
  return `${JSON.stringify({ payload, signatures }, null, 2)}\n`;
}

/** What the document says, when the key of the record has signed just that. */
export function openPolicy(
  octets: Uint8Array,
  record: Pick<PolicyRecord, 'kid' | 'publicKey'>,
): Outcome<PolicyDocument, 'bad-document' | 'bad-signature'> {
  if (octets.length > documentOctetsMax) return refuse('bad-document', `it is longer than ${documentOctetsMax} octets`);
  const envelope = readEnvelope(octets);
  if (envelope === undefined) return refuse('bad-document', 'it is no JWS in the general JSON form');
  const own = envelope.signatures.filter(({ header }) => kidOf(header) === record.kid);
  if (own.length === 0) return refuse('bad-signature', `none of its signatures is by the key ${record.kid} of DNS`);
  const publicKey = publicKeyOf(record.publicKey);
  const holds = own.some(({ header, signature }) =>
    verify(null, signed(header, envelope.payload), publicKey, Buffer.from(signature, 'base64url')),
  );
  if (!holds) return refuse('bad-signature', `the signature by ${record.kid} does not hold`);
  return readPayload(asBuffer(Buffer.from(envelope.payload, 'base64url')).toString('utf8'));
}

type Envelope = {
  readonly payload: string;
  readonly signatures: readonly { readonly header: string; readonly signature: string }[];
};

function readEnvelope(octets: Uint8Array): Envelope | undefined {
  const value = parseJson(asBuffer(octets).toString('utf8'));
  const { payload, signatures } = value ?? {};
  if (!isBase64Url(payload) || !Array.isArray(signatures) || signatures.length > signaturesMax) return undefined;
  const read: { header: string; signature: string }[] = [];
  for (const one of signatures as readonly unknown[]) {
    const { protected: header, signature } = isMembers(one) ? one : {};
    if (!isBase64Url(header) || !isBase64Url(signature)) return undefined;
    read.push({ header, signature });
  }
  return { payload, signatures: read };
}

/** RFC 7515 §4.1.11: a header with members that must be understood is not ours. The algorithm is fixed, whatever a header would like. */
function kidOf(header: string): string | undefined {
  const { alg, kid, typ, crit } = parseJson(Buffer.from(header, 'base64url').toString('utf8')) ?? {};
  if (alg !== 'EdDSA' || typ !== type || crit !== undefined) return undefined;
  return typeof kid === 'string' && isKeyId(kid) ? kid : undefined;
}

/** RFC 7515 §5.1 */
function signed(header: string, payload: string): Uint8Array {
  return fromLatin1(`${header}.${payload}`);
}

/** The last 32 octets of an Ed25519 key in SPKI form are the key itself. RFC 8410 §4 */
export function rawPublicKey(key: KeyObject): Uint8Array {
  return Uint8Array.from(createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-keyOctets));
}

function publicKeyOf(raw: Uint8Array): KeyObject {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(raw).toString('base64url') },
    format: 'jwk',
  });
}

function base64Url(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}

function isBase64Url(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]+$/.test(value);
}

function parseJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMembers(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
