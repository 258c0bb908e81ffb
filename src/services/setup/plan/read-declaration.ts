/**
 * A declaration as people write it, in a file under version control or as options: who sends for a domain. Everything is read once,
 * strictly, and what is wrong is named with what was meant. Pure.
 */
import { nearest } from '../../../base/nearest.ts';
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import { printable } from '../../../base/printable.ts';
import { type DomainName, parseDomainName, parseQueryName } from '../../../format/domain-name.ts';
import { parseIpAddress } from '../../../format/ip-address.ts';
import { parseReportUri } from '../../../protocol/dmarc/report-uri.ts';
import { parseDeclaredSender } from '../catalogue/declared-sender.ts';
import {
  type Catalogue,
  type Declaration,
  type DeclarationRefusal,
  type DeclaredKey,
  type DeclaredSender,
  type DmarcStage,
  type DmarcWish,
  dmarcStages,
  type SpfRemedyKind,
  spfRemedyKinds,
  stsModes,
} from '../types.ts';
import { isDkimKey } from './same-meaning.ts';

type Result<T> = Outcome<T, DeclarationRefusal>;
type Members = Readonly<Record<string, unknown>>;

/** More senders than any domain has; each costs lookups. (Our choice.) */
const sendersMax = 100;
/** RFC 7489 §6.2 asked receivers to serve two; a record has to fit, too. */
const addressesMax = 10;
/** As many as a policy document may name. (Our choice.) */
const keysMax = 100;
/** RSA of 4096 bits has 750 characters. (Our choice.) */
const keyTextMax = 4_096;

/** The domain that is meant, or what was given instead. */
export function readPlannedDomain(text: string): Result<DomainName> {
  const given = text.trim();
  const shown = printable(given, 80);
  const no = (say: string) => refuse('bad-domain', say);
  if (given === '') return no('The domain is missing.');
  const host = hostOfUrl(given);
  if (host !== undefined) return no(`${shown} is a web address; the domain is ${host}.`);
  const at = given.lastIndexOf('@');
  const behind = at < 0 ? undefined : parseDomainName(given.slice(at + 1));
  if (behind !== undefined) return no(`${shown} is an e-mail address; the domain is ${behind}.`);
  if (parseIpAddress(given) !== undefined)
    return no(`${shown} is an IP address; a domain is wanted, like example.com.`);
  if (given.startsWith('*.'))
    return no(`${shown} is a wildcard; plan the domain itself: ${printable(given.slice(2), 80)}.`);
  const domain = parseDomainName(given);
  if (domain === undefined) return no(`${shown} is no domain name; one reads like example.com.`);
  const labels = domain.split('.');
  const above = labels.slice(labels.findLastIndex((label) => label.startsWith('_')) + 1).join('.');
  if (above !== domain)
    return no(`${printable(domain, 80)} is the name of a record; the domain is ${above || 'what stands behind it'}.`);
  if (!domain.includes('.')) return no(`${domain} is a single label: a top-level domain or a host of a local network.`);
  return accept(domain);
}

function hostOfUrl(text: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) && !text.includes('/')) return undefined;
  const url = text.includes('://') ? text : `https://${text}`;
  const host = URL.canParse(url) ? parseDomainName(new URL(url).hostname) : undefined;
  return host?.replace(/^www\./, '');
}

const knownMembers = ['domain', 'senders', 'dmarc', 'parked', 'inbound', 'bimi', 'spf', 'mta_sts', 'mtaSts', 'keys'];

/** What TOML or JSON gave. @param domain what was asked for, where that is known already */
export function readDeclaration(catalogue: Catalogue, value: unknown, domain?: DomainName): Result<Declaration> {
  if (!isMembers(value)) return bad('a declaration is a table of members');
  const stranger = Object.keys(value).find((name) => !knownMembers.includes(name));
  if (stranger !== undefined) return unknownMember(stranger, knownMembers);
  const named = value.domain === undefined ? undefined : readText(value.domain, readPlannedDomain);
  if (named && !named.ok) return named;
  if (named && domain !== undefined && named.value !== domain)
    return bad(`it is about ${named.value}, not about ${domain}`);
  const about = domain ?? named?.value;
  if (about === undefined) return bad('domain is missing');
  const senders = readSenders(catalogue, value.senders ?? []);
  if (!senders.ok) return senders;
  const dmarc = value.dmarc === undefined ? accept(undefined) : readDmarc(value.dmarc);
  if (!dmarc.ok) return dmarc;
  return withRest(value, { domain: about, senders: senders.value, ...(dmarc.value && { dmarc: dmarc.value }) });
}

