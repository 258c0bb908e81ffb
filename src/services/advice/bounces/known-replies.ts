/**
 * What receivers say when they refuse, as data: whose words they are, what they mean for people who know no RFC, which checks of the
 * doctor look at the cause, and what to do, in order. The first row that fits counts, so narrow ones stand before wide ones. A new
 * reply is a new row with an example of it, and nothing else.
 */

export const receivers = ['Gmail', 'Yahoo', 'Microsoft', 'Apple', 'Proton'] as const;
export type Receiver = (typeof receivers)[number];

/** What a refusal is about. */
export type BounceKind =
  | 'authentication' // nothing proves who sent it
  | 'address' // the recipient's address
  | 'mailbox' // full, closed, too large for it
  | 'content'
  | 'reputation' // of an address, a domain, a list it is on
  | 'rate'
  | 'host' // the sending server's name in the DNS
  | 'encryption'
  | 'setup' // a domain or a server that is not set up
  | 'permission'
  | 'trouble'; // of the receiver; it passes

/**
 * Whether it is worth sending again: the queue does so by itself; once it is mended; never to this address; or when whoever receives
 * has changed something.
 */
export type SendAgain = 'by-itself' | 'once-mended' | 'never' | 'ask-recipient';

export type KnownReply = {
  readonly id: string;
  /** Absent: anybody's. */
  readonly receiver?: Receiver;
  /** Subject and detail of the enhanced status code; the class says only whether it lasts. RFC 3463 §2 */
  readonly statuses?: readonly string[];
  /** In the text that stands behind the codes. */
  readonly text?: RegExp;
  readonly kind: BounceKind;
  readonly meaning: string;
  /** `{domain}`: the sender's domain; `{address}`: the sending server's address. */
  readonly steps: readonly string[];
  /** Ids of docs/FINDINGS.md. */
  readonly checks: readonly string[];
  readonly again: SendAgain;
  readonly example: string;
};

const setUpAll = [
  'posthorn check {domain} names what is missing, with the records to set',
  'posthorn plan {domain} --sender NAME makes one plan for everybody who sends for the domain',
];
const slower = [
  'send less at a time and let the queue try again: it waits longer after each refusal',
  'ask only people who want the mail, and take out addresses that bounce and people who complain',
];

