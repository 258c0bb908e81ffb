/**
 * DMARC of a domain: what stands at `_dmarc`, whose record receivers of today and of yesterday find, where reports go, and what stands
 * at the names below that somebody sends for. RFC 9989, RFC 7489
 */
import { below, type DomainName, parseQueryName } from '../../../../format/domain-name.ts';
import { applyPolicy, choosePolicy, choosePolicyRecord, type PolicyRecord } from '../../../../protocol/dmarc/decide.ts';
import { loadPublicSuffixes } from '../../../../protocol/dmarc/public-suffix.ts';
import { createRecordFinder, type Walk, walkTree } from '../../../../protocol/dmarc/tree-walk.ts';
import type { DnsAnswer, RecordData } from '../../../../protocol/dns/types.ts';
import type { DmarcFact } from '../../score/types.ts';
import { isSameAnswer } from '../same-answer.ts';
import type { DoctorWorld, GatherSubject } from '../types.ts';
import { gatherBelow, type NameBelow } from './gather-below.ts';
import { type Destination, gatherDestinations } from './gather-destinations.ts';
import { gatherViews, type View } from './gather-views.ts';
import { type DmarcTexts, noTexts, readTexts } from './read-texts.ts';

export type DmarcFacts = {
  /** `_dmarc.example.com` */
  readonly name: string;
  readonly answer: DnsAnswer<string>;
  /** The name is an alias: the record is kept elsewhere. */
  readonly alias?: string;
  /** A wildcard answers; at the name itself stands nothing. */
  readonly isWild: boolean;
  readonly texts: DmarcTexts;
  readonly walk: Walk;
  /** The record that counts for mail From the domain: its own, or that of a domain above it. */
  readonly inForce: PolicyRecord | 'none' | 'unknown';
  readonly policy: DmarcFact;
  /** The organizational domain by the Public Suffix List; undefined for a public suffix. */
  readonly suffixDomain?: DomainName;
  /** Where records are put by mistake. */
  readonly astray: readonly { readonly name: string; readonly answer: DnsAnswer<string> }[];
  readonly destinations: readonly Destination[];
  readonly below: readonly NameBelow[];
  readonly views: readonly View[];
  /** `default._bimi` */
  readonly logo: DnsAnswer<string>;
  readonly mail: DnsAnswer<RecordData['MX']>;
};

const nothing: DnsAnswer<never> = { kind: 'none', why: 'nxdomain', ttlSeconds: 0, secure: false };
/** Nobody has this label: what answers is a wildcard. */
const nobody = 'ph-no-such-name-7c41';

export async function gatherDmarcFacts(world: DoctorWorld, subject: GatherSubject): Promise<DmarcFacts> {
  const { domain } = subject;
  const name = below('_dmarc', domain);
  const txt = async (at: string) => {
    const asked = parseQueryName(at);
    return asked === undefined ? nothing : world.resolver.lookup(asked, 'TXT');
  };
  const answering = name === undefined ? nothing : txt(name);
  const cname = async (at: string) => {
    const asked = parseQueryName(at);
    return asked === undefined ? nothing : world.resolver.lookup(asked, 'CNAME');
  };
  const [answer, alias, wild, wildAlias, walk, suffixes, apex, doubled, logo, mail, names, views] = await Promise.all([
    answering,
    cname(`_dmarc.${domain}`),
    txt(`${nobody}.${domain}`),
    cname(`${nobody}.${domain}`),
    walkTree(domain, createRecordFinder(world.resolver)),
    loadPublicSuffixes(),
    txt(domain),
    txt(`_dmarc.${domain}.${domain}`),
    txt(`default._bimi.${domain}`),
    world.resolver.lookup(domain, 'MX'),
    gatherBelow(world, subject),
    gatherViews(world, subject),
  ]);
  const isWildAlias = isSameAnswer(alias, wildAlias);
  const target = alias.kind === 'found' && !isWildAlias ? alias.records[0] : undefined;
  const texts = answer.kind === 'found' ? readTexts(answer.records) : noTexts;
  const inForce = choosePolicyRecord(walk);
  const suffixDomain = suffixes.organizationalDomain(domain);
  return {
    name: name ?? `_dmarc.${domain}`,
    answer,
    ...(target !== undefined && { alias: target }),
    isWild: isWildAlias || (target === undefined && isSameAnswer(answer, wild)),
    texts,
    walk,
    inForce,
    policy: policyOf(inForce, domain),
    ...(suffixDomain !== undefined && { suffixDomain }),
    astray: [
      { name: domain, answer: apex },
      { name: `_dmarc.${domain}.${domain}`, answer: doubled },
    ],
    destinations: await gatherDestinations(world, subject, texts.record?.rua ?? []),
    below: names,
    views,
    logo,
    mail,
  };
}

function policyOf(inForce: DmarcFacts['inForce'], domain: DomainName): DmarcFact {
  if (inForce === 'unknown') return 'unknown';
  if (inForce === 'none' || inForce.record.usable === 'no') return 'missing';
  return applyPolicy(choosePolicy(inForce, domain, true), inForce.record.testing);
}
