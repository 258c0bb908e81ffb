/** Texts with holes, `{domain}` or `{<parameter>}`, and what fills them. Pure. */

export type Values = Readonly<Record<string, string>>;

const hole = /\{([a-z][a-z0-9-]*)\}/g;

export function holesIn(text: string): readonly string[] {
  return text.includes('{') ? [...text.matchAll(hole)].map(([, name = '']) => name) : [];
}

/** What has no value stays a hole. */
export function fill(text: string, values: Values): string {
  return text.includes('{') ? text.replaceAll(hole, (written, name: string) => values[name] ?? written) : text;
}

/** For people: what has no value yet is shown as a blank to fill in. */
export function fillToRead(text: string, values: Values): string {
  return text.includes('{') ? text.replaceAll(hole, (_written, name: string) => values[name] ?? `<${name}>`) : text;
}
