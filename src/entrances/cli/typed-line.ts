/** A command line as it was typed, to be typed again with something changed. Pure. */
import { quoted } from './describe-failure.ts';

export type Typed = {
  /** `policy pull` */
  readonly command: string;
  readonly words: readonly string[];
  /** Its own, in the order of the help: `--sender` and its value; a flag has none. */
  readonly options: readonly { readonly name: string; readonly value?: string }[];
};

export type Retyped = {
  readonly command?: string;
  /** Names of options that are left out: `--dry-run`. */
  readonly without?: readonly string[];
  /** Names of the only options that are kept. */
  readonly only?: readonly string[];
  /** Put behind it. */
  readonly plus?: string;
};

export function retyped({ command, words, options }: Typed, changes: Retyped): string {
  const { without = [], only, plus } = changes;
  const isKept = (name: string) => !without.includes(name) && (only?.includes(name) ?? true);
  const kept = options.filter(({ name }) => isKept(name));
  return [
    changes.command ?? command,
    ...words.map(quoted),
    ...kept.map(({ name, value }) => (value === undefined ? name : `${name} ${quoted(value)}`)),
    ...(plus === undefined ? [] : [plus]),
  ].join(' ');
}

/** As a shell takes it: a long one goes on in lines of its own, broken before options only. */
export function foldedCommand(line: string, lead: string, width: number): readonly string[] {
  const [first = '', ...parts] = line.split(/ (?=--)/);
  const lines = [`${lead}${first}`];
  for (const part of parts) {
    const last = lines.at(-1) ?? '';
    if (last.length + 1 + part.length + 2 <= width) lines[lines.length - 1] = `${last} ${part}`;
    else lines.push(`${' '.repeat(lead.length + 2)}${part}`);
  }
  return lines.map((one, at) => (at < lines.length - 1 ? `${one} \\` : one));
}
