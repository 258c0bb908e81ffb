/** The MTA-STS policy that the office serves for a domain whose mail it receives. Pure. RFC 8461 §3.2 */
import { createHash } from 'node:crypto';
import { policyText } from '../../protocol/mta-sts/policy.ts';
import type { StsMode } from '../../protocol/mta-sts/types.ts';

/** RFC 8461 §3.2: weeks. A mistake in it is kept that long by those who asked. */
const maxAgeSeconds = 604_800;

export function ownStsPolicy(hostname: string, mode: StsMode = 'testing'): string {
  return policyText({ mode, mx: [hostname], maxAgeSeconds });
}

/** The id changes exactly when the policy does. RFC 8461 §3.1: 1 to 32 letters and digits. */
export function ownStsRecord(hostname: string, mode: StsMode = 'testing'): string {
  const id = createHash('sha256').update(ownStsPolicy(hostname, mode)).digest('hex').slice(0, 20);
  return `v=STSv1; id=${id}`;
}
