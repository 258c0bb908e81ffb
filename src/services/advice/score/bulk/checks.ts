/** The checks of mail to many, by id. docs/FINDINGS.md is made from it. */
import type { Check } from '../../doctor/types.ts';

export const bulkChecks = {
  'BLK-01': {
    title: 'One-click unsubscribe',
    severity: 'error',
    fails: 'The message cannot be unsubscribed from with one click in the mail program.',
    why: 'Gmail and Yahoo require it of everybody who sends more than some 5,000 messages a day (RFC 8058); without it such mail is refused.',
    fix: 'Add List-Unsubscribe with an https address and List-Unsubscribe-Post: List-Unsubscribe=One-Click, and have DKIM sign both.',
  },
  'BLK-02': {
    title: 'The one click works',
    severity: 'error',
    fails: 'The unsubscribe address does not do what mail programs expect of it.',
    why: 'RFC 8058 §3.1, §3.2: programs send one POST without cookies or login and follow no redirect; who clicks twice must not get an error.',
    fix: 'Let the address take a POST of List-Unsubscribe=One-Click, answer 200, and do the same again when it comes twice.',
  },
  'BLK-03': {
    title: 'A visible unsubscribe link',
    severity: 'error',
    fails: 'No link in the text lets the reader unsubscribe.',
    why: 'Gmail and Yahoo require a visible link beside the one-click header, and the law does in many countries.',
    fix: 'Put a link with the word "Unsubscribe" at the end of the text.',
  },
  'BLK-04': {
    title: 'Complaints',
    severity: 'error',
    fails: 'Too many readers mark the mail as spam.',
    why: 'Gmail and Yahoo ask for less than 0.10 % and never 0.30 % or more; above it they junk or refuse everything of the domain.',
    fix: 'Send only to people who asked for it, make unsubscribing easier than complaining, and stop writing to those who never read.',
  },
  'BLK-05': {
    title: 'A sub-domain of its own',
    severity: 'advice',
    fails: 'Mail to many comes from the same domain as letters and receipts.',
    why: 'Receivers judge a sender by its domain: complaints about a newsletter then hold up invoices and password mails, too.',
    fix: 'Send it from a sub-domain of its own, such as news.example.com.',
  },
  'BLK-06': {
    title: 'Feedback-ID',
    severity: 'advice',
    fails: 'The message has no Feedback-ID that Gmail can count complaints by.',
    why: 'Gmail’s Postmaster Tools show complaints by campaign only with this field, and only where DKIM covers it.',
    fix: 'Add Feedback-ID: campaign:customer:type:sender and sign it.',
  },
  'BLK-07': {
    title: 'Volume and warm-up',
    severity: 'warn',
    fails: 'More is sent today than a young sender should.',
    why: 'Receivers slow down or refuse senders whose volume jumps; a new address or domain has to grow over weeks.',
    fix: 'Spread the rest over the coming days, those first who read you most.',
  },
  'BLK-08': {
    title: 'The 5,000 a day',
    severity: 'warn',
    fails: 'The domain sends about as much as makes it a bulk sender for good.',
    why: 'From about 5,000 messages a day to its users, all sub-domains together, Gmail holds a domain to the rules for bulk senders and never lets it out again; Microsoft has the same number.',
    fix: 'Meet the rules for bulk senders now: SPF and DKIM, DMARC, one-click unsubscribe, few complaints.',
  },
} as const satisfies Record<string, Check>;

export type BulkCheckId = keyof typeof bulkChecks;
