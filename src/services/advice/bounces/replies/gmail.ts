/** What Gmail says when it refuses: support.google.com/a/answer/3726730. */
import type { KnownReply } from '../types.ts';
import { setUpAll, slower } from './steps.ts';

export const gmailReplies: readonly KnownReply[] = [
  {
    id: 'gmail-reverse-name',
    receiver: 'Gmail',
    statuses: ['7.23', '7.25'],
    kind: 'host',
    meaning:
      'The sending server’s address has no name in the DNS that leads back to it (PTR), and Gmail takes no mail from such servers.',
    steps: [
      'have whoever gave you the address {address} set its PTR to the name of the server',
      'give that name an A or AAAA record with the same address',
      'posthorn check {domain} --ip {address} shows when both are there',
    ],
    checks: ['IPR-01', 'IPR-02', 'IPR-05'],
    again: 'once-mended',
    example:
      '550-5.7.25 [192.0.2.10] The IP address sending this message does not have a PTR record setup 550 5.7.25 - gsmtp',
  },
  {
    id: 'gmail-policy-dmarc',
    receiver: 'Gmail',
    text: /unauthenticated (?:e?mail|message) from .{1,255} is not accepted due to domain'?s DMARC policy/i,
    kind: 'authentication',
    meaning:
      'The domain’s own DMARC record tells receivers to refuse what nothing proves, and nothing proves this message.',
    steps: [
      'if you sent it: posthorn check {domain} --sender NAME names what its sender lacks',
      'if you did not: the record did its work',
    ],
    checks: ['ALN-01', 'DMA-20'],
    again: 'once-mended',
    example: "550-5.7.26 Unauthenticated email from example.com is not accepted due to domain's DMARC policy. - gsmtp",
  },
  {
    id: 'gmail-unauthenticated',
    receiver: 'Gmail',
    statuses: ['7.26'],
    kind: 'authentication',
    meaning:
      'Neither SPF nor DKIM proves that the domain sent this message, and Gmail takes only mail that one of them proves.',
    steps: setUpAll,
    checks: ['SPF-01', 'SPF-14', 'DKM-01', 'ALN-01'],
    again: 'once-mended',
    example:
      '550-5.7.26 Your email has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM. - gsmtp',
  },
  {
    id: 'gmail-spf',
    receiver: 'Gmail',
    statuses: ['7.27'],
    kind: 'authentication',
    meaning: 'SPF does not pass: the domain’s list of permitted senders does not name the server that sent this.',
    steps: [
      'posthorn check {domain} --ip {address} shows the SPF record that names it',
      'or send through a server that is named already',
    ],
    checks: ['SPF-01', 'SPF-05', 'SPF-14', 'SPF-17'],
    again: 'once-mended',
    example:
      "421-4.7.27 Your email has been rate limited because SPF authentication didn't pass for this message. - gsmtp",
  },
  {
    id: 'gmail-rate',
    receiver: 'Gmail',
    statuses: ['7.28'],
    kind: 'rate',
    meaning:
      'Gmail gets more mail from this address or domain than it trusts it with, or too much of it is called spam.',
    steps: [...slower, 'watch the spam rate in Google Postmaster Tools: below 0.10 %, never 0.30 %'],
    checks: ['BLK-04', 'BLK-08', 'LST-01'],
    again: 'by-itself',
    example:
      '421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address. - gsmtp',
  },
  {
    id: 'gmail-encryption',
    receiver: 'Gmail',
    statuses: ['7.29'],
    kind: 'encryption',
    meaning: 'The message was handed over without encryption, and Gmail wants it.',
    steps: [
      'let the sending server use STARTTLS; Posthorn always does when the receiver offers it',
      'a relay or firewall between may strip it: send past it',
    ],
    checks: [],
    again: 'once-mended',
    example: '421-4.7.29 Your email has been rate limited because this message was sent without TLS. - gsmtp',
  },
  {
    id: 'gmail-dkim',
    receiver: 'Gmail',
    statuses: ['7.30'],
    kind: 'authentication',
    meaning: 'DKIM does not pass: the message has no valid signature, or its key is not in the DNS.',
    steps: [
      'posthorn check {domain} shows each sender’s key',
      'turn signing on at the service that sends, after its records are there',
    ],
    checks: ['DKM-01', 'DKM-02', 'DKM-03', 'DKM-08'],
    again: 'once-mended',
    example: "550-5.7.30 Your email has been blocked because DKIM authentication didn't pass for this message. - gsmtp",
  },
  {
    id: 'gmail-dmarc-missing',
    receiver: 'Gmail',
    statuses: ['7.31', '7.40'],
    kind: 'authentication',
    meaning: 'The domain in From has no DMARC record, and Gmail wants one of everybody who sends much.',
    steps: [
      'set TXT _dmarc.{domain} to "v=DMARC1; p=none; rua=mailto:you@{domain}"',
      'posthorn plan {domain} makes it fit what is there',
    ],
    checks: ['DMA-01'],
    again: 'once-mended',
    example:
      '421-4.7.40 Your email has been rate limited because the sending domain does not have a DMARC record. - gsmtp',
  },
  {
    id: 'gmail-alignment',
    receiver: 'Gmail',
    statuses: ['7.32'],
    kind: 'authentication',
    meaning:
      'SPF or DKIM pass, but for another domain than the one in From: mostly for that of the service that sends.',
    steps: [
      'find “authenticate your domain” at the service that sends, and publish the records it names: posthorn senders show NAME has them',
      'posthorn check {domain} --sender NAME shows when they are there',
    ],
    checks: ['ALN-01', 'ALN-02', 'ALN-03'],
    again: 'once-mended',
    example:
      '421-4.7.32 Your email has been rate limited because the From: header (RFC5322) in this message is not aligned with either SPF or DKIM. - gsmtp',
  },
  {
    id: 'gmail-domain-reputation',
    receiver: 'Gmail',
    text: /(?:very )?low reputation of the sending (?:domain|IP)|likely (?:unsolicited mail|suspicious)|suspicious due to/i,
    kind: 'reputation',
    meaning: 'Gmail takes the message for unwanted, by its content or by what it knows of the domain or the address.',
    steps: [
      'posthorn score FILE.eml --bulk looks at one message; posthorn check {domain} at the domain',
      ...slower,
      'a domain or address that is new needs weeks of little, wanted mail',
    ],
    checks: ['LST-01', 'LST-02', 'BLK-04'],
    again: 'once-mended',
    example:
      '550-5.7.1 [192.0.2.10] Gmail has detected that this message is likely suspicious due to the very low reputation of the sending domain. - gsmtp',
  },
  {
    id: 'gmail-attachment',
    receiver: 'Gmail',
    text: /content presents a potential|blocked because its content|illegal attachment/i,
    kind: 'content',
    meaning:
      'An attachment or a link in it is of a kind that Gmail never takes (programs, archives with programs, known bad links).',
    steps: [
      'send a link to the file instead, or another kind of file',
      'posthorn score FILE.eml names such attachments',
    ],
    checks: ['MSG-12'],
    again: 'once-mended',
    example: '552-5.7.0 This message was blocked because its content presents a potential security issue. - gsmtp',
  },
  {
    id: 'gmail-custom-policy',
    receiver: 'Gmail',
    text: /\bgcdp\b/i,
    kind: 'permission',
    meaning: 'The receiving organisation made a rule of its own that refuses this message; Google only carries it out.',
    steps: ['ask the recipient’s administrator; their words stand in the reply'],
    checks: [],
    again: 'ask-recipient',
    example: '550 5.7.1 This message violates example.com email policy. - gcdp abc123 - gsmtp',
  },
];
