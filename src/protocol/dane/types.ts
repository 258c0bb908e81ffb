/** What DANE for SMTP (RFC 7672) speaks of. */
import type { DomainName } from '../../format/domain-name.ts';
import type { RecordData } from '../dns/types.ts';

export type Tlsa = RecordData['TLSA'];

/** A record that can be held against a certificate chain. Usages 0 and 1 cannot: RFC 7672 §3.1.3. */
export type UsableTlsa = Tlsa & { readonly usage: 2 | 3 };

/** What DNS says about one host. */
export type DaneFinding =
  /** No DANE here: something on the way is not signed, or there is no TLSA record. */
  | { readonly kind: 'none'; readonly why: string }
  /** TLS with a certificate that one of `usable` proves, or no delivery. RFC 7672 §2.2 */
  | {
      readonly kind: 'dane';
      readonly records: readonly Tlsa[];
      readonly usable: readonly UsableTlsa[];
      /** The name the records stand under, and the server is asked for (SNI). RFC 7672 §8.1 */
      readonly base: DomainName;
      readonly ttlSeconds: number;
    }
  /** Records are there and none is usable: TLS, with any certificate. RFC 7672 §2.2 */
  | {
      readonly kind: 'unusable';
      readonly records: readonly Tlsa[];
      readonly base: DomainName;
      readonly ttlSeconds: number;
    }
  /** DNS gave no answer that could be believed: this host must not be used. RFC 7672 §2.1.1, §2.2 */
  | { readonly kind: 'failed'; readonly name: string; readonly why: 'timeout' | 'servfail' | 'bogus' };

export type DaneMatch =
  | { readonly ok: true; readonly record: UsableTlsa; readonly why: string }
  | {
      readonly ok: false;
      /** RFC 8460 §4.3.2.1 */
      readonly result: 'certificate-host-mismatch' | 'certificate-expired' | 'validation-failure' | 'tlsa-invalid';
      readonly why: string;
    };
