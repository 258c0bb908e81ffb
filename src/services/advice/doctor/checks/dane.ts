/** The checks of DANE: certificates of mail hosts that are named in signed DNS. */
import type { Check } from '../types.ts';

export const daneChecks = {
  'DAN-01': {
    title: 'Signatures below DANE',
    severity: 'warn',
    fails: 'A mail host has TLSA records, but DNSSEC does not prove them, the host, or the MX that names it.',
    why: 'RFC 7672 §2.1, §2.2: TLSA records count only where every answer on the way to them is signed; else senders ignore them, or defer where signatures are broken.',
    fix: 'Sign the zone of the domain and the zone of the mail host with DNSSEC, or take the TLSA records away.',
  },
  'DAN-02': {
    title: 'Certificates against DANE',
    severity: 'error',
    fails:
      'The certificate a mail host shows is none of those its TLSA records name, or there is no encryption at all.',
    why: 'RFC 7672 §2.2: senders with DANE (many in Germany and the Netherlands, Microsoft, Comcast) do not deliver to a host whose certificate does not match.',
    fix: 'Publish the TLSA record of the certificate in use: 3 1 1 and the SHA-256 of its public key.',
  },
  'DAN-03': {
    title: 'Spare record for DANE',
    severity: 'advice',
    fails: 'Only one certificate or key is named, so the next change of the key keeps mail out until DNS has followed.',
    why: 'RFC 7671 §8.1: the record of the next key is published before the key is used, for as long as DNS remembers the old answer.',
    fix: 'Make the next key now and publish its TLSA record beside the one in use, or keep the key when the certificate is renewed.',
  },
  'DAN-04': {
    title: 'Kinds of DANE records',
    severity: 'warn',
    fails: 'A TLSA record has usage 0 or 1, which means nothing between mail servers.',
    why: 'RFC 7672 §3.1.3: senders take records with usage 0 or 1 for unusable; with no other, the certificate proves nothing.',
    fix: 'Replace it by 3 1 1 (the key of the host) or 2 1 1 (the key of its authority).',
  },
} as const satisfies Record<string, Check>;
