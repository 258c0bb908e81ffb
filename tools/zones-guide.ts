/**
 * docs/guides/zones.md: five domains looked at by the doctor, and looked at again with the records of its fixes published. Everything
 * it shows is what a run of `posthorn check --zone` gives; `tools/zones-guide.test.ts` holds the page against another.
 */
import { readFileSync } from 'node:fs';
import { invariant } from '../src/base/outcome.ts';
import { checkLines } from '../src/entrances/cli/render-check.ts';
import { wrapped } from '../src/entrances/cli/render-timeline.ts';
import { plainStyle } from '../src/entrances/cli/style.ts';
import { dnsNameKey } from '../src/format/dns-name.ts';
import { typeCodeOf, typeText } from '../src/format/dns-record.ts';
import { parseDomainName } from '../src/format/domain-name.ts';
import { isValueType, recordsOfSet, recordValue } from '../src/format/record-set.ts';
import { parseZoneText, recordText, type ZoneText } from '../src/format/zone-file.ts';
import { zoneNames } from '../src/protocol/dns/zone-names.ts';
import { zoneResolver } from '../src/protocol/dns/zone-resolver.ts';
import { checkDomain, type DomainCheck } from '../src/services/advice/advice.ts';
import type { Finding, Fix, FixRecord } from '../src/services/advice/types.ts';
import { parseDeclaredSender } from '../src/services/setup/setup.ts';
import type { Catalogue } from '../src/services/setup/types.ts';
import { type Walk, walks } from './zones-walks.ts';

const clock = '2026-11-22T12:00:00Z';
const width = 80;
const roundsMax = 3;

export type Walked = {
  readonly walk: Walk;
  readonly before: DomainCheck;
  /** One, and another where only the first brought up what was hidden. */
  readonly rounds: readonly Changes[];
  readonly after: DomainCheck;
};

type Changes = { readonly gone: readonly FixRecord[]; readonly set: readonly FixRecord[] };

export async function walkZones(catalogue: Catalogue): Promise<readonly Walked[]> {
  return Promise.all(walks.map((walk) => walkZone(catalogue, walk, zoneOf(walk))));
}

function zoneOf({ name }: Walk): string {
  return readFileSync(new URL(`../docs/guides/zones/${name}.zone`, import.meta.url), 'latin1');
}

async function walkZone(catalogue: Catalogue, walk: Walk, text: string): Promise<Walked> {
  const before = await lookAt(catalogue, walk, text);
  const rounds: Changes[] = [];
  let after = before;
  let now = text;
  while (rounds.length < roundsMax) {
    const changes = changesOf(after.findings, walk.blanks);
    if (changes.gone.length + changes.set.length === 0) break;
    rounds.push(changes);
    now = published(now, changes);
    after = await lookAt(catalogue, walk, now);
  }
  return { walk, before, rounds, after };
}

/** As `posthorn check --zone` looks. */
async function lookAt(catalogue: Catalogue, walk: Walk, text: string): Promise<DomainCheck> {
  const [domain, helo] = [parseDomainName(walk.domain), parseDomainName(walk.helo ?? '')];
  const zone = zoneFrom(text);
  invariant(domain, walk.domain);
  const declared = walk.senders.map((sender) => {
    const read = parseDeclaredSender(catalogue, sender);
    invariant(read.ok, sender);
    return read.value;
  });
  const world = {
    resolver: zoneResolver([zone]),
    resolverName: 'the zone file',
    isPublicResolver: false,
    zoneText: { namesBelow: zoneNames([zone]) },
    probes: {},
    nowMs: Date.parse(clock),
  };
  const subject = { domain, declared, selectors: [], addresses: [], ...(helo && { helo }) };
  const seen = await checkDomain({ catalogue, world }, subject);
  invariant(seen.ok, walk.name);
  return seen.value;
}

function zoneFrom(text: string): ZoneText {
  const zone = parseZoneText(text);
  invariant(zone.ok, JSON.stringify(zone));
  return zone.value;
}

// ---- what the fixes change

/** Of all that failed, advice too: each record once, with the blanks filled in. */
function changesOf(findings: readonly Finding[], blanks: Walk['blanks'] = {}): Changes {
  const fixes = findings.flatMap(({ status, fix }) => (status === 'fail' && fix && !isForLater(fix) ? [fix] : []));
  const set = unique(fixes.flatMap((fix) => fix.set.map((record) => filled(record, blanks))));
  const gone = unique(fixes.flatMap((fix) => fix.delete)).filter((one) => !set.some((other) => isSame(one, other)));
  return { gone, set };
}

/** An encryption policy is announced once a web server has it. */
const isForLater = ({ steps = [] }: Fix) => steps.some((step) => step.startsWith('first '));

function filled(record: FixRecord, blanks: NonNullable<Walk['blanks']>): FixRecord {
  const fill = (text: string) => text.replace(/<([a-z0-9-]+)>/g, (hole, name: string) => blanks[name] ?? hole);
  return { ...record, name: fill(record.name), value: fill(record.value) };
}

function unique(records: readonly FixRecord[]): readonly FixRecord[] {
  return records.filter((one, at) => records.findIndex((other) => isSame(one, other)) === at);
}

function isSame(one: FixRecord, other: FixRecord): boolean {
  return one.name === other.name && one.type === other.type && one.value === other.value;
}

