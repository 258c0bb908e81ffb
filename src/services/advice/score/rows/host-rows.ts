/** The host that sent it, and the block lists it or a domain of the message is on. */
import type { HostFacts, ScoreFacts, ScoreRow } from '../types.ts';
import { host, listed, steps } from './words.ts';

const reverseTenths: Readonly<Record<HostFacts['reverseName'], number>> = {
  confirmed: 0,
  missing: 12,
  unconfirmed: 12,
  generic: 6,
  unknown: 0,
};
const heloTenths = 6;
const plainTenths = 10;
const majorTenths = 25;
const domainTenths = 25;
const minorTenths = 5;

const withHost = (facts: ScoreFacts, host: Partial<HostFacts>): ScoreFacts => ({
  ...facts,
  host: { ...facts.host, ...host },
});

const reverseRow: ScoreRow = {
  category: 'host',
  check: ({ host: { reverseName }, names }) => {
    if (reverseName === 'generic') return 'IPR-03';
    if (reverseName === 'unconfirmed') return 'IPR-02';
    return names.address?.includes(':') === true ? 'IPR-05' : 'IPR-01';
  },
  tenths: (facts) => reverseTenths[facts.host.reverseName],
  say: (facts) => {
    const name = facts.names.reverseName ?? 'the name of the address';
    if (facts.host.reverseName === 'generic') return `${name} looks like a dial-up line, not like a mail server`;
    if (facts.host.reverseName === 'unconfirmed') return `${name} does not lead back to ${host(facts)}`;
    return `${host(facts)} has no name (PTR record)`;
  },
  fix: (facts) =>
    steps(
      `at whoever rents you ${host(facts)}, set its reverse DNS (PTR) to a name of yours like mail.example.com, and give that name the address back (A or AAAA)`,
    ),
  mended: (facts) => withHost(facts, { reverseName: 'confirmed' }),
};

const heloRow: ScoreRow = {
  category: 'host',
  check: () => 'IPR-04',
  tenths: ({ host: { helo } }) => (helo === 'bad' ? heloTenths : 0),
  say: ({ names }) => `the server calls itself ${names.helo || '(nothing)'}, which is no name that leads anywhere`,
  fix: (facts) => steps(`let the server say its full name in HELO, one that leads to ${host(facts)}`),
  mended: (facts) => withHost(facts, { helo: 'good' }),
};

const plainRow: ScoreRow = {
  category: 'host',
  check: () => 'IPR-08',
  tenths: ({ host: { encrypted } }) => (encrypted === 'no' ? plainTenths : 0),
  say: () => 'it travelled without encryption (TLS)',
  fix: () => steps('let the server use STARTTLS whenever the receiver offers it'),
  mended: (facts) => withHost(facts, { encrypted: 'yes' }),
};

const majorRow: ScoreRow = {
  category: 'lists',
  check: () => 'LST-01',
  tenths: ({ lists }) => (lists.major === 'yes' ? majorTenths : 0),
  say: (facts) => `${host(facts)} is on a block list that large receivers use${listed(facts.names.lists?.major)}`,
  fix: () => steps('find out why it was listed, end that, then ask the list to take it off; or send through a relay'),
  mended: (facts) => ({ ...facts, lists: { ...facts.lists, major: 'no' } }),
};

const domainRow: ScoreRow = {
  category: 'lists',
  check: () => 'LST-02',
  tenths: ({ lists }) => (lists.domain === 'yes' ? domainTenths : 0),
  say: ({ names }) => `a domain in the message is on a block list${listed(names.lists?.domain)}`,
  fix: () => steps('take links to it out, or, if it is yours, end what caused it and ask the list to take it off'),
  mended: (facts) => ({ ...facts, lists: { ...facts.lists, domain: 'no' } }),
};

const minorRow: ScoreRow = {
  category: 'lists',
  check: () => 'LST-03',
  tenths: ({ lists }) => lists.minor * minorTenths,
  say: (facts) =>
    `${host(facts)} is on ${facts.lists.minor === 1 ? 'a small block list' : `${facts.lists.minor} small block lists`}${listed(facts.names.lists?.minor)}`,
  fix: () => steps('few receivers ask these lists; ask them to take the address off'),
  mended: (facts) => ({ ...facts, lists: { ...facts.lists, minor: 0 } }),
};

export const hostRows: readonly ScoreRow[] = [reverseRow, heloRow, plainRow];
export const listRows: readonly ScoreRow[] = [majorRow, domainRow, minorRow];
