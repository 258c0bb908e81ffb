/**
 * Shapes of plain data, held against JSON: the first place that does not fit is named by its path, like `records[2].type: ...`.
 * Small on purpose: the catalogue is read at the start of a command, and a schema library costs more than all its files. Pure.
 */

/** What is wrong and where; undefined when nothing is. */
export type Shape = (value: unknown, path: string) => string | undefined;

export const text: Shape = (value, path) =>
  typeof value === 'string' && value.trim() !== '' ? undefined : `${path}: a text is wanted`;

export const flag: Shape = (value, path) =>
  typeof value === 'boolean' ? undefined : `${path}: true or false is wanted`;

export function oneOf(words: readonly string[]): Shape {
  return (value, path) =>
    typeof value === 'string' && words.includes(value) ? undefined : `${path}: one of ${words.join(', ')} is wanted`;
}

/** @param says what is wanted, as a person would put it */
export function matching(form: RegExp, says: string): Shape {
  return (value, path) => (typeof value === 'string' && form.test(value) ? undefined : `${path}: ${says} is wanted`);
}

export function listOf(item: Shape, { least = 0 } = {}): Shape {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path}: a list is wanted`;
    if (value.length < least) return `${path}: at least ${least} wanted`;
    return firstProblem(value, (one, at) => item(one, `${path}[${at}]`));
  };
}

/** Members of an object; those in `optional` may be absent, and no others may be there. */
export function members(
  required: Readonly<Record<string, Shape>>,
  optional: Readonly<Record<string, Shape>> = {},
): Shape {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return `${path || 'the file'}: an object is wanted`;
    const at = (name: string) => (path === '' ? name : `${path}.${name}`);
    const given = new Map<string, unknown>(Object.entries(value));
    const absent = Object.keys(required).find((name) => !given.has(name));
    if (absent !== undefined) return `${at(absent)} is missing`;
    return firstProblem([...given], ([name, one]) => {
      const shape = Object.hasOwn(required, name)
        ? required[name]
        : Object.hasOwn(optional, name)
          ? optional[name]
          : undefined;
      return shape ? shape(one, at(name)) : `${at(name)}: there is no such member`;
    });
  };
}

export function firstProblem<T>(
  items: readonly T[],
  problem: (item: T, at: number) => string | undefined,
): string | undefined {
  for (const [at, item] of items.entries()) {
    const found = problem(item, at);
    if (found !== undefined) return found;
  }
  return undefined;
}
