/** One Message-Instance field: which form of the message it describes, its hashes, how to get back to the form before. dkim2-spec-03 §7 */
import type { HeaderField, MessageIndex } from '../../format/message/message-index.ts';
import {
  base64Of,
  isTextString,
  itemsOf,
  ordinalOf,
  type Reading,
  readDkim2Tags,
  withoutOuterBlanks,
} from './dkim2-field.ts';
import { dkim2Limits } from './limits.ts';
import { problem } from './problems.ts';
import { noRecipe, type Recipe, readRecipe } from './recipe.ts';

export type Instance = {
  readonly field: HeaderField;
  /** m= */
  readonly number: number;
  /** Undefined when only algorithms are used that are not known here. */
  readonly hashes: Hashes | undefined;
  readonly recipe: Recipe;
};

/** SHA-256 of the header fields and of the body. */
type Hashes = { readonly header: Uint8Array; readonly body: Uint8Array };

const sha256Octets = 32;

export function readInstance(index: MessageIndex, field: HeaderField): Reading<Instance> {
  const tags = readDkim2Tags(index, field);
  const at = ordinalOf(tags?.get('m')?.value);
  const no = (code: Parameters<typeof problem>[0], more: { tag?: string; value?: string } = {}) =>
    ({ ok: false, problem: problem(code, { at, ...more }) }) as const;
  if (tags === undefined) return no('instance-syntax');
  for (const tag of ['m', 'h']) if (!tags.has(tag)) return no('instance-tag-missing', { tag });
  if (at === undefined) return no('instance-syntax');
  if (at > dkim2Limits.instancesMax) return no('too-many-fields');
  const hashes = hashesOf(tags.get('h')?.value ?? '');
  if (hashes === 'twice') return no('instance-hash-twice');
  if (hashes === 'unreadable') return no('instance-syntax');
  const recipe = recipeOf(tags.get('r')?.value);
  if (recipe === undefined) return no('instance-syntax');
  if (typeof recipe === 'string') return no('recipe-invalid', { value: recipe });
  return { ok: true, value: { field, number: at, hashes: hashes.get('sha256'), recipe } };
}

/** dkim2-spec-03 §7.3: name, hash of the header, hash of the body. dkim2-spec-05 §7.3: no name twice. */
function hashesOf(value: string): ReadonlyMap<string, Hashes> | 'twice' | 'unreadable' {
  const found = new Map<string, Hashes>();
  for (const { text } of itemsOf(value, ',')) {
    const [name = '', header = '', body = '', ...more] = itemsOf(text, ':').map((one) => one.text);
    const octets = { header: base64Of(header), body: base64Of(body) };
    const word = withoutOuterBlanks(name);
    if (more.length > 0 || !isTextString(word) || !octets.header || !octets.body) return 'unreadable';
    if (word === 'sha256' && (octets.header.length !== sha256Octets || octets.body.length !== sha256Octets))
      return 'unreadable';
    if (found.has(word)) return 'twice';
    found.set(word, { header: octets.header, body: octets.body });
  }
  return found;
}

/** A text says what is wrong with the JSON; undefined: it is not even base64. */
function recipeOf(value: string | undefined): Recipe | string | undefined {
  if (value === undefined) return noRecipe;
  const octets = base64Of(value);
  return octets && readRecipe(octets);
}
