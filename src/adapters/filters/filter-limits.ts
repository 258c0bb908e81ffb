/** What is true for every outside filter: how much it is sent, how much of its answer is read, and how one that is away is told. */
import type { FilterSymbol, FilterVerdict } from '../../services/advice/score/content/types.ts';

/** Filters read the beginning of large messages only; spamc sends none above 500 KB by default. */
export const messageOctetsMax = 2 * 1024 * 1024;
export const answerOctetsMax = 512 * 1024;
const symbolsMax = 500;

export function away(name: string, problem: string): FilterVerdict {
  return { name, points: undefined, symbols: [], problem };
}

/** Those with points, which is what people want to see. */
export function tellingSymbols(symbols: readonly FilterSymbol[]): readonly FilterSymbol[] {
  return symbols.filter(({ points }) => points !== 0).slice(0, symbolsMax);
}

export const tooLarge = 'the message is larger than filters are asked to read';
