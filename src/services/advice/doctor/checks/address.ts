/** The checks of addresses that mail leaves from. */
import type { Check } from '../types.ts';

export const addressChecks = {
  'IPR-01': {
    title: 'Name of the sending address',
    severity: 'error',
    fails: 'An address that mail leaves from has no name (no PTR record).',
    why: 'RFC 8601 §3; Gmail and Yahoo want a name that leads back of every sender, and refuse without it (Gmail 4.7.23, 5.7.25).',
    fix: 'Ask whoever gave you the address to set its reverse name (PTR) to the name of the server.',
  },
  'IPR-02': {
    title: 'The name leads back to the address',
    severity: 'error',
    fails: 'The name of an address does not lead back to it.',
    why: 'RFC 8601 §3: anybody can give an address any name; only one that leads back counts. Gmail and Yahoo want it.',
    fix: 'Give the name an A (AAAA) record with the address, or have the address renamed.',
  },
  'IPR-03': {
    title: 'The name looks like that of a server',
    severity: 'warn',
    fails: 'The name of an address looks like that of a dial-up line or of a machine that nobody named.',
    why: 'Receivers and block lists take such names for home computers: rspamd and SpamAssassin count points for them, some receivers refuse.',
    fix: 'Ask whoever gave you the address to set its reverse name to a name of your own, like mail.example.com.',
  },
  'IPR-04': {
    title: 'What the server calls itself',
    severity: 'warn',
    fails: 'The name in HELO is no full name, leads nowhere or elsewhere, or differs from the name of the address.',
    why: 'RFC 5321 §2.3.5, §4.1.1.1: the name has to be a full one that resolves. Filters count points for anything else.',
    fix: 'Let the server say its full name, the same that its address has.',
  },
  'IPR-05': {
    title: 'Name of the IPv6 address',
    severity: 'error',
    fails: 'An IPv6 address that mail leaves from has no name (no PTR record).',
    why: 'RFC 8601 §3; Gmail refuses mail over IPv6 from addresses without a name that leads back (5.7.25).',
    fix: 'Ask for a reverse name (PTR) of the IPv6 address, or send over IPv4 only.',
  },
  'IPR-06': {
    title: 'Outgoing port 25',
    severity: 'critical',
    fails: 'The machine that sends cannot reach port 25 of others.',
    why: 'RFC 5321 §4.5.4.2: servers hand mail to each other by port 25. Most clouds keep it closed for new customers.',
    fix: 'Send through a relay, or ask the provider to open the port.',
  },
  'IPR-07': {
    title: 'Addresses of the internet',
    severity: 'error',
    fails: 'A name that mail uses leads to a private or loopback address.',
    why: 'RFC 6890 §2.2: such addresses mean nothing outside of one network: mail cannot come there, and a name that leads there is not believed.',
    fix: 'Delete the record, and set the public address.',
  },
  // Of a message alone: a domain does not show how its mail travels.
  'IPR-08': {
    title: 'Encrypted on its way',
    severity: 'warn',
    fails: 'The message was handed to the receiver without encryption.',
    why: 'Gmail wants TLS of everybody who sends to it, and shows its readers a red open padlock where there was none.',
    fix: 'Let the sending server use STARTTLS whenever the receiver offers it.',
  },
} as const satisfies Record<string, Check>;
