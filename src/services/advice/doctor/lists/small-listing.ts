/** LST-03: an entry on a small list, for information. */
import { rankRule } from './rank-rule.ts';

export const smallListing = rankRule({
  id: 'LST-03',
  rank: 'minor',
  kinds: ['address', 'domain'],
  nothing: 'No small list was asked.',
  outcome: () => 'few receivers look there, so little of your mail suffers',
});
