/**
 * Whether a data file holds a sender. `checkDefinition` looks at its members when the catalogue is read; `inconsistencyIn` at what
 * they say together (holes have parameters, examples fit, traces are patterns), which a test does for every file. Pure.
 */
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import { type SenderDefinition, type SenderParameter, senderFamilies, setupTypes } from '../types.ts';
import { holesIn } from './fill.ts';
import { isNamePattern } from './name-patterns.ts';
import { readParameter } from './parameter-values.ts';
import { parametersOf } from './sender-wants.ts';
import { flag, holding, listOf, matching, members, misfitText, oneOf, text } from './shape.ts';

export const traceKinds = ['dkimTargets', 'selectors', 'dkimDomains', 'spfDomains', 'hosts', 'mx'] as const;

const parameterName = matching(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, 'a name in lower case');
const pattern = holding((value) => typeof value === 'string' && isNamePattern(value), 'a pattern like .example.net');
const term = matching(/^[?~-]?(?:include|a|mx|ip4|ip6|exists):[^\s]+$/, 'an SPF term like include:spf.example.net');
const alignment = oneOf(['yes', 'with-return-path', 'no', 'uncertain']);

const definitionShape = members({
  id: matching(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'lower-case letters, digits and dashes'),
  name: matching(/^(?!.* and )\S.*$/, 'one name, with others of it in brackets,'),
  family: oneOf(senderFamilies),
  sends: flag,
  receives: flag,
  aligns: members({ spf: alignment, dkim: alignment }),
  parameters: listOf(
    members(
      { name: parameterName, what: text, example: text, pattern: text },
      { kind: oneOf(['ip4', 'ip6', 'host', 'dkim-key']), fallback: text, optional: flag, unless: parameterName },
    ),
  ),
  spf: listOf(members({ at: text, terms: listOf(term, { least: 1 }), why: text }, { literal: flag })),
  records: listOf(
    members({
      purpose: oneOf(['spf', 'dkim', 'return-path', 'verification', 'mx', 'tracking', 'autoconfig', 'host', 'ptr']),
      name: matching(/^(?:@|[a-z0-9_{}.-]+)$/, 'a name in lower case'),
      type: oneOf(setupTypes),
      value: text,
      needed: oneOf(['required', 'recommended', 'optional']),
      why: text,
    }),
  ),
  steps: listOf(text, { least: 1 }),
  traps: listOf(text),
  traces: members(Object.fromEntries(traceKinds.map((kind) => [kind, listOf(pattern)]))),
  evidence: listOf(
    members({
      kind: oneOf(['template', 'vendor', 'zones', 'secondary', 'known']),
      what: text,
      seen: matching(/^20\d\d-(?:0[1-9]|1[0-2])$/, 'a month like 2026-11'),
    }),
    { least: 1 },
  ),
});

/** @param id the name of its file */
export function checkDefinition(value: unknown, id: string): Outcome<SenderDefinition, 'bad-definition'> {
  const misfit = definitionShape(value);
  if (misfit) return refuse('bad-definition', misfitText(misfit));
  const definition = value as SenderDefinition;
  return definition.id === id
    ? accept(definition)
    : refuse('bad-definition', `id: ${definition.id} is not the name of the file`);
}

/** What its members say that cannot be so together; undefined when all is well. */
export function inconsistencyIn(definition: SenderDefinition): string | undefined {
  const { parameters, spf, records, steps, traps } = definition;
  const problems = [
    ...parameters.map((parameter, at) => parameterProblem(definition, parameter, `parameters[${at}]`)),
    ...spf.map((one, at) => holeProblem(definition, [one.at, ...one.terms, one.why].join(' '), `spf[${at}]`)),
    ...records.map(({ name, value, why }, at) => holeProblem(definition, `${name} ${value} ${why}`, `records[${at}]`)),
    ...steps.map((step, at) => (step === '{records}' ? undefined : holeProblem(definition, step, `steps[${at}]`))),
    ...traps.map((trap, at) => holeProblem(definition, trap, `traps[${at}]`)),
    momentProblem(definition),
  ];
  return problems.find((problem) => problem !== undefined);
}

function parameterProblem(definition: SenderDefinition, parameter: SenderParameter, path: string): string | undefined {
  const { name, example, fallback, unless, pattern: expression } = parameter;
  if (!isExpression(expression)) return `${path}.pattern: a regular expression is wanted`;
  if (definition.parameters.filter((one) => one.name === name).length > 1) return `${path}: ${name} is there twice`;
  if (unless !== undefined && !definition.parameters.some((one) => one.name === unless))
    return `${path}.unless: there is no parameter ${unless}`;
  if (!readParameter(parameter, example).ok) return `${path}.example does not fit its pattern`;
  const filled = fallback?.replace('{domain}', 'example.com').replace('{domain-dashes}', 'example-com');
  return filled !== undefined && !readParameter(parameter, filled).ok
    ? `${path}.fallback does not fit its pattern`
    : undefined;
}

function isExpression(value: string): boolean {
  try {
    return new RegExp(value).source !== '';
  } catch {
    return false;
  }
}

function holeProblem(definition: SenderDefinition, filled: string, path: string): string | undefined {
  const known = ['domain', 'domain-dashes', ...parametersOf(definition).map(({ name }) => name)];
  const addresses = definition.parameters.filter(({ kind }) => kind === 'ip4' || kind === 'ip6');
  const allowed = [...known, ...addresses.map(({ name }) => `${name}-arpa`)];
  const stranger = holesIn(filled).find((name) => !allowed.includes(name));
  if (stranger !== undefined) return `${path}: {${stranger}} is no parameter of it`;
  const rest = filled.replaceAll(/\{[a-z][a-z0-9-]*\}/g, '');
  return /[{}]/.test(rest) ? `${path}: a brace without its other half` : undefined;
}

/** There is one moment at which records are published, and none without records. */
function momentProblem({ steps, records, spf }: SenderDefinition): string | undefined {
  const moments = steps.filter((step) => step === '{records}').length;
  const wanted = records.length + spf.length > 0 ? 1 : 0;
  return moments === wanted ? undefined : `steps: {records} stands there ${moments} times instead of ${wanted}`;
}
