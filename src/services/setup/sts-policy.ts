/** MTA-STS policies as the plan has them: what the office serves for a domain whose mail it receives, and what others would. Pure. RFC 8461 §3.2 */
import { createHash } from 'node:crypto';
import { policyText } from '../../protocol/mta-sts/policy.ts';
import type { StsMode } from '../../protocol/mta-sts/types.ts';

/** RFC 8461 §3.2: weeks. A mistake in it is kept that long by those who asked. */
export const stsMaxAgeSeconds = 604_800;

export function stsPolicyOf(mx: readonly string[], mode: StsMode): string {
  return policyText({ mode, mx, maxAgeSeconds: stsMaxAgeSeconds });
}

/** The id changes exactly when the policy does. RFC 8461 §3.1: 1 to 32 letters and digits. */
export function stsRecordOf(policy: string): string {
  const id = createHash('sha256').update(policy).digest('hex').slice(0, 20);
  return `v=STSv1; id=${id}`;
}

export function ownStsPolicy(hostname: string, mode: StsMode = 'testing'): string {
  return stsPolicyOf([hostname], mode);
}

export function ownStsRecord(hostname: string, mode: StsMode = 'testing'): string {
  return stsRecordOf(ownStsPolicy(hostname, mode));
}
