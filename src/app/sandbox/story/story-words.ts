/** The story's own sentences: what happens in each chapter, and what is to be learned from it. Facts stand beside them, from the run. */
import type { StateName } from './story.ts';

export type ChapterWords = {
  readonly title: string;
  /** Before the records and the message. */
  readonly opening: readonly string[];
  /** After the score. */
  readonly lesson: string;
};

export const storyOpening: readonly string[] = [
  'A start-up owns the domain startup.example. Its mailboxes are at Proton, its application sends through SendGrid.',
  'It sends the same plain message five times, to somebody at example.net, and each time one more thing is set up.',
];

export const storyWords: Readonly<Record<StateName, ChapterWords>> = {
  receiving: {
    title: 'It can receive, and nothing else',
    opening: [
      'The mailbox host wanted two things before it would take the domain: a token that proves whose it is, and the MX records that lead',
      'mail there. Both are about receiving. Nothing says yet who may send, so anybody on earth can write in this name just as well.',
    ],
    lesson: 'That mail arrives at a domain says nothing about mail that claims to come from it.',
  },
  spf: {
    title: 'SPF: the list of servers that may send',
    opening: [
      'One TXT record names the servers of the mailbox host. A receiver compares the address that hands the message over with this list.',
    ],
    lesson:
      'SPF belongs to the return path, which readers never see, and is lost when a message is forwarded: a beginning, and not enough.',
  },
  'dkim-dmarc': {
    title: 'DKIM and DMARC: a signature, and what to do without one',
    opening: [
      'Three CNAMEs let the mailbox host sign each message with a key of the domain. One more record, DMARC, ties both proofs to the',
      'address in From, and asks receivers to report who sends in this name.',
    ],
    lesson: 'Two proofs, both for the very domain in From: this is what a receiver wants to see.',
  },
  service: {
    title: 'The application sends through a service, as it comes',
    opening: [
      'The zone stays as it is. But this message is sent by the application, through SendGrid, where nobody has set up the domain yet: the',
      'service uses its own return path and its own signature.',
    ],
    lesson:
      'SPF passes and DKIM passes, and still nothing vouches for the sender: both speak for sendgrid.net. "It passes" is not the question; "for whom" is.',
  },
  'service-authenticated': {
    title: 'The service sends as the domain',
    opening: [
      '"Authenticate your domain" in the service’s settings gives three CNAMEs: two keys to sign with, and a return path below the domain.',
      'SPF at the domain itself needs no word about the service.',
    ],
    lesson: 'Each sender has to be set up by itself; what one of them has does nothing for the next.',
  },
};
