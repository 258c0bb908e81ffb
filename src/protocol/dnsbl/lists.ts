/**
 * The block lists that are asked, as data: those that large receivers look at, and some small ones. Codes as the operators document them
 * (docs.spamhaus.com "Available zones", surbl.org/lists, uribl.com/about.shtml, the pages named below).
 */
import type { BlockList, ListEntry, ListRank } from './types.ts';

const tests = { listed: '127.0.0.2', clean: '127.0.0.1' } as const; // RFC 5782 §5

const sbl: ListEntry = {
  name: 'SBL',
  rank: 'major',
  cause: 'spam was seen from this address or for its owner, and somebody looked into it',
  remedy: 'end what caused it; the provider of the address asks for removal',
};
const css: ListEntry = {
  name: 'CSS',
  rank: 'major',
  cause:
    'mail from this address looks like spam: a new or badly kept sender, a wrong HELO name, bought lists, a hacked account',
  remedy:
    'find what sends, mend HELO and reverse DNS, then remove it yourself on the page; it comes back if it goes on',
};
const xbl: ListEntry = {
  name: 'XBL',
  rank: 'major',
  cause: 'a hacked machine or a virus speaks from this address, or from behind it',
  remedy: 'find and clean the machine, block outgoing port 25 for all but the mail server, then remove it on the page',
};
const drop: ListEntry = {
  name: 'DROP',
  rank: 'major',
  cause: 'the whole network is taken to be in the hands of criminals',
  remedy: 'move to another network',
};
const pbl: ListEntry = {
  name: 'PBL',
  rank: 'major',
  cause: 'the network says that nobody there should send mail directly: a home line, or a cloud that wants it so',
  remedy: 'send through a relay; or, with a fixed address and reverse DNS of your own, take it off on the page',
};
const botnet: ListEntry = {
  name: 'BCL',
  rank: 'major',
  cause: 'a botnet is directed from this address',
  remedy: 'have the machine examined',
};

const domainEntry = (name: string, cause: string, remedy: string): ListEntry => ({
  name,
  rank: 'major',
  cause,
  remedy,
});
const cleanUp = 'find and remove what was put there, change passwords, then ask for removal on the page';
const abused = domainEntry('abused', 'the domain is an honest one whose web site or redirects are abused', cleanUp);

const dbl: Readonly<Record<string, ListEntry>> = {
  '127.0.1.2': domainEntry(
    'spam',
    'the domain has a bad name: seen in spam, newly registered, or close to domains that are',
    'end what caused it, then ask for removal on the page',
  ),
  '127.0.1.4': domainEntry('phishing', 'the domain was seen in phishing', cleanUp),
  '127.0.1.5': domainEntry('malware', 'the domain was seen spreading malware', cleanUp),
  '127.0.1.6': domainEntry('botnet', 'a botnet is directed through the domain', cleanUp),
  '127.0.1.102': abused,
  '127.0.1.103': abused,
  '127.0.1.104': abused,
  '127.0.1.105': abused,
  '127.0.1.106': abused,
};

const small = (name: string, cause: string): ListEntry => ({
  name,
  rank: 'minor',
  cause,
  remedy: 'end what caused it; most entries go away by themselves, else ask on the page',
});

const any127 = (entry: ListEntry, ...lastOctets: readonly number[]): Readonly<Record<string, ListEntry>> =>
  Object.fromEntries(lastOctets.map((octet) => [`127.0.0.${octet}`, entry]));

