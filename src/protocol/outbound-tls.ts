/**
 * What TLS a mail host has to offer before it gets mail: DANE where DNS proves it, else MTA-STS, else whatever is offered. RFC 8461 §2:
 * MTA-STS never weakens or replaces a DANE that applies. Counts what came of it, for TLS reports (RFC 8460).
 */
import type { Clock } from '../base/clock.ts';
import { type DomainName, parseDomainName } from '../format/domain-name.ts';
import { findTlsa } from './dane/find-tlsa.ts';
import { matchChain } from './dane/match-chain.ts';
import { tlsaText } from './dane/tlsa.ts';
import type { DaneFinding, Tlsa } from './dane/types.ts';
import type { Resolver } from './dns/types.ts';
import { matchesMx } from './mta-sts/policy.ts';
import type { StsFinding, StsPolicies } from './mta-sts/sts-policies.ts';
import type { TlsDemand, TlsOutcome, TlsPolicy } from './smtp/client-tls.ts';
import type { ReportedPolicy, TlsFailure, TlsFailureType, TlsSession } from './tls-rpt/types.ts';
import { tlsFailures } from './tls-rpt/types.ts';

export type OutboundTlsParts = {
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly sts: StsPolicies;
  readonly count: (session: TlsSession) => void;
};

/** One question of the transport, its host a name. */
type Asked = { readonly domain: DomainName; readonly host: DomainName; readonly port: number };

export function createOutboundTls(parts: OutboundTlsParts): TlsPolicy {
  return async ({ domain, host: name, port, secure, signal }) => {
    const host = parseDomainName(name);
    if (host === undefined) return { policy: 'opportunistic' }; // an address: nobody publishes a policy for it
    const asked = { domain, host, port };
    const [dane, sts] = await Promise.all([
      findTlsa(parts.resolver, { host, port, secure }, { signal }),
      beforeAbort(parts.sts.of(domain), signal),
    ]);
    if (sts === 'aborted') return { policy: 'skip', because: 'the delivery was stopped' };
    return demandOf(parts, asked, dane, sts);
  };
}

function demandOf(parts: OutboundTlsParts, asked: Asked, dane: DaneFinding, sts: StsFinding): TlsDemand {
  switch (dane.kind) {
    case 'failed': {
      const because = `whether it has TLSA records could not be found out (${dane.why} at ${dane.name})`;
      const policy = { type: 'tlsa', strings: [], domain: asked.host, mxHosts: [] } as const;
      const told = () => parts.count(failed(asked, policy, { result: 'dnssec-invalid', reason: because }));
      return { policy: 'skip', because, told };
    }
    case 'dane':
      return daneDemand(parts, asked, dane);
    case 'unusable': {
      // The records ask for TLS at least, and the policy of MTA-STS may ask for more. RFC 7672 §2.2, RFC 8461 §2
      const demand = stsDemand(parts, asked, sts);
      if (demand.policy !== 'opportunistic') return demand;
      const because = `TLSA records are published for ${dane.base}, though none is usable`;
      return { policy: 'encrypt', because, told: teller(parts, asked, tlsaPolicy(dane), reasonWithoutProof) };
    }
    case 'none':
      return stsDemand(parts, asked, sts);
  }
}

// ---- DANE ----

function daneDemand(parts: OutboundTlsParts, asked: Asked, dane: Extract<DaneFinding, { kind: 'dane' }>): TlsDemand {
  const names = [...new Set([dane.base, asked.host, asked.domain])]; // RFC 7672 §3.2.2
  return {
    policy: 'dane',
    because: `TLSA records are published for ${dane.base}`,
    serverName: dane.base,
    judge: (chain) => {
      const match = matchChain(dane.usable, chain, { names, nowMs: parts.clock.nowMs() });
      return match.ok ? { ok: true } : { ok: false, code: match.result, why: match.why };
    },
    key: `dane ${names.join(' ')} ${dane.usable.map(tlsaText).join(' ')}`,
    told: teller(parts, asked, tlsaPolicy(dane), reasonWithoutProof),
  };
}

function tlsaPolicy({ records, base }: { readonly records: readonly Tlsa[]; readonly base: string }): ReportedPolicy {
  return { type: 'tlsa', strings: records.map(tlsaText), domain: base, mxHosts: [] }; // RFC 8460 §1.1: the TLSA base domain
}

