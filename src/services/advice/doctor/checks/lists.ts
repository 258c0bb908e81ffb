/** The checks of block lists: whether the domain, or an address it sends from, is on one. */
import type { Check } from '../types.ts';

export const listChecks = {
  'LST-01': {
    title: 'Addresses on large block lists',
    severity: 'error',
    fails: 'An address that the domain sends from is on a list that large receivers refuse mail by.',
    why: 'Most receivers ask Spamhaus before they take a message; Microsoft, Apple, Yahoo and many providers refuse mail from listed addresses outright.',
    fix: 'End what caused the entry, then ask the list to take the address off; for PBL, send through a relay.',
  },
  'LST-02': {
    title: 'Domain on block lists',
    severity: 'error',
    fails: 'The domain is on a list of domains that were seen in spam, phishing or malware.',
    why: 'Receivers look up the domains in From and in the links of a message (Spamhaus DBL, SURBL, URIBL) and refuse or junk what names a listed one, from whatever address it comes.',
    fix: 'Find out what the domain was used for, end it, then ask the list to take it off.',
  },
  'LST-03': {
    title: 'Small block lists',
    severity: 'advice',
    fails: 'An address or the domain is on a small list.',
    why: 'Few receivers refuse mail by these lists alone; some filters count them among other signs.',
    fix: 'End what caused the entry; most go away by themselves.',
  },
  'LST-04': {
    title: 'Block lists that did not tell',
    severity: 'advice',
    fails: 'A list refuses to answer this name server, or does not know its own test entry. That is not "not listed".',
    why: 'RFC 5782 §5: a list that answers has its test entry; Spamhaus and others refuse public name servers with 127.255.255.x, which is no listing.',
    fix: 'Ask through a name server of your own: --resolver 127.0.0.1.',
  },
  'LST-05': {
    title: 'The way off each block list',
    severity: 'advice',
    fails: 'There is an entry to be taken off: why it came about, what to do first, and where to ask.',
    why: 'Entries come back while their cause goes on; each list wants to be asked in its own way.',
    fix: 'Do what the finding says, in that order.',
  },
} as const satisfies Record<string, Check>;
