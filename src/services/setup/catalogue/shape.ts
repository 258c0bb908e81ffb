/**
 * Shapes of plain data, held against JSON: the first place that does not fit is named by its path, like `records[2].type: ...`.
 * Small on purpose: the catalogue is read at the start of a command, and a schema library costs more than all its files. Pure.
 */

/** What does not fit, innermost step first; undefined when all does. */
type Misfit = { readonly path: readonly string[]; readonly wanted: string };
export type Shape = (value: unknown) => Misfit | undefined;

/** `records[2].type: a text is wanted` */
export function misfitText({ path, wanted }: Misfit): string {
  const place = [...path].reverse().join('').replace(/^\./, '');
  return `${place || 'the file'}: ${wanted}`;
}

/** @param wanted what is wanted, as a person would put it */
export function holding(fits: (value: unknown) => boolean, wanted: string): Shape {
  const misfit = { path: [], wanted: `${wanted} is wanted` };
  return (value) => (fits(value) ? undefined : misfit);
}

export const text = holding((value) => typeof value === 'string' && value.trim() !== '', 'a text');

export const flag = holding((value) => typeof value === 'boolean', 'true or false');

export function oneOf(words: readonly string[]): Shape {
  return holding((value) => typeof value === 'string' && words.includes(value), `one of ${words.join(', ')}`);
}

export function matching(form: RegExp, wanted: string): Shape {
  return holding((value) => typeof value === 'string' && form.test(value), wanted);
}

export function listOf(item: Shape, { least = 0 } = {}): Shape {
  return (value) => {
    if (!Array.isArray(value)) return { path: [], wanted: 'a list is wanted' };
    if (value.length < least) return { path: [], wanted: `at least ${least} wanted` };
    for (let at = 0; at < value.length; at++) {
      const misfit = item(value[at]);
      if (misfit) return { ...misfit, path: [...misfit.path, `[${at}]`] };
    }
    return undefined;
  };
}

/** Members of an object; those in `optional` may be absent, and no others may be there. */
export function members(
  required: Readonly<Record<string, Shape>>,
  optional: Readonly<Record<string, Shape>> = {},
): Shape {
  const shapes = new Map([...Object.entries(required), ...Object.entries(optional)]);
  const names = Object.keys(required);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return { path: [], wanted: 'an object is wanted' };
    const absent = names.find((name) => !Object.hasOwn(value, name));
    if (absent !== undefined) return { path: [`.${absent}`], wanted: 'it is missing' };
    for (const [name, one] of Object.entries(value)) {
      const shape = shapes.get(name);
      const misfit = shape ? shape(one) : { path: [], wanted: 'there is no such member' };
      if (misfit) return { ...misfit, path: [...misfit.path, `.${name}`] };
    }
    return undefined;
  };
}
