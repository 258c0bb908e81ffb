/**
 * From header fields to ARC Sets in order, or the reason why there is no chain. RFC 8617 §4.2 and the parts of §5.2 that need
 * neither keys nor hashes. Pure.
 */
import { fieldBody, fieldsNamed, type HeaderField, type MessageIndex } from '../../format/message/message-index.ts';
import type { TagList } from '../../format/tag-list.ts';
import { readHead } from '../auth-results/parse-auth-results.ts';
import { Scanner } from '../auth-results/scanner.ts';
import { dkimProblems } from '../dkim/problems.ts';
import { readSignature, readTags, type Signature, type SignedBy, signedByOf, timeOf } from '../dkim/signature.ts';

export type ReadSet = {
  readonly instance: number;
  readonly cv: 'none' | 'pass' | 'fail';
  readonly authservId: string;
  /** ARC-Authentication-Results, ARC-Message-Signature, ARC-Seal: the order in which seals cover them. RFC 8617 §5.1.1 */
  readonly results: HeaderField;
  readonly message: HeaderField;
  readonly seal: HeaderField;
  readonly messageSignature: Signature;
  readonly sealSignature: SignedBy;
};

export type ReadChain =
  | { readonly kind: 'none' }
  | { readonly kind: 'broken'; readonly reason: string }
  | { readonly kind: 'chain'; readonly sets: readonly ReadSet[] };

export const instancesMax = 50; // RFC 8617 §4.2.1

type Fields = { results?: HeaderField; message?: HeaderField; seal?: HeaderField };
type Part = keyof Fields;
const names: Record<Part, string> = {
  results: 'arc-authentication-results',
  message: 'arc-message-signature',
  seal: 'arc-seal',
};
const parts = Object.keys(names) as Part[];

export function readChain(index: MessageIndex): ReadChain {
  const grouped = groupByInstance(index);
  if (typeof grouped === 'string') return broken(grouped);
  if (grouped.size === 0) return { kind: 'none' };
  const sets: ReadSet[] = [];
  for (let instance = 1; instance <= grouped.size; instance++) {
    const set = readSet(index, instance, grouped.get(instance) ?? {});
    if (typeof set === 'string') return broken(`instance ${instance}: ${set}`);
    sets.push(set);
  }
  const reason = judgeChainValues(sets);
  return reason === undefined ? { kind: 'chain', sets } : broken(reason);
}

/** The number of the newest set that can be read at all, complete or not, and what its seal says; 0 when there is none. */
export function highestInstance(index: MessageIndex): { readonly instance: number; readonly cv?: string } {
  let highest: { instance: number; cv?: string } = { instance: 0 };
  for (const part of parts) {
    for (const field of fieldsNamed(index, names[part])) {
      const tags = part === 'results' ? undefined : readTags(index, field);
      const instance = (part === 'results' ? instanceOfResults(index, field) : instanceOf(tags)) ?? 0;
      const cv = tags?.get('cv')?.value;
      if (instance > highest.instance) highest = { instance };
      if (instance === highest.instance && cv !== undefined && part === 'seal') highest = { instance, cv };
    }
  }
  return highest;
}

/** RFC 8617 §5.2 (3): at most one field of each kind per instance. */
function groupByInstance(index: MessageIndex): ReadonlyMap<number, Fields> | string {
  const grouped = new Map<number, Fields>();
  for (const part of parts) {
    for (const field of fieldsNamed(index, names[part])) {
      const instance = part === 'results' ? instanceOfResults(index, field) : instanceOf(readTags(index, field));
      if (instance === undefined) return `an ${names[part]} field has no readable instance (i=)`;
      const fields = grouped.get(instance) ?? {};
      if (fields[part] !== undefined) return `instance ${instance} has several ${names[part]} fields`;
      grouped.set(instance, { ...fields, [part]: field });
    }
  }
  return grouped;
}

/** RFC 8617 §4.1.1: `i=n;` stands first, comments and folds around it are allowed. */
function instanceOfResults(index: MessageIndex, field: HeaderField): number | undefined {
  const scanner = new Scanner(fieldBody(index, field));
  const isPrefix = scanner.skipBlanks() && scanner.take('i') && scanner.skipBlanks() && scanner.take('=');
  if (!isPrefix || !scanner.skipBlanks()) return undefined;
  const instance = instanceNumber(scanner.digits());
  return scanner.skipBlanks() && scanner.take(';') ? instance : undefined;
}

/** Who wrote the results; they are the chain's evidence and not judged here. */
function authservIdOf(index: MessageIndex, field: HeaderField): string {
  const scanner = new Scanner(fieldBody(index, field));
  scanner.skipToSemicolon();
  return scanner.take(';') ? (readHead(scanner)?.authservId ?? '') : '';
}

function instanceOf(tags: TagList | undefined): number | undefined {
  return instanceNumber(tags?.get('i')?.value);
}

/** RFC 8617 §4.2.1: 1 to 50, one or two digits. */
function instanceNumber(digits: string | undefined): number | undefined {
  const instance = digits !== undefined && /^[0-9]{1,2}$/.test(digits) ? Number(digits) : 0;
  return instance >= 1 && instance <= instancesMax ? instance : undefined;
}

function readSet(index: MessageIndex, instance: number, fields: Fields): ReadSet | string {
  const { results, message, seal } = fields;
  if (results === undefined || message === undefined || seal === undefined) return 'the set is not complete';
  const messageSignature = readSignature(index, message, 'arc');
  if (!messageSignature.ok) return `ARC-Message-Signature: ${dkimProblems[messageSignature.problem].say}`;
  const sealSignature = readSeal(readTags(index, seal), seal);
  if (typeof sealSignature === 'string') return `ARC-Seal: ${sealSignature}`;
  return {
    instance,
    cv: sealSignature.cv,
    authservId: authservIdOf(index, results),
    results,
    message,
    seal,
    messageSignature: messageSignature.value,
    sealSignature: sealSignature.by,
  };
}

/** RFC 8617 §4.1.3: i, a, b, cv, d, s and t; what a seal covers is fixed, so h= has no place in it. */
function readSeal(tags: TagList | undefined, field: HeaderField): { by: SignedBy; cv: ReadSet['cv'] } | string {
  if (tags === undefined) return dkimProblems['tags-unreadable'].say;
  for (const foreign of ['h', 'v']) if (tags.has(foreign)) return `${foreign}= does not belong there`;
  const cv = tags.get('cv')?.value;
  if (cv !== 'none' && cv !== 'pass' && cv !== 'fail') return 'cv= is missing or unknown';
  const signedAt = timeOf(tags, 't');
  if (typeof signedAt === 'string') return dkimProblems[signedAt].say;
  const by = signedByOf(tags, field);
  return typeof by === 'string' ? dkimProblems[by].say : { by, cv };
}

/** RFC 8617 §5.2 (2) and (3 c): the newest decides about failure, the first says none, all others pass. */
function judgeChainValues(sets: readonly ReadSet[]): string | undefined {
  const newest = sets.at(-1);
  if (newest?.cv === 'fail') return `instance ${newest.instance} found the chain broken (cv=fail)`;
  const wrong = sets.find(({ instance, cv }) => cv !== (instance === 1 ? 'none' : 'pass'));
  return wrong && `instance ${wrong.instance} says cv=${wrong.cv}`;
}

function broken(reason: string): ReadChain {
  return { kind: 'broken', reason };
}
