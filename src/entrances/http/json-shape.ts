/**
 * Looks at JSON text before it is parsed: what would cost much memory, or would be read differently by different readers, is
 * refused. Linear, and long texts in it are skipped quickly. Whether it is JSON at all, `JSON.parse` says. Pure.
 */
import { printable } from '../../base/printable.ts';

/** Named in docs/ and on the page of `json_malformed`. */
const depthMax = 64;
const valuesMax = 100_000;
const nameMax = 256;

/** Why the text is refused; undefined when nothing speaks against parsing it. */
export function refuseJsonShape(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = []; // member names of each open object; undefined stands for a list
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : undefined);
      values++;
      if (open.length > depthMax) return `it nests deeper than ${depthMax} levels`;
    } else if (character === '}' || character === ']') open.pop();
    else if (character === ',') values++;
    else if (character === '"') {
      const end = endOfText(text, at);
      if (end === undefined) return undefined;
      const names = open.at(-1);
      if (names && isName(text, end)) {
        const refusal = refuseName(text.slice(at, end + 1), names);
        if (refusal !== undefined) return refusal;
      }
      at = end;
    }
    if (values > valuesMax) return `it has more than ${valuesMax} values`;
  }
  return undefined;
}

/** Where the closing quote stands: the first one with an even number of backslashes before it. */
function endOfText(text: string, start: number): number | undefined {
  for (let at = text.indexOf('"', start + 1); at > 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return at;
  }
  return undefined;
}

function isName(text: string, end: number): boolean {
  let at = end + 1;
  while (/[ \t\r\n]/.test(text[at] ?? '')) at++;
  return text[at] === ':';
}

/** RFC 8259 §4 only recommends unique names; a proxy that reads the first and we the last would disagree. */
function refuseName(written: string, names: Set<string>): string | undefined {
  if (written.length > nameMax * 6) return `a member name is longer than ${nameMax} characters`; // \uXXXX each
  const name = unescaped(written);
  if (name === undefined) return undefined;
  if (name.length > nameMax) return `a member name is longer than ${nameMax} characters`;
  if (name === '__proto__') return 'a member cannot be called __proto__';
  if (names.has(name)) return `the member ${printable(name, 64)} stands twice in one object`;
  names.add(name);
  return undefined;
}

function unescaped(written: string): string | undefined {
  if (!written.includes('\\')) return written.slice(1, -1);
  try {
    return JSON.parse(written) as string;
  } catch {
    return undefined; // JSON.parse of the whole will say so
  }
}
