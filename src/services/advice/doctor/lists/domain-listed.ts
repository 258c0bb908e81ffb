/** LST-02: the domain on a list of domains seen in spam, phishing or malware. */
import { rankRule } from './rank-rule.ts';

export const domainListed = rankRule({
  id: 'LST-02',
  rank: 'major',
  kinds: ['domain'],
  nothing: 'No list of domains was asked.',
  outcome: () => 'many receivers refuse or junk mail that names it, in From or in a link',
});
