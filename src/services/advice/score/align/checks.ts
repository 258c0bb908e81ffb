/** The checks of who a message says it is from. */
import type { Check } from '../../doctor/types.ts';

export const alignmentChecks = {
  'ALN-01': {
    title: 'From is vouched for',
    severity: 'error',
    fails: 'Neither SPF nor DKIM speaks for the domain in From.',
    why: 'RFC 9989 §4.4; Gmail, Yahoo and Microsoft refuse or junk mail to many without it (550 5.7.26, 5.7.515).',
    fix: 'Have the service that sends sign with DKIM as the domain in From.',
  },
  'ALN-02': {
    title: 'Whose signature it is',
    severity: 'error',
    fails: 'The signature that holds is of the service that sends, not of the domain in From.',
    why: 'RFC 9989 §4.4.1: a foreign signature proves nothing about From, and readers see "via".',
    fix: "Publish the records of the service's domain authentication, then verify them there.",
  },
  'ALN-03': {
    title: 'Whose return path it is',
    severity: 'warn',
    fails: 'SPF passes for the bounce domain of the service that sends, not for the domain in From.',
    why: 'RFC 9989 §4.4.2: SPF of a foreign return path proves nothing about From.',
    fix: 'Set up a return path below the domain in From at the service.',
  },
  'ALN-04': {
    title: 'More than SPF speaks for From',
    severity: 'warn',
    fails: 'Only SPF speaks for the domain in From.',
    why: 'RFC 9989 §7.4: SPF does not survive forwarding; with p=reject such mail is lost.',
    fix: 'Sign with DKIM as the domain in From.',
  },
  'ALN-05': {
    title: 'One author',
    severity: 'critical',
    fails: 'From does not name exactly one author.',
    why: 'RFC 9989 §5.3.1 and §11.5: such mail cannot be judged, and large receivers refuse it.',
    fix: 'Write one From field with one address.',
  },
  'ALN-06': {
    title: 'Replies and sender stay in the house',
    severity: 'advice',
    fails: 'Sender or Reply-To is of another domain than From.',
    why: 'Readers see "on behalf of", and filters know the pattern from fraud.',
    fix: 'Let Reply-To and Sender be of the domain in From.',
  },
  'ALN-07': {
    title: 'What stands beside the name',
    severity: 'advice',
    fails: 'Mail programs show "via" and another domain beside the name.',
    why: 'Gmail and Outlook show who really vouched when it is not the domain in From.',
    fix: 'What makes the signature one of the domain in From takes it away.',
  },
  'ALN-08': {
    title: 'What the signature covers',
    severity: 'warn',
    fails: 'No signature that holds covers the From, Subject, Date or the unsubscribe fields.',
    why: 'RFC 6376 §5.4.1; RFC 8058 §4: what is not covered may be changed by anybody on the way.',
    fix: 'Have the signer cover these fields.',
  },
  'ALN-09': {
    title: 'The whole body is signed',
    severity: 'error',
    fails: 'A signature covers only the beginning of the body (l=).',
    why: 'RFC 6376 §8.2: anybody can add text below it.',
    fix: 'Sign without l=.',
  },
  'ALN-10': {
    title: 'Signatures in time',
    severity: 'error',
    fails: 'A signature had expired (x=) when the message came.',
    why: 'RFC 6376 §3.5: an expired signature is as none.',
    fix: 'Sign without x=, or with a time that outlasts a week of retries.',
  },
  'ALN-11': {
    title: 'No field can be added',
    severity: 'warn',
    fails: 'A signed field stands there twice, and one of the two is not covered.',
    why: 'RFC 6376 §8.15: readers may show the one that nobody signed.',
    fix: 'Send each field once, and have the signer name it once more in h= (oversigning).',
  },
} as const satisfies Record<string, Check>;

export type AlignmentCheckId = keyof typeof alignmentChecks;
