/**
 * Names that bear the domain twice: forms of DNS hosts add it to what is typed, so `_dmarc.example.com` becomes
 * `_dmarc.example.com.example.com`, and a target `s1.sendgrid.net` becomes `s1.sendgrid.net.example.com`.
 */
import type { DomainName, QueryName } from '../../../../../format/domain-name.ts';
import type { Catalogue, TraceKind } from '../../../../setup/types.ts';
import { ask, nobodysLabel, recordsIn } from '../../ask.ts';
import type { DoctorWorld, GatherSubject } from '../../types.ts';
import { policyLabels, selectorNames, senderNames } from './names.ts';

const types = ['TXT', 'CNAME', 'MX'] as const;
type DoubledType = (typeof types)[number];

export type DoubledRecord = {
  readonly name: string;
  readonly type: DoubledType;
  readonly values: readonly string[];
  /** What it was meant to be, and what stands there. */
  readonly meant: {
    readonly name: string;
    readonly values: readonly string[];
    /** Of the same type. */
    readonly there: readonly string[];
    /** An alias stands there, or, of an alias, something that cannot stand beside it. RFC 1034 §3.6.2 */
    readonly isTaken: boolean;
  };
};

export type DoubledFacts = {
  readonly found: readonly DoubledRecord[];
  /** Names that the DNS said nothing about. */
  readonly failed: readonly string[];
};

/** In zone text there may be any number. */
const foundMax = 50;

export async function gatherDoubled(world: DoctorWorld, subject: GatherSubject): Promise<DoubledFacts> {
  const [names, targets] = await Promise.all([doubledNames(world, subject), doubledTargets(world, subject)]);
  return { found: [...names.found, ...targets.found].slice(0, foundMax), failed: [...names.failed, ...targets.failed] };
}

async function doubledNames(world: DoctorWorld, subject: GatherSubject): Promise<DoubledFacts> {
  const { domain, isOneOfMany = false } = subject;
  const twice = `${domain}.${domain}`;
  const first = await ask(world, twice, 'TXT');
  // RFC 8020 §2: below a name that is not there is nothing. Some servers say so of names that only have others below them.
  if (isOneOfMany && first.kind === 'none' && first.why === 'nxdomain') return { found: [], failed: [] };
  const nobody = await Promise.all(types.map((type) => ask(world, `${nobodysLabel}.${twice}`, type)));
  const besides = new Set(
    nobody.flatMap((answer, at) => valuesOf(types[at] as DoubledType, recordsIn(answer as never))),
  );
  const found: DoubledRecord[] = [];
  const failed: string[] = [];
  const look = async (name: string) => {
    const mayReceive = name === twice || world.zoneText !== undefined;
    const asked = mayReceive ? types : types.filter((type) => type !== 'MX');
    const answers = await Promise.all(asked.map((type) => ask(world, name, type)));
    for (const [at, answer] of answers.entries()) {
      const type = asked[at] as DoubledType;
      if (answer.kind === 'failed') failed.push(name);
      // What an alias leads to stands elsewhere.
      const isOwn = answer.kind === 'found' && (type === 'CNAME' || answer.canonicalName === undefined);
      const values = isOwn ? valuesOf(type, answer.records as never) : [];
      if (values.length === 0 || values.every((value) => besides.has(value))) continue;
      const right = name.slice(0, -domain.length - 1);
      const there = valuesOf(type, recordsIn((await ask(world, right, type)) as never));
      const isTaken = await standsInTheWay(world, right, type);
      found.push({ name, type, values, meant: { name: right, values, there, isTaken } });
    }
  };
  await Promise.all((await namesToTry(world, subject, twice)).map(look));
  const inOrder = found.toSorted((a, b) => (`${a.name} ${a.type}` < `${b.name} ${b.type}` ? -1 : 1));
  return { found: inOrder, failed: [...new Set(failed)].sort() };
}

async function standsInTheWay(world: DoctorWorld, name: string, type: DoubledType): Promise<boolean> {
  const alias = await ask(world, name, 'CNAME');
  if (alias.kind === 'found') return type !== 'CNAME';
  return type === 'CNAME' && (await ask(world, name, 'TXT')).kind === 'found';
}

async function namesToTry(
  { zoneText }: DoctorWorld,
  subject: GatherSubject,
  twice: string,
): Promise<readonly string[]> {
  if (zoneText !== undefined) {
    const below = await zoneText.namesBelow(twice as QueryName);
    return below.map(({ name }) => name).slice(0, foundMax);
  }
  const [wanted, selectors] = await Promise.all([senderNames(subject), selectorNames(subject)]);
  const names = [...wanted.map(({ name }) => name), ...selectors].map((name) => `${name}.${subject.domain}`);
  return [...new Set([twice, ...policyLabels.map((label) => `${label}.${twice}`), ...names])];
}

/** A target with the domain behind it that is a known service's name without it, or bears the domain twice. */
async function doubledTargets(world: DoctorWorld, subject: GatherSubject): Promise<DoubledFacts> {
  const { domain, catalogue } = subject;
  const [mx, wanted, selectors] = await Promise.all([
    ask(world, domain, 'MX'),
    senderNames(subject),
    selectorNames(subject),
  ]);
  const exchanges = recordsIn(mx).map(({ preference, exchange }) => {
    const meant = undoubled(exchange, domain, catalogue, 'mx');
    return meant === undefined ? [] : [{ value: `${preference} ${exchange}`, meant: `${preference} ${meant}` }];
  });
  const found: DoubledRecord[] = exchanges.flat().map(({ value, meant }) => ({
    name: domain,
    type: 'MX',
    values: [value],
    meant: { name: domain, values: [meant], there: [], isTaken: false },
  }));
  const names = [...new Set([...wanted.filter(({ type }) => type === 'CNAME').map(({ name }) => name), ...selectors])];
  const aliases = await Promise.all(names.map(async (name) => ({ name, answer: await ask(world, name, 'CNAME') })));
  for (const { name, answer } of aliases) {
    for (const target of recordsIn(answer)) {
      const meant = undoubled(target, domain, catalogue, name.includes('._domainkey.') ? 'dkimTargets' : 'spfDomains');
      if (meant !== undefined)
        found.push({
          name,
          type: 'CNAME',
          values: [target],
          meant: { name, values: [meant], there: [], isTaken: false },
        });
    }
  }
  return { found, failed: [] };
}

function undoubled(target: string, domain: DomainName, catalogue: Catalogue, kind: TraceKind): string | undefined {
  if (!target.endsWith(`.${domain}`)) return undefined;
  const rest = target.slice(0, -domain.length - 1);
  const isTwice = rest === domain || rest.endsWith(`.${domain}`);
  return isTwice || catalogue.recogniseName(kind, rest) !== undefined ? rest : undefined;
}

function valuesOf(type: DoubledType, records: readonly unknown[]): readonly string[] {
  if (type !== 'MX') return records as readonly string[];
  return (records as readonly { readonly preference: number; readonly exchange: string }[]).map(
    ({ preference, exchange }) => `${preference} ${exchange || '.'}`,
  );
}
