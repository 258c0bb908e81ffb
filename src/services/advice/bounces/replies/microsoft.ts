/** What Microsoft says: non-delivery reports of Exchange Online, and the help pages for senders to Outlook.com. */
import type { KnownReply } from '../types.ts';
import { setUpAll, slower } from './steps.ts';

export const microsoftReplies: readonly KnownReply[] = [
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
    text: /\bS3(?:140|150)\b|\bSC-00\d\b|part of their network is on our block ?list/i,
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
];
