/** A made-up DNS that every implementation is asked over: plain JSON for them, zone text for us. */

export type NameRecords = {
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
  readonly MX?: readonly (readonly [preference: number, host: string])[];
  /** The strings of each record. */
  readonly TXT?: readonly (readonly string[])[];
  readonly PTR?: readonly string[];
  readonly CNAME?: readonly string[];
  readonly fail?: 'SERVFAIL' | 'TIMEOUT';
};
/** By name in lower case, without a final dot. */
export type World = Readonly<Record<string, NameRecords>>;

export function toZoneText(world: World): string {
  const lines: string[] = [];
  for (const [name, records] of Object.entries(world)) {
    if (records.fail !== undefined) lines.push(`;!${records.fail} ${name}.`);
    for (const type of ['A', 'AAAA'] as const) {
      for (const value of records[type] ?? []) lines.push(`${name}. 60 IN ${type} ${value}`);
    }
    for (const type of ['PTR', 'CNAME'] as const) {
      for (const value of records[type] ?? []) lines.push(`${name}. 60 IN ${type} ${value}.`);
    }
    for (const [preference, host] of records.MX ?? []) lines.push(`${name}. 60 IN MX ${preference} ${host}.`);
    for (const strings of records.TXT ?? []) lines.push(`${name}. 60 IN TXT ${strings.map(quoted).join(' ')}`);
  }
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  const inside = text.replace(/[^ !#-[\]-~]/g, (letter) => `\\${String(letter.charCodeAt(0)).padStart(3, '0')}`);
  return `"${inside}"`;
}