export const knownReplies: readonly KnownReply[] = [
  // ---- Gmail: support.google.com/a/answer/3726730
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

  // ---- Microsoft: learn.microsoft.com, non-delivery reports in Exchange Online; sendersupport.olc.protection.outlook.com
  {
    id: 'microsoft-authentication-level',
    receiver: 'Microsoft',
    statuses: ['7.515'],
    kind: 'authentication',
    meaning:
      'Outlook.com takes mail of domains that send much only when SPF passes, DKIM passes and DMARC finds one of them fitting; this message lacks one.',
    steps: setUpAll,
    checks: ['SPF-01', 'SPF-14', 'DKM-01', 'DMA-01', 'ALN-01'],
    again: 'once-mended',
    example:
      '550 5.7.515 Access denied, sending domain EXAMPLE.COM does not meet the required authentication level. [AM7EUR03FT010.eop-EUR03.prod.protection.outlook.com]',
  },
  {
    id: 'microsoft-dmarc',
    receiver: 'Microsoft',
    statuses: ['7.509', '7.5091'],
    kind: 'authentication',
    meaning:
      'The domain’s DMARC record says to refuse what nothing proves, and neither SPF nor DKIM proves this message.',
    steps: [
      'if you sent it: posthorn check {domain} --sender NAME names what its sender lacks',
      'if you did not: the record did its work',
    ],
    checks: ['ALN-01', 'DMA-20'],
    again: 'once-mended',
    example:
      '550 5.7.509 Access denied, sending domain example.com does not pass DMARC verification and has a DMARC policy of reject. [protection.outlook.com]',
  },
  {
    id: 'microsoft-blocked-address',
    receiver: 'Microsoft',
    statuses: ['7.606', '7.511', '7.512', '7.513', '7.607', '7.608', '7.609', '7.610', '7.649'],
    kind: 'reputation',
    meaning: 'Microsoft has put the sending address on its own list of bad senders.',
    steps: [
      'end whatever made it bad: a hacked account, an open form, bought addresses',
      'ask to be taken off: https://sender.office.com',
      'meanwhile send through a provider (relay) with a good address',
    ],
    checks: ['LST-01', 'LST-05'],
    again: 'once-mended',
    example:
      '550 5.7.606 Access denied, banned sending IP [192.0.2.10]. To request removal from this list please visit https://sender.office.com/ [protection.outlook.com]',
  },
  {
    id: 'microsoft-outlook-list',
    receiver: 'Microsoft',
    text: /\bS3(?:140|150)\b|part of their network is on our block ?list/i,
    kind: 'reputation',
    meaning: 'Outlook.com refuses the sending address, or the whole network around it.',
    steps: [
      'ask for help: https://olcsupport.office.com (it wants the address and the reply)',
      'join SNDS and JMRP there: they show what Outlook.com sees and who complains',
      'meanwhile send through a provider (relay) with a good address',
    ],
    checks: ['LST-01', 'IPR-03', 'IPR-01'],
    again: 'once-mended',
    example:
      "550 5.7.1 Unfortunately, messages from [192.0.2.10] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140). [outlook.com]",
  },
  {
    id: 'microsoft-outlook-rate',
    receiver: 'Microsoft',
    text: /\bS77[57]\b|\bS2017\d*\b|temporarily rate limited due to IP reputation|exceeded the (?:limit|rate)/i,
    kind: 'rate',
    meaning:
      'Outlook.com takes only little mail at a time from an address that it does not know well or does not like.',
    steps: [...slower, 'a new address needs weeks of little, wanted mail'],
    checks: ['LST-01', 'BLK-07'],
    again: 'by-itself',
    example:
      '451 4.7.650 The mail server [192.0.2.10] has been temporarily rate limited due to IP reputation. (S775) [outlook.com]',
  },
  {
    id: 'microsoft-unknown-recipient',
    receiver: 'Microsoft',
    statuses: ['4.1', '1.10'],
    text: /recipient address rejected|recipientnotfound|not found by SMTP address lookup/i,
    kind: 'address',
    meaning: 'There is no such recipient at that domain.',
    steps: ['look for a typing mistake in the address', 'take it out of your list'],
    checks: [],
    again: 'never',
    example:
      '550 5.4.1 Recipient address rejected: Access denied. [AM0EUR02FT010.eop-EUR02.prod.protection.outlook.com]',
  },
  {
    id: 'microsoft-restricted',
    receiver: 'Microsoft',
    statuses: ['7.133', '7.134', '7.124', '7.12', '7.57'],
    kind: 'permission',
    meaning: 'The recipient, or the group, takes mail only from people of its own organisation, or from some it named.',
    steps: ['ask the recipient’s administrator to let your address in'],
    checks: [],
    again: 'ask-recipient',
    example: '550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required [outlook.office365.com]',
  },
  {
    id: 'microsoft-sender-domain',
    receiver: 'Microsoft',
    text: /sender (?:domain|address).{0,40}(?:does not exist|has no|not accepting mail)|AS\(3150\)|AS\(4401\)/i,
    kind: 'setup',
    meaning:
      'The domain of the sender cannot receive mail, so answers and bounces would be lost; Microsoft refuses such senders.',
    steps: ['give {domain}, and the domain of the return path, an MX record', 'posthorn check {domain} looks at both'],
    checks: ['MX-01', 'MX-09'],
    again: 'once-mended',
    example: '550 5.7.1 Sender domain does not exist. AS(4401) [protection.outlook.com]',
  },
  {
    id: 'microsoft-spam',
    receiver: 'Microsoft',
    statuses: ['7.520', '7.500', '7.508', '7.705', '7.708'],
    kind: 'reputation',
    meaning: 'Microsoft takes the sender for a source of unwanted mail.',
    steps: [...slower, 'look for a hacked account or form that sends in your name'],
    checks: ['LST-01', 'LST-02'],
    again: 'once-mended',
    example: '550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP. [outlook.com]',
  },

  // ---- Yahoo and AOL: senders.yahooinc.com/smtp-error-codes
  {
    id: 'yahoo-unauthenticated',
    receiver: 'Yahoo',
    statuses: ['7.9'],
    kind: 'authentication',
    meaning: 'Neither SPF nor DKIM proves the message, or the domain’s own DMARC record says to refuse it.',
    steps: setUpAll,
    checks: ['SPF-01', 'SPF-14', 'DKM-01', 'ALN-01', 'DMA-01'],
    again: 'once-mended',
    example:
      '554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes [yahoo]',
  },
  {
    id: 'yahoo-content',
    receiver: 'Yahoo',
    text: /\[PH\d+\]/i,
    kind: 'content',
    meaning: 'Yahoo takes the message for phishing: its links or words look like those of known frauds.',
    steps: [
      'look at every link: posthorn score FILE.eml names those that lead elsewhere than they say, and link shorteners',
      'look for a hacked account or form that sends in your name',
    ],
    checks: ['MSG-08', 'MSG-09', 'ALN-06'],
    again: 'once-mended',
    example:
      '553 5.7.2 [PH01] Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes',
  },
  {
    id: 'yahoo-complaints',
    receiver: 'Yahoo',
    text: /\[(?:TSS?\d+|GL\d+)\]|deferred due to (?:unexpected volume|user complaints)/i,
    kind: 'rate',
    meaning: 'Yahoo waits: more mail than usual comes from this address, or people called it spam.',
    steps: [...slower, 'join Yahoo’s complaint feedback loop: it names who complained'],
    checks: ['BLK-04', 'LST-01'],
    again: 'by-itself',
    example:
      '421 4.7.0 [TSS04] Messages from 192.0.2.10 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes',
  },
  {
    id: 'yahoo-blocked',
    receiver: 'Yahoo',
    text: /\[BL\d+\]|permanently deferred|is listed by/i,
    kind: 'reputation',
    meaning: 'Yahoo refuses the sending address: it is on a block list, or sent much unwanted mail.',
    steps: ['posthorn blocklists {address} shows the lists it is on and how to get off', ...slower],
    checks: ['LST-01', 'LST-05'],
    again: 'once-mended',
    example:
      '553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.10, because the ip is in Spamhaus list; see https://postmaster.yahooinc.com/550-bl23',
  },
  {
    id: 'yahoo-closed-mailbox',
    receiver: 'Yahoo',
    text: /doesn'?t have a yahoo\.\S+ account|mailbox .{0,40}(?:disabled|discontinued|deactivated)/i,
    kind: 'address',
    meaning: 'There is no such mailbox at Yahoo, or it was given up.',
    steps: ['look for a typing mistake in the address', 'take it out of your list'],
    checks: [],
    again: 'never',
    example: "554 delivery error: dd This user doesn't have a yahoo.com account (someone@yahoo.com) [0]",
  },

  // ---- Apple: support.apple.com, iCloud mail postmaster
  {
    id: 'apple-policy',
    receiver: 'Apple',
    text: /\[(?:CS|HM|HME|BL|HT|PH|SN|SG)\d{2}\]|local policy/i,
    kind: 'reputation',
    meaning: 'iCloud Mail refuses the message by its own judgement of the address, the domain or the content.',
    steps: [
      'posthorn check {domain} and posthorn score FILE.eml show what is wrong with the two',
      'write to icloudadmin@apple.com with the reply when both are clean',
    ],
    checks: ['LST-01', 'LST-02', 'ALN-01'],
    again: 'once-mended',
    example:
      '554 5.7.1 [CS01] Message rejected due to local policy. Please visit https://support.apple.com/en-us/HT204137',
  },
  {
    id: 'apple-full',
    receiver: 'Apple',
    statuses: ['2.2'],
    kind: 'mailbox',
    meaning: 'The recipient’s mailbox is full.',
    steps: ['try again in some days', 'reach the recipient in another way'],
    checks: [],
    again: 'by-itself',
    example: '552 5.2.2 <someone@icloud.com>: user is over quota (in reply to RCPT TO command) [icloud.com]',
  },

  // ---- Anybody's, by their words
  {
    id: 'any-greylist',
    text: /gr[ae]y-?list|try again in \d+ (?:second|minute)|first time sender/i,
    kind: 'trouble',
    meaning: 'The receiver asks every server it does not know yet to come back in a few minutes (greylisting).',
    steps: ['nothing: the queue tries again by itself'],
    checks: [],
    again: 'by-itself',
    example:
      '450 4.2.0 <bob@example.org>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/example.org.html',
  },
  {
    id: 'any-block-list',
    text: /spamhaus|spamcop|barracuda|sorbs|uceprotect|\bdnsbl\b|\brbl\b|block ?list|black ?list|blocked using/i,
    kind: 'reputation',
    meaning: 'The receiver asks a public list of bad senders, and the sending address or the domain is on it.',
    steps: [
      'posthorn blocklists {address} {domain} shows the lists, why, and how to get off',
      'end the cause first, or the listing comes back',
      'meanwhile send through a provider (relay) with a good address',
    ],
    checks: ['LST-01', 'LST-02', 'LST-05'],
    again: 'once-mended',
    example:
      '554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.10',
  },
  {
    id: 'any-dmarc',
    text: /\bDMARC\b/i,
    kind: 'authentication',
    meaning:
      'The domain’s own DMARC record says to refuse or to doubt what nothing proves, and nothing proves this message.',
    steps: [
      'if you sent it: posthorn check {domain} --sender NAME names what its sender lacks',
      'if you did not: the record did its work',
    ],
    checks: ['ALN-01', 'ALN-02', 'DMA-20'],
    again: 'once-mended',
    example: '550 5.7.1 rejected by DMARC policy for example.com',
  },
  {
    id: 'any-spf',
    text: /\bSPF\b|sender policy framework/i,
    kind: 'authentication',
    meaning: 'The domain’s list of permitted senders (SPF) does not name the server that sent this.',
    steps: ['posthorn check {domain} --ip {address} shows the SPF record that names it'],
    checks: ['SPF-01', 'SPF-05', 'SPF-14', 'SPF-17'],
    again: 'once-mended',
    example: '550 5.7.23 <bob@example.org>: Recipient address rejected: SPF validation failed for example.com',
  },
  {
    id: 'any-dkim',
    text: /\bDKIM\b/i,
    kind: 'authentication',
    meaning: 'The message has no valid DKIM signature of the domain in From.',
    steps: [
      'posthorn check {domain} shows each sender’s key',
      'turn signing on at the service that sends, after its records are there',
    ],
    checks: ['DKM-01', 'DKM-02', 'DKM-03'],
    again: 'once-mended',
    example: '550 5.7.20 No passing DKIM signature found',
  },
  {
    id: 'any-reverse-name',
    text: /reverse (?:dns|name|lookup|hostname)|\bPTR\b|\brDNS\b|cannot find your (?:reverse )?hostname/i,
    kind: 'host',
    meaning: 'The sending server’s address has no name in the DNS, or one that does not lead back to it.',
    steps: [
      'have whoever gave you the address {address} set its PTR to the name of the server',
      'give that name an A or AAAA record with the same address',
    ],
    checks: ['IPR-01', 'IPR-02', 'IPR-03'],
    again: 'once-mended',
    example: '450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.10] (reverse DNS)',
  },
  {
    id: 'any-helo',
    text: /\b(?:HELO|EHLO)\b/i,
    kind: 'host',
    meaning: 'The name with which the sending server introduced itself is not one that the DNS knows.',
    steps: ['let the server say its full name, e.g. mail.{domain}, and give it an A record'],
    checks: ['IPR-04'],
    again: 'once-mended',
    example: '504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname',
  },
  {
    id: 'any-sender-domain',
    text: /(?:sender|domain of).{0,60}(?:domain not found|does not exist|not (?:have|resolve)|no (?:valid )?(?:mx|mail exchanger)|could not be verified|verification failed)|sender address rejected: domain/i,
    kind: 'setup',
    meaning: 'The domain of the return path does not exist or cannot receive mail, so bounces would be lost.',
    steps: ['give the domain of the return path an MX record', 'posthorn check {domain} looks at it'],
    checks: ['MX-01', 'MX-09', 'DNS-01'],
    again: 'once-mended',
    example: '450 4.1.8 <bounce@b.example.com>: Sender address rejected: Domain not found',
  },
  {
    id: 'any-tls',
    text: /must issue a STARTTLS|TLS (?:is )?required|encryption (?:is )?(?:required|needed)/i,
    kind: 'encryption',
    meaning: 'The receiver wants the message handed over encrypted.',
    steps: ['let the sending server use STARTTLS; Posthorn always does when the receiver offers it'],
    checks: [],
    again: 'once-mended',
    example: '530 5.7.0 Must issue a STARTTLS command first',
  },
  {
    id: 'any-relay',
    text: /relay(?:ing)? (?:access )?(?:is )?(?:denied|not (?:permitted|allowed))|unable to relay|not allowed to relay|we do not relay/i,
    kind: 'setup',
    meaning:
      'The server that was asked is not responsible for the recipient’s domain: its MX points to the wrong place, or a login is missing at a relay.',
    steps: [
      'through a relay: look at its login and at the addresses that may send there',
      'straight: the recipient’s domain has a wrong MX; tell its owner in another way',
    ],
    checks: [],
    again: 'ask-recipient',
    example: '554 5.7.1 <bob@example.org>: Relay access denied',
  },
  {
    id: 'any-too-large',
    statuses: ['3.4', '2.3'],
    kind: 'mailbox',
    meaning: 'The message is larger than the receiver takes.',
    steps: [
      'send a link to the file instead; most servers take 10 to 25 MB, and attachments grow by a third on the way',
    ],
    checks: [],
    again: 'once-mended',
    example: '552 5.3.4 Message size exceeds fixed limit',
  },
  {
    id: 'any-large-words',
    text: /message (?:size|too (?:large|big))|exceeds? (?:the )?(?:maximum|fixed|size)/i,
    kind: 'mailbox',
    meaning: 'The message is larger than the receiver takes.',
    steps: [
      'send a link to the file instead; most servers take 10 to 25 MB, and attachments grow by a third on the way',
    ],
    checks: [],
    again: 'once-mended',
    example: '552 message too large',
  },
  {
    id: 'any-full',
    text: /over ?quota|mailbox (?:is )?full|quota exceeded|insufficient (?:system )?storage|out of storage/i,
    kind: 'mailbox',
    meaning: 'The recipient’s mailbox is full.',
    steps: ['try again in some days', 'reach the recipient in another way'],
    checks: [],
    again: 'by-itself',
    example: '452 4.2.2 The email account that you tried to reach is over quota. [example.org]',
  },
  {
    id: 'any-unknown-user',
    text: /user unknown|unknown (?:user|recipient)|no such (?:user|recipient|mailbox|address)|(?:mailbox|account|address|recipient|user).{0,40}(?:does ?n[o'’]t exist|not found|unavailable|invalid|disabled|inactive)|invalid (?:recipient|mailbox|address)/i,
    kind: 'address',
    meaning: 'There is no such mailbox at that domain, or it was closed.',
    steps: [
      'look for a typing mistake in the address',
      'take it out of your list: servers that are often asked for nobody lose trust',
    ],
    checks: [],
    again: 'never',
    example: '550 5.1.1 <nobody@example.org>: Recipient address rejected: User unknown in virtual mailbox table',
  },
  {
    id: 'any-rate',
    text: /too (?:many|much)|rate.?limit|thrott|slow down|try (?:again )?later|receiving mail (?:too quickly|at a rate)/i,
    kind: 'rate',
    meaning: 'The receiver takes no more at the moment.',
    steps: slower,
    checks: [],
    again: 'by-itself',
    example: '421 4.7.0 Too many connections from your host, slow down',
  },
  {
    id: 'any-spam',
    text: /\bspam\b|unsolicited|\bUBE\b|\bjunk\b|spamassassin|rspamd|content (?:rejected|filter)|suspicious|phish|reputation/i,
    kind: 'content',
    meaning: 'The receiver takes the message for unwanted, by its content or by what it knows of the sender.',
    steps: [
      'posthorn score FILE.eml names what is wrong with the message',
      'posthorn check {domain} looks at the domain and at lists of bad senders',
    ],
    checks: ['LST-01', 'LST-02', 'ALN-01'],
    again: 'once-mended',
    example: '554 5.7.1 Spam message rejected',
  },
  {
    id: 'any-virus',
    text: /virus|malware|infected|(?:banned|prohibited|forbidden) (?:attachment|file)|attachment.{0,40}(?:not allowed|blocked)/i,
    kind: 'content',
    meaning: 'An attachment looks dangerous to the receiver, or is of a kind that it never takes.',
    steps: ['look at the file with a virus scanner', 'send a link to it, or another kind of file'],
    checks: ['MSG-12'],
    again: 'once-mended',
    example: '550 5.7.0 Message contains a virus: Eicar-Test-Signature',
  },
];
