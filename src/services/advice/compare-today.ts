/** An evaluation of today as evidence, and where it says something else than the header claims. Pure. */
import type { AuthReport } from '../../protocol/authenticate.ts';
import type { Difference, Evidence } from './types.ts';

export function evidenceOfToday({ spf, dkim, dmarc }: AuthReport): Evidence {
  return {
    source: 'today',
    spf: { result: spf.result, domain: spf.domain },
    dkim: dkim.map(({ result, domain }) => ({ result, domain })),
    dmarc: { result: dmarc.result, policy: dmarc.policy, disposition: dmarc.applied },
    aligned: { spf: dmarc.spfAligned, dkim: dmarc.dkimAligned },
  };
}

export function differencesOf(claimed: Evidence, today: AuthReport): Difference[] {
  if (claimed.source === 'none') return [];
  const differences: Difference[] = [];
  const compare = (what: string, header: string | undefined, now: string) => {
    if (header !== undefined && header !== now) differences.push({ what, header, today: now });
  };
  compare(`SPF for ${today.spf.domain}`, claimed.spf?.result, today.spf.result);
  for (const { domain, result } of claimed.dkim) {
    const now = today.dkim.filter((one) => one.domain === domain).map((one) => one.result);
    if (!now.some((one) => one === result)) compare(`DKIM of ${domain}`, result, now[0] ?? 'no such signature');
  }
  compare('DMARC', claimed.dmarc?.result, today.dmarc.result);
  return differences;
}
