/** What a rule says, in short forms. A rule never says nothing: what it found, or the one thing that is true instead. Pure. */
import { printable } from '../../../base/printable.ts';
import type { Judged } from './types.ts';

type Said = Omit<Judged, 'status' | 'evidence'> & Partial<Pick<Judged, 'evidence'>>;

export const passes = (said: Said): Judged => ({ status: 'pass', evidence: [], ...said });
export const fails = (said: Said): Judged => ({ status: 'fail', evidence: [], ...said });
export const staysUnknown = (said: Said): Judged => ({ status: 'unknown', evidence: [], ...said });
export const skips = (said: Said): Judged => ({ status: 'skip', evidence: [], ...said });

/** What was found; with nothing found, the other thing. */
export function orElse(found: readonly Judged[], other: () => Judged): readonly Judged[] {
  return found.length > 0 ? found : [other()];
}

/** Text of strangers within a sentence. */
export function quoted(text: string, most = 60): string {
  return `"${printable(text, most)}"`;
}

/** `a`, `a and b`, `a, b and 3 more`. */
export function listed(names: readonly string[], most = 4): string {
  const shown = [...new Set(names)];
  if (shown.length > most) return `${shown.slice(0, most - 1).join(', ')} and ${shown.length - most + 1} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/** A sender's name within a sentence: "your own server". */
export const inSentence = (name: string): string => name.replace(/^(Your|A) /, (word) => word.toLowerCase());

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
