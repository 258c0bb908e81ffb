/**
 * What our Authentication-Results field says of a message: from the engines' results to RFC 8601's methods and properties.
 * Pure. Only names that were parsed and words of our own go in, nothing a stranger wrote as text.
 */
import { parseIpAddress } from '../format/ip-address.ts';
import type { ArcResult } from './arc/types.ts';
import type { AuthProperty, AuthResult } from './auth-results/types.ts';
import type { DkimResult } from './dkim/types.ts';
import type { DmarcResult } from './dmarc/types.ts';
import type { IprevResult } from './iprev/evaluate-iprev.ts';
import type { SpfResult, SpfSession } from './spf/types.ts';

export type Evaluated = {
  readonly session: SpfSession;
  readonly spf: SpfResult;
  readonly dkim: readonly DkimResult[];
  readonly dmarc: DmarcResult;
  readonly arc: ArcResult;
  readonly iprev?: IprevResult;
};

const dkimResultsMax = 20; // as many as are ever tried

export function authResultsOf({ session, spf, dkim, dmarc, arc, iprev }: Evaluated): readonly AuthResult[] {
  return [
    ...(iprev === undefined ? [] : [iprevResult(iprev, session.remoteAddress)]),
    spfResult(spf, session),
    ...dkimResults(dkim),
    dmarcResult(dmarc),
    ...(arc.result === 'none' ? [] : [arcResult(arc)]),
  ];
}

/** RFC 8601 §2.7.3 */
function iprevResult({ result }: IprevResult, remoteAddress: string): AuthResult {
  const address = parseIpAddress(remoteAddress)?.text ?? '';
  return { method: 'iprev', result, properties: [property('policy', 'iprev', address)] };
}

/** RFC 8601 §2.7.2; the domain alone, since the local part played no role in most records and is nobody's business. */
function spfResult({ result, domain, reason }: SpfResult, session: SpfSession): AuthResult {
  const name = session.mailFrom === '' ? 'helo' : 'mailfrom';
  return { method: 'spf', result, ...(reason && { reason }), properties: [property('smtp', name, domain)] };
}

/** RFC 8601 §2.7.1: one for each signature, told apart by the beginning of b= (RFC 6008 §3). */
function dkimResults(dkim: readonly DkimResult[]): readonly AuthResult[] {
  if (dkim.length === 0) return [{ method: 'dkim', result: 'none', properties: [] }];
  const tried = dkim.filter(({ problem }) => problem !== 'too-many-signatures').slice(0, dkimResultsMax);
  return tried.map(({ result, problem, domain, selector, algorithm, signaturePrefix = '' }) => ({
    method: 'dkim',
    result,
    ...(problem && { reason: problem }),
    properties: [
      property('header', 'd', domain),
      property('header', 's', selector),
      property('header', 'a', algorithm),
      property('header', 'b', signaturePrefix),
    ],
  }));
}

/** RFC 9989 §9.1: the domain in From, and the policy that applies. */
function dmarcResult({ result, domain, policyDomain, applied }: DmarcResult): AuthResult {
  const properties = [property('header', 'from', domain ?? '')];
  if (policyDomain !== undefined) properties.push(property('policy', 'dmarc', applied));
  return { method: 'dmarc', result, properties };
}

/** RFC 8617 §10.2 */
function arcResult({ result, oldestPass }: ArcResult): AuthResult {
  const properties = oldestPass === undefined ? [] : [property('header', 'oldest-pass', String(oldestPass))];
  return { method: 'arc', result, properties };
}

/** The writer leaves out what is empty. */
function property(type: string, name: string, value: string): AuthProperty {
  return { type, name, value };
}
