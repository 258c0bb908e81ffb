/** The checks of a domain that neither sends nor receives. */
import type { Check } from '../types.ts';

export const parkedChecks = {
  'PRK-01': {
    title: 'An unused domain says that it takes no mail',
    severity: 'warn',
    fails: 'A domain that nobody uses for mail has no null MX.',
    why: 'With it senders are told at once that nobody receives here (RFC 7505); without it they try for days.',
    fix: 'Publish MX 0 . as the only MX record.',
  },
  'PRK-02': {
    title: 'An unused domain says that nobody may send as it',
    severity: 'error',
    fails: 'The SPF record of a domain that nobody uses for mail is missing, or lets somebody send.',
    why: 'Forgers like domains that nobody watches; v=spf1 -all lets receivers refuse their mail (RFC 7208 §10.1.2).',
    fix: 'Publish TXT "v=spf1 -all" as the only SPF record.',
  },
  'PRK-03': {
    title: 'An unused domain has forgeries refused, below it too',
    severity: 'error',
    fails: 'The DMARC record of a domain that nobody uses for mail does not ask to refuse all of it.',
    why: 'Only DMARC covers the From that readers see, and names below the domain (RFC 9989).',
    fix: 'Publish TXT "v=DMARC1; p=reject; sp=reject; np=reject" at _dmarc.',
  },
  'PRK-04': {
    title: 'An unused domain has no valid signing key',
    severity: 'advice',
    fails: 'Nothing says that every DKIM key of the domain is void.',
    why: 'A forgotten key would still make signatures valid; an empty key at every selector voids them (RFC 6376 §3.6.1).',
    fix: 'Publish TXT "v=DKIM1; p=" at *._domainkey.',
  },
} as const satisfies Record<string, Check>;
