/**
 * Authenticates a message: SPF, DKIM and ARC side by side, DMARC on what they found, and the Authentication-Results field that
 * says so. In: the message (whole, or as it streams in) and the SMTP session. Out: one `AuthReport` with the traces of every
 * engine. Never throws for what is in the message or in DNS; a source that fails to be read throws what it throws.
 */
import { type Clock, systemClock, type Timers } from '../base/clock.ts';
import { type RememberLimits, remembering } from '../base/remembering.ts';
import type { Soon } from '../base/soon.ts';
import { type Author, formatAddrSpec } from '../format/address.ts';
import { parseDomainName, type QueryName } from '../format/domain-name.ts';
import type { MessageIndex } from '../format/message/message-index.ts';
import type { ArcResult } from './arc/types.ts';
import { createArcVerifier } from './arc/verify-arc.ts';
import type { AuthResult } from './auth-results/types.ts';
import { writeAuthenticationResults } from './auth-results/write-auth-results.ts';
import { authResultsOf } from './auth-results-of.ts';
import { type BodyChunk, BodyHasher } from './dkim/body-hasher.ts';
import { createDkimKeys, type DkimKeys, keysOnce } from './dkim/keys.ts';
import { type ReadFieldNames, readFieldNames } from './dkim/signature.ts';
import type { DkimResult } from './dkim/types.ts';
import { createDkimVerifier, type DkimOptions } from './dkim/verify-dkim.ts';
import { type DmarcFacts, runDmarc } from './dmarc/evaluate-dmarc.ts';
import { publicSuffixesOnce } from './dmarc/public-suffix.ts';
import { parseDmarcRecord } from './dmarc/record.ts';
import type { DmarcResult } from './dmarc/types.ts';
import type { DnsAnswer, LookupOptions, RecordData, RecordType, Resolver } from './dns/types.ts';
import { evaluateIprev, type IprevResult } from './iprev/evaluate-iprev.ts';
import { readMessage, readWhole } from './message-reader.ts';
import { readAuthor } from './read-author.ts';
import { createSpfEvaluator, type SpfEvaluator } from './spf/create-spf-evaluator.ts';
import type { SpfResult, SpfSession } from './spf/types.ts';

export type Message = Uint8Array | AsyncIterable<Uint8Array>;

export type AuthReport = {
  readonly spf: SpfResult;
  /** One per DKIM-Signature field, in order of appearance. */
  readonly dkim: readonly DkimResult[];
  readonly dmarc: DmarcResult;
  readonly arc: ArcResult;
  /** Only where it was asked for. */
  readonly iprev?: IprevResult;
  /** The very address that was judged, as addr-spec with A-labels; null when there is not exactly one author. */
  readonly headerFrom: string | null;
  /** The value of the field as we would stamp it. */
  readonly authenticationResults: string;
  /** The same before it is written. */
  readonly results: readonly AuthResult[];
  readonly author: Author;
  /** Of a message that came as a stream it holds the header and the first octets of the body. */
  readonly header: MessageIndex;
};

export type AuthenticatorDeps = {
  readonly resolver: Resolver;
  /** "Now" for expiry and `%{t}`; the system's by default. */
  readonly clock?: Clock;
  /** For the time limits of SPF and of each lookup; the system's by default. */
  readonly timers?: Timers;
  /** Who we are in Authentication-Results. By default the session's receiver, else `localhost`. */
  readonly authservId?: string;
  /** Also looks up the client's name, two more queries per message. Default: no. */
  readonly iprev?: boolean;
};

/** Functions over one resolver; parsed keys and SPF records are remembered as long as it lives. */
export type Authenticator = {
  readonly authenticate: (message: Message, session: SpfSession, options?: LookupOptions) => Promise<AuthReport>;
  readonly evaluateSpf: (session: SpfSession, options?: LookupOptions) => Promise<SpfResult>;
  readonly verifyDkim: (message: Message, options?: DkimOptions & LookupOptions) => Promise<readonly DkimResult[]>;
  readonly verifyArc: (message: Message, options?: LookupOptions) => Promise<ArcResult>;
  readonly evaluateDmarc: (facts: DmarcFacts, options?: LookupOptions) => Promise<DmarcResult>;
};

/** Ours: some 3 MB when all are as long as they may be. */
const namesRemembered: RememberLimits = { textsMax: 500, textMax: 1_000 };

/** Ours: some 2 MB when all are as long as they may be. */
const dmarcRemembered: RememberLimits = { textsMax: 2_000, textMax: 500 };

