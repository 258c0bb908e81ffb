/** The explanation of a refusal as the sentences that go into the news of it. Pure. */
import { type BounceExplanation, explainBounce } from './explain-bounce.ts';
import { readReplyText } from './read-bounce.ts';
import type { SendAgain } from './types.ts';

export const sendAgainWords: Readonly<Record<SendAgain, string>> = {
  'by-itself': 'Sending again later may work; the queue does that by itself.',
  'by-hand': 'Sending again later may work; after a refusal for good nobody does that by itself.',
  'once-mended': 'Send it again once that is mended; before, it will be refused again.',
  never: 'Do not send to this address again.',
  'ask-recipient': 'Only the receiving side can change this.',
};

export function adviseOn({
  reply,
  host,
  domain,
}: {
  reply: string;
  host?: string;
  domain?: string;
}): readonly string[] {
  const told = { ...readReplyText(reply), ...(host !== undefined && { host }) };
  return sentencesOf(explainBounce(told, domain === undefined ? {} : { domain }));
}

function sentencesOf({ meaning, steps, again }: BounceExplanation): readonly string[] {
  return [`What it means: ${meaning}`, ...steps.map((step) => `What to do: ${step}.`), sendAgainWords[again]];
}
