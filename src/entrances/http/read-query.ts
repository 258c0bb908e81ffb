/** Turns a query string into the object that a schema describes: numbers, flags and repeated parameters by their type. Pure. */
import type { TObject } from 'typebox';
import type { Check } from './check-value.ts';
import type { ProblemError } from './schemas/problem.ts';

export type QueryRead =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly errors: readonly ProblemError[] };

export function readQuery(search: URLSearchParams, schema: TObject | undefined, check: Check): QueryRead {
  const members: Record<string, unknown> = Object.create(null);
  const errors: ProblemError[] = [];
  for (const name of new Set(search.keys())) {
    const values = search.getAll(name);
    const type = typeOf(schema, name);
    if (values.length > 1 && type !== 'array') errors.push({ parameter: name, detail: 'is given more than once' });
    members[name] = type === 'array' ? values : readValue(values[0] ?? '', type);
  }
  for (const { pointer, detail } of check(members)) {
    const parameter = pointer.split('/')[1]?.replaceAll('~1', '/').replaceAll('~0', '~') ?? '';
    errors.push({ parameter, detail: detail.replace('is not a member here', 'is not a parameter here') });
  }
  return errors.length === 0 ? { ok: true, value: members } : { ok: false, errors };
}

function typeOf(schema: TObject | undefined, name: string): unknown {
  const properties = schema?.properties ?? {};
  const property: unknown = Object.hasOwn(properties, name) ? properties[name] : undefined;
  return typeof property === 'object' && property !== null && 'type' in property ? property.type : undefined;
}

/** What cannot be read stays a text, and the check says what is wanted. */
function readValue(text: string, type: unknown): unknown {
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
