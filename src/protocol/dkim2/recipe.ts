/**
 * The recipe of a Message-Instance: JSON that says how the form of the message before was. Parsed strictly, as the schema of
 * dkim2-spec-03 §5 wants it; each name once, since of two that are alike every reader may take another.
 */
import { isWellFormed } from '../../base/bytes.ts';
import { dkim2Limits } from './limits.ts';

/** Copies lines or fields, first to last inclusive, or puts these texts in. */
type RecipeStep =
  | { readonly kind: 'copy'; readonly first: number; readonly last: number }
  | { readonly kind: 'texts'; readonly texts: readonly string[] };

export type RecipeSteps = readonly RecipeStep[];

export type Recipe = {
  /** By field name in lower case. */
  readonly header: ReadonlyMap<string, RecipeSteps>;
  /** Undefined: the body was the same. `lost`: what it was cannot be made again. */
  readonly body: RecipeSteps | 'lost' | undefined;
};

export const noRecipe: Recipe = { header: new Map(), body: undefined };

/** A recipe, or in a few words what is wrong with it. */
export function readRecipe(octets: Uint8Array): Recipe | string {
  if (octets.length > dkim2Limits.recipeOctetsMax) return 'too long';
  const json = readJson(octets);
  if (json === undefined) return 'it is no JSON in UTF-8';
  const { text, value } = json;
  if (!isObject(value)) return 'it is no object';
  if (membersIn(value) !== namesIn(text)) return 'a name stands twice';
  // dkim2-spec-03 §5: one of the two at least; other names mean nothing.
  if (!Object.hasOwn(value, 'h') && !Object.hasOwn(value, 'b')) return 'it has neither h nor b';
  const header = Object.hasOwn(value, 'h') ? headerOf(value.h) : noRecipe.header;
  if (typeof header === 'string') return header;
  const body = Object.hasOwn(value, 'b') ? bodyOf(value.b) : undefined;
  if (typeof body === 'string' && body !== 'lost') return body;
  return stepsIn(header, body) > dkim2Limits.recipeStepsMax ? 'too many steps' : { header, body };
}

type Members = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readJson(octets: Uint8Array): { readonly text: string; readonly value: unknown } | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
    return { text, value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** dkim2-spec-03 §5.1: no null any more, at least one name, and none that differs from another in case only. */
function headerOf(value: unknown): ReadonlyMap<string, RecipeSteps> | string {
  if (!isObject(value) || Object.keys(value).length === 0) return 'h is no object with names of fields';
  const recipes = new Map<string, RecipeSteps>();
  for (const [written, list] of Object.entries(value)) {
    const name = written.toLowerCase();
    if (!/^[!-9;-~]+$/.test(written)) return 'h holds what is no name of a field'; // RFC 5322 §3.6.8
    if (recipes.has(name)) return 'a name stands twice';
    const steps = stepsOf(list);
    if (typeof steps === 'string') return steps;
    recipes.set(name, steps);
  }
  return recipes;
}

function bodyOf(value: unknown): RecipeSteps | 'lost' | string {
  return value === null ? 'lost' : stepsOf(value); // dkim2-spec-03 §5.2
}

function stepsOf(list: unknown): RecipeSteps | string {
  if (!Array.isArray(list)) return 'a recipe is no list of steps';
  const steps: RecipeStep[] = [];
  let last = 0;
  for (const one of list) {
    const step = stepOf(one);
    if (typeof step === 'string') return step;
    if (step.kind === 'copy') {
      // dkim2-spec-03 §5.1: each behind the end of all before it.
      if (step.first <= last) return 'copies are not in ascending order';
      last = step.last;
    }
    steps.push(step);
  }
  return steps;
}

/** dkim2-spec-03 §5.1: exactly one key. */
function stepOf(value: unknown): RecipeStep | string {
  if (!isObject(value) || Object.keys(value).length !== 1) return 'a step has not exactly one key';
  if (Object.hasOwn(value, 'c')) return copyOf(value.c) ?? 'a copy is not two numbers, the smaller one first';
  if (Object.hasOwn(value, 'd')) return textsOf(value.d) ?? 'd is no list of lines';
  return 'a step has not exactly one key';
}

function copyOf(value: unknown): RecipeStep | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [first, last] = value as readonly unknown[];
  if (!isOrdinal(first) || !isOrdinal(last) || last < first) return undefined;
  return { kind: 'copy', first, last };
}

function isOrdinal(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

/** dkim2-spec-03 §5.1: no CR and no LF in them. */
function textsOf(value: unknown): RecipeStep | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const isLine = (one: unknown): one is string => typeof one === 'string' && isWellFormed(one) && !/[\r\n]/.test(one);
  return value.every(isLine) ? { kind: 'texts', texts: value } : undefined;
}

function stepsIn(header: ReadonlyMap<string, RecipeSteps>, body: Recipe['body']): number {
  let steps = Array.isArray(body) ? body.length : 0;
  for (const own of header.values()) steps += own.length;
  return steps;
}

/** Names of members in the text: strings with a colon behind them. Of names that stand twice `JSON.parse` keeps one. */
function namesIn(json: string): number {
  let names = 0;
  for (const [one] of json.matchAll(/"(?:[^"\\]|\\.)*"[\t\n\r ]*:?/g)) if (one.endsWith(':')) names++;
  return names;
}

/** Without recursion: JSON nests as deep as it is long. */
function membersIn(value: unknown): number {
  const open: unknown[] = [value];
  let members = 0;
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one !== 'object' || one === null) continue;
    const inside = Object.values(one);
    if (!Array.isArray(one)) members += inside.length;
    for (const each of inside) open.push(each);
  }
  return members;
}