function withRest(value: Members, base: Declaration): Result<Declaration> {
  const { parked, inbound, bimi, spf, mtaSts: same, mta_sts: asked = same } = value;
  if (parked !== undefined && typeof parked !== 'boolean') return bad('parked is true or false');
  if (parked && base.senders.length > 0) return bad('a parked domain has no senders: take away parked, or the senders');
  if (inbound !== undefined && typeof inbound !== 'string') return bad('inbound is the id of a sender that receives');
  if (inbound !== undefined && inbound !== 'posthorn' && !base.senders.some(({ sender }) => sender === inbound))
    return bad(`inbound names ${printable(inbound, 40)}, which is not among the senders`);
  const logo = bimi === undefined ? accept(undefined) : readBimi(bimi);
  if (!logo.ok) return logo;
  const ways = spf === undefined ? accept(undefined) : readWays(spf);
  if (!ways.ok) return ways;
  const mtaSts = stsModes.find((mode) => mode === asked);
  if (asked !== undefined && mtaSts === undefined)
    return bad(`${printable(textOf(asked), 40)} is no mode of MTA-STS; they are ${stsModes.join(', ')}`);
  const keys = value.keys === undefined ? accept(undefined) : readKeys(value.keys, base.domain);
  if (!keys.ok) return keys;
  return accept({
    ...base,
    ...(parked && { parked }),
    ...(inbound !== undefined && { inbound }),
    ...(logo.value && { bimi: logo.value }),
    ...(ways.value && { spf: ways.value }),
    ...(mtaSts && { mtaSts }),
    ...(keys.value && { keys: keys.value }),
  });
}

function readSenders(catalogue: Catalogue, value: unknown): Result<readonly DeclaredSender[]> {
  if (!Array.isArray(value)) return bad('senders is a list');
  if (value.length > sendersMax) return bad(`${value.length} senders are more than ${sendersMax}`);
  const senders: DeclaredSender[] = [];
  for (const one of value as readonly unknown[]) {
    const read = typeof one === 'string' ? parseDeclaredSender(catalogue, one) : readSenderTable(catalogue, one);
    if (!read.ok) return read;
    if (senders.some((known) => JSON.stringify(known) === JSON.stringify(read.value)))
      return bad(`${read.value.sender} is declared twice with the same parameters`);
    senders.push(read.value);
  }
  return accept(senders);
}

/** `{ id = "sendgrid", id_of_its_own = "..." }`: read as the text that says the same. */
function readSenderTable(catalogue: Catalogue, value: unknown): Result<DeclaredSender> {
  if (!isMembers(value)) return bad('a sender is a text like "sendgrid:subdomain=news", or a table with sender');
  const { sender, parameters = {}, perWeek, per_week: week = perWeek, ...others } = value;
  if (typeof sender !== 'string') return bad('a sender without its id: sender = "google-workspace"');
  if (week !== undefined && !(typeof week === 'number' && Number.isSafeInteger(week) && week >= 0))
    return bad(`${printable(sender, 40)}: per_week is a number of messages`);
  if (!isMembers(parameters)) return bad(`${printable(sender, 40)}: parameters is a table`);
  const given: string[] = [];
  for (const [name, text] of Object.entries({ ...parameters, ...others })) {
    if (typeof text !== 'string' && typeof text !== 'number')
      return bad(`${printable(sender, 40)}: ${printable(name, 40)} is a text`);
    if (/[,]/.test(String(text))) return bad(`${printable(sender, 40)}: ${printable(name, 40)} holds a comma`);
    given.push(`${name}=${text}`);
  }
  const read = parseDeclaredSender(catalogue, given.length === 0 ? sender : `${sender}:${given.join(',')}`);
  if (!read.ok) return read;
  return accept({ ...read.value, ...(typeof week === 'number' && { perWeek: week }) });
}

const dmarcMembers = ['stage', 'rua', 'pct', 'loosen', 'mayLoosen'];

function readDmarc(value: unknown): Result<DmarcWish> {
  if (!isMembers(value)) return bad('dmarc is a table: stage, rua, pct, loosen');
  const stranger = Object.keys(value).find((name) => !dmarcMembers.includes(name));
  if (stranger !== undefined) return unknownMember(`dmarc.${stranger}`, dmarcMembers);
  const { stage, rua, pct, loosen = value.mayLoosen } = value;
  const step = stage === undefined ? accept(undefined) : readStage(stage);
  if (!step.ok) return step;
  const addresses = rua === undefined ? accept(undefined) : readAddresses(rua);
  if (!addresses.ok) return addresses;
  const share = pct === undefined ? accept(undefined) : readShare(pct, step.value);
  if (!share.ok) return share;
  if (loosen !== undefined && typeof loosen !== 'boolean') return bad('dmarc.loosen is true or false');
  return accept({
    ...(step.value && { stage: step.value }),
    ...(addresses.value && { rua: addresses.value }),
    ...(share.value !== undefined && { pct: share.value }),
    ...(loosen && { mayLoosen: true }),
  });
}

