/**
 * What receivers say when they refuse, as data: whose words they are, what they mean for people who know no RFC, which checks of the
 * doctor look at the cause, and what to do, in order. The first row that fits counts, so narrow ones stand before wide ones. A new
 * reply is a new row with an example of it, and nothing else.
 */
import { anybodyReplies } from './replies/anybody.ts';
import { appleReplies } from './replies/apple.ts';
import { gmailReplies } from './replies/gmail.ts';
import { microsoftReplies } from './replies/microsoft.ts';
import { yahooReplies } from './replies/yahoo.ts';
import type { KnownReply } from './types.ts';

export const knownReplies: readonly KnownReply[] = [
  ...gmailReplies,
  ...microsoftReplies,
  ...yahooReplies,
  ...appleReplies,
  ...anybodyReplies,
];
