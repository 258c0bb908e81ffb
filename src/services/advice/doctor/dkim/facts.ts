/**
 * The DKIM keys of a domain, as far as anybody can know of them: selectors cannot be listed (RFC 6376 §3.1), so a key is looked for
 * where somebody said, where a sender or the office has one, where reports saw one, and where services usually put theirs.
 */
import { parseQueryName, type QueryName } from '../../../../format/domain-name.ts';
import { type KeyRecord, parseKeyRecord } from '../../../../protocol/dkim/key-record.ts';
import type { DkimProblem } from '../../../../protocol/dkim/problems.ts';
import type { DnsAnswer } from '../../../../protocol/dns/types.ts';
import { ask } from '../ask.ts';
import { isBeyondZone } from '../beyond-zone.ts';
import { isSameAnswer } from '../same-answer.ts';
import type { DoctorWorld, GatherSubject } from '../types.ts';
import { type SenderKeys, senderKeysOf } from './sender-keys.ts';
import { wantsOf } from './wants.ts';

type SelectorOrigin = 'told' | 'office' | 'sender' | 'reports' | 'guessed';

export type ReadKey = { readonly text: string; readonly read: KeyRecord | DkimProblem };

/** What stands at one selector. */
export type Sight = {
  readonly name: QueryName;
  readonly selector: string;
  /** Below which it stands: what signs with it says `d=` so. */
  readonly domain: string;
  readonly origins: readonly SelectorOrigin[];
  readonly txt: DnsAnswer<string>;
  /** Its own alias. */
  readonly alias: DnsAnswer<string>;
  /** A wildcard answers, as it does for every selector. */
  readonly isWild: boolean;
  /** The alias leads to a name that a zone which is not published yet knows nothing of. */
  readonly isBeyond: boolean;
  readonly texts: readonly ReadKey[];
};

export type DkimFacts = {
  readonly sights: readonly Sight[];
  readonly senders: readonly SenderKeys[];
  readonly guessed: {
    readonly hasWildcardKeys: boolean;
    /** `_domainkey` is not there, and so nothing below it: no key at all. RFC 8020 §2 */
    readonly hasNone: boolean;
    /** Something stands below `_domainkey`, and at none of the usual selectors. */
    readonly hasOtherKeys: boolean;
    /** Usual selectors for which the DNS gave no answer. */
    readonly failed: number;
  };
};

/** From one source; what names more was made to keep us busy. */
const namesMax = 60;
/** One is legal, two happen while a key is changed. */
const textsMax = 5;

export async function gatherDkimFacts(world: DoctorWorld, subject: GatherSubject): Promise<DkimFacts> {
  const { domain, selectors, office, reports } = subject;
  const at = (list: readonly string[]) => list.map((selector) => `${selector}._domainkey.${domain}`);
  const [told, ours, reported, wanted, guessed, hasNone] = await Promise.all([
    lookAll(world, subject, 'told', at(selectors)),
    lookAll(world, subject, 'office', at((office?.keys ?? []).map(({ selector }) => selector))),
    lookAll(world, subject, 'reports', at(reports?.selectorsSeen ?? [])),
    subject.senders.then((senders) =>
      lookAll(
        world,
        subject,
        'sender',
        senders.flatMap(wantsOf).flatMap(({ name }) => name ?? []),
      ),
    ),
    subject.signs.then(async ({ signs, ...rest }) => ({
      ...rest,
      sights: await lookAll(world, subject, 'guessed', at((signs.selectors ?? []).map(({ selector }) => selector))),
    })),
    hasNothingBelow(world, `_domainkey.${domain}`),
  ]);
  const sights = merged([...told, ...ours, ...wanted, ...reported, ...guessed.sights]);
  const failed = guessed.failed.filter((name) => name.endsWith(`._domainkey.${domain}`)).length;
  return {
    sights,
    senders: senderKeysOf(await subject.senders, sights, subject),
    guessed: {
      hasNone: hasNone && failed === 0 && sights.every(({ txt }) => txt.kind === 'none'),
      hasWildcardKeys: guessed.hasWildcardKeys,
      hasOtherKeys: guessed.hasOtherKeys,
      failed,
    },
  };
}

/** RFC 8020 §2; RFC 6604 §3: the name error may be about the end of an alias. */
async function hasNothingBelow(world: DoctorWorld, name: string): Promise<boolean> {
  const isAbsent = ({ kind, why }: { readonly kind: string; readonly why?: string }) =>
    kind === 'none' && why === 'nxdomain';
  return isAbsent(await ask(world, name, 'TXT')) && isAbsent(await ask(world, name, 'CNAME'));
}

async function lookAll(
  world: DoctorWorld,
  subject: GatherSubject,
  origin: SelectorOrigin,
  names: readonly string[],
): Promise<readonly Sight[]> {
  const asked = [...new Set(names.flatMap((name) => parseQueryName(name) ?? []))].slice(0, namesMax);
  return Promise.all(asked.map((name) => lookAt(world, subject, origin, name)));
}

const under = '._domainkey.';
/** Nobody has a key here, so what answers is a wildcard; recognising senders asks it, too. */
const nobody = 'posthorn-asks-for-no-key';

async function lookAt(
  world: DoctorWorld,
  { domain: subject }: GatherSubject,
  origin: SelectorOrigin,
  name: QueryName,
): Promise<Sight> {
  const at = name.indexOf(under);
  const domain = name.slice(at + under.length);
  const probe = parseQueryName(`${nobody}${under}${domain}`) ?? name;
  const [txt, alias, wildAlias] = await Promise.all([
    world.resolver.lookup(name, 'TXT'),
    world.resolver.lookup(name, 'CNAME'),
    world.resolver.lookup(probe, 'CNAME'),
  ]);
  const isNobody = wildAlias.kind === 'none' && wildAlias.why === 'nxdomain';
  const wildTxt = isNobody ? wildAlias : await world.resolver.lookup(probe, 'TXT');
  const target = alias.kind === 'found' ? alias.records[0] : undefined;
  return {
    name,
    selector: name.slice(0, Math.max(at, 0)),
    domain,
    origins: [origin],
    txt,
    alias,
    isWild: isSameAnswer(txt, wildTxt) && (alias.kind !== 'found' || isSameAnswer(alias, wildAlias)),
    isBeyond: target !== undefined && (await isBeyondZone(world, subject, target, txt)),
    texts: txt.kind === 'found' ? txt.records.filter(isMeantForDkim).slice(0, textsMax).map(readKey) : [],
  };
}

/** Records of other standards, found through a wildcard for instance, are no damaged keys. */
function isMeantForDkim(text: string): boolean {
  return !/^\s*v\s*=\s*(?:spf1|DMARC1|STSv1|TLSRPTv1|BIMI1)\b/i.test(text);
}

function readKey(text: string): ReadKey {
  return { text, read: parseKeyRecord(text) };
}

/** Each name once, with all that led to it. */
function merged(sights: readonly Sight[]): readonly Sight[] {
  const byName = new Map<QueryName, Sight>();
  for (const sight of sights) {
    const known = byName.get(sight.name);
    byName.set(sight.name, known ? { ...known, origins: [...known.origins, ...sight.origins] } : sight);
  }
  return [...byName.values()];
}
