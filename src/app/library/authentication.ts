/**
 * `posthorn/authentication`: SPF, DKIM, DMARC, ARC and Authentication-Results as a library. Importing it starts nothing, and reads only what
 * its synchronous functions need: the engines are read when an authenticator is made, since that takes longer than all else a small program
 * does. Names come in as text and bytes and results go out as plain data; nothing throws for what is in a message or in DNS, only for a
 * mistake of the caller.
 */
import type { KeyObject } from 'node:crypto';
import type { Clock, Timers } from '../../base/clock.ts';
import type { ArcResult } from '../../protocol/arc/types.ts';
import { parseAuthenticationResults as parseResults } from '../../protocol/auth-results/parse-auth-results.ts';
import type { ReadAuthResults } from '../../protocol/auth-results/types.ts';
import type { AuthReport, Message } from '../../protocol/authenticate.ts';
import type { DkimResult } from '../../protocol/dkim/types.ts';
import type { Dkim2Envelope, Dkim2Result } from '../../protocol/dkim2/types.ts';
import type { DmarcFacts } from '../../protocol/dmarc/evaluate-dmarc.ts';
import type { DmarcResult } from '../../protocol/dmarc/types.ts';
import type { LookupOptions, Resolver } from '../../protocol/dns/types.ts';
import type { SpfResult, SpfSession } from '../../protocol/spf/types.ts';
import type { Engines } from './engines.ts';

export type { ArcResult } from '../../protocol/arc/types.ts';
export type { AuthResult, ReadAuthResult, ReadAuthResults } from '../../protocol/auth-results/types.ts';
export type { AuthReport, Message } from '../../protocol/authenticate.ts';
export type { DkimResult } from '../../protocol/dkim/types.ts';
export type { Dkim2Envelope, Dkim2Result } from '../../protocol/dkim2/types.ts';
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
  if (!/^[^\x00-\x20\x7f]+$/.test(deps.authservId ?? 'localhost'))
    throw new TypeError('authservId must be a host name'); // told at once
  const reading = import('./engines.ts');
  const engines = reading.then(({ createEngines }) => createEngines(deps));
  let ready: Engines | undefined;
  engines.then(
    (made) => {
      ready = made;
    },
    () => {}, // told by whatever is asked of it
  );
  const clock = deps.clock && { clock: deps.clock };
  return {
    authenticate: (message, session, options) =>
      ready === undefined
        ? engines.then((made) => made.authenticate(message, session, options))
        : ready.authenticate(message, session, options),
    evaluateSpf: async (session, options) => await (ready ?? (await engines)).evaluateSpf(session, options),
    verifyDkim: async (message, options) => await (ready ?? (await engines)).verifyDkim(message, options),
    verifyArc: async (message, options) => (await engines).verifyArc(message, options),
    evaluateDmarc: async (question, options) => (await engines).evaluateDmarc(question, options),
    signDkim: async (message, keys, options) => await (ready ?? (await engines)).signDkim(message, keys, options),
    sealArc: async (message, seal, options) => (await reading).seal(message, seal, { ...clock, ...options }),
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

/**
 * What the DKIM2-Signatures of a message prove, by draft-ietf-dkim-dkim2-spec-03. Experimental: the draft and this function change, and no
 * other verdict depends on it. Read when it is first called; a message that comes as a stream is gathered, since undoing changes needs it whole.
 */
export async function experimentalVerifyDkim2(
  message: Message,
  envelope: Dkim2Envelope,
  deps: Pick<AuthenticationDeps, 'resolver' | 'clock' | 'timers'>,
  options?: LookupOptions,
): Promise<Dkim2Result> {
  return (await import('../../protocol/judge-dkim2.ts')).judgeDkim2(message, envelope, deps, options);
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
  options: SignOptions = {},
): Promise<Uint8Array> {
  return (await import('./engines.ts')).sign(message, keys, options);
}

/** The ARC Set to put above a message that is passed on; undefined when none may be added. RFC 8617 §5.1 */
export async function sealArc(
  message: Message,
  seal: SealWith,
  options: Pick<SignOptions, 'clock'> = {},
): Promise<Uint8Array | undefined> {
  return (await import('./engines.ts')).seal(message, seal, options);
}

/** What an Authentication-Results field says, whoever wrote it; undefined when it does not even say who. RFC 8601 §2.2 */
export function parseAuthenticationResults(body: string | Uint8Array): ReadAuthResults | undefined {
  const read = parseResults(body);
  return read.ok ? read.value : undefined;
}

/** The Received-SPF field of RFC 7208 §9.1, ending in CRLF, for those who want it beside Authentication-Results. */
export async function receivedSpf(result: SpfResult, session: SpfSession): Promise<Uint8Array> {
  return (await import('./engines.ts')).receivedSpfField(result, session);
}
