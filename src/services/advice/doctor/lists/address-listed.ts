/** LST-01: an address on a list that large receivers refuse mail by. */
import { rankRule } from './rank-rule.ts';

export const addressListed = rankRule({
  id: 'LST-01',
  rank: 'major',
  kinds: ['address'],
  nothing: 'No address is known that the domain sends from; give one with --ip.',
  outcome: () => 'many receivers refuse mail that comes from there',
});
