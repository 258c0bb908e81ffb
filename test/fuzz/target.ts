/** What a fuzz target is: something that is fed octets of strangers, with everything that must hold whatever they are. */
import { utf8 } from '../../src/base/bytes.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';

/** Texts stand for their UTF-8 octets. */
export type Octets = string | Uint8Array;

/** In a word or two what became of the input. Inputs with an outcome not seen before are mutated further. */
export type Outcome = string;

export type OpenTarget = {
  /** Throws when something does not hold. Depends on the input alone, and never changes it. */
  readonly run: (input: Uint8Array) => Outcome | Promise<Outcome>;
  readonly close?: () => Promise<void>;
};

export type FuzzTarget = {
  readonly name: string;
  /** Small inputs of ours that reach every part of it. */
  readonly seeds: () => readonly Octets[];
  /** Words of its grammar, and of those who attack it. */
  readonly dictionary: readonly Octets[];
  /** What its inputs are made of falls apart at these. */
  readonly separators: readonly string[];
  /** Default: 65,536. */
  readonly octetsMax?: number;
  /** How long an input may take, for targets that reach the disk. Default: `allowedMs`. */
  readonly msMax?: number;
  readonly open: () => OpenTarget | Promise<OpenTarget>;
};

export const octetsMaxDefault = 65_536;

/** Linear time: 50 ms for the largest inputs, 10 ms for the smallest. Measured ones are far below. */
export function allowedMs(octets: number): number {
  return 10 + (40 * octets) / octetsMaxDefault;
}

export function octetsOf(text: Octets): Uint8Array {
  return typeof text === 'string' ? utf8(text) : text;
}

/** Chance that depends on the input alone, so that a file replays what a run has found. FNV-1a of the octets is the seed. */
function chanceOf(input: Uint8Array): Random {
  let hash = 0x811c9dc5;
  for (const octet of input) hash = Math.imul(hash ^ octet, 0x01000193);
  return seededRandom(hash);
}

/** The input as a network might cut it: often in single octets, sometimes in one piece. */
export function chunksOf(input: Uint8Array): Uint8Array[] {
  const chance = chanceOf(input);
  const typical = [1, 3, 20, 1_500, input.length][Math.floor(chance.float() * 5)] ?? 1;
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < input.length; ) {
    const length = Math.max(1, Math.ceil(chance.float() * typical), Math.ceil(input.length / 5_000));
    chunks.push(input.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

/** A dialogue in which one side waits in between: `|` stands for the wait. Each flight comes cut as a network might cut it. */
export function flightsOf(input: Uint8Array): Uint8Array[] {
  const flights: Uint8Array[] = [];
  for (let from = 0; from <= input.length; ) {
    const bar = input.indexOf(0x7c, from);
    const to = bar < 0 ? input.length : bar;
    if (to > from) flights.push(...chunksOf(input.subarray(from, to)));
    from = to + 1;
  }
  return flights;
}

/** The first octet chooses a setting, so that mutations do: `0` is 0, and every other octet some number. */
export function headAndRest(input: Uint8Array): { readonly head: number; readonly rest: Uint8Array } {
  return { head: ((input[0] ?? 0x30) - 0x30) & 0xff, rest: input.subarray(1) };
}
