/**
 * Seeded mutations: an input goes in, one that differs from it comes out. Some know nothing (bits, ranges), some know what
 * breaks parsers (controls, NUL, 8-bit, UTF-8 that is none, numbers at the edges, nesting, masses of the same), some know the
 * target: its words, and where its inputs fall apart. The same seed makes the same inputs.
 */
import { concat, fromLatin1, utf8 } from '../../src/base/bytes.ts';
import type { Random } from '../../src/base/random.ts';

export type Material = {
  readonly dictionary: readonly Uint8Array[];
  readonly separators: readonly Uint8Array[];
  readonly octetsMax: number;
  /** Another input, to take parts from. */
  readonly another: () => Uint8Array;
};

type Mutation = (input: Uint8Array, random: Random, material: Material) => Uint8Array;

/** A new array; `input` stays as it is. */
export function mutate(input: Uint8Array, random: Random, material: Material): Uint8Array {
  let out = input;
  do {
    const choice = random.float() * weightInAll;
    const mutation = mutations.find((one) => choice < one.below)?.run ?? flipBit;
    out = mutation(out, random, material).subarray(0, material.octetsMax);
  } while (random.float() < 0.6 || isSame(out, input)); // two or three: one alone seldom gets past the first check
  return Uint8Array.from(out);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && Buffer.compare(one, other) === 0;
}

function below(random: Random, most: number): number {
  return Math.floor(random.float() * most);
}

function pick<T>(random: Random, list: readonly T[]): T | undefined {
  return list[below(random, list.length)];
}

type Range = { readonly from: number; readonly to: number };

/** Mostly a few octets, sometimes many. */
function someRange(input: Uint8Array, random: Random): Range {
  const from = below(random, input.length + 1);
  const most = pick(random, [2, 4, 16, 64, input.length]) ?? 1;
  return { from, to: Math.min(input.length, from + 1 + below(random, most)) };
}

function replaced(input: Uint8Array, { from, to }: Range, by: Uint8Array): Uint8Array {
  return concat([input.subarray(0, from), by, input.subarray(to)]);
}

function inserted(input: Uint8Array, random: Random, what: Uint8Array): Uint8Array {
  const at = below(random, input.length + 1);
  return replaced(input, { from: at, to: at }, what);
}

const flipBit: Mutation = (input, random) => {
  const out = Uint8Array.from(input);
  const at = below(random, out.length);
  if (out.length > 0) out[at] = (out[at] as number) ^ (1 << below(random, 8));
  return out;
};

const oddOctets = [
  0x00, 0x01, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x2e, 0x3a, 0x3f, 0x40, 0x5c, 0x7f, 0x80, 0xc0, 0xfe, 0xff,
];

const setOctet: Mutation = (input, random) => {
  const out = Uint8Array.from(input);
  const octet = random.float() < 0.5 ? (pick(random, oddOctets) ?? 0) : below(random, 256);
  if (out.length > 0) out[below(random, out.length)] = octet;
  return out;
};

/** What line readers, decoders and people disagree about. */
const oddities: readonly Uint8Array[] = [
  ...[
    '\r',
    '\n',
    '\r\n',
    '\r\n ',
    '\r\n\t',
    '\n\r',
    '\r\r\n',
    '\r\n\r\n',
    '\r\n.\r\n',
    '\n.\n',
    '\0',
    '\t',
    '\v',
    '\f',
    '\b',
  ],
  ...[
    '\x1b[2J',
    '\x7f',
    ' ',
    '  ',
    '=?',
    '?=',
    '=?utf-8?q?=00?=',
    '%00',
    '%0d%0a',
    '\\',
    '\\"',
    '""',
    '<>',
    '()',
    '//',
    '..',
  ],
  ...['__proto__', 'constructor', 'toString', 'undefined', 'null', 'NaN', '-0', '1e309', '[object Object]', '{{1}}'],
].map(fromLatin1);

