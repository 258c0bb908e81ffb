/**
 * The names that terms point at: a domain-spec becomes a name fit for a query, or none. RFC 7208 §4.8, §7.3.
 * A name is proven here before anything is asked, because HELO and MAIL FROM flow into it through macros.
 */
import { parseQueryName, type QueryName } from '../../format/domain-name.ts';
import { expandRightEnd, hasMacros, type MacroString, type MacroValues, parseMacroString } from './macro.ts';

export type TargetName = {
  /** As written. */
  readonly text: string;
  readonly macros: MacroString;
  /** For a name without macros: the name, or that it cannot be asked for. */
  readonly fixed?: QueryName | 'unfit';
};

const nameOctetsMax = 253; // RFC 7208 §7.3

/** RFC 7208 §7.1: domain-spec. Undefined when it is none. */
export function parseTargetName(text: string): TargetName | undefined {
  const macros = parseMacroString(text, { explanationLetters: false, spaces: false });
  if (macros === undefined || !hasDomainEnd(macros)) return undefined;
  if (hasMacros(macros)) return { text, macros };
  return { text, macros, fixed: fitName(macros.parts.join('')) ?? 'unfit' };
}

/** RFC 7208 §7.1: domain-end is an expansion, or a dot, a toplabel and perhaps a final dot. */
function hasDomainEnd(macros: MacroString): boolean {
  if (macros.endsInExpansion) return true;
  const literal = macros.parts.at(-1);
  if (typeof literal !== 'string') return false;
  const written = literal.endsWith('.') ? literal.slice(0, -1) : literal;
  const dot = written.lastIndexOf('.');
  return dot >= 0 && isToplabel(written.slice(dot + 1));
}

/** Letters, digits and inner dashes, not digits alone: `a:192.0.2.1` is a mistake, not a name. */
function isToplabel(text: string): boolean {
  return /^[a-z0-9-]+$/i.test(text) && !text.startsWith('-') && !text.endsWith('-') && !/^[0-9]+$/.test(text);
}

/** Undefined when the expansion is no name that can be asked for; such a term does not match. RFC 7208 §4.8 */
export function expandTargetName(target: TargetName, values: MacroValues): QueryName | undefined {
  if (target.fixed !== undefined) return target.fixed === 'unfit' ? undefined : target.fixed;
  const expanded = expandRightEnd(target.macros, values, nameOctetsMax + 2); // one more for the final dot, one to see that it is too long
  return expanded === undefined ? undefined : fitName(expanded);
}

function fitName(expanded: string): QueryName | undefined {
  const name = expanded.endsWith('.') ? expanded.slice(0, -1) : expanded;
  return queryName(name.length > nameOctetsMax ? withoutLeftLabels(name) : name);
}

/** RFC 7208 §7.3: labels go from the left until the name is short enough. */
function withoutLeftLabels(name: string): string {
  const dot = name.indexOf('.', name.length - nameOctetsMax - 1);
  return dot < 0 ? '' : name.slice(dot + 1);
}

/**
 * `%_` and local parts put blanks into labels (RFC 7208 §7.1), which is legal in the DNS and nowhere else: such a name is asked
 * for as it is, and never leaves the engine except escaped in the trace. Anything else must be a `QueryName` as it stands.
 */
function queryName(name: string): QueryName | undefined {
  const written = `${name}.`; // the final dot is gone already: a second one would be an empty label
  if (!name.includes(' ')) return parseQueryName(written);
  return parseQueryName(written.replaceAll(' ', '-')) && (name.toLowerCase() as QueryName);
}
