/** The policy file of a domain over the guarded HTTP client. RFC 8461 §3.3 */
import { policyOctetsMax } from '../../protocol/mta-sts/policy.ts';
import type { FetchPolicyFile } from '../../protocol/mta-sts/sts-policies.ts';
import type { GuardedHttp } from './guarded-http.ts';

const wish = { octetsMax: policyOctetsMax, mediaType: 'text/plain' }; // RFC 8461 §3.3
const usualMs = 60_000; // RFC 8461 §3.3

export function stsPolicyFetcher(http: GuardedHttp, timeMs = usualMs): FetchPolicyFile {
  return async (domain) => {
    const file = await http.get(`https://mta-sts.${domain}/.well-known/mta-sts.txt`, { ...wish, timeMs });
    if (file.ok) return { ok: true, octets: file.value };
    return { ok: false, code: file.code === 'certificate' ? 'certificate' : 'fetch-error', say: file.say };
  };
}
