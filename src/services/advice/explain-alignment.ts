/**
 * Alignment as a picture: From on one side, what SPF and DKIM proved on the other, and why each fits or does not (RFC 9989
 * §4.4). Without DNS the organizational domain is told by the Public Suffix List, with an evaluation of today by that. Pure.
 */
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import type { AlignmentLine, Evidence, ExplainedAlignment } from './types.ts';

export type OrganizationalDomain = (domain: DomainName) => DomainName | undefined;

export function explainAlignment(
  domain: string | undefined,
  evidence: Evidence,
  organizationOf: OrganizationalDomain,
): ExplainedAlignment {
  const author = domain === undefined ? undefined : parseDomainName(domain);
  const base = { evidence: evidence.source, ...(evidence.by !== undefined && { by: evidence.by }) };
  if (author === undefined) {
    return {
      ...base,
      lines: [],
      verdict: 'not-aligned',
      say: 'From does not name exactly one author, so nothing can fit it',
    };
  }
  const organization = organizationOf(author) ?? author;
  const named = { ...base, domain: author, organizationalDomain: organization };
  if (evidence.source === 'none') {
    return {
      ...named,
      lines: [],
      verdict: 'unknown',
      say: 'no receiver noted what SPF and DKIM proved; --verify finds out',
    };
  }
  const proofs = [
    ...(evidence.spf === undefined ? [] : [{ by: 'spf' as const, ...evidence.spf }]),
    ...evidence.dkim.map((one) => ({ by: 'dkim' as const, ...one })),
  ];
  const lines = proofs.map((proof) => lineOf(proof, author, organization, organizationOf));
  const aligned = lines.filter(({ counts }) => counts);
  return {
    ...named,
    lines,
    verdict: aligned.length > 0 ? 'aligned' : 'not-aligned',
    say: verdictOf(author, lines, aligned),
  };
}

type Proof = { readonly by: 'spf' | 'dkim'; readonly result: string; readonly domain: string };

function lineOf(
  { by, result, domain }: Proof,
  author: DomainName,
  organization: DomainName,
  organizationOf: OrganizationalDomain,
): AlignmentLine {
  const parsed = parseDomainName(domain);
  const fit =
    parsed === author
      ? 'same'
      : parsed !== undefined && organizationOf(parsed) === organization
        ? 'organizational'
        : 'foreign';
  const counts = result === 'pass' && fit !== 'foreign';
  return { by, result, domain, fit, counts, say: reasonOf({ by, result, domain }, fit, author, organization) };
}

function reasonOf(
  { by, result, domain }: Proof,
  fit: AlignmentLine['fit'],
  author: string,
  organization: string,
): string {
  const name = by === 'spf' ? 'SPF' : 'DKIM';
  if (domain === '') return `${name} names no domain`;
  const relation = {
    same: `${domain} is the domain in From`,
    organizational: `${domain} and ${author} both belong to ${organization}`,
    foreign: `${domain} is another domain than ${author}`,
  }[fit];
  if (result !== 'pass') return `${relation}, but ${name} did not pass (${result}), so it proves nothing`;
  if (fit !== 'foreign') return `${relation}, and ${name} passed: it fits`;
  return by === 'spf'
    ? `${relation}: SPF passed for the return path, which readers never see, so it does not speak for From`
    : `${relation}: the signature holds, but it is somebody else's`;
}

function verdictOf(author: string, lines: readonly AlignmentLine[], aligned: readonly AlignmentLine[]): string {
  if (aligned.length > 0) {
    const by = [...new Set(aligned.map((line) => (line.by === 'spf' ? 'SPF' : 'DKIM')))].join(' and ');
    return `${by} ${by.includes(' and ') ? 'speak' : 'speaks'} for ${author}: this is what DMARC wants`;
  }
  if (lines.some(({ result }) => result === 'pass'))
    return `what passed belongs to others: for DMARC this is as if nobody had signed for ${author}`;
  return `nothing passed: nobody has shown that ${author} sent this`;
}
