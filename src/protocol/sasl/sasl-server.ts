/**
 * The server's half of SASL for mechanisms that show the password to us, so only under TLS: PLAIN (RFC 4616) and LOGIN (in use
 * everywhere, never standardised). SMTP and IMAP carry the base64; who may log in is for others to say.
 *
 * PLAIN: start -response-> credentials
 * LOGIN: start -(challenge) user-> named -(challenge) password-> credentials          an initial response is the user
 */
import { isUtf8 } from 'node:buffer';
import { fromLatin1, fromUtf8, hasControlCharacter } from '../../base/bytes.ts';

export const saslMechanisms = ['PLAIN', 'LOGIN'] as const;
export type SaslMechanism = (typeof saslMechanisms)[number];

export type Credentials = {
  /** Whom to act as; '' = the one who logs in. */
  readonly actAs: string;
  readonly login: string;
  readonly password: string;
};

export type SaslExchange = { readonly mechanism: SaslMechanism; readonly login?: string };

export type SaslStep =
  | { readonly kind: 'challenge'; readonly octets: Uint8Array; readonly next: SaslExchange }
  | { readonly kind: 'credentials'; readonly credentials: Credentials }
  | { readonly kind: 'malformed' };

/** RFC 4616 §2: up to 255 octets must be taken, no more need be. */
const nameOctetsMax = 255;
const passwordOctetsMax = 1_024;

const malformed: SaslStep = { kind: 'malformed' };

export function saslMechanismNamed(name: string): SaslMechanism | undefined {
  return saslMechanisms.find((mechanism) => mechanism === name.toUpperCase());
}

/** @param initial the initial response, already decoded; undefined where the client sent none */
export function startSasl(mechanism: SaslMechanism, initial: Uint8Array | undefined): SaslStep {
  if (initial !== undefined) return answerSasl({ mechanism }, initial);
  const prompt = mechanism === 'PLAIN' ? '' : 'Username:'; // RFC 4616 §2: PLAIN's challenge is empty
  return { kind: 'challenge', octets: fromLatin1(prompt), next: { mechanism } };
}

export function answerSasl(exchange: SaslExchange, response: Uint8Array): SaslStep {
  if (exchange.mechanism === 'PLAIN') return readPlain(response);
  if (exchange.login !== undefined) return credentialsOf('', exchange.login, textOf(response));
  const login = textOf(response);
  if (login === undefined) return malformed;
  return { kind: 'challenge', octets: fromLatin1('Password:'), next: { mechanism: 'LOGIN', login } };
}

/** RFC 4616 §2: [authzid] NUL authcid NUL passwd, in UTF-8. */
function readPlain(response: Uint8Array): SaslStep {
  const parts = textOf(response)?.split('\0');
  if (parts?.length !== 3) return malformed;
  const [actAs = '', login = '', password = ''] = parts;
  return credentialsOf(actAs, login, password);
}

function textOf(octets: Uint8Array): string | undefined {
  return isUtf8(octets) ? fromUtf8(octets) : undefined;
}

function credentialsOf(actAs: string, login: string, password: string | undefined): SaslStep {
  if (login === '' || password === undefined || password === '' || password.includes('\0')) return malformed;
  // What is a control character in a name would be one in a log line or a header tomorrow.
  if (hasControlCharacter(login) || hasControlCharacter(actAs)) return malformed;
  if (octetsOf(login) > nameOctetsMax || octetsOf(actAs) > nameOctetsMax) return malformed;
  if (octetsOf(password) > passwordOctetsMax) return malformed;
  return { kind: 'credentials', credentials: { actAs, login, password } };
}

function octetsOf(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

/** RFC 4648 §4, as strict as §3 allows: padded, nothing in between, no bits left over. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return undefined;
  const octets = Buffer.from(text, 'base64');
  return octets.toString('base64') === text ? octets : undefined;
}

export function encodeBase64(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64');
}
