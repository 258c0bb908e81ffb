/** What Yahoo and AOL say: senders.yahooinc.com/smtp-error-codes. */
import type { KnownReply } from '../types.ts';
import { setUpAll, slower } from './steps.ts';

export const yahooReplies: readonly KnownReply[] = [
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
    text: /^(?!.*permanently deferred).*(?:\[(?:TSS?\d+|GL\d+)\]|deferred due to (?:unexpected volume|user complaints))/is,
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
];
