/** Everything about one domain's MTA-STS and TLS reports, gathered for people: records, file, hosts, and what is wrong with them. */
import { type DomainName, parseDomainName, parseQueryName } from '../../format/domain-name.ts';
import type { DnsAnswer, RecordData, Resolver } from '../dns/types.ts';
import type { Announced, Fetched } from './decide-policy.ts';
import { matchesMx } from './policy.ts';
import { announcedOf, type FetchPolicyFile, fetchPolicy } from './sts-policies.ts';

export type StsObserved = {
  readonly domain: DomainName;
  readonly announced: Announced;
  /** Undefined: nobody was asked for it. */
  readonly file: Fetched | undefined;
  readonly mx: DnsAnswer<RecordData['MX']>;
  /** In order of preference, with whether the policy names them, where there is one. */
  readonly hosts: readonly { readonly host: string; readonly preference: number; readonly named?: boolean }[];
  /** The texts at `_smtp._tls`. */
  readonly reporting: DnsAnswer<string>;
};

/** @param fetchFile undefined when nothing may leave the machine */
export async function observeSts(
  resolver: Resolver,
  domain: DomainName,
  fetchFile: FetchPolicyFile | undefined,
): Promise<StsObserved> {
  const reportName = parseQueryName(`_smtp._tls.${domain}`); // RFC 8460 §3
  const nowhere = { kind: 'none', why: 'nxdomain', ttlSeconds: 0, secure: false } as const;
  const [announced, file, mx, reporting] = await Promise.all([
    announcedOf(resolver, domain),
    fetchFile ? fetchPolicy(fetchFile, domain) : undefined,
    resolver.lookup(domain, 'MX'),
    reportName ? resolver.lookup(reportName, 'TXT') : nowhere,
  ]);
  return { domain, announced, file, mx, hosts: hostsOf(domain, mx, file), reporting };
}

function hostsOf(domain: DomainName, mx: StsObserved['mx'], file: Fetched | undefined): StsObserved['hosts'] {
  const records = mx.kind === 'found' ? mx.records : [{ preference: 0, exchange: domain }];
  if (mx.kind === 'failed') return [];
  return records
    .toSorted((a, b) => a.preference - b.preference)
    .map(({ exchange, preference }) => {
      const host = parseDomainName(exchange);
      const policy = file?.ok ? file.policy : undefined;
      return {
        host: exchange,
        preference,
        ...(policy && policy.mode !== 'none' ? { named: host !== undefined && matchesMx(policy, host) } : {}),
      };
    });
}

export type StsProblem = { readonly what: string; readonly fix: string };

/** What a sender that asks for the policy would trip over. Empty when all is well, also when there is no MTA-STS at all. */
export function problemsOf({ domain, announced, file, hosts }: StsObserved): readonly StsProblem[] {
  const problems: StsProblem[] = [];
  const isAnnounced = announced.kind === 'found';
  if (announced.kind === 'failed')
    problems.push({
      what: `the record at _mta-sts.${domain} could not be looked up (${announced.why})`,
      fix: 'see that the name servers of the domain answer',
    });
  if (announced.kind === 'invalid')
    problems.push({
      what: `the record at _mta-sts.${domain} is none: ${announced.why}`,
      fix: 'publish one TXT record: "v=STSv1; id=20260101000000"',
    });
  if (isAnnounced && file && !file.ok) problems.push({ what: file.say, fix: fixOfFile(domain, file.code) });
  if (!isAnnounced && file?.ok)
    problems.push({
      what: 'a policy is served and no record announces it, so nobody looks at it',
      fix: `publish a TXT record at _mta-sts.${domain}: "v=STSv1; id=20260101000000"`,
    });
  for (const { host, named } of hosts)
    if (named === false) {
      const isHard = file?.ok && file.policy.mode === 'enforce';
      problems.push({
        what: `the policy does not name ${host || 'the null MX'}${isHard ? ', so senders that ask do not deliver to it' : ''}`,
        fix: `add "mx: ${host}" to the policy, then change the id of the record`,
      });
    }
  if (isAnnounced && file?.ok && file.policy.mode !== 'none' && file.policy.maxAgeSeconds < weekSeconds)
    problems.push({
      what: `max_age is ${file.policy.maxAgeSeconds} s: the policy is forgotten sooner than within the weeks it is meant for`,
      fix: 'write "max_age: 604800" (a week) or more',
    });
  return problems;
}

/** RFC 8461 §3.2: "weeks or greater" is what a policy is meant for. */
const weekSeconds = 604_800;

function fixOfFile(domain: DomainName, code: 'fetch-error' | 'certificate' | 'invalid'): string {
  const url = `https://mta-sts.${domain}/.well-known/mta-sts.txt`;
  if (code === 'invalid') return `correct the file at ${url}`;
  if (code === 'certificate') return `give mta-sts.${domain} a certificate for that very name, from a public authority`;
  return `serve the policy at ${url} as text/plain, without redirects`;
}
