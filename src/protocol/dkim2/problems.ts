/**
 * Everything that can be wrong with the DKIM2 of a message: which result it gives, and the sentence. dkim2-spec-03 §11.1: the texts are
 * the draft's own wherever it has one, so that senders find them there.
 */
import { dkim2Limits } from './limits.ts';

type Row = { readonly result: 'fail' | 'temperror' | 'permerror'; readonly say: string; readonly ref: string };

export const dkim2Problems = {
  'header-too-large': {
    result: 'permerror',
    say: 'not evaluated: the header is larger than we read, so what it hides cannot be told',
    ref: 'ours',
  },
  'header-malformed': {
    result: 'permerror',
    say: 'not evaluated: a line of the header is no field',
    ref: 'dkim2-spec-03 §13',
  },
  'too-many-fields': {
    result: 'permerror',
    say: `not evaluated: more than ${dkim2Limits.signaturesMax} DKIM2-Signature or Message-Instance fields`,
    ref: 'ours',
  },
  'too-many-sets': {
    result: 'permerror',
    say: `not evaluated: more than ${dkim2Limits.setsInAllMax} signatures in all`,
    ref: 'ours',
  },
  'instance-missing': { result: 'permerror', say: 'Message-Instance m=<x> missing', ref: 'dkim2-spec-03 §11.2' },
  'instance-syntax': { result: 'permerror', say: 'Message-Instance m=<x> syntax error', ref: 'dkim2-spec-03 §11.2' },
  'instance-twice': { result: 'permerror', say: 'Message-Instance m=<x> appears twice', ref: 'dkim2-spec-03 §7.1' },
  'instance-tag-missing': {
    result: 'permerror',
    say: 'Message-Instance m=<x> tag=<y> missing',
    ref: 'dkim2-spec-03 §11.2',
  },
  'instance-unsigned': {
    result: 'permerror',
    say: 'Message-Instance m=<x> is not signed',
    ref: 'dkim2-spec-03 §11.2',
  },
  'instance-hash-twice': {
    result: 'permerror',
    say: 'Message-Instance m=<x> has a duplicate hash algorithm',
    ref: 'dkim2-spec-05 §11.2',
  },
  'recipe-invalid': {
    result: 'permerror',
    say: 'Message-Instance m=<x> contains invalid JSON: <value>',
    ref: 'dkim2-spec-05 §11.2',
  },
  'signature-missing': { result: 'permerror', say: 'DKIM2-Signature i=<x> missing', ref: 'dkim2-spec-03 §11.2' },
  'signature-syntax': { result: 'permerror', say: 'DKIM2-Signature i=<x> syntax error', ref: 'dkim2-spec-03 §11.2' },
  'signature-twice': { result: 'permerror', say: 'DKIM2-Signature i=<x> appears twice', ref: 'dkim2-spec-03 §8.1' },
  'signature-tag-missing': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> tag=<y> missing',
    ref: 'dkim2-spec-03 §11.2',
  },
  'signature-tag-unexpected': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> tag=<y> was unexpected',
    ref: 'dkim2-spec-03 §8.7',
  },
  'selector-twice': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> has a duplicate selector',
    ref: 'dkim2-spec-03 §8.9',
  },
  'instance-goes-back': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> covers an older Message-Instance than the one before it',
    ref: 'dkim2-spec-03 §8.2',
  },
  'path-without-brackets': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> tag=<y> has no angle brackets around the address',
    ref: 'dkim2-spec-03 §8.5',
  },
  expired: { result: 'permerror', say: 'DKIM2-Signature i=<x> signature expired', ref: 'dkim2-spec-03 §11.3' },
  'mail-from-differs': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> MAIL FROM <value> did not match',
    ref: 'dkim2-spec-03 §11.4',
  },
  'rcpt-to-differs': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> RCPT TO <value> did not match',
    ref: 'dkim2-spec-03 §11.4',
  },
  'domain-differs': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> MAIL FROM and d= do not match',
    ref: 'dkim2-spec-03 §11.4',
  },
  'custody-broken': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> MAIL FROM <value> did not match any RCPT TO of the one before',
    ref: 'dkim2-spec-03 §9.4',
  },
  'next-domain-differs': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> nd= does not match d= of the next one',
    ref: 'dkim2-spec-03 §11.4',
  },
  'next-domain-last': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> unexpected nd= tag',
    ref: 'dkim2-spec-03 §8.7',
  },
  'key-not-fetched': {
    result: 'temperror',
    say: 'DKIM2-Signature i=<x> public key <value> could not be fetched',
    ref: 'dkim2-spec-03 §11.5',
  },
  'key-missing': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> public key <value> does not exist',
    ref: 'dkim2-spec-03 §11.5',
  },
  'key-several': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> public key <value> has multiple records',
    ref: 'dkim2-spec-03 §11.5',
  },
  'key-syntax': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> public key <value> has a syntax error',
    ref: 'dkim2-spec-03 §11.5',
  },
  'key-mismatch': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> public key <value> algorithm mismatch',
    ref: 'dkim2-spec-03 §11.5',
  },
  'key-revoked': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> public key <value> has been revoked',
    ref: 'dkim2-spec-03 §11.5',
  },
  'key-too-small': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> public key <value> is shorter than 1024 bit',
    ref: 'dkim2-spec-03 §3.2',
  },
  'key-too-large': {
    result: 'permerror',
    say: `DKIM2-Signature i=<x> public key <value> is longer than ${dkim2Limits.keyBitsMax} bit`,
    ref: 'ours',
  },
  'key-exponent': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> public key <value> has another exponent than 65537',
    ref: 'dkim2-spec-03 §3.2',
  },
  'key-not-for-mail': {
    result: 'permerror',
    say: 'DKIM2-Signature i=<x> public key <value> is not meant for e-mail (s=)',
    ref: 'RFC 6376 §3.6.1',
  },
  'signature-differs': {
    result: 'fail',
    say: 'DKIM2-Signature i=<x> public key <value> incorrect signature',
    ref: 'dkim2-spec-03 §11.6',
  },
  'no-known-algorithm': {
    result: 'fail',
    say: 'DKIM2-Signature i=<x> has no signature of an algorithm that is known here',
    ref: 'dkim2-spec-03 §3.4',
  },
  'recipe-impossible': {
    result: 'permerror',
    say: 'Message-Instance m=<x> has a recipe that copies what is not there',
    ref: 'dkim2-spec-03 §5.1',
  },
  'too-much-to-undo': {
    result: 'permerror',
    say: 'Message-Instance m=<x> not evaluated: too much has to be undone',
    ref: 'ours',
  },
  'no-known-hash': {
    result: 'fail',
    say: 'Message-Instance m=<x> has no hash of an algorithm that is known here',
    ref: 'dkim2-spec-03 §3.4',
  },
  'header-differs': {
    result: 'fail',
    say: 'Message-Instance m=<x> header hash sha256 mismatch',
    ref: 'dkim2-spec-03 §11.7',
  },
  'body-differs': {
    result: 'fail',
    say: 'Message-Instance m=<x> body hash sha256 mismatch',
    ref: 'dkim2-spec-03 §11.7',
  },
  modified: {
    result: 'fail',
    say: 'Message has been modified despite a donotmodify request (DKIM2-Signature i=<x>)',
    ref: 'dkim2-spec-03 §11.8',
  },
  exploded: {
    result: 'fail',
    say: 'Message has been exploded despite a donotexplode request (DKIM2-Signature i=<x>)',
    ref: 'dkim2-spec-03 §11.8',
  },
} as const satisfies Record<string, Row>;

export type Dkim2ProblemCode = keyof typeof dkim2Problems;

export type Dkim2Problem = {
  readonly code: Dkim2ProblemCode;
  /** One line of printable ASCII. */
  readonly say: string;
};

/** What goes into the sentence: i= or m=, the tag, and a word of the message, which is made printable. */
type Particulars = { readonly at?: number | undefined; readonly tag?: string; readonly value?: string };

const valueMax = 100;

export function problem(code: Dkim2ProblemCode, { at, tag = '', value = '' }: Particulars = {}): Dkim2Problem {
  const plain = value.length > valueMax ? `${value.slice(0, valueMax)}...` : value;
  const fill: Readonly<Record<string, string>> = {
    '<x>': String(at ?? '?'),
    '<y>': tag,
    '<value>': plain.replace(/[^\x20-\x7e]/g, '?'),
  };
  return { code, say: dkim2Problems[code].say.replace(/<(?:x|y|value)>/g, (name) => fill[name] ?? '') };
}
