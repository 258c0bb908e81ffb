/** What the tags of records say, a sentence each. RFC 9989 §4.7, RFC 6376 §3.6.1, RFC 8461 §3.1, RFC 8460 §3. */

export type TagWords = ReadonlyMap<string, (value: string) => string>;

const always = (say: string) => () => say;
const oneOf = (words: Readonly<Record<string, string>>, otherwise: string) => (value: string) =>
  Object.hasOwn(words, value.toLowerCase()) ? (words[value.toLowerCase()] as string) : otherwise;

const policyWords = {
  none: 'let it through, and report it',
  quarantine: 'put it into the junk folder',
  reject: 'refuse it',
};
const policyOf = (whom: string) => (value: string) =>
  `${whom}: ${oneOf(policyWords, 'a word that receivers do not know')(value)}`;
const alignment = (by: string) =>
  oneOf(
    {
      r: `${by} may prove a domain above or beside the one in From, within the organisation`,
      s: `${by} has to prove the very domain in From`,
    },
    'a word that receivers do not know',
  );

export const dmarcWords: TagWords = new Map([
  ['v', always('a DMARC record')],
  ['p', policyOf('mail in the domain’s name that nothing proves')],
  ['sp', policyOf('the same for names below it')],
  ['np', policyOf('the same for names below it that do not exist')],
  ['adkim', alignment('DKIM')],
  ['aspf', alignment('SPF')],
  [
    't',
    oneOf(
      { y: 'a test: receivers do one step less than asked', n: 'no test: receivers do what is asked' },
      'a word that receivers do not know',
    ),
  ],
  [
    'psd',
    oneOf(
      {
        y: 'others register names below this one',
        n: 'the organisation’s own domain',
        u: 'receivers find out themselves',
      },
      'a word that receivers do not know',
    ),
  ],
  ['rua', always('where receivers send their daily reports on who sends as you')],
  ['ruf', always('where copies of single messages that failed go; few receivers send any')],
  ['fo', always('for which failures such copies are wanted')],
  ['pct', always('of the old standard: the share of failing mail that the policy is for')],
  ['rf', always('of the old standard: the form of failure reports')],
  ['ri', always('of the old standard: seconds between reports')],
]);

export const dkimKeyWords: TagWords = new Map([
  ['v', always('a DKIM key')],
  ['k', oneOf({ rsa: 'an RSA key', ed25519: 'an Ed25519 key' }, 'a kind of key that nobody knows')],
  ['p', (value) => (value === '' ? 'no key: it was withdrawn' : 'the public half of the key')],
  ['h', always('the hashes it may be used with')],
  ['s', always('what it may be used for; * is everything')],
  [
    't',
    (value) =>
      [
        ...(value.includes('y') ? ['y: a test, receivers may take signatures for none'] : []),
        ...(value.includes('s') ? ['s: not for names below the domain'] : []),
      ].join('; ') || 'flags that nobody knows',
  ],
  ['n', always('a note for people')],
]);

export const stsWords: TagWords = new Map([
  ['v', always('an announcement of MTA-STS')],
  ['id', always('of the policy: another one tells senders to fetch it anew')],
]);

export const tlsReportWords: TagWords = new Map([
  ['v', always('a wish for reports about encryption')],
  ['rua', always('where senders report each day how encrypted delivery to you went')],
]);

export const bimiWords: TagWords = new Map<string, (value: string) => string>([
  ['v', always('a logo for the domain’s mail')],
  ['l', (value) => (value === '' ? 'no logo' : 'where the logo is, as SVG')],
  ['a', (value) => (value === '' ? 'no certificate' : 'where the certificate is that says whose logo it is')],
  ['avp', always('whether a picture of the person may be shown instead')],
  ['lps', always('the beginnings of addresses that have a logo of their own')],
]);
