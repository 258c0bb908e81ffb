/** What iCloud Mail says. */
import type { KnownReply } from '../types.ts';

export const appleReplies: readonly KnownReply[] = [
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
];