// ---- MTA-STS ----

/** What a report repeats of a policy: all of it, unless somebody wrote it to fill our memory. (Our choice.) */
const reportedLinesMax = 50;
const reportedLineMax = 300;

function stsDemand(parts: OutboundTlsParts, asked: Asked, { cached, problem, why }: StsFinding): TlsDemand {
  const policy = cached?.policy;
  if (policy === undefined || policy.mode === 'none') {
    const absent: ReportedPolicy = {
      type: problem ? 'sts' : 'no-policy-found',
      strings: [],
      domain: asked.domain,
      mxHosts: [],
    };
    const tell = teller(parts, asked, absent, (outcome) =>
      problem ? { result: problem, reason: why } : reasonWithoutProof(outcome),
    );
    return { policy: 'opportunistic', told: tell };
  }
  const strings = policy.lines.slice(0, reportedLinesMax).map((line) => line.slice(0, reportedLineMax));
  const mxHosts = policy.mx.slice(0, reportedLinesMax);
  const reported: ReportedPolicy = { type: 'sts', strings, domain: asked.domain, mxHosts };
  const isNamed = matchesMx(policy, asked.host);
  const stranger = { result: 'validation-failure', reason: `the MTA-STS policy does not name ${asked.host}` } as const;
  if (policy.mode === 'testing') {
    // RFC 8461 §5: delivered all the same, and told
    return {
      policy: 'opportunistic',
      told: teller(parts, asked, reported, (outcome) => (isNamed ? reasonWithProof(outcome) : stranger)),
    };
  }
  if (isNamed) {
    const because = `the MTA-STS policy of ${asked.domain} asks for it`;
    return { policy: 'validate', because, told: teller(parts, asked, reported, reasonWithProof) };
  }
  const told = () => parts.count(failed(asked, reported, stranger));
  return { policy: 'skip', told, because: `the MTA-STS policy of ${asked.domain} does not name it` }; // RFC 8461 §4.1
}

// ---- what came of it ----

type Reason = Pick<TlsFailure, 'result' | 'reason'>;

function teller(
  parts: OutboundTlsParts,
  asked: Asked,
  policy: ReportedPolicy,
  reasonIn: (outcome: TlsOutcome) => Reason | undefined,
): (outcome: TlsOutcome | 'skipped') => void {
  return (outcome) => {
    if (outcome === 'skipped') return; // told by the demand that says so
    const reason = reasonIn(outcome);
    const at = { sendingAddress: outcome.localAddress, receivingAddress: outcome.address };
    parts.count(reason ? failed(asked, policy, { ...reason, ...at }) : { domain: asked.domain, policy });
  };
}

function failed(asked: Asked, policy: ReportedPolicy, failure: Omit<TlsFailure, 'receivingHost'>): TlsSession {
  return { domain: asked.domain, policy, failure: { ...failure, receivingHost: asked.host } };
}

/** Any certificate is fine, once there is a session: either nothing was asked of it, or it was judged before. */
function reasonWithoutProof(outcome: TlsOutcome): Reason | undefined {
  if (outcome.kind === 'secured') return undefined;
  if (outcome.kind === 'plain') return { result: 'starttls-not-supported', reason: outcome.why };
  return { result: resultOf(outcome.code), reason: outcome.why };
}

function reasonWithProof(outcome: TlsOutcome): Reason | undefined {
  if (outcome.kind !== 'secured' || outcome.certificateProblem === undefined) return reasonWithoutProof(outcome);
  return { result: resultOf(outcome.certificateProblem), reason: outcome.certificateProblem };
}

const notTrusted = /^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_UNTRUSTED|CERT_REJECTED|INVALID_CA|CERT_CHAIN_TOO_LONG)/;

/** OpenSSL's words, or already those of RFC 8460 §4.3.1. */
function resultOf(code = ''): TlsFailureType {
  const known = tlsFailures.find((result) => result === code);
  if (known) return known;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') return 'certificate-host-mismatch';
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return 'certificate-expired';
  return notTrusted.test(code) ? 'certificate-not-trusted' : 'validation-failure';
}

async function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T | 'aborted'> {
  if (signal.aborted) return 'aborted';
  const aborted = Promise.withResolvers<'aborted'>();
  const stop = () => aborted.resolve('aborted');
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
