/** The checks of MTA-STS: a policy by which a domain asks senders to deliver over proven encryption or not at all. */
import type { Check } from '../types.ts';

export const stsChecks = {
  'STS-01': {
    title: 'Encryption policy (MTA-STS)',
    severity: 'warn',
    fails:
      'The record that announces the policy and the web address that serves it are not both there, or the record is not valid.',
    why: 'RFC 8461 §3: senders look for the policy only where a valid record announces it; without one, whoever sits on the way can have mail sent unencrypted.',
    fix: 'Publish one TXT record at _mta-sts with a new id, and serve the policy file from mta-sts.<domain> over HTTPS.',
  },
  'STS-02': {
    title: 'Policy file (MTA-STS)',
    severity: 'warn',
    fails: 'The policy file cannot be fetched as senders fetch it, or what is served is no policy.',
    why: 'RFC 8461 §3.3: the file is fetched over HTTPS with a valid certificate, as text/plain, without redirects; otherwise there is no policy.',
    fix: 'Serve the policy as text/plain, status 200, with a certificate for mta-sts.<domain>.',
  },
  'STS-03': {
    title: 'Policy in force (MTA-STS)',
    severity: 'advice',
    fails: 'The policy has asked for nothing (mode none), or only for reports (mode testing), for more than a month.',
    why: 'RFC 8461 §5: only in mode enforce do senders refuse to deliver over a connection that somebody tampers with.',
    fix: 'Once the TLS reports of some weeks tell of no failures, set mode: enforce and change the id of the record.',
  },
  'STS-04': {
    title: 'Mail hosts under the policy (MTA-STS)',
    severity: 'error',
    fails:
      'The policy does not name a mail host of the domain, names one that is none, or a host shows no valid certificate.',
    why: 'RFC 8461 §4.1, §4.2: in mode enforce mail goes only to hosts that the policy names and that prove their name.',
    fix: 'Name every MX host in the policy, give each a certificate from a public authority, then change the id of the record.',
  },
  'STS-05': {
    title: 'Lifetime of the policy (MTA-STS)',
    severity: 'warn',
    fails: 'max_age is shorter than a day or longer than the year that is allowed.',
    why: 'RFC 8461 §3.2: the policy is meant to be kept for weeks; one that is soon forgotten protects from nobody, one above 31557600 s is no policy.',
    fix: 'Write max_age: 604800 (a week) or more, at most 31557600, then change the id of the record.',
  },
  'STS-06': {
    title: 'Id of the policy (MTA-STS)',
    severity: 'warn',
    fails: 'The policy is another one than the id in DNS was made for.',
    why: 'RFC 8461 §3.2: senders fetch the file again when the id changes; with the old id they go on with the old policy.',
    fix: 'Publish a new id each time the policy file changes.',
  },
} as const satisfies Record<string, Check>;
