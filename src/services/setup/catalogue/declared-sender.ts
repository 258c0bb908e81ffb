/**
 * A declared sender as people type it: `google-workspace`, `own:192.0.2.10`, `sendgrid:id=12,subdomain=news`. A value without a name
 * goes to the first parameter it fits that has none yet. Pure.
 */

import { nearest } from '../../../base/nearest.ts';
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import type { Catalogue, DeclaredSender, SenderDefinition, SenderRefusal } from '../types.ts';
import { isInward, readParameter, sayInward, subdomainParameter } from './parameter-values.ts';
import { parametersOf, sayUnknown } from './sender-wants.ts';

export function parseDeclaredSender(catalogue: Catalogue, text: string): Outcome<DeclaredSender, SenderRefusal> {
  const colon = text.indexOf(':');
  const id = (colon < 0 ? text : text.slice(0, colon)).trim().toLowerCase();
  const definition = catalogue.find(id);
  if (definition === undefined) return unknownSender(catalogue, id);
  const parameters: Record<string, string> = {};
  const given = colon < 0 ? '' : text.slice(colon + 1);
  for (const part of given === '' ? [] : given.split(',')) {
    const placed = place(definition, parameters, part.trim());
    if (!placed.ok) return placed;
    const [name, value] = placed.value;
    if (parameters[name] !== undefined) return refuse('bad-declaration', `${id}: ${name} is given twice`);
    parameters[name] = value;
  }
  return accept({ sender: id, parameters });
}

function unknownSender(catalogue: Catalogue, id: string): Outcome<DeclaredSender, SenderRefusal> {
  const ids = catalogue.all.map((one) => one.id);
  const alike = id === '' ? [] : ids.filter((one) => one.startsWith(`${id}-`) || one.endsWith(`-${id}`));
  const meant = alike.length > 0 ? alike.slice(0, 3) : [nearest(id, ids) ?? []].flat();
  const hint = meant.length === 0 ? '' : ` Did you mean ${meant.join(' or ')}?`;
  const shown = id === '' ? 'without a name' : id.slice(0, 40);
  return refuse('unknown-sender', `The catalogue has no sender ${shown}.${hint}`);
}

function place(
  definition: SenderDefinition,
  taken: Readonly<Record<string, string>>,
  part: string,
): Outcome<readonly [string, string], SenderRefusal> {
  const [, name, value] = /^([a-z][a-z0-9-]{0,30})=(.*)$/s.exec(part) ?? [];
  const known = parametersOf(definition);
  const named = name === undefined ? undefined : known.find((one) => one.name === name);
  if (named !== undefined && value !== undefined) {
    const read = readParameter(named, value);
    return read.ok ? accept([named.name, read.value]) : refuse(read.code, `${definition.id}: ${read.say}`);
  }
  const hasAddress = known.some(({ kind }) => kind === 'ip4' || kind === 'ip6');
  if (hasAddress && isInward(part)) return refuse('bad-parameter', `${definition.id}: ${sayInward(part)}`);
  for (const parameter of known.filter((one) => taken[one.name] === undefined)) {
    if (parameter.name === subdomainParameter.name && isNumbers(part)) continue; // an address that somebody mistyped
    const read = readParameter(parameter, part);
    if (read.ok) return accept([parameter.name, read.value]);
  }
  if (name !== undefined) return refuse('unknown-parameter', sayUnknown(definition, name)); // no value with = in it either
  const names = known.map((one) => one.name).join(', ');
  return refuse(
    'bad-parameter',
    `${definition.id}: ${part.slice(0, 40) || 'nothing'} fits no parameter; it knows ${names}`,
  );
}

function isNumbers(text: string): boolean {
  return /^[0-9.]+$/.test(text);
}