const oddUtf8: readonly Uint8Array[] = [
  ...['\u0085', '\u00a0', '\u00ad', '\u200b', '\u200d', '\u2028', '\u2029', '\u202e', '\ufeff', '\ufffd', '\u{1f4ef}'],
  ...[
    '\uff20',
    '\u3002',
    '\uff0e',
    '\ufe52',
    '\u212a',
    '\u0130',
    '\u0131',
    '\u00df',
    '\ufb01',
    '\u1e9e',
    '\u03c2',
    '\u0345',
  ],
  ...['u\u0308', '\u00fc', '\u0627', '\u05d0', '\u0660', '\u4f8b', '\u{e0041}', '\u{10ffff}', '\ufdfa', '\u2488'],
]
  .map(utf8)
  .concat(
    [
      '\xc0\xaf',
      '\xe2\x82',
      '\xed\xa0\x80',
      '\xf4\x90\x80\x80',
      '\xff',
      '\xfe\xff',
      '\x80',
      '\xf8\x88\x80\x80\x80',
    ].map(fromLatin1),
  );

const insertOddity: Mutation = (input, random) => {
  const what = pick(random, random.float() < 0.6 ? oddities : oddUtf8);
  return inserted(input, random, what ?? new Uint8Array());
};

const insertWord: Mutation = (input, random, { dictionary }) =>
  inserted(input, random, pick(random, dictionary) ?? new Uint8Array());

const replaceByWord: Mutation = (input, random, { dictionary }) =>
  replaced(input, someRange(input, random), pick(random, dictionary) ?? new Uint8Array());

/** One word of the grammar for another one of it. */
const exchangeWords: Mutation = (input, random, { dictionary }) => {
  const from = pick(random, dictionary);
  const to = pick(random, dictionary);
  if (!from || !to || from.length === 0) return input;
  const at = Buffer.from(input).indexOf(from, below(random, input.length + 1));
  return at < 0 ? input : replaced(input, { from: at, to: at + from.length }, to);
};

const dropRange: Mutation = (input, random) => replaced(input, someRange(input, random), new Uint8Array());

const truncate: Mutation = (input, random) => input.subarray(0, below(random, input.length + 1));

const copyRange: Mutation = (input, random) => {
  const { from, to } = someRange(input, random);
  return inserted(input, random, input.subarray(from, to));
};

const repeatRange: Mutation = (input, random) => {
  const { from, to } = someRange(input, random);
  return replaced(input, { from, to }, repeated(input.subarray(from, to), 2 + below(random, 20)));
};

function repeated(what: Uint8Array, times: number): Uint8Array {
  const out = Buffer.alloc(what.length * times);
  if (what.length > 0) out.fill(what);
  return out;
}

/** Up to as much as there may be: what is not linear shows here. */
function manyTimes(what: Uint8Array, random: Random, octetsMax: number): Uint8Array {
  const octets = octetsMax / 2 ** below(random, 8);
  return repeated(what, Math.max(1, Math.floor(octets / Math.max(1, what.length))));
}

const flood: Mutation = (input, random, { dictionary, separators, octetsMax }) => {
  const { from, to } = someRange(input, random);
  const what = [
    input.subarray(from, to),
    concat([pick(random, dictionary) ?? input, pick(random, separators) ?? input]),
    pick(random, separators),
    pick(random, oddities),
    input,
  ];
  return replaced(input, { from, to }, manyTimes(pick(random, what) ?? input, random, octetsMax));
};

const brackets = ['()', '[]', '{}', '<>', '""', "''", '(\\', '%{'].map((pair) => [...pair].map(fromLatin1));

/** Deep nesting, closed or not. */
const nest: Mutation = (input, random, { octetsMax }) => {
  const { from, to } = someRange(input, random);
  const [open = input, close = input] = pick(random, brackets) ?? [];
  const depth = random.float() < 0.9 ? 1 + below(random, 40) : below(random, octetsMax / 2);
  const closing = random.float() < 0.7 ? repeated(close, depth) : new Uint8Array();
  return replaced(input, { from, to }, concat([repeated(open, depth), input.subarray(from, to), closing]));
};

/** Offsets of the pieces between separators; enough of them, not all. */
function piecesOf(input: Uint8Array, separator: Uint8Array): Range[] {
  const pieces: Range[] = [];
  const octets = Buffer.from(input.buffer, input.byteOffset, input.length);
  for (let from = 0; pieces.length < 1_000; ) {
    const at = octets.indexOf(separator, from);
    if (at < 0) return [...pieces, { from, to: input.length }];
    pieces.push({ from, to: at + separator.length });
    from = at + separator.length;
  }
  return pieces;
}

