/** DNS-05: wildcards in place of mail policies and keys. Pure. RFC 4592 §3.3: a wildcard answers at every name that does not exist, those of mail policies included. */

import { isDmarcRecord } from '../../../../protocol/dmarc/record.ts';
import type { DnsAnswer } from '../../../../protocol/dns/types.ts';
import type { FixRecord } from '../../types.ts';
import { recordsIn, recordsOf, whyUnanswered } from '../ask.ts';
import { fails, listed, passes, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import type { TextSight, WildFacts } from './gather/wild.ts';

/** RFC 6376 §3.6.1: an empty p= revokes, which a wildcard may do on purpose. */
const isRevokedKey = (text: string) => /(?:^|;)\s*p\s*=\s*(?:;|$)/.test(text);
const isStsRecord = (text: string) => text.startsWith('v=STSv1'); // RFC 8461 §3.1

export function wildcardCatches({ dns, subject: { domain }, show }: DomainFacts): readonly Judged[] {
  const { wild } = dns;
  const caught = caughtNames(wild, domain);
  const evidence = caught.map(({ name }) => show(name, 'TXT'));
  if (caught.length > 0) {
    const gone = wildRecords(wild);
    const names = caught.map(({ spoken }) => spoken);
    const harm = harmOf(wild);
    return [
      fails({
        subject: domain,
        ...(harm === 'none' && { severity: 'advice' }),
        meaning: `A wildcard answers at ${listed(names)} of ${domain} with a text that is no policy or key: ${harmWords[harm]}.`,
        evidence: [...evidence, ...gone.map(({ name, type }) => show(name, type))],
        fix: {
          delete: gone,
          set: [],
          steps: [
            ...(gone.some(({ type }) => type === 'CNAME')
              ? ['Before the wildcard goes, give every host that lives by it a record of its own.']
              : []),
            `If the wildcard has to stay, publish instead ${listed(caught.map(({ real }) => real))}: names that exist are out of its reach.`,
          ],
        },
      }),
    ];
  }
  const unanswered = [wild.dmarc.text, wild.sts.text, wild.beside.text, wild.selector.text].filter(
    ({ kind }) => kind === 'failed',
  );
  if (unanswered.length > 0) {
    const meaning = `Whether a wildcard answers for mail policies of ${domain} could not be seen: ${whyUnanswered(...unanswered)}.`;
    return [staysUnknown({ subject: domain, meaning, evidence: [show(wild.beside.name, 'TXT')] })];
  }
  const meaning = `No wildcard gets in the way of the mail policies and keys of ${domain}.`;
  return [
    passes({ subject: domain, meaning, evidence: [show(wild.beside.name, 'TXT'), show(wild.selector.name, 'TXT')] }),
  ];
}

const harmWords = {
  key: 'whatever anybody signs with a made-up key is checked against it',
  policy: 'there is no policy, and no name below counts as made up, so np= of DMARC protects nothing',
  none: 'receivers pass over it, and it hides that nothing is there',
} as const;

/**
 * RFC 8461 §3.1: texts that do not begin with v=STSv1 are discarded; RFC 6376 §6.1.2: without a key a signature fails, as it does with a
 * text that is none. A web wildcard that leads to a name with texts does no more than that. Of mail policies RFC 9989 §4.10 says the
 * same, and a name that exists is no longer protected by np= (§4.7).
 */
function harmOf(wild: WildFacts): keyof typeof harmWords {
  if (recordsIn(wild.selector.text).some((text) => /(?:^|;)\s*p\s*=\s*[^;\s]/.test(text))) return 'key';
  return isCaught(wild, wild.dmarc) && !recordsIn(wild.dmarc.text).some(isDmarcRecord) ? 'policy' : 'none';
}

/** `real`: what takes the place of the wildcard there. */
type Caught = { readonly name: string; readonly spoken: string; readonly real: string };

function caughtNames(wild: WildFacts, domain: string): readonly Caught[] {
  const caught: Caught[] = [];
  if (isCaught(wild, wild.dmarc) && !recordsIn(wild.dmarc.text).some(isDmarcRecord))
    caught.push({ name: wild.dmarc.name, spoken: '_dmarc', real: `a DMARC record at _dmarc.${domain}` });
  const keys = recordsIn(wild.selector.text);
  if (keys.length > 0 && !keys.every(isRevokedKey))
    caught.push({
      name: wild.selector.name,
      spoken: `every name below _domainkey.${domain}`,
      real: `a key below _domainkey.${domain}`,
    });
  if (isCaught(wild, wild.sts) && !recordsIn(wild.sts.text).some(isStsRecord))
    caught.push({ name: wild.sts.name, spoken: '_mta-sts', real: `an MTA-STS record at _mta-sts.${domain}` });
  return caught;
}

function isCaught({ beside }: WildFacts, { text }: TextSight): boolean {
  return isSameText(text, beside.text);
}

function isSameText(one: DnsAnswer<string>, other: DnsAnswer<string>): boolean {
  if (one.kind !== 'found' || other.kind !== 'found') return false;
  return one.records.toSorted().join('\n') === other.records.toSorted().join('\n');
}

/** The wildcards as they stand in the zone. The wider one answers for the name of the narrower, too. */
function wildRecords({ star, keyStar }: WildFacts): readonly FixRecord[] {
  const [wide, narrow] = [recordsAt(star), recordsAt(keyStar)];
  const isOwn = ({ type, value }: FixRecord) => !wide.some((one) => one.type === type && one.value === value);
  return [...narrow.filter(isOwn), ...wide];
}

function recordsAt({ name, text, alias }: TextSight): readonly FixRecord[] {
  return alias.kind === 'found' ? recordsOf(name, 'CNAME', alias.records) : recordsOf(name, 'TXT', recordsIn(text));
}
