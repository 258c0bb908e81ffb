/** Why a mail host does not prove its name as MTA-STS wants it, in words for people. Pure. */
import { X509Certificate } from 'node:crypto';
import { isForHost } from '../../../../format/certificate-names.ts';
import { quoted } from '../judged.ts';
import type { LookedAtHost, Receiving } from '../mail-hosts.ts';

/** RFC 8461 §4.2: STARTTLS, and a valid certificate with the name of the host among its DNS names. */
export function hostProblem({ host, probe }: LookedAtHost): string | undefined {
  if (probe?.kind !== 'seen') return undefined;
  if (!probe.offersStartTls) return 'it offers no encryption (STARTTLS)';
  if (probe.tls === undefined) return `encryption with it does not come about (${quoted(probe.tlsProblem ?? '')})`;
  const { certificateProblem, chain } = probe.tls;
  if (certificateProblem !== undefined) return problemText(certificateProblem);
  return isNamed(chain[0], host) ? undefined : 'its certificate is for another name';
}

function isNamed(leaf: string | undefined, host: string): boolean {
  try {
    return leaf !== undefined && isForHost(new X509Certificate(Buffer.from(leaf, 'base64')), host);
  } catch {
    return false; // no certificate at all
  }
}

/** OpenSSL's words, in ours. */
function problemText(code: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH')
    return 'its certificate is for another name';
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired';
  if (/^(?:DEPTH_ZERO_)?SELF_SIGNED/.test(code)) return 'its certificate is signed by itself and no authority';
  if (code.startsWith('UNABLE_TO_')) return 'its certificate leads to no known authority, or its chain is not complete';
  return `its certificate is not valid (${quoted(code)})`;
}

/** Whether mail would still arrive if the policy were in force: every host has proven its name. */
export function isFitToEnforce({ hosts, otherHosts }: Pick<Receiving, 'hosts' | 'otherHosts'>): boolean {
  return (
    hosts.length > 0 &&
    otherHosts.length === 0 &&
    hosts.every((host) => host.probe?.kind === 'seen' && hostProblem(host) === undefined)
  );
}