export function createAuthenticator(deps: AuthenticatorDeps): Authenticator {
  const timers = deps.timers ?? systemClock;
  const resolver = answeringInTime(deps.resolver, timers);
  const clock = deps.clock ?? systemClock;
  const keys = createDkimKeys(resolver);
  // SPF has a time limit of its own over all it asks, so it does without one for each.
  const { checkSpf, evaluateSpf } = createSpfEvaluator({
    resolver: answering(deps.resolver),
    clock,
    ...(deps.timers && { timers: deps.timers }),
  });
  const dmarc = { suffixes: publicSuffixesOnce(), readRecord: remembering(parseDmarcRecord, dmarcRemembered) };
  const engines: Engines = {
    resolver,
    clock,
    keys,
    readFieldNames: remembering(readFieldNames, namesRemembered),
    checkSpf,
    runDmarc: (facts, { signal }) =>
      runDmarc(untilLate(resolver, timers, dmarcMs), facts, signal === undefined ? dmarc : { ...dmarc, signal }),
  };
  const authservId = deps.authservId === undefined ? undefined : readAuthservId(deps.authservId);
  const stamp: Stamp = { authservId, iprev: deps.iprev === true };
  return {
    authenticate: (message, session, options = {}) => runAll(engines, message, session, stamp, options),
    evaluateSpf,
    evaluateDmarc: async (facts, options = {}) => await engines.runDmarc(facts, options),
    verifyDkim: async (message, { signal, ...options } = {}) => {
      const { dkim } = await readWithBody(engines, message, { ...(signal && { signal }) }, (index, deps) => ({
        dkim: createDkimVerifier(index, deps, options),
      }));
      return dkim.results();
    },
    verifyArc: async (message, options = {}) => {
      const { arc } = await readWithBody(engines, message, options, (index, deps) => ({
        arc: createArcVerifier(index, deps),
      }));
      return arc.result();
    },
  };
}

/** One message; whoever has many makes an authenticator. */
export function authenticate(message: Message, session: SpfSession, deps: AuthenticatorDeps): Promise<AuthReport> {
  return createAuthenticator(deps).authenticate(message, session);
}

type Engines = {
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly keys: DkimKeys;
  readonly readFieldNames: ReadFieldNames;
  readonly checkSpf: SpfEvaluator['checkSpf'];
  readonly runDmarc: (facts: DmarcFacts, options: LookupOptions) => Soon<DmarcResult>;
};

/** What does not change from message to message. */
type Stamp = { readonly authservId: string | undefined; readonly iprev: boolean };

async function runAll(
  engines: Engines,
  message: Message,
  session: SpfSession,
  { authservId, iprev }: Stamp,
  options: LookupOptions,
): Promise<AuthReport> {
  // SPF needs nothing of the message: it runs while that is still coming in.
  const spfRunning = engines.checkSpf(session, options.signal);
  const iprevRunning = iprev ? evaluateIprev(engines.resolver, session.remoteAddress, options) : undefined;
  const reading = readWithBody(engines, message, options, startAll);
  // Whatever is under way is awaited together: a fault in one that nobody awaits yet would be nobody's, and end the process.
  const run = reading instanceof Promise ? (await Promise.all([reading, spfRunning, iprevRunning]))[0] : reading;
  const dkimRunning = run.dkim.results();
  const arcRunning = run.arc.result();
  const all = [spfRunning, dkimRunning, arcRunning, iprevRunning];
  if (all.some((one) => one instanceof Promise)) await Promise.all(all);
  // What is there is not awaited: each turn of the event loop costs as much as a look-up.
  const spf = spfRunning instanceof Promise ? await spfRunning : spfRunning;
  const dkim = dkimRunning instanceof Promise ? await dkimRunning : dkimRunning;
  const arc = arcRunning instanceof Promise ? await arcRunning : arcRunning;
  const iprevResult = iprevRunning && (await iprevRunning);
  const dmarcRunning = engines.runDmarc({ author: run.author, spf, dkim }, options);
  const dmarc = dmarcRunning instanceof Promise ? await dmarcRunning : dmarcRunning;
  const judged = { spf, dkim, dmarc, arc, ...(iprevResult && { iprev: iprevResult }) };
  const results = authResultsOf({ session, ...judged });
  const stampedBy = authservId ?? parseDomainName(session.receiver ?? '') ?? 'localhost';
  return {
    ...judged,
    headerFrom: run.author.kind === 'one' ? formatAddrSpec(run.author.first) : null,
    authenticationResults: writeAuthenticationResults(stampedBy, results),
    results,
    author: run.author,
    header: run.index,
  };
}

