/**
 * What is fetched at `mta-sts.<domain>`: the MTA-STS policy and nothing else, whatever way the request came (over TLS, or through a
 * proxy that ended it). The API stays at the office's own names. RFC 8461 §3.3
 */
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';

type Fetch = (request: Request, info: { readonly clientAddress: string }) => Promise<Response>;

const label = 'mta-sts.';
const path = '/.well-known/mta-sts.txt'; // RFC 8461 §3.3

/** @param policyOf the text for a domain whose mail is received here, read anew for each request */
export function withPolicyHosts(
  fetch: Fetch,
  {
    own,
    policyOf,
  }: { readonly own: DomainName; readonly policyOf: (domain: DomainName) => Promise<string | undefined> },
): Fetch {
  return async (request, info) => {
    const { hostname, pathname } = new URL(request.url);
    if (!hostname.startsWith(label) || hostname === own) return fetch(request, info);
    const domain = parseDomainName(hostname.slice(label.length));
    if (domain === undefined || pathname !== path) return new Response(null, { status: 404 });
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return new Response(null, { status: 405, headers: { Allow: 'GET, HEAD' } });
    const text = await policyOf(domain);
    if (text === undefined) return new Response(null, { status: 404 });
    const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' };
    return new Response(request.method === 'HEAD' ? null : text, { headers });
  };
}
