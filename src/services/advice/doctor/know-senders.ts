/**
 * Who sends for the domain: those that a person declared, or else those that the DNS shows. What their own records tell of an account
 * is read from there, so that nobody has to type it.
 */
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import { type DomainName, parseQueryName } from '../../../format/domain-name.ts';
import type { RecordData, RecordType } from '../../../protocol/dns/types.ts';
import { learnParameters, recognise, senderWants } from '../../setup/setup.ts';
import type { Catalogue, DeclaredSender, SenderDefinition, SenderRefusal } from '../../setup/types.ts';
import type { DoctorWorld, KnownSender, Signs } from './types.ts';

/** What was learned completes names, which are asked next. */
const roundsMax = 4;

type Candidate = {
  readonly definition: SenderDefinition;
  readonly parameters: Readonly<Record<string, string>>;
  readonly label: string;
  readonly isDeclared: boolean;
};

/** Refused when a declared sender is none of the catalogue, or a parameter does not fit. Pure. */
export function declaredCandidates(
  catalogue: Catalogue,
  domain: DomainName,
  declared: readonly DeclaredSender[],
): Outcome<readonly Candidate[], SenderRefusal> {
  const candidates: Candidate[] = [];
  for (const one of declared) {
    const definition = catalogue.find(one.sender);
    if (definition === undefined) return refuse('unknown-sender', `The catalogue has no sender ${one.sender}.`);
    const { parameters } = one;
    const label = labelOf(one, declared);
    const wants = senderWants(definition, domain, parameters, label);
    if (!wants.ok) return wants;
    candidates.push({ definition, parameters, label, isDeclared: true });
  }
  return accept(candidates);
}

/** As short as it can be told apart. */
function labelOf({ sender, parameters }: DeclaredSender, all: readonly DeclaredSender[]): string {
  const isAlone = all.filter((one) => one.sender === sender).length === 1;
  const values = Object.values(parameters);
  return isAlone || values.length === 0 ? sender : `${sender} (${values.join(', ')})`;
}

/** @param signs waited for only where nobody is declared */
export async function knowSenders(
  {
    world,
    catalogue,
    domain,
  }: { readonly world: DoctorWorld; readonly catalogue: Catalogue; readonly domain: DomainName },
  declared: readonly Candidate[],
  signs: Promise<Signs>,
): Promise<readonly KnownSender[]> {
  const candidates = declared.length > 0 ? declared : recognised(catalogue, (await signs).signs);
  const known = await Promise.all(candidates.map((candidate) => wantsOf(world, domain, candidate)));
  return known.flat();
}

function recognised(catalogue: Catalogue, signs: Signs['signs']): readonly Candidate[] {
  return recognise(catalogue, signs)
    .senders.filter(({ sender }) => sender.sends)
    .map(({ sender }) => ({ definition: sender, parameters: {}, label: sender.id, isDeclared: false }));
}

async function wantsOf(
  world: DoctorWorld,
  domain: DomainName,
  { definition, parameters, label, isDeclared }: Candidate,
): Promise<readonly KnownSender[]> {
  const learned = await learnFrom(world, domain, { definition, parameters });
  const wants = senderWants(definition, domain, { ...learned, ...parameters }, label);
  return wants.ok ? [{ wants: wants.value, isDeclared }] : [];
}

/** Whatever the templates ask to see is looked up, until they ask for nothing new. */
async function learnFrom(
  world: DoctorWorld,
  domain: DomainName,
  { definition, parameters }: Pick<Candidate, 'definition' | 'parameters'>,
): Promise<Readonly<Record<string, string>>> {
  const seen = new Map<string, readonly string[]>();
  for (let round = 0; ; round++) {
    const wanted = new Map<string, readonly [name: string, type: RecordType]>();
    const learned = learnParameters(definition, domain, parameters, (name, type) => {
      const key = `${type} ${name}`;
      if (!seen.has(key)) wanted.set(key, [name, type]);
      return seen.get(key) ?? [];
    });
    if (wanted.size === 0 || round === roundsMax) return learned;
    await Promise.all([...wanted].map(async ([key, [name, type]]) => seen.set(key, await valuesAt(world, name, type))));
  }
}

async function valuesAt(world: DoctorWorld, text: string, type: RecordType): Promise<readonly string[]> {
  const name = parseQueryName(text);
  const answer = name && (await world.resolver.lookup(name, type));
  return answer?.kind === 'found' ? answer.records.flatMap((data) => valueText(data) ?? []) : [];
}

/** As records are spoken of in plans. */
function valueText(data: RecordData[RecordType]): string | undefined {
  if (typeof data === 'string') return data;
  return 'exchange' in data ? `${data.preference} ${data.exchange || '.'}` : undefined;
}