function startAll(index: MessageIndex, deps: SignatureDeps) {
  const author = readAuthor(index);
  const dkim = createDkimVerifier(index, deps, author.kind === 'one' ? { authorDomain: author.domain } : {});
  return { index, author, dkim, arc: createArcVerifier(index, deps) };
}

type SignatureDeps = Pick<Engines, 'keys' | 'clock' | 'readFieldNames'> & { readonly body: BodyHasher };

/** Reads the message through; the verifiers that `start` makes share the header's index, the keys and one pass over the body. */
function readWithBody<T>(
  engines: Engines,
  message: Message,
  options: LookupOptions,
  start: (index: MessageIndex, deps: SignatureDeps) => T,
): Soon<T> {
  const started = (index: MessageIndex) => {
    const body = new BodyHasher();
    const { clock, readFieldNames } = engines;
    const run = start(index, { body, keys: keysOnce(engines.keys, options), clock, readFieldNames });
    return { run, update: (chunk: Uint8Array, which?: BodyChunk) => body.update(chunk, which), end: () => body.end() };
  };
  if (message instanceof Uint8Array) return readWhole(message, started).run;
  return readMessage(message, started).then(({ run }) => run);
}

/** A resolver answers; one that a library's user brought might throw, and then DNS has failed. */
function answering(resolver: Resolver): Resolver {
  return {
    ...answeringAtHand(resolver),
    lookup: (name, type, options) => {
      try {
        return Promise.resolve(resolver.lookup(name, type, options)).catch(() => failed);
      } catch {
        return Promise.resolve(failed);
      }
    },
  };
}

const failed = { kind: 'failed', why: 'servfail' } as const;

function answeringAtHand(resolver: Resolver): Pick<Resolver, 'atHand'> {
  if (resolver.atHand === undefined) return {};
  return {
    atHand: (name, type) => {
      try {
        return resolver.atHand?.(name, type);
      } catch {
        return failed;
      }
    },
  };
}

/**
 * And in time: one that stays silent has failed too. All have equally long, so the one that was asked first ends first, and one timer
 * that looks at it when it fires does for all of them.
 */
export function answeringInTime(resolver: Resolver, timers: Timers): Resolver {
  const waiting = new Set<Waiting>();
  let isArmed = false;
  const arm = (ms: number) => {
    isArmed = true;
    timers.after(ms, look);
  };
  const look = () => {
    isArmed = false;
    for (const one of waiting) {
      const leftMs = one.endMs - timers.monotonicMs();
      if (leftMs > 0) return arm(leftMs);
      one.giveUp();
    }
  };
  return {
    ...answeringAtHand(resolver),
    lookup: <T extends RecordType>(name: QueryName, type: T, options?: LookupOptions) =>
      new Promise<DnsAnswer<RecordData[T]>>((resolve) => {
        const settle = (answer: DnsAnswer<RecordData[T]>) => {
          waiting.delete(one);
          resolve(answer);
        };
        const giveUp = () => settle({ kind: 'failed', why: 'timeout' });
        const one: Waiting = { endMs: timers.monotonicMs() + lookupMs, giveUp };
        waiting.add(one);
        if (!isArmed) arm(lookupMs);
        try {
          resolver.lookup(name, type, options).then(settle, () => settle(failed));
        } catch {
          settle(failed);
        }
      }),
  };
}

type Waiting = { readonly endMs: number; readonly giveUp: () => void };

/** What is asked after `ms` fails at once: many names, each slow, must not add up. */
function untilLate(resolver: Resolver, timers: Timers, ms: number): Resolver {
  const endMs = timers.monotonicMs() + ms;
  return {
    ...(resolver.atHand && { atHand: resolver.atHand }),
    lookup: (name, type, options) =>
      timers.monotonicMs() < endMs
        ? resolver.lookup(name, type, options)
        : Promise.resolve({ kind: 'failed', why: 'timeout' }),
  };
}

/** Ours: as long as SPF has; its last lookup may take its time beside. */
const dmarcMs = 20_000;

/** Ours: longer than our own resolver ever takes. */
const lookupMs = 10_000;

/** A name of ours comes from the configuration: what cannot stand in a header is a mistake to be told at once. */
function readAuthservId(text: string): string {
  const name = parseDomainName(text) ?? text;
  if (!/^[\x21-\x7e]+$/.test(name)) throw new TypeError('authservId must be a host name');
  return name;
}
