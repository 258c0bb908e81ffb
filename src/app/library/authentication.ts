/**
 * `posthorn/authentication`: SPF, DKIM, DMARC, ARC and Authentication-Results as a library. Importing it starts nothing. Names come in
 * as text and bytes and results go out as plain data; nothing throws for what is in a message or in DNS, only for a mistake of the caller.
 */
import type { KeyObject } from 'node:crypto';
import { type Clock, systemClock, type Timers } from '../../base/clock.ts';
import { parseFromFields } from '../../format/address.ts';
import { parseDomainName } from '../../format/domain-name.ts';
import { createArcSealer, type SealRequest } from '../../protocol/arc/seal-arc.ts';
import type { ArcResult } from '../../protocol/arc/types.ts';
import { parseAuthenticationResults as parseResults } from '../../protocol/auth-results/parse-auth-results.ts';
import type { ReadAuthResults } from '../../protocol/auth-results/types.ts';
import {
  type AuthReport,
  type Message,
  createAuthenticator as makeAuthenticator,
} from '../../protocol/authenticate.ts';
import { importPrivateKey, kindOfKey } from '../../protocol/dkim/private-keys.ts';
import { createDkimSigner } from '../../protocol/dkim/sign-dkim.ts';
import type { SigningKey } from '../../protocol/dkim/signed-field.ts';
import type { DkimResult } from '../../protocol/dkim/types.ts';
import type { DmarcFacts } from '../../protocol/dmarc/evaluate-dmarc.ts';
import type { DmarcResult } from '../../protocol/dmarc/types.ts';
import type { LookupOptions, Resolver } from '../../protocol/dns/types.ts';
import { readMessage } from '../../protocol/message-reader.ts';
import { receivedSpfField } from '../../protocol/spf/received-spf.ts';
import type { SpfResult, SpfSession } from '../../protocol/spf/types.ts';

export type { ArcResult } from '../../protocol/arc/types.ts';
export type { AuthResult, ReadAuthResult, ReadAuthResults } from '../../protocol/auth-results/types.ts';
export type { AuthReport, Message } from '../../protocol/authenticate.ts';
export type { DkimResult } from '../../protocol/dkim/types.ts';
export type { DmarcResult, LegacyView } from '../../protocol/dmarc/types.ts';
export type { DnsAnswer, LookupOptions, Resolver } from '../../protocol/dns/types.ts';
export type { SpfResult, SpfSession } from '../../protocol/spf/types.ts';
export * from './tls-policies.ts';

export type AuthenticationDeps = {
  readonly resolver: Resolver;
  /** "Now"; the system's by default. */
  readonly clock?: Clock;
  /** For the time limits of SPF and of each lookup; the system's by default. */
  readonly timers?: Timers;
  /** Who stamps Authentication-Results; by default the session's receiver, else `localhost`. */
  readonly authservId?: string;
};

/** What DMARC judges; `from` is what stands in the From field. */
export type DmarcQuestion = Omit<DmarcFacts, 'author' | 'dkim'> & {
  readonly from: string;
  readonly dkim?: readonly {
    readonly result: DkimResult['result'];
    readonly domain: string;
    readonly partialBody?: boolean;
  }[];
};

/** RSA of 1024 to 4096 bit or Ed25519, as PEM or, for many messages, ready to use: reading PEM costs as much as signing. */
export type SignWith = { readonly domain: string; readonly selector: string; readonly privateKey: string | KeyObject };

export type SignOptions = { readonly clock?: Clock; readonly expiresAfterSeconds?: number };

/** What authenticating the message on arrival said; who says so. */
export type SealWith = SignWith & {
  readonly report: Pick<AuthReport, 'arc' | 'results'>;
  readonly authservId: string;
};

export type Authenticator = {
  readonly authenticate: (message: Message, session: SpfSession, options?: LookupOptions) => Promise<AuthReport>;
  readonly evaluateSpf: (session: SpfSession, options?: LookupOptions) => Promise<SpfResult>;
  readonly verifyDkim: (message: Message, options?: LookupOptions) => Promise<readonly DkimResult[]>;
  readonly verifyArc: (message: Message, options?: LookupOptions) => Promise<ArcResult>;
  readonly evaluateDmarc: (question: DmarcQuestion, options?: LookupOptions) => Promise<DmarcResult>;
  readonly signDkim: (message: Message, keys: readonly SignWith[], options?: SignOptions) => Promise<Uint8Array>;
  readonly sealArc: (message: Message, seal: SealWith, options?: SignOptions) => Promise<Uint8Array | undefined>;
  readonly parseAuthenticationResults: typeof parseAuthenticationResults;
};

