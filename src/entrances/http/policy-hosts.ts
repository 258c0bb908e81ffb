/**
 * What others fetch without a key, whatever way the request came (over TLS, or through a proxy that ended it): at `mta-sts.<domain>` the
 * MTA-STS policy and nothing else (RFC 8461 §3.3), at the office's own names the policy documents of its domains, beside the API.
 */

import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { policiesPath } from '../../services/setup/setup.ts';

type Fetch = (request: Request, info: { readonly clientAddress: string }) => Promise<Response>;

const label = 'mta-sts.';
const path = '/.well-known/mta-sts.txt'; // RFC 8461 §3.3

/** @param policyOf the text for a domain whose mail is received here, read anew for each request */
export function withPolicyHosts(
  fetch: Fetch,
  {
    own,
    policyOf,
    documentOf,
  }: {
    readonly own: DomainName;
    readonly policyOf: (domain: DomainName) => Promise<string | undefined>;
    /** The signed policy document. docs/POLICY_DOCUMENT.md */
    readonly documentOf: (domain: DomainName) => Promise<string | undefined>;
  },
): Fetch {
  return async (request, info) => {
    const { hostname, pathname } = new URL(request.url);
    if (!hostname.startsWith(label) || hostname === own) {
      if (!pathname.startsWith(policiesPath)) return fetch(request, info);
      const about = parseDomainName(pathname.slice(policiesPath.length).replace(/\.json$/, ''));
      return answer(request, 'application/json', about && pathname.endsWith('.json') ? about : undefined, documentOf);
    }
    const domain = pathname === path ? parseDomainName(hostname.slice(label.length)) : undefined;
    return answer(request, 'text/plain; charset=utf-8', domain, policyOf);
  };
}

async function answer(
  { method }: Request,
  type: string,
  domain: DomainName | undefined,
  textOf: (domain: DomainName) => Promise<string | undefined>,
): Promise<Response> {
  if (domain === undefined) return new Response(null, { status: 404 });
  if (method !== 'GET' && method !== 'HEAD')
    return new Response(null, { status: 405, headers: { Allow: 'GET, HEAD' } });
  const text = await textOf(domain);
  if (text === undefined) return new Response(null, { status: 404 });
  const headers = { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff' };
  return new Response(method === 'HEAD' ? null : text, { headers });
}
