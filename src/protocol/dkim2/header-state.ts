/**
 * The header of one form of a message, as far as DKIM2 hashes it: canonical fields by name, from the lowest up. dkim2-spec-03 §6.2
 * Made from the message once; each recipe makes another one of it.
 */
import { hash } from 'node:crypto';
import { fromLatin1, latin1, utf8 } from '../../base/bytes.ts';
import type { MessageIndex } from '../../format/message/message-index.ts';
import { coveredHeader } from '../dkim/canonical-header.ts';
import type { RecipeSteps } from './recipe.ts';

/** Of each name its fields from the lowest up, each canonical, without its CRLF, one character per octet. */
export type HeaderState = ReadonlyMap<string, readonly string[]>;

/** dkim2-spec-03 §4, dkim2-spec-03 §6.2: fields of the way and of other signers, and DKIM2's own. */
const unsigned = new Set([
  ...['received', 'return-path', 'delivered-to', 'authentication-results', 'dkim-signature'],
  ...['message-instance', 'dkim2-signature'],
]);

export function isSignedName(name: string): boolean {
  return !unsigned.has(name) && !name.startsWith('x-') && !name.startsWith('arc-');
}

/** By the names as they are written, blanks aside: what some readers take for a name that is ignored is not ignored. */
export function headerStateOf(index: MessageIndex): HeaderState {
  const state = new Map<string, string[]>();
  for (const { start, end } of index.fields.toReversed()) {
    const field = canonical(index.bytes, start, end);
    const name = field.slice(0, field.indexOf(':'));
    if (!isSignedName(name)) continue;
    const others = state.get(name);
    if (others === undefined) state.set(name, [field]);
    else others.push(field);
  }
  return state;
}

/** dkim2-spec-03 §6.2: what DKIM calls relaxed, and the same white space goes. */
function canonical(bytes: Uint8Array, start: number, end: number): string {
  return latin1(coveredHeader(bytes, [{ field: { start, end } }], 'relaxed'));
}

/** dkim2-spec-03 §6.2: in the order of the names, of each name the lowest first, a CRLF behind each. */
export function hashHeader(state: HeaderState): Uint8Array {
  let text = '';
  for (const name of [...state.keys()].toSorted()) for (const field of state.get(name) ?? []) text += `${field}\r\n`;
  return hash('sha256', fromLatin1(text), 'buffer');
}

/** The header as it was before; undefined when a step copies what is not there. dkim2-spec-03 §5.1 */
export function undoHeader(state: HeaderState, recipes: ReadonlyMap<string, RecipeSteps>): HeaderState | undefined {
  const before = new Map(state);
  for (const [name, steps] of recipes) {
    if (!isSignedName(name)) continue; // not in the hash, whatever it was
    const fields = undoFields(name, state.get(name) ?? [], steps);
    if (fields === undefined) return undefined;
    if (fields.length > 0) before.set(name, fields);
    else before.delete(name);
  }
  return before;
}

/** dkim2-spec-03 §5.1: numbered from the lowest up, and what is emitted later stands above. */
function undoFields(name: string, fields: readonly string[], steps: RecipeSteps): string[] | undefined {
  const out: string[] = [];
  for (const step of steps) {
    if (step.kind === 'texts') {
      for (const text of step.texts) out.push(canonicalText(name, text));
    } else {
      if (step.last > fields.length) return undefined;
      for (let at = step.first; at <= step.last; at++) out.push(fields[at - 1] as string);
    }
  }
  return out;
}

function canonicalText(name: string, value: string): string {
  const octets = utf8(`${name}:${value}`);
  return canonical(octets, 0, octets.length);
}
