/**
 * Alignment as a picture: From on one side, what SPF and DKIM proved on the other, and why each fits or does not (RFC 9989
 * §4.4). Without DNS the organizational domain is told by the Public Suffix List, with an evaluation of today by that. Pure.
 */
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import type { AuthReport } from '../../protocol/authenticate.ts';
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
  const lines = proofs.map((proof) => lineOf(proof, { author, organization, organizationOf, evidence }));
  const aligned = lines.filter(({ counts }) => counts);
  if (aligned.length === 0 && evidence.dmarc?.result === 'pass')
    return { ...named, lines, verdict: 'aligned', say: 'DMARC passed: SPF or DKIM fits, though which one is not told' };
  return {
    ...named,
    lines,
    verdict: aligned.length > 0 ? 'aligned' : lines.length === 0 ? 'unknown' : 'not-aligned',
    say: verdictOf(author, lines, aligned),
  };
}

/** The tree walk of today knows better than the list, for the author's own domain. */
export function organizationsBy(list: OrganizationalDomain, today: AuthReport | undefined): OrganizationalDomain {
  const walked = today?.dmarc.organizationalDomain;
  return (domain) =>
    walked !== undefined && (domain === walked || domain.endsWith(`.${walked}`)) ? walked : list(domain);
}

type Proof = { readonly by: 'spf' | 'dkim'; readonly result: string; readonly domain: string };

type Against = {
  readonly author: DomainName;
  readonly organization: DomainName;
  readonly organizationOf: OrganizationalDomain;
  readonly evidence: Evidence;
};

function lineOf({ by, result, domain }: Proof, against: Against): AlignmentLine {
  const { author, organization, organizationOf, evidence } = against;
  const parsed = parseDomainName(domain);
  const fit =
    parsed === author
      ? 'same'
      : parsed !== undefined && organizationOf(parsed) === organization
        ? 'organizational'
        : 'foreign';
  const fits = result === 'pass' && fit !== 'foreign';
  // RFC 9989 §4.7 (adkim, aspf): one house is not enough where the record says s; the verdict on DMARC tells.
  // Without a record, or with one that DNS hides, nothing asks for more than one house.
  const isJudged = evidence.dmarc?.result === 'pass' || evidence.dmarc?.result === 'fail';
  const isStrict =
    isJudged && fit === 'organizational' && !(evidence.aligned?.[by] ?? evidence.dmarc?.result !== 'fail');
  const say =
    fits && isStrict
      ? `${domain} and ${author} both belong to ${organization}, yet DMARC does not take it: its record asks for the very same domain (${by === 'spf' ? 'aspf=s' : 'adkim=s'})`
      : reasonOf({ by, result, domain }, fit, author, organization);
  return { by, result, domain, fit, counts: fits && !isStrict, say };
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
  if (result !== 'pass')
    return `${relation}, ${fit === 'foreign' ? 'and' : 'but'} ${name} did not pass (${result}), so it proves nothing`;
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
  if (lines.some(({ result, fit }) => result === 'pass' && fit === 'organizational'))
    return `what passed is of the same house as ${author}, but not of the very domain its DMARC record asks for`;
  if (lines.length === 0) return `the receiver noted neither SPF nor DKIM: what it found for ${author} is not known`;
  if (lines.some(({ result }) => result === 'pass'))
    return `what passed belongs to others: for DMARC this is as if nobody had signed for ${author}`;
  return `nothing passed: nobody has shown that ${author} sent this`;
}
