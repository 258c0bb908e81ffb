/**
 * What the machine costs that a domain's mail leaves from, as far as DNS and block lists tell: its name, what it calls itself, where it
 * is listed. Of several addresses the worst counts, because mail leaves from each of them. Pure.
 */
import { parseIpAddress } from '../../../format/ip-address.ts';
import { weighLists } from '../score/ask-score-lists.ts';
import { reverseState } from '../score/message/host-states.ts';
import type { HostFacts, ScoreFacts } from '../score/types.ts';
import type { OwnHost } from './address/sending-addresses.ts';
import type { DomainFacts } from './types.ts';

/** The dearest first; what is not known costs nothing, whatever else is known. */
const reverseStates = ['missing', 'unconfirmed', 'generic', 'confirmed', 'unknown'] as const;

/** The same facts with what is known of the machine. @param addresses where this sender sends from; none: of no machine */
export function withHost(score: ScoreFacts, facts: DomainFacts, addresses: readonly string[]): ScoreFacts {
  const texts = new Set(addresses.map((text) => parseIpAddress(text)?.text ?? text));
  const isOwn = (text: string) => texts.has(text);
  const seen = facts.addresses.addresses
    .filter(({ ip }) => isOwn(ip.text))
    .map(({ ip, iprev }) => ({ address: ip.text, state: reverseState(ip.text, iprev) }));
  const worst = reverseStates.flatMap((state) => seen.find((one) => one.state === state) ?? [])[0];
  const { subjects } = facts.lists;
  const { names, ...lists } = weighLists(
    subjects.filter(({ kind, text }) => kind === 'address' && isOwn(text)).flatMap(({ answers }) => answers),
    subjects.filter(({ kind }) => kind === 'domain').flatMap(({ answers }) => answers),
  );
  return {
    ...score,
    host: {
      reverseName: worst?.state ?? 'unknown',
      helo: worst === undefined ? 'unknown' : heloOf(facts.addresses.helos),
      encrypted: 'unknown',
    },
    lists,
    names: { ...score.names, ...(worst && { address: worst.address }), ...(names && { lists: names }) },
  };
}

function heloOf(helos: readonly OwnHost[]): HostFacts['helo'] {
  const states = helos.map(({ four, six }) => {
    if (four.kind === 'found' || six.kind === 'found') return 'good';
    return four.kind === 'failed' || six.kind === 'failed' ? 'unknown' : 'bad';
  });
  return (['bad', 'good', 'unknown'] as const).find((state) => states.includes(state)) ?? 'unknown';
}