export const blockLists: readonly BlockList[] = [
  {
    id: 'spamhaus-zen',
    name: 'Spamhaus ZEN',
    zone: 'zen.spamhaus.org',
    about: 'address',
    families: [4, 6],
    page: 'https://check.spamhaus.org/',
    codes: {
      ...any127(sbl, 2),
      ...any127(css, 3),
      ...any127(xbl, 4, 5, 6, 7),
      ...any127(drop, 9),
      ...any127(pbl, 10, 11),
      ...any127(botnet, 30),
    },
    test: tests,
  },
  {
    id: 'spamcop',
    name: 'SpamCop',
    zone: 'bl.spamcop.net',
    about: 'address',
    families: [4],
    page: 'https://www.spamcop.net/bl.shtml',
    codes: any127(small('SCBL', 'people reported spam from it, or it wrote to addresses that nobody has'), 2),
    test: tests,
  },
  {
    id: 'barracuda',
    name: 'Barracuda',
    zone: 'b.barracudacentral.org',
    about: 'address',
    families: [4],
    page: 'https://www.barracudacentral.org/rbl/removal-request',
    codes: any127(small('BRBL', 'spam came from it to hosts of Barracuda'), 2),
    test: tests,
  },
  {
    id: 'psbl',
    name: 'PSBL',
    zone: 'psbl.surriel.com',
    about: 'address',
    families: [4],
    page: 'https://psbl.org/',
    codes: any127(small('PSBL', 'it wrote to addresses that nobody has'), 2),
    test: tests,
  },
  {
    id: 'mailspike',
    name: 'Mailspike',
    zone: 'bl.mailspike.net',
    about: 'address',
    families: [4],
    page: 'https://www.mailspike.net/iplookup.html',
    codes: any127(small('bad reputation', 'much of what comes from it was taken for spam'), 2, 10, 11, 12),
    test: tests,
  },
  {
    id: 'dronebl',
    name: 'DroneBL',
    zone: 'dnsbl.dronebl.org',
    about: 'address',
    families: [4, 6],
    page: 'https://dronebl.org/lookup',
    codes: any127(
      small('drone', 'an open proxy or a hacked machine was seen there'),
      ...Array.from({ length: 18 }, (_, at) => at + 2),
      255,
    ),
    test: tests,
  },
  {
    id: 'uceprotect-1',
    name: 'UCEPROTECT level 1',
    zone: 'dnsbl-1.uceprotect.net',
    about: 'address',
    families: [4],
    page: 'https://www.uceprotect.net/en/rblcheck.php',
    codes: any127(
      small('level 1', 'it wrote to addresses that nobody has; it is forgotten after seven days without'),
      2,
    ),
    test: tests,
  },
  {
    id: 'spamhaus-dbl',
    name: 'Spamhaus DBL',
    zone: 'dbl.spamhaus.org',
    about: 'domain',
    families: [],
    page: 'https://check.spamhaus.org/',
    codes: dbl,
    refusals: { '127.0.1.255': 'it was asked about an address, which it has none of' },
    test: { listed: 'dbltest.com', clean: 'invalid' },
  },
  {
    id: 'surbl',
    name: 'SURBL',
    zone: 'multi.surbl.org',
    about: 'domain',
    families: [],
    page: 'https://surbl.org/surbl-analysis',
    codes: {
      bits: {
        4: domainEntry('DM', 'the domain was made for deceptive mail', cleanUp),
        8: domainEntry('PH', 'the domain was seen in phishing', cleanUp),
        16: domainEntry('MW', 'the domain was seen spreading malware', cleanUp),
        32: small('CT', 'the domain counts clicks in mail that people take for spam'),
        64: domainEntry('ABUSE', 'the domain was seen in spam', 'end what caused it, then ask for removal on the page'),
        128: domainEntry('CR', 'the web site of the domain was broken into', cleanUp),
      },
    },
    refusals: { '127.0.0.1': 'it does not answer this name server' },
    test: { listed: 'test.surbl.org', clean: 'invalid' },
  },
  {
    id: 'uribl',
    name: 'URIBL',
    zone: 'multi.uribl.com',
    about: 'domain',
    families: [],
    page: 'https://admin.uribl.com/',
    codes: {
      bits: {
        2: domainEntry('black', 'the domain was seen in spam', 'end what caused it, then ask for removal on the page'),
        4: small('grey', 'the domain was seen in mail that some people did not ask for'),
        8: small('red', 'the domain is new, or looks like those of spam'),
      },
    },
    refusals: { '127.0.0.1': 'it does not answer this name server' },
    test: { listed: 'test.uribl.com', clean: 'invalid' },
  },
];

/** Whether the list has entries of this weight. */
export function canList({ codes }: BlockList, rank: ListRank): boolean {
  const entries = 'bits' in codes && typeof codes.bits === 'object' ? codes.bits : codes;
  return Object.values(entries as Record<string, ListEntry>).some((entry) => entry.rank === rank);
}
