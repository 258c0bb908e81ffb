/**
 * Checks a value against a schema and says for every member what is wrong with it, in words for people: the library finds the
 * faults, the sentences are ours. Pure.
 */
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/schema';
import { Settings } from 'typebox/system';
import { nearest } from '../../base/nearest.ts';
import { printable } from '../../base/printable.ts';
import { pointerTo } from './answer.ts';
import type { ProblemError } from './schemas/problem.ts';

/** Found and told per request. Whoever has more mistakes than that finds the others next time. */
const errorsMax = 50;

/** A setting of the library itself, 8 otherwise; the same for everybody in this process. */
Settings.Set({ maxErrors: 4 * errorsMax }); // some are told twice

export type Check = (value: unknown) => readonly (ProblemError & { readonly pointer: string })[];

type LibraryError = ReturnType<ReturnType<typeof Compile>['Errors']>[1][number];

/** Compiles once; the answer is quick for values that are right. */
export function compileCheck(schema: TSchema): Check {
  const validator = Compile(schema);
  return (value) => {
    if (validator.Check(value)) return [];
    const [, errors] = validator.Errors(value);
    const told = new Map<string, string>();
    for (const error of errors) {
      for (const { pointer, detail } of explain(error, schema, value)) {
        if (!told.has(pointer)) told.set(pointer, detail);
      }
    }
    return [...told].slice(0, errorsMax).map(([pointer, detail]) => ({ pointer, detail }));
  };
}

function explain(error: LibraryError, schema: TSchema, value: unknown): { pointer: string; detail: string }[] {
  const at = (detail: string) => [{ pointer: error.instancePath, detail }];
  switch (error.keyword) {
    case 'boolean': // `additionalProperties: false` of the object around it
      return at(unknownMember(error.instancePath, follow(schema, parentOf(error.schemaPath))));
    case 'additionalProperties':
    case 'propertyNames':
    case 'anyOf':
      return []; // told at the members themselves
    case 'required':
      return error.params.requiredProperties.map((name) => ({
        pointer: `${error.instancePath}${pointerTo(name)}`,
        detail: 'is missing',
      }));
    case 'type':
      return at(`must be ${typeWords(error.params.type, follow(schema, error.schemaPath))}`);
    case 'pattern':
      return at(patternWords(error, follow(schema, error.schemaPath), follow(value, error.instancePath)));
    case 'enum': {
      const allowed = error.params.allowedValues.map(String);
      return at(`must be one of: ${allowed.join(', ')}${hint(String(follow(value, error.instancePath)), allowed)}`);
    }
    case 'const':
      return at(`must be ${JSON.stringify(error.params.allowedValue)}`);
    case 'minItems':
      return at(`needs at least ${error.params.limit} ${error.params.limit === 1 ? 'entry' : 'entries'}`);
    case 'maxItems':
    case 'maxProperties':
      return at(`has more than ${error.params.limit} entries`);
    case 'minimum':
    case 'maximum':
      return at(`must be ${error.keyword === 'minimum' ? 'at least' : 'at most'} ${error.params.limit}`);
    default:
      return at(error.message);
  }
}

function unknownMember(pointer: string, around: unknown): string {
  const name = pointer
    .slice(pointer.lastIndexOf('/') + 1)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
  const known = Object.keys((memberOf(around, 'properties') as object | undefined) ?? {});
  return `is not a member here${hint(name, known)}`;
}

function hint(word: string, words: readonly string[]): string {
  const like = nearest(word.slice(0, 64), words);
  return like === undefined ? '' : `; did you mean ${like}?`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  array: 'a list',
  object: 'an object',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  null: 'null',
};

function typeWords(type: string | readonly string[], schema: unknown): string {
  const words = [type].flat().map((name) => typeNames[name] ?? name);
  const itemType = memberOf(memberOf(schema, 'items'), 'type');
  const items = typeof itemType === 'string' ? ` of ${typeNames[itemType]?.replace(/^an? /, '')}s` : '';
  return `${words.join(' or ')}${words.at(-1) === 'a list' ? items : ''}`;
}

/** Says first what people do not see: a line end, half a character. */
function patternWords(error: LibraryError, schema: unknown, value: unknown): string {
  const rule = memberOf(schema, 'x-rule');
  const asked = typeof rule === 'string' ? rule : 'of another form';
  if (error.schemaPath.endsWith('/propertyNames')) return `is not a name: names are ${asked}`;
  if (typeof value !== 'string') return `must be ${asked}`;
  if (!value.isWellFormed()) return `must be ${asked}; it holds half a character (a lone surrogate)`;
  const isLine = asked.startsWith('one line');
  const culprit = (isLine ? /[\p{Cc}\u2028\u2029]/u : /\0/).exec(value);
  if (culprit) return `must be ${asked}; it holds ${printable(culprit[0])} at place ${culprit.index}`;
  return isLine ? `must be ${asked}; it has ${[...value].length}` : `must be ${asked}`;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** What a JSON pointer leads to; `#` before it means the schema itself. */
function follow(root: unknown, path: string): unknown {
  return path
    .replace(/^#/, '')
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, part) => memberOf(value, part), root);
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