/** The functions below over one resolver. Keys, SPF records and the suffix list are kept, within bounds, as long as it lives. */
export function createAuthenticator(deps: AuthenticationDeps): Authenticator {
  const engines = makeAuthenticator(deps);
  const clock = deps.clock ?? systemClock;
  return {
    authenticate: engines.authenticate,
    evaluateSpf: engines.evaluateSpf,
    verifyDkim: engines.verifyDkim,
    verifyArc: engines.verifyArc,
    evaluateDmarc: (question, options) => engines.evaluateDmarc(factsOf(question), options),
    signDkim: (message, keys, options) => signDkim(message, keys, { clock, ...options }),
    sealArc: (message, seal, options) => sealArc(message, seal, { clock, ...options }),
    parseAuthenticationResults,
  };
}

/** One message; whoever has many makes an authenticator. */
export function authenticate(message: Message, session: SpfSession, deps: AuthenticationDeps): Promise<AuthReport> {
  return createAuthenticator(deps).authenticate(message, session);
}

export function evaluateSpf(session: SpfSession, deps: AuthenticationDeps): Promise<SpfResult> {
  return createAuthenticator(deps).evaluateSpf(session);
}

/** One result per DKIM-Signature field, in order of appearance. */
export function verifyDkim(message: Message, deps: AuthenticationDeps): Promise<readonly DkimResult[]> {
  return createAuthenticator(deps).verifyDkim(message);
}

export function verifyArc(message: Message, deps: AuthenticationDeps): Promise<ArcResult> {
  return createAuthenticator(deps).verifyArc(message);
}

export function evaluateDmarc(question: DmarcQuestion, deps: AuthenticationDeps): Promise<DmarcResult> {
  return createAuthenticator(deps).evaluateDmarc(question);
}

/** The DKIM-Signature fields to put above the message, each ending in CRLF. RFC 6376 §5 */
export async function signDkim(
  message: Message,
  keys: readonly SignWith[],
  { clock = systemClock, expiresAfterSeconds }: SignOptions = {},
): Promise<Uint8Array> {
  const time = { nowSeconds: clock.nowMs() / 1000, ...(expiresAfterSeconds !== undefined && { expiresAfterSeconds }) };
  const signingKeys = keys.map(signingKey);
  const { signer } = await readMessage(message, (index) => {
    const one = createDkimSigner(index, signingKeys, time);
    return { signer: one, update: one.update, end: () => {} };
  });
  return signer.finish();
}

/** The ARC Set to put above a message that is passed on; undefined when none may be added. RFC 8617 §5.1 */
export async function sealArc(
  message: Message,
  { report, authservId, ...key }: SealWith,
  { clock = systemClock }: Pick<SignOptions, 'clock'> = {},
): Promise<Uint8Array | undefined> {
  const nowSeconds = clock.nowMs() / 1000;
  const request: SealRequest = {
    arc: report.arc,
    results: report.results,
    authservId,
    key: signingKey(key),
    nowSeconds,
  };
  const { sealer } = await readMessage(message, (index) => {
    const one = createArcSealer(index, request);
    return { sealer: one, update: (chunk: Uint8Array) => one?.update(chunk), end: () => {} };
  });
  return sealer?.finish();
}

/** What an Authentication-Results field says, whoever wrote it; undefined when it does not even say who. RFC 8601 §2.2 */
export function parseAuthenticationResults(body: string | Uint8Array): ReadAuthResults | undefined {
  const read = parseResults(body);
  return read.ok ? read.value : undefined;
}

/** The Received-SPF field of RFC 7208 §9.1, ending in CRLF, for those who want it beside Authentication-Results. */
export function receivedSpf(result: SpfResult, session: SpfSession): Uint8Array {
  return receivedSpfField(result, session);
}

function factsOf({ from, spf, dkim = [] }: DmarcQuestion): DmarcFacts {
  const signatures = dkim.flatMap(({ domain: text, ...one }) => {
    const domain = parseDomainName(text);
    return domain === undefined ? [] : [{ ...one, domain }];
  });
  return { author: parseFromFields([Buffer.from(from, 'utf8')]), spf, dkim: signatures };
}

/** Throws a `TypeError`: what we are to sign with comes from the caller, not from a stranger. */
function signingKey({ domain, selector, privateKey }: SignWith): SigningKey {
  const name = parseDomainName(domain);
  const keyName = parseDomainName(`${selector}._domainkey.${name}`);
  if (name === undefined || keyName === undefined)
    throw new TypeError(`no key can stand at ${selector}._domainkey.${domain}`);
  const key = typeof privateKey === 'string' ? fromPem(privateKey) : privateKey;
  const kind = kindOfKey(key);
  if (!kind.ok) throw new TypeError(kind.say);
  const plainSelector = keyName.slice(0, -`._domainkey.${name}`.length);
  return { domain: name, selector: plainSelector, algorithm: kind.value.algorithm, privateKey: key };
}

function fromPem(pem: string): KeyObject {
  const imported = importPrivateKey(pem);
  if (!imported.ok) throw new TypeError(imported.say);
  return imported.value.privateKey;
}
