/** The checks of BIMI: the logo beside a domain's mail. */
import type { Check } from '../types.ts';

export const bimiChecks = {
  'BMI-01': {
    title: 'DMARC below the logo (BIMI)',
    severity: 'warn',
    fails:
      'A logo is published, but the DMARC policy of the domain, or of its organizational domain, is not in force for all mail.',
    why: 'draft-brand-indicators-for-message-identification §7: receivers show a logo only where DMARC says quarantine or reject for the domain and its sub-domains, and for all of the mail.',
    fix: 'Bring DMARC to p=quarantine or p=reject, without sp=none, pct below 100 or t=y.',
  },
  'BMI-02': {
    title: 'Logo (BIMI)',
    severity: 'warn',
    fails:
      'The record is not valid, or the logo cannot be fetched or is no square SVG Tiny PS of at most 32 KB with a title.',
    why: 'draft-svg-tiny-ps-abrotman: receivers show only SVG Tiny Portable/Secure, which can hold no script and refer to nothing outside.',
    fix: 'Save the logo as SVG Tiny PS (baseProfile="tiny-ps", version="1.2", a title, a square viewBox) and serve it over HTTPS as image/svg+xml.',
  },
  'BMI-03': {
    title: 'Certificate for the logo (BIMI)',
    severity: 'advice',
    fails: 'The record names no certificate (VMC or CMC).',
    why: 'Gmail and Apple Mail show a logo only with a certificate from a mark authority; Yahoo and Fastmail show it without one.',
    fix: 'Buy a VMC (registered trade mark) or a CMC (logo in use for a year) and name its address in a=.',
  },
  'BMI-04': {
    title: 'Certificate and logo belong together (BIMI)',
    severity: 'warn',
    fails:
      'The certificate cannot be fetched or read, is out of date, is for another domain or use, or holds another logo than the one published.',
    why: 'draft-fetch-validation-vmc-wchuang: receivers show nothing when certificate, domain and logo do not agree.',
    fix: 'Serve the current certificate with its chain, for this very domain, and the very logo it was issued for.',
  },
} as const satisfies Record<string, Check>;
