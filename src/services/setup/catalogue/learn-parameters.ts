/**
 * What a domain's own records tell of a sender's parameters: a CNAME that is published already holds the account number, the token,
 * the key. Templates are read backwards; what is found is tested like what a person gives. Nobody is asked for what DNS shows. Pure.
 */
import type { DomainName } from '../../../format/domain-name.ts';
import type { RecordTemplate, SenderDefinition, SenderParameter, SetupType } from '../types.ts';
import { fill, holesIn, type Values } from './fill.ts';
import { readParameter } from './parameter-values.ts';
import { absoluteName, sendingDomain, valuesFor } from './sender-wants.ts';

/** The values at a name, as plans write them; none where nothing is, or nobody knows. */
export type LookAtRecords = (name: string, type: SetupType) => readonly string[];

/** One learned value may complete the name of the next record. */
const roundsMax = 3;

/** @param given what a person said, which is never overruled */
export function learnParameters(
  definition: SenderDefinition,
  domain: DomainName,
  given: Values,
  look: LookAtRecords,
): Values {
  const base = sendingDomain(definition, domain, given);
  if (base === undefined) return {};
  const wanted = new Map(
    definition.parameters.filter(({ name }) => isLearnable(name, given)).map((one) => [one.name, one]),
  );
  const learned: Record<string, string> = {};
  const used = new Set<string>();
  for (let round = 0; round < roundsMax && wanted.size > 0; round++) {
    const before = wanted.size;
    for (const template of definition.records)
      learnFrom(template, { definition, base, given, look, wanted, learned, used });
    if (wanted.size === before) break;
  }
  return learned;
}

type Lesson = {
  readonly definition: SenderDefinition;
  readonly base: DomainName;
  readonly given: Values;
  readonly look: LookAtRecords;
  readonly wanted: Map<string, SenderParameter>;
  readonly learned: Record<string, string>;
  /** Records that have told what they know: the second MX host is not the first again. */
  readonly used: Set<string>;
};

function isLearnable(name: string, given: Values): boolean {
  return name !== 'subdomain' && given[name] === undefined;
}

function learnFrom(template: RecordTemplate, { definition, base, given, look, wanted, learned, used }: Lesson): void {
  if (template.type === 'PTR' || !holesIn(template.value).some((hole) => wanted.has(hole))) return;
  const values = valuesFor(definition, base, { ...given, ...learned });
  const name = absoluteName(fill(template.name, values), base);
  if (holesIn(name).length > 0) return;
  const known = { ...given, ...learned, domain: values.domain ?? '', 'domain-dashes': values['domain-dashes'] ?? '' };
  for (const value of look(name, template.type)) {
    const record = `${name} ${template.type} ${value}`;
    const found = used.has(record) ? undefined : readBackwards(template, value, known, wanted);
    if (found === undefined) continue;
    used.add(record);
    for (const [parameter, text] of found) {
      learned[parameter] = text;
      wanted.delete(parameter);
    }
    return;
  }
}

/** The holes of the template as the value fills them; undefined when it is another's record. */
function readBackwards(
  { purpose, value: template, type }: RecordTemplate,
  value: string,
  known: Values,
  wanted: ReadonlyMap<string, SenderParameter>,
): readonly (readonly [string, string])[] | undefined {
  const holes = [...new Set(holesIn(template).filter((hole) => known[hole] === undefined))];
  const parameters = holes.map((hole) => wanted.get(hole));
  const [first] = parameters;
  if (purpose === 'dkim' && type === 'TXT' && first?.kind === 'dkim-key') return tested([[first, value]]);
  const match = expressionOf(template, known).exec(type === 'TXT' ? value : value.toLowerCase());
  if (match === null) return undefined;
  const found = parameters.map((parameter, at) =>
    parameter ? ([parameter, match[at + 1] ?? ''] as const) : undefined,
  );
  return found.every((one) => one !== undefined) ? tested(found) : undefined;
}

function tested(
  found: readonly (readonly [SenderParameter, string])[],
): readonly (readonly [string, string])[] | undefined {
  const read = found.map(([parameter, text]) => [parameter.name, readParameter(parameter, text)] as const);
  return read.every(([, one]) => one.ok)
    ? read.flatMap(([name, one]) => (one.ok ? [[name, one.value] as const] : []))
    : undefined;
}

/** Each hole without a value is a group, in the order of their first places; again it has to hold the same. */
function expressionOf(template: string, known: Values): RegExp {
  const groups: string[] = [];
  const text = template
    .split(/(\{[a-z][a-z0-9-]*\})/)
    .map((piece, at) => {
      if (at % 2 === 0) return escaped(piece);
      const hole = piece.slice(1, -1);
      const value = known[hole];
      if (value !== undefined) return escaped(value);
      if (groups.includes(hole)) return `\\${groups.indexOf(hole) + 1}`;
      groups.push(hole);
      return '(.+?)';
    })
    .join('');
  return new RegExp(`^${text}$`, 's');
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