function somePiece(input: Uint8Array, random: Random, { separators }: Material): Range {
  const separator = pick(random, separators);
  const pieces = separator === undefined || separator.length === 0 ? [] : piecesOf(input, separator);
  return pick(random, pieces) ?? someRange(input, random);
}

const dropPiece: Mutation = (input, random, material) =>
  replaced(input, somePiece(input, random, material), new Uint8Array());

const doublePiece: Mutation = (input, random, material) => {
  const { from, to } = somePiece(input, random, material);
  const piece = input.subarray(from, to);
  return random.float() < 0.5 ? replaced(input, { from, to }, repeated(piece, 2)) : inserted(input, random, piece);
};

const swapPieces: Mutation = (input, random, material) => {
  const one = somePiece(input, random, material);
  const other = somePiece(input, random, material);
  const [first, second] = one.from <= other.from ? [one, other] : [other, one];
  if (first.to > second.from) return input;
  const piece = ({ from, to }: Range) => input.subarray(from, to);
  const between = { from: first.to, to: second.from };
  const parts = [piece({ from: 0, to: first.from }), piece(second), piece(between), piece(first)];
  return concat([...parts, input.subarray(second.to)]);
};

/** A piece of another input in the place of one of this. */
const borrowPiece: Mutation = (input, random, material) => {
  const other = material.another();
  const { from, to } = somePiece(other, random, material);
  return replaced(input, somePiece(input, random, material), other.subarray(from, to));
};

const splice: Mutation = (input, random, { another }) => {
  const other = another();
  const tail = other.subarray(below(random, other.length + 1));
  return concat([input.subarray(0, below(random, input.length + 1)), tail]);
};

const changeCase: Mutation = (input, random) => {
  const { from, to } = someRange(input, random);
  return input.map((octet, at) => {
    const isLetter = (octet | 0x20) >= 0x61 && (octet | 0x20) <= 0x7a;
    return at >= from && at < to && isLetter ? octet ^ 0x20 : octet;
  });
};

const oddNumbers = [
  '0',
  '1',
  '-1',
  '00',
  '65535',
  '65536',
  '2147483648',
  '4294967296',
  '9007199254740993',
  '1e9',
  '0x10',
]
  .concat(['9'.repeat(20), '9'.repeat(400), '٣', '1.5', '+1', ' 1', '1_000'])
  .map(utf8);

const changeNumber: Mutation = (input, random) => {
  const start = below(random, input.length);
  const isDigit = (at: number) => (input[at] ?? 0) >= 0x30 && (input[at] ?? 0) <= 0x39;
  let from = start;
  while (from < input.length && !isDigit(from)) from++;
  let to = from;
  while (isDigit(to)) to++;
  return from === to ? input : replaced(input, { from, to }, pick(random, oddNumbers) ?? input);
};

const oddWords = [
  0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1ff, 0x200, 0x3fff, 0x4000, 0x7fff, 0x8000, 0xc000, 0xc00c, 0xfffe, 0xffff,
];

/** Lengths and pointers of binary formats. */
const setWord: Mutation = (input, random) => {
  const out = Buffer.from(input);
  if (out.length >= 2) out.writeUInt16BE(pick(random, oddWords) ?? 0, below(random, out.length - 1));
  return out;
};

/** What the fewer of two weighs is run the less often; floods cost time, and a few of them are enough. */
const weighted: readonly (readonly [weight: number, run: Mutation])[] = [
  [4, flipBit],
  [4, setOctet],
  [10, insertOddity],
  [10, insertWord],
  [6, replaceByWord],
  [6, exchangeWords],
  [5, dropRange],
  [3, truncate],
  [4, copyRange],
  [3, repeatRange],
  [1, flood],
  [2, nest],
  [5, dropPiece],
  [6, doublePiece],
  [6, swapPieces],
  [8, borrowPiece],
  [5, splice],
  [2, changeCase],
  [5, changeNumber],
  [2, setWord],
];

const weightInAll = weighted.reduce((sum, [weight]) => sum + weight, 0);

const mutations = weighted.map(([, run], index) => ({
  run,
  below: weighted.slice(0, index + 1).reduce((sum, [weight]) => sum + weight, 0),
}));
