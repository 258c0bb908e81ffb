/**
 * The unit `binary` of `fc.string` (any code point, no half of a pair), drawn in the same way. fast-check's own is a table of 1.1 million
 * characters, made at the first string: 1.5 s, and a heap that every collection afterwards walks through.
 */
import fc from 'fast-check';

const halvesFirst = 0xd800;
const halvesCount = 0x800;

export const anyCharacter = fc
  .nat(0x10ffff - halvesCount)
  .map((nth) => String.fromCodePoint(nth < halvesFirst ? nth : nth + halvesCount), nthOf);

/** The way back, by which fast-check also tries the names it holds dangerous (`__proto__`, ...). */
function nthOf(value: unknown): number {
  const code = typeof value === 'string' && [...value].length === 1 ? (value.codePointAt(0) ?? -1) : -1;
  const isHalf = code >= halvesFirst && code < halvesFirst + halvesCount;
  if (code < 0 || isHalf) throw new Error('not one character');
  return code < halvesFirst ? code : code - halvesCount;
}
