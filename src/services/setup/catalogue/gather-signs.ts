/**
 * The signs that a domain shows in DNS: MX, the terms of its SPF record, the keys at selectors that services are known to use, the
 * targets of return paths with known names. Selectors cannot be listed, only guessed: what is not found here may still be there.
 */
import { eachAtOnce } from '../../../base/at-once.ts';
import { type DomainName, parseQueryName, type QueryName } from '../../../format/domain-name.ts';
import type { DnsAnswer, Resolver } from '../../../protocol/dns/types.ts';
import { isSpfRecord, parseSpfRecord } from '../../../protocol/spf/record.ts';
import type { Catalogue, SenderDefinition, SenderSigns } from '../types.ts';
import { holesIn } from './fill.ts';
import { recognise } from './recognise.ts';

/** At a time: what a home router's name server takes without dropping some. */
const atOnce = 24;
/** Records of the domain's own that its SPF record may be spread over. */
const ownRecordsMax = 10;

/** Of a kind; a zone that has more was made to keep us busy. */
const namesMax = 200;

/** Used by services that the catalogue does not know, and by servers of one's own: a key there is worth knowing of. */
const otherSelectors = [
  ...['default', 'mail', 'dkim', 'k1', 's1024', 's2048', 'mxvault', 'x', 'smtp', 'email', 'key1', 'key2'],
  ...['ph1', 'ph2', 'ph3', 'ph4'], // our own
  ...['acdkim1', 'acdkim2', 'cka', 'e2ma-k1', 'e2ma-k2', 'e2ma-k3', 'gor', 'gor2', 'pdk1', 'pdk2', 'm1', 'sgd'],
];

/** The least that a run over many domains tries. */
const commonSelectors = ['default', 'google', 'selector1', 'selector2', 'k1', 's1', 's2', 'mail', 'dkim'];

/** A name nobody has a key at: where it answers, a wildcard does, and keys prove nothing. */
const nobodysSelector = 'posthorn-asks-for-no-key';

export type Gathered = {
  readonly signs: SenderSigns;
  /** Every name below `_domainkey` answers. */
  readonly hasWildcardKeys: boolean;
  /** Something is below `_domainkey`, and none of the selectors that were tried: there are others. RFC 8020 §2 */
  readonly hasOtherKeys: boolean;
  /** Names that DNS gave no answer for: they may be there. */
  readonly failed: readonly string[];
};

type GatherOptions = {
  readonly signal?: AbortSignal;
  /** For a run over many domains: keys are looked for at selectors of senders that MX and SPF show, and at those most used. */
  readonly few?: boolean;
};

export async function gatherSigns(
  resolver: Resolver,
  catalogue: Catalogue,
  domain: DomainName,
  { signal, few = false }: GatherOptions = {},
): Promise<Gathered> {
  const failed: string[] = [];
  const look: Look = { resolver, domain, options: signal ? { signal } : {}, failed, timeouts: 0 };
  const [mx, spfDomains] = await Promise.all([mailHosts(look), spfNames(look)]);
  // Name servers that do not answer for the domain itself do not answer for 150 names below it either.
  if (look.timeouts > 1) return { signs: {}, hasWildcardKeys: false, hasOtherKeys: false, failed };
  if (few && !(await exists(look, `_domainkey.${domain}`)))
    return { signs: { mx, spfDomains, selectors: [] }, hasWildcardKeys: false, hasOtherKeys: false, failed };
  const guessed = few ? selectorsOf(catalogue, { mx, spfDomains }) : selectorsToGuess(catalogue);
  const [wildcard, hasKeys, selectors, returnPaths] = await Promise.all([
    keyAt(look, nobodysSelector),
    exists(look, `_domainkey.${domain}`),
    eachAtOnce(guessed, atOnce, (selector) => keyAt(look, selector)),
    eachAtOnce(few ? [] : returnPathNames(catalogue), atOnce, (name) => targetOf(look, `${name}.${domain}`)),
  ]);
  const hasWildcardKeys = wildcard !== undefined;
  const keys = selectors.filter((one) => one !== undefined);
  return {
    signs: {
      mx,
      spfDomains: [...spfDomains, ...returnPaths.filter((target) => target !== undefined)],
      selectors: hasWildcardKeys ? keys.filter(({ target }) => target !== wildcard.target) : keys,
    },
    hasWildcardKeys,
    hasOtherKeys: hasKeys && keys.length === 0,
    failed,
  };
}

type Look = {
  readonly resolver: Resolver;
  readonly domain: DomainName;
  readonly options: { readonly signal?: AbortSignal };
  readonly failed: string[];
  timeouts: number;
};

/** What services use, and what is used often. */
function selectorsToGuess(catalogue: Catalogue): readonly string[] {
  return [...new Set([...catalogue.all.flatMap(selectorsUsedBy), ...otherSelectors])];
}