/** The text with these records taken away and added; every line in it has its own name. */
function published(text: string, { gone, set }: Changes): string {
  const leaving = zoneFrom(text).records.filter(({ name, data }) => {
    const type = typeText(typeCodeOf(data));
    const value = data.type === 'SPF' ? data.strings.join('') : recordValue(data)?.value;
    return [...gone, ...set].some((one) => one.name === dnsNameKey(name) && one.type === type && one.value === value);
  });
  const lines = text.split('\n');
  const kept = lines.filter((_, at) => !leaving.some(({ line, lastLine }) => line <= at + 1 && at + 1 <= lastLine));
  return [...kept, ...set.map(lineOf), ''].join('\n');
}

function lineOf({ name, type, value, ttl = 3600 }: FixRecord): string {
  invariant(isValueType(type), type);
  const records = recordsOfSet({ name, type, ttl, values: [value] });
  invariant(records?.[0], `${name} ${type} ${value}`);
  return recordText(records[0]);
}

// ---- the page

export function zonesPage(walked: readonly Walked[]): readonly string[] {
  return [
    ...prose(
      'Five domains, each a zone file with all that it needs of the world, so that every check is really made: try them as they are, change them, and see what becomes of the score. All of this is what `posthorn check` printed; no server was asked.',
    ),
    '',
    '| | domain | score | once the records of the fixes are published |',
    '|---|---|---|---|',
    ...walked.map(
      ({ walk, before, after }) =>
        `| [${walk.title}](zones/${walk.name}.zone) | ${walk.domain} | ${scoreOf(before)} | ${scoreOf(after)} |`,
    ),
    '',
    ...prose(
      'Shortened here: below "Also" each finding has one line, its fix is left out, and a value that is too long for a line ends in "…". The records of an encryption policy (MTA-STS) are not published along: they come after a web server has the policy. What every check looks at is in [FINDINGS.md](../FINDINGS.md).',
    ),
    '',
    ...walked.flatMap(sectionOf),
  ];
}

const scoreOf = ({ prediction: { score } }: DomainCheck) =>
  score === undefined ? 'none: it sends no mail' : `**${score.score.toFixed(1)}**, ${score.band.say}`;

function sectionOf({ walk, before, rounds, after }: Walked): readonly string[] {
  const [first, ...more] = rounds.map(changeLines);
  const end =
    first === undefined
      ? ['Nothing is to be published.']
      : [
          'The records of all its fixes, published:',
          '',
          '```',
          ...first,
          ...more.flatMap((lines) => ['', 'What only then could be seen:', ...lines]),
          '```',
          '',
          'The same command then says:',
          '',
          '```',
          ...shortened(after),
          '```',
        ];
  return [
    `## ${walk.title}: ${walk.domain}`,
    '',
    ...prose(walk.who),
    '',
    '```',
    ...commandLines(walk),
    '```',
    '',
    '```',
    ...shortened(before),
    '```',
    '',
    ...prose(walk.lesson),
    '',
    ...end,
    '',
  ];
}

function commandLines({ name, domain, senders, helo }: Walk): readonly string[] {
  const parts = [
    `posthorn check ${domain} --zone docs/guides/zones/${name}.zone`,
    ...senders.map((sender) => `--sender ${sender}`),
    ...(helo === undefined ? [] : [`--helo ${helo}`]),
    `--clock ${clock}`,
  ];
  return parts.map((part, at) => `${at === 0 ? '' : '  '}${part}${at < parts.length - 1 ? ' \\' : ''}`);
}

/** Head and worst things as they are printed; the rest a line each. */
function shortened(check: DomainCheck): readonly string[] {
  const all = checkLines(check, { style: plainStyle, columns: width, program: 'posthorn' });
  const body = all.findIndex((line, at) => at > 0 && line === '' && !/^(Mend|\d\.) /.test(all[at + 1] ?? ''));
  const head = all.slice(0, body < 0 ? all.length : body);
  const rest = check.findings.filter((one) => one.status === 'fail' && !isTold(head, one));
  const told = rest.map(({ id, severity, meaning }) => cut(`  ${id.padEnd(6)} ${severity.padEnd(8)} ${meaning}`));
  const ids = (status: Finding['status']) =>
    new Set(check.findings.flatMap((one) => (one.status === status ? one.id : []))).size;
  return [
    ...head.map(cut),
    '',
    ...(told.length === 0 ? [] : ['Also', ...told, '']),
    `Not known, and not counted: ${ids('unknown')} checks. Fine: ${ids('pass')} checks.`,
  ];
}

function isTold(head: readonly string[], { meaning }: Finding): boolean {
  const words = (text: string) => text.replace(/\s+/g, ' ');
  return words(head.join(' ')).includes(words(meaning));
}

function changeLines({ gone, set }: Changes): readonly string[] {
  return [...gone.map((one) => changeLine('-', one)), ...set.map((one) => changeLine('+', one))];
}

const changeLine = (sign: string, { name, type, value }: FixRecord) =>
  cut(`${sign} ${name} ${type} ${type === 'TXT' ? `"${value}"` : value}`);

/** Octets of a text that are UTF-8 are shown as the letters they are. */
function cut(line: string): string {
  const read = Buffer.from(line, 'latin1').toString('utf8');
  const shown = /[\u0080-\u00ff]/.test(line) && !read.includes('\ufffd') && !/[^\x00-\xff]/.test(line) ? read : line;
  return shown.length <= width ? shown : `${shown.slice(0, width - 1).trimEnd()}…`;
}

const prose = (text: string) => wrapped(text, 140);
