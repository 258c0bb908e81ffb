/** The checks of the hosts that take a domain's mail. */
import type { Check } from '../types.ts';

export const mxChecks = {
  'MX-01': {
    title: 'The domain says where its mail goes',
    severity: 'error',
    fails: 'There is no MX record: no mail reaches the domain, or it is tried at the web server.',
    why: 'Replies, bounces and complaints are lost (RFC 5321 §5.1), and receivers distrust senders who cannot be answered.',
    fix: 'Publish the MX records of the service that takes the mail.',
  },
  'MX-02': {
    title: 'A null MX stands alone',
    severity: 'error',
    fails: 'The record that says "no mail here" stands beside hosts that take mail.',
    why: 'A null MX has to be the only one (RFC 7505 §3); beside others some senders give up at once.',
    fix: 'Remove the null MX, or all others.',
  },
  'MX-03': {
    title: 'MX records lead to hosts',
    severity: 'error',
    fails: 'The target is an alias, an address, this very machine, or a name without an address.',
    why: 'Senders need a host name with an address (RFC 5321 §5.1, RFC 2181 §10.3, RFC 1035 §3.3.9); mail to any other target is lost or late.',
    fix: 'Let the MX record name a host that has an A or AAAA record of its own.',
  },
  'MX-04': {
    title: 'One service takes the mail',
    severity: 'warn',
    fails: 'The MX records name hosts of two services.',
    why: 'Senders may take any of them (RFC 5321 §5.1), so each service gets a part of the mail.',
    fix: 'Keep the MX records of one service and remove the others.',
  },
  'MX-05': {
    title: 'No proof of ownership is left among the MX records',
    severity: 'warn',
    fails: 'A record like ms12345678.msv1.invalid, which Microsoft asked for as a proof, is still there.',
    why: 'The name cannot exist (RFC 6761 §6.4); senders that come to it put the mail off.',
    fix: 'Remove the record: the proof is needed once.',
  },
  'MX-06': {
    title: 'No host is named twice',
    severity: 'advice',
    fails: 'The same host stands in several MX records.',
    why: 'It is tried again where another host should be (RFC 5321 §5.1), and shows that somebody edited by guess.',
    fix: 'Keep one record for each host.',
  },
  'MX-07': {
    title: 'Mail can come over IPv6',
    severity: 'advice',
    fails: 'No host of the domain has an IPv6 address.',
    why: 'Senders with IPv6 only cannot deliver, and Internet.nl and public tenders ask for it (RFC 5321 §5.2).',
    fix: 'Give at least one mail host an AAAA record and let its server listen there.',
  },
  'MX-08': {
    title: 'Mail comes in encrypted',
    severity: 'error',
    fails:
      'A host offers no STARTTLS, its certificate is for another name or has expired, or its TLS is older than 1.2.',
    why: 'Without it mail is readable on its way (RFC 3207); senders that insist on it return the mail (RFC 8461 §4.2), and TLS 1.0 and 1.1 are withdrawn (RFC 8996).',
    fix: 'Turn STARTTLS on, with a certificate for the name in the MX record and TLS 1.2 or 1.3.',
  },
  'MX-09': {
    title: 'Whoever sends can be answered',
    severity: 'error',
    fails: 'A domain in From, or one that bounces go to, cannot receive mail.',
    why: 'Receivers check it and refuse the mail: Microsoft asks for a From that accepts replies, others look up MX or A of the envelope sender (RFC 5321 §5.1, RFC 7505 §4.2).',
    fix: 'Publish an MX record there, or send from a domain that has one.',
  },
  'MX-10': {
    title: 'postmaster and abuse are there',
    severity: 'warn',
    fails: 'Mail to postmaster@ or abuse@ the domain is refused.',
    why: 'Every mail domain has to take mail for postmaster (RFC 5321 §4.5.1), and abuse is where complaints go (RFC 2142 §4).',
    fix: 'Create both as mailboxes, or as other names of one.',
  },
} as const satisfies Record<string, Check>;
