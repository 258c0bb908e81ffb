/**
 * Building blocks of the API's schemas. One schema is the type in our code, the check at the door, and the OpenAPI document;
 * schemas with a title become named components there and named types in the SDK.
 *
 * Lengths stand in `pattern`, not in `maxLength`: the library counts grapheme clusters for that, and one cluster may be a
 * megabyte long. `x-rule` says in words what a pattern asks for; errors and docs print it.
 */
import { type TSchema, Type } from 'typebox';

/** Everything but controls, lone surrogates and Unicode's line ends: what may become part of a header or a log line. */
const printable = '[^\\p{Cc}\\p{Cs}\\u2028\\u2029]';

type Doc = { readonly description: string; readonly examples?: readonly unknown[] };

/** One line of text in any script. */
export function line(most: number, doc: Doc, least = 0) {
  return Type.String({ ...lineRules(most, least), ...doc });
}

/** One line of text, or several of them. */
export function lines(
  each: { readonly most: number; readonly least: number } & Doc,
  doc: { readonly most: number; readonly description: string },
) {
  const { most, least, ...eachDoc } = each;
  return Type.Unsafe<string | readonly string[]>({
    type: ['string', 'array'],
    ...lineRules(most, least),
    items: line(most, eachDoc, least),
    maxItems: doc.most,
    description: doc.description,
  });
}

function lineRules(most: number, least: number) {
  const length = least === 0 ? `at most ${most} characters` : `${least} to ${most} characters`;
  return {
    pattern: `^${printable}{${least},${most}}$`,
    'x-rule': `one line of ${length}, without control characters`,
  };
}

/** Text of any length with line ends. */
export function text(doc: Doc) {
  return Type.String({
    pattern: '^[^\\u0000\\p{Cs}]*$',
    'x-rule': 'well-formed Unicode without the character NUL',
    ...doc,
  });
}

/** A member that is ASCII of a known form. */
export function word(pattern: string, rule: string, doc: Doc) {
  return Type.String({ pattern, 'x-rule': rule, ...doc });
}

export function idOf<Prefix extends string>(prefix: Prefix, description: string) {
  return Type.Unsafe<`${Prefix}_${string}`>({
    type: 'string',
    pattern: `^${prefix}_[0-9a-hjkmnp-tv-z]{26}$`,
    'x-rule': `an id that begins with ${prefix}_`,
    description,
  });
}

/** Names to texts; never a record with a pattern for its names, because such a pattern lets names with line ends slip by. */
export function texts(
  value: TSchema,
  options: { readonly names?: string; readonly rule?: string; readonly most: number } & Doc,
) {
  const { names, rule, most, ...doc } = options;
  return Type.Unsafe<Readonly<Record<string, string>>>({
    type: 'object',
    additionalProperties: value,
    maxProperties: most,
    ...(names === undefined ? {} : { propertyNames: { pattern: names, 'x-rule': rule } }),
    ...doc,
  });
}

export function moment(description: string) {
  return Type.String({ format: 'date-time', description });
}

/** Members of what the office answers: more may come in later versions, so nothing is forbidden beside them. */
export function answerOf<Properties extends Record<string, TSchema>>(
  title: string,
  description: string,
  properties: Properties,
) {
  return Type.Object(properties, { title, description });
}

/** Members of what the office is asked: nothing else is taken. */
export function requestOf<Properties extends Record<string, TSchema>>(
  title: string,
  description: string,
  properties: Properties,
) {
  return Type.Object(properties, { title, description, additionalProperties: false });
}

export function pageOf<Item extends TSchema>(item: Item) {
  return Type.Object({
    data: Type.Array(item),
    next_cursor: Type.Union([Type.String(), Type.Null()], {
      description: 'Give it as cursor to get the next page; null on the last one.',
    }),
  });
}

export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'Entries on a page.' })),
  cursor: Type.Optional(line(300, { description: 'next_cursor of the page before.' }, 1)),
};
