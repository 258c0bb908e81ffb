/**
 * What one declared sender wants in DNS: its definition with the holes filled. What cannot be filled is named as missing; a value
 * that does not fit is refused, so that nothing a person types reaches a record unread. Pure.
 */
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import { type DomainName, parseDomainName, parseQueryName } from '../../../format/domain-name.ts';
import { parseIpAddress, reverseName } from '../../../format/ip-address.ts';
import type {
  RecordTemplate,
  SenderDefinition,
  SenderParameter,
  SenderRefusal,
  SenderWants,
  WantedRecord,
} from '../types.ts';
import { fill, fillToRead, holesIn, type Values } from './fill.ts';
import { readParameter, subdomainParameter } from './parameter-values.ts';

/** Every parameter of a sender, the one that all know included. */
export function parametersOf({ parameters }: SenderDefinition): readonly SenderParameter[] {
  return parameters.some(({ name }) => name === subdomainParameter.name)
    ? parameters
    : [...parameters, subdomainParameter];
}

/** @param label how it is spoken of, where a domain has the same sender twice */
export function senderWants(
  definition: SenderDefinition,
  domain: DomainName,
  parameters: Readonly<Record<string, string>> = {},
  label: string = definition.id,
): Outcome<SenderWants, SenderRefusal> {
  const read = readGiven(definition, parameters);
  if (!read.ok) return read;
  const base = sendingDomain(definition, domain, read.value);
  if (base === undefined) return refuse('bad-name', `a name below ${domain} would be too long`);
  const values = valuesFor(definition, base, read.value);
  const lacking = new Lacking(definition, values);
  const records: WantedRecord[] = [];
  for (const template of definition.records) {
    if (lacking.stops(template)) continue;
    const record = filledRecord(template, values, base);
    if (parseQueryName(record.name) === undefined)
      return refuse('bad-name', `${record.name} cannot stand in DNS: the name is too long`);
    records.push(record);
  }
  const spf = definition.spf.map(({ at, terms, literal = false, why }) => ({
    name: absoluteName(fill(at, values), base),
    terms: terms.filter((term) => !lacking.stopsTerm(term, at)).map((term) => fill(term, values)),
    literal,
    why: fillToRead(why, values),
  }));
  return accept({
    sender: definition,
    label,
    domain: base,
    values,
    spf: spf.filter(({ terms }) => terms.length > 0),
    records,
    steps: definition.steps.map((step) => (step === '{records}' ? step : fillToRead(step, values))),
    traps: definition.traps.map((trap) => fillToRead(trap, values)),
    missing: lacking.missing(),
  });
}

function readGiven(definition: SenderDefinition, parameters: Values): Outcome<Values, SenderRefusal> {
  const known = parametersOf(definition);
  const values: Record<string, string> = {};
  for (const [name, text] of Object.entries(parameters)) {
    const parameter = known.find((one) => one.name === name);
    if (parameter === undefined) return refuse('unknown-parameter', sayUnknown(definition, name));
    const read = readParameter(parameter, text);
    if (!read.ok) return refuse('bad-parameter', `${definition.id}: ${read.say}`);
    values[name] = read.value;
  }
  return accept(values);
}

export function sayUnknown(definition: SenderDefinition, name: string): string {
  const names = parametersOf(definition).map((one) => one.name);
  return `${definition.id} has no parameter ${name.slice(0, 40)}; it knows ${names.join(', ')}`;
}

/** What it sends for: the domain, or a name below it. */
export function sendingDomain(definition: SenderDefinition, domain: DomainName, given: Values): DomainName | undefined {
  const fallback = definition.parameters.find(({ name }) => name === subdomainParameter.name)?.fallback;
  const below = given.subdomain ?? fallback;
  return below === undefined ? domain : parseDomainName(`${below}.${domain}`);
}

/** What holes are filled with. */
export function valuesFor(definition: SenderDefinition, base: DomainName, given: Values): Values {
  const values: Record<string, string> = { domain: base, 'domain-dashes': base.replaceAll('.', '-') };
  for (const { name, fallback, kind } of definition.parameters) {
    const value = given[name] ?? (fallback === undefined ? undefined : fill(fallback, values));
    if (value === undefined) continue;
    values[name] = value;
    const ip = kind === 'ip4' || kind === 'ip6' ? parseIpAddress(value) : undefined;
    if (ip) values[`${name}-arpa`] = reverseName(ip);
  }
  return values;
}

export function absoluteName(name: string, base: DomainName): string {
  if (name === '@') return base;
  return name.endsWith('.') ? name.slice(0, -1) : `${name}.${base}`;
}

function filledRecord(template: RecordTemplate, values: Values, base: DomainName): WantedRecord {
  const { purpose, type, needed } = template;
  const name = absoluteName(fill(template.name, values), base);
  const value = fill(template.value, values);
  return { name, type, value, purpose, needed, why: fillToRead(template.why, values) };
}

/** A host has an address; a network has neither that nor a reverse name. */
function isNetworkFor({ type, value }: RecordTemplate, values: Values): boolean {
  return (type === 'A' || type === 'AAAA') && fill(value, values).includes('/');
}

/** Gathers what stands still for want of a value. */
class Lacking {
  readonly #values: Values;
  readonly #parameters: readonly SenderParameter[];
  readonly #stopped = new Map<SenderParameter, { records: RecordTemplate[]; terms: string[] }>();

  constructor(definition: SenderDefinition, values: Values) {
    this.#values = values;
    this.#parameters = parametersOf(definition);
  }

  stops(template: RecordTemplate): boolean {
    const lacking = this.#lackingIn(`${template.name} ${template.value}`);
    if (!lacking.any && isNetworkFor(template, this.#values)) return true;
    for (const parameter of lacking.asked) this.#of(parameter).records.push(template);
    return lacking.any;
  }

  stopsTerm(term: string, at: string): boolean {
    const lacking = this.#lackingIn(`${at} ${term}`);
    for (const parameter of lacking.asked) this.#of(parameter).terms.push(term);
    return lacking.any;
  }

  missing(): SenderWants['missing'] {
    return [...this.#stopped].map(([parameter, stopped]) => ({ parameter, ...stopped }));
  }

  #of(parameter: SenderParameter) {
    const stopped = this.#stopped.get(parameter) ?? { records: [], terms: [] };
    this.#stopped.set(parameter, stopped);
    return stopped;
  }

  #lackingIn(text: string): { readonly any: boolean; readonly asked: readonly SenderParameter[] } {
    const empty = holesIn(text).filter((name) => this.#values[name] === undefined);
    const lacking = this.#parameters.filter(({ name }) => empty.includes(name) || empty.includes(`${name}-arpa`));
    return { any: empty.length > 0, asked: lacking.filter((parameter) => this.#isAskedFor(parameter)) };
  }

  /** Of several that may stand for each other, the first that is wanted is asked for. */
  #isAskedFor({ name, optional, unless }: SenderParameter): boolean {
    if (this.#values[name] !== undefined || optional) return false; // with a value, and still a hole: a network has no reverse name
    if (unless === undefined) return true;
    if (this.#values[unless] !== undefined) return false;
    const names = this.#parameters.map((one) => one.name);
    const other = this.#parameters[names.indexOf(unless)];
    return !other || names.indexOf(unless) > names.indexOf(name) || !this.#isAskedFor(other);
  }
}