function readStage(value: unknown): Result<DmarcStage> {
  const stage = dmarcStages.find((one) => one === value);
  if (stage !== undefined) return accept(stage);
  const given = textOf(value);
  const hint = nearest(given, dmarcStages);
  return refuse(
    'bad-stage',
    `${printable(given, 40)} is no stage; they are ${dmarcStages.join(', ')}.${hint === undefined ? '' : ` Did you mean ${hint}?`}`,
  );
}

/** RFC 7489 §6.3: a share makes sense only where there is a policy in force. */
function readShare(value: unknown, stage: DmarcStage | undefined): Result<number> {
  const share = typeof value === 'string' && /^[0-9]{1,3}$/.test(value) ? Number(value) : value;
  if (typeof share !== 'number' || !Number.isSafeInteger(share) || share < 1 || share > 99)
    return refuse('bad-stage', 'pct is a number from 1 to 99: the share that older receivers treat by the policy.');
  if (stage !== 'quarantine' && stage !== 'reject')
    return refuse('bad-stage', 'pct goes with the stages quarantine and reject only.');
  return accept(share);
}

function readAddresses(value: unknown): Result<readonly string[]> {
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (given.length > addressesMax) return refuse('bad-report-address', `More than ${addressesMax} report addresses.`);
  const uris: string[] = [];
  for (const one of given) {
    const text = typeof one === 'string' ? one.trim() : '';
    const read = parseReportUri(/^mailto:/i.test(text) ? text : `mailto:${text}`);
    if (read?.mailbox === undefined)
      return refuse(
        'bad-report-address',
        `${printable(textOf(one), 80)} is no address for reports; one reads like dmarc@example.com.`,
      );
    uris.push(read.uri);
  }
  return accept(uris);
}

function readBimi(value: unknown): Result<NonNullable<Declaration['bimi']>> {
  const { logo, evidence, ...others } = isMembers(value) ? value : {};
  const isFine = (url: unknown) => typeof url === 'string' && /^https:\/\/[!-:<-~]+$/.test(url) && URL.canParse(url);
  if (Object.keys(others).length > 0 || !isFine(logo) || (evidence !== undefined && !isFine(evidence)))
    return bad('bimi has logo, the https address of an SVG file, and may have evidence, that of its certificate');
  return accept({ logo: String(logo), ...(evidence !== undefined && { evidence: String(evidence) }) });
}

function readWays(value: unknown): Result<readonly SpfRemedyKind[]> {
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  const ways = spfRemedyKinds.filter((kind) => given.includes(kind));
  if (ways.length === given.length) return accept(ways);
  return bad(`spf names ways out of too many lookups: ${spfRemedyKinds.join(', ')}`);
}

function readKeys(value: unknown, domain: DomainName): Result<readonly DeclaredKey[]> {
  if (!Array.isArray(value) || value.length > keysMax) return bad(`keys is a list of at most ${keysMax}`);
  const keys: DeclaredKey[] = [];
  for (const one of value as readonly unknown[]) {
    const { selector, record } = isMembers(one) ? one : {};
    if (typeof selector !== 'string' || parseQueryName(`${selector}._domainkey.${domain}`) === undefined)
      return bad('a key is a table with selector and record, the value of its TXT record');
    const shown = printable(selector, 60);
    if (
      typeof record !== 'string' ||
      record.length > keyTextMax ||
      !/^[\x20-\x7e]+$/.test(record) ||
      !isDkimKey(record)
    )
      return bad(`the key ${shown} has no record like "v=DKIM1; k=rsa; p=..."`);
    if (keys.some((known) => known.selector === selector.toLowerCase())) return bad(`the key ${shown} is there twice`);
    keys.push({ selector: selector.toLowerCase(), record });
  }
  return accept(keys);
}

function readText<T>(value: unknown, read: (text: string) => Result<T>): Result<T> {
  return typeof value === 'string' ? read(value) : bad('domain is a text');
}

/** A table has no text of its own, and may not even let itself be made one. */
function textOf(value: unknown): string {
  return typeof value === 'object' ? 'A table or a list' : String(value);
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknownMember(name: string, known: readonly string[]): Result<never> {
  const hint = nearest(name.replace(/^.*\./, ''), known);
  return bad(`${printable(name, 40)} is not known${hint === undefined ? '' : `; ${hint} is`}`);
}

function bad(say: string): Result<never> {
  return refuse('bad-declaration', say);
}
