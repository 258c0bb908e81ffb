/**
 * Certificates from an authority that speaks ACME (RFC 8555), by the library acme-client. What has to be shown to the authority goes
 * through the `Challenges` port: a text under a name of ours over HTTP, or a TXT record. Loaded only where it is used.
 */
import { Agent } from 'node:https';
import acme from 'acme-client';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import type { TlsIdentity } from '../../base/port/net.ts';
import { printable } from '../../base/printable.ts';

/** What the authority will look for. http-01: `text` at `/.well-known/acme-challenge/<token>`; dns-01: `text` as a TXT record at `record`. */
export type Challenge = {
  readonly kind: 'http-01' | 'dns-01';
  /** Whose control is shown. */
  readonly name: string;
  readonly token: string;
  readonly record: string;
  readonly text: string;
};

export type Challenges = {
  /** In the order in which they are preferred. A wildcard can be shown by dns-01 alone (RFC 8555 §7.1.3). */
  readonly kinds: readonly Challenge['kind'][];
  /** Resolves once the authority can see it; throws a `Fault` where that cannot be. */
  readonly show: (challenge: Challenge) => Promise<void>;
  readonly take: (challenge: Challenge) => Promise<void>;
};

export type AcmeIssuer = {
  /** Takes as long as the authority needs: seconds to minutes. Never throws for what others do. */
  readonly issue: (names: readonly string[]) => Promise<Outcome<TlsIdentity, 'not-issued'>>;
};

export type AcmeOptions = {
  readonly directoryUrl: string;
  /** PEM; the account is found by it, or made. */
  readonly accountKeyPem: string;
  /** `mailto:` for the authority's news. */
  readonly contact?: string;
  /** PEM of the authority that signed the directory's own certificate, where the system does not know it. */
  readonly trust?: readonly string[];
  readonly challenges: Challenges;
};

/** A busy authority says "later" in its own words; the library waits that long, this often. */
const attempts = { backoffAttempts: 12, backoffMin: 1_000, backoffMax: 10_000 };
const requestMs = 30_000;

export function createAcmeIssuer(options: AcmeOptions): AcmeIssuer {
  const { directoryUrl, accountKeyPem, contact, challenges, trust } = options;
  acme.axios.defaults.timeout = requestMs;
  // The library has one HTTP client for everybody; an office has one authority.
  if (trust) acme.axios.defaults.httpsAgent = new Agent({ ca: [...trust] });
  const client = new acme.Client({ directoryUrl, accountKey: accountKeyPem, ...attempts });
  return {
    issue: async (names) => {
      const [commonName, ...others] = names;
      if (commonName === undefined) return refuse('not-issued', 'no name to issue a certificate for');
      try {
        const privateKey = await acme.crypto.createPrivateEcdsaKey();
        const [, csr] = await acme.crypto.createCsr({ commonName, altNames: [commonName, ...others] }, privateKey);
        const certificatePem = await client.auto({
          csr,
          termsOfServiceAgreed: true, // said in the settings: `tls.acme_terms_agreed`
          ...(contact !== undefined && { email: contact.replace(/^mailto:/, '') }),
          challengePriority: [...challenges.kinds],
          skipChallengeVerification: true, // what we see is not what the authority sees
          challengeCreateFn: ({ identifier }, challenge, text) =>
            challenges.show(challengeOf(identifier.value, challenge, text)),
          challengeRemoveFn: ({ identifier }, challenge, text) =>
            challenges.take(challengeOf(identifier.value, challenge, text)),
        });
        return accept({ certificatePem, privateKeyPem: privateKey.toString() });
      } catch (error) {
        return refuse('not-issued', printable(String(error instanceof Error ? error.message : error), 500));
      }
    },
  };
}

/** RFC 8555 §8.3, §8.4; of dns-01 the library hands over the digest as it stands in the record. */
function challengeOf(
  name: string,
  { type, token }: { readonly type: string; readonly token: string },
  text: string,
): Challenge {
  return {
    kind: type === 'dns-01' ? 'dns-01' : 'http-01',
    name,
    token,
    record: `_acme-challenge.${name}`,
    text,
  };
}

export async function makeAccountKey(): Promise<string> {
  return (await acme.crypto.createPrivateEcdsaKey()).toString();
}