/** Of those who show in MX and SPF, and what is used most. */
function selectorsOf(catalogue: Catalogue, signs: SenderSigns): readonly string[] {
  const shown = recognise(catalogue, signs).senders.flatMap(({ sender }) => selectorsUsedBy(sender));
  return [...new Set([...shown, ...commonSelectors])];
}

function selectorsUsedBy({ traces, records }: SenderDefinition): readonly string[] {
  return [
    ...traces.selectors.filter((pattern) => !pattern.includes('*')),
    ...records
      .filter(({ purpose, name }) => purpose === 'dkim' && name.endsWith('._domainkey') && holesIn(name).length === 0)
      .map(({ name }) => name.slice(0, -'._domainkey'.length)),
  ];
}

/** Names below a domain that services ask a CNAME at: those that are the same for everybody, or are so unless somebody asks. */
function returnPathNames(catalogue: Catalogue): readonly string[] {
  const names = catalogue.all.flatMap(({ records, parameters }) =>
    records
      .filter(({ purpose, type }) => purpose === 'return-path' && type === 'CNAME')
      .map(({ name }) =>
        parameters.reduce((text, one) => text.replace(`{${one.name}}`, one.fallback ?? `{${one.name}}`), name),
      ),
  );
  return [...new Set(names.filter((name) => holesIn(name).length === 0))];
}

async function mailHosts(look: Look): Promise<readonly string[]> {
  const { resolver, domain, options } = look;
  const answer = noted(look, domain, await resolver.lookup(domain, 'MX', options));
  return answer
    .map(({ exchange }) => exchange)
    .filter((name) => name !== '')
    .slice(0, namesMax);
}

/** Names of others in the record; records of the domain's own that it is spread over are read, too. */
async function spfNames(look: Look): Promise<readonly string[]> {
  const names: string[] = [];
  const own: QueryName[] = [look.domain];
  for (let at = 0; at < own.length && at < ownRecordsMax; at++) {
    const name = own[at] as QueryName;
    const texts = noted(look, name, await look.resolver.lookup(name, 'TXT', look.options));
    for (const target of texts.filter(isSpfRecord).flatMap(targetsIn)) {
      const isOwn = target === look.domain || target.endsWith(`.${look.domain}`);
      const asked = parseQueryName(target);
      if (!isOwn) names.push(target);
      else if (asked !== undefined && !own.includes(asked)) own.push(asked);
    }
  }
  return [...new Set(names)].slice(0, namesMax);
}

/** Of a target with macros the fixed end: `%{i}._spf.mta.salesforce.com` is a name of salesforce.com. */
function targetsIn(text: string): readonly string[] {
  const record = parseSpfRecord(text);
  if (!record.ok) return [];
  const terms = record.value.directives.flatMap((directive) =>
    'target' in directive && directive.target ? [directive.target.text] : [],
  );
  return [...terms, ...(record.value.redirect ? [record.value.redirect.target.text] : [])].map((target) =>
    target
      .slice(target.lastIndexOf('}') + 1)
      .replace(/^\.|\.$/g, '')
      .toLowerCase(),
  );
}

async function keyAt(
  look: Look,
  selector: string,
): Promise<{ readonly selector: string; readonly target?: string } | undefined> {
  const name = parseQueryName(`${selector}._domainkey.${look.domain}`);
  if (name === undefined) return undefined;
  const alias = await look.resolver.lookup(name, 'CNAME', look.options);
  // The first step: the last may be a machine of whoever carries for the service.
  const target = noted(look, name, alias)[0];
  if (target !== undefined) return { selector, target };
  if (alias.kind === 'none' && alias.why === 'nxdomain') return undefined;
  const texts = noted(look, name, await look.resolver.lookup(name, 'TXT', look.options));
  return texts.some((text) => /(?:^|;)\s*p\s*=/.test(text)) ? { selector } : undefined;
}

/** A name that has nothing itself exists when something is below it. */
async function exists(look: Look, name: string): Promise<boolean> {
  const asked = parseQueryName(name);
  if (asked === undefined) return false;
  const answer = await look.resolver.lookup(asked, 'TXT', look.options);
  return answer.kind === 'found' || (answer.kind === 'none' && answer.why === 'nodata');
}

async function targetOf(look: Look, name: string): Promise<string | undefined> {
  const asked = parseQueryName(name);
  if (asked === undefined) return undefined;
  return noted(look, name, await look.resolver.lookup(asked, 'CNAME', look.options))[0];
}

function noted<Data>(look: Look, name: string, answer: DnsAnswer<Data>): readonly Data[] {
  if (answer.kind === 'failed' && !look.failed.includes(name)) look.failed.push(name);
  if (answer.kind === 'failed' && answer.why === 'timeout') look.timeouts++;
  return answer.kind === 'found' ? answer.records : [];
}
