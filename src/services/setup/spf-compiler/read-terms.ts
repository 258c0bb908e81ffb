/**
 * The text of an SPF record, or of something that was meant as one, becomes terms with one spelling each, so that what means the
 * same reads the same. Nothing is lost: what cannot be read is named with its place and, where it is plain, with what was meant.
 * Pure; the answer depends on the text alone and may be kept by it.
 */
import { nearest } from '../../../base/nearest.ts';
import { printable } from '../../../base/printable.ts';
import type { QueryName } from '../../../format/domain-name.ts';
import { ipv4Octets, ipv4Text, ipv6Octets, ipv6Text } from '../../../format/ip-octets.ts';
import {
  type Directive,
  isSpfRecord,
  parseSpfRecord,
  type Qualifier,
  type SpfRecord,
} from '../../../protocol/spf/record.ts';
import type { TargetName } from '../../../protocol/spf/target-name.ts';
import type { SpfProblem } from './types.ts';

export type ReadTerm = {
  /** In its one spelling, without a qualifier. */
  readonly text: string;
  readonly qualifier: Qualifier;
  readonly directive: Directive;
};

export type ReadModifier = { readonly text: string; readonly target: TargetName };

export type ReadRecord = {
  /** As it was given. */
  readonly given: string;
  readonly terms: readonly ReadTerm[];
  readonly all?: Qualifier;
  /** Behind `all`, where nobody gets. RFC 7208 §5.1 */
  readonly behind: readonly ReadTerm[];
  readonly redirect?: ReadModifier;
  readonly exp?: ReadModifier;
  /** Modifiers that are legal and without effect. */
  readonly unknown: readonly string[];
  readonly problems: readonly SpfProblem[];
};

/**
 * Something that was meant as an SPF record, if not quite one: a quote before it, a blank, `v=spf1;`. Typographic quotes and the byte
 * order mark come as characters from a keyboard, as the octets of UTF-8 from DNS.
 */
const meantAsSpf =
  /^(?:[\s"'\u201c\u201d\u201e\ufeff]|\u00e2\u0080[\u0098-\u009f]|\u00ef\u00bb\u00bf)*v\s*=\s*spf1(?![0-9a-z])[;,]?/i;

const quote = /["'\u201c\u201d\u201e\u00e2]/;

/** The Sender ID record of RFC 4406 and the like are not meant. */
export function looksLikeSpf(text: string): boolean {
  return isSpfRecord(text) || meantAsSpf.test(text);
}

/** Reads a record, or terms alone. */
export function readTerms(given: string): ReadRecord {
  const whole = isSpfRecord(given) ? parseSpfRecord(given) : undefined;
  return whole?.ok ? readWhole(given, whole.value) : readPieces(given);
}

function readWhole(given: string, record: SpfRecord): ReadRecord {
  const at = record.directives.findIndex(({ kind }) => kind === 'all');
  const ahead = at < 0 ? record.directives : record.directives.slice(0, at);
  const behind = at < 0 ? [] : record.directives.slice(at + 1).filter(({ kind }) => kind !== 'all');
  const all = record.directives[at]?.qualifier;
  const problems: SpfProblem[] = [];
  const unknown = record.unknown.filter((text) => {
    const problem = problemOfModifier(given, text);
    if (problem) problems.push(problem);
    return !isVersion(text);
  });
  return {
    given,
    terms: ahead.map(termOf),
    behind: behind.map(termOf),
    ...(all !== undefined && { all }),
    ...(record.redirect && { redirect: modifierOf('redirect', record.redirect.target) }),
    ...(record.exp && { exp: modifierOf('exp', record.exp.target) }),
    unknown,
    problems,
  };
}

const isVersion = (text: string) => /^v=spf1$/i.test(text);

/** `ip4=192.0.2.1` is a modifier nobody knows, legal and without effect; whoever wrote it meant something else. */
function problemOfModifier(given: string, text: string): SpfProblem | undefined {
  const where = { text: given, at: given.indexOf(text), length: text.length };
  if (isVersion(text))
    return {
      code: 'not-quite-spf',
      severity: 'notice',
      say: 'two records are written as one: "v=spf1" stands in the middle',
      where,
    };
  const meant = /^(?:ip4|ip6|a|mx|ptr|include|exists)=/i.test(text) ? readOne(text.replace('=', ':')) : undefined;
  if (meant === undefined || typeof meant === 'string') return undefined;
  return {
    code: 'unreadable-term',
    severity: 'warning',
    say: `"${printable(text)}" is without effect: with "=" it is no mechanism`,
    fix: `write ${text.replace('=', ':')}`,
    meant: text.replace('=', ':'),
    where,
  };
}

/** Term by term, so that one that cannot be read costs none of the others. */
function readPieces(given: string): ReadRecord {
  const version = meantAsSpf.exec(given)?.[0] ?? '';
  const problems: SpfProblem[] = isSpfRecord(given)
    ? oddCharacter(given)
    : version === ''
      ? []
      : [notQuite(given, version)];
  const known: SpfRecord[] = [];
  const tried = new Map<string, SpfRecord | string>(); // thousands of one term are read once
  const isQuoted = quote.test(version);
  const body = given.slice(version.length);
  const pieces = [...(isQuoted ? withoutClosing(body) : body).matchAll(/\S+/g)];
  for (const [index, { 0: text, index: at }] of pieces.entries()) {
    const read = tried.get(text) ?? readOne(text);
    tried.set(text, read);
    if (typeof read !== 'string') known.push(read);
    else {
      const where = { text: given, at: version.length + at, length: text.length };
      const meant = problems.length < guessesMax ? whatWasMeant(text, pieces[index + 1]?.[0]) : undefined;
      problems.push(unreadable(where, text, read, meant));
    }
  }
  return joined(given, known, problems);
}

/** RFC 7208 §3.1: printable ASCII only. A tab or the end of a line between terms looks like a blank and is none. */
function oddCharacter(given: string): SpfProblem[] {
  const at = given.search(/[^\x20-\x7e]/);
  if (at < 0) return [];
  const say = 'receivers cannot read it: between its terms stand blanks, and in them printable ASCII only';
  return [{ code: 'not-quite-spf', severity: 'warning', say, where: { text: given, at, length: 1 } }];
}

/** Without blanks and quotes at its end. A scan: a pattern for the end is quadratic on runs of them. */
function withoutClosing(text: string): string {
  let end = text.length;
  while (end > 0 && ' "\'\t\u201c\u201d\u00e2\u0080\u009c\u009d'.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

function notQuite(given: string, version: string): SpfProblem {
  const why = quote.test(version)
    ? 'quotes belong to zone files, not into the value'
    : 'it has to begin with "v=spf1" and a blank';
  return {
    code: 'not-quite-spf',
    severity: 'warning',
    say: `receivers do not see this as an SPF record: ${why}`,
    where: { text: given, at: 0, length: version.length },
  };
}

function joined(given: string, known: readonly SpfRecord[], problems: SpfProblem[]): ReadRecord {
  const text = known.map(({ text: one }) => one.slice('v=spf1 '.length));
  const names = new Set<string>();
  // A second redirect= or exp= makes the whole unreadable, so it is left out and named.
  const kept = text.filter((one) => {
    const name = /^(redirect|exp)=/i.exec(one)?.[1]?.toLowerCase();
    if (name === undefined || !names.has(name)) {
      if (name !== undefined) names.add(name);
      return true;
    }
    const where = { text: given, at: given.lastIndexOf(one), length: one.length };
    problems.push({
      code: 'unreadable-term',
      severity: 'error',
      say: `${name}= stands twice; the first counts here`,
      where,
    });
    return false;
  });
  const parsed = parseSpfRecord(['v=spf1', ...kept].join(' '));
  const empty: SpfRecord = { text: '', directives: [], hasAll: false, unknown: [] };
  const read = readWhole(given, parsed.ok ? parsed.value : empty);
  return { ...read, problems: [...problems, ...read.problems] };
}

/** One term as a record of its own, or what is wrong with it. */
function readOne(text: string): SpfRecord | string {
  const parsed = parseSpfRecord(`v=spf1 ${text}`);
  if (parsed.ok) return parsed.value;
  const colon = parsed.say.indexOf('": ');
  return colon < 0 ? parsed.say : parsed.say.slice(colon + 3);
}

type Where = NonNullable<SpfProblem['where']>;

function unreadable(where: Where, text: string, why: string, meant: string | undefined): SpfProblem {
  return {
    code: 'unreadable-term',
    severity: 'error',
    say: `"${printable(text, 60)}" cannot be read: ${why}`,
    ...(meant !== undefined && { fix: `perhaps ${printable(meant)} is meant`, meant }),
    where,
  };
}

/** A text full of mistakes is no record with a slip in it. */
const guessesMax = 20;
const guessOctetsMax = 300; // the longest names have 253

const mechanisms = ['all', 'include', 'exists', 'a', 'mx', 'ptr', 'ip4', 'ip6', 'redirect', 'exp'];

/** A guess that reads, for the person to confirm: never taken by itself. */
function whatWasMeant(text: string, next: string | undefined): string | undefined {
  if (text.length > guessOctetsMax) return undefined;
  const bare = text.replace(/^["'\u201c\u201d]+|["'\u201c\u201d,;]+$/g, '');
  const [, sign = '', name = '', mark = '', value = ''] = /^([-+~?]?)([a-z0-9]*)([:=]?)(.*)$/i.exec(bare) ?? [];
  const address = value.replace(/\/.*$/, '');
  const family = ipv4Octets(address) ? 'ip4' : ipv6Octets(address) ? 'ip6' : undefined;
  const guesses = [
    bare,
    ...(family === undefined ? [] : [`${sign}${family}:${value}`]),
    ...(value === '' && mark !== '' && next !== undefined ? [`${bare}${next}`] : []),
    `${sign}${nearest(name.toLowerCase(), mechanisms) ?? name}${mark}${value}`,
  ];
  return guesses.find((guess) => guess !== text && typeof readOne(guess) !== 'string');
}

// ---- One spelling

function termOf(directive: Directive): ReadTerm {
  return { text: spell(directive), qualifier: directive.qualifier, directive };
}

function spell(directive: Directive): string {
  switch (directive.kind) {
    case 'all':
      return 'all';
    case 'ip4':
    case 'ip6':
      return spellNetwork(directive.octets, directive.prefix);
    case 'a':
    case 'mx': {
      const four = directive.prefix4 === 32 ? '' : `/${directive.prefix4}`;
      const six = directive.prefix6 === 128 ? '' : `//${directive.prefix6}`;
      return `${directive.kind}${spellTarget(directive.target)}${four}${six}`;
    }
    case 'ptr':
    case 'include':
    case 'exists':
      return `${directive.kind}${spellTarget(directive.target)}`;
  }
}

/** The bits behind the prefix are nobody's, and a whole address needs no prefix. */
export function spellNetwork(octets: Uint8Array, prefix: number): string {
  const masked = octets.map(
    (octet, at) => octet & (prefix >= 8 * at + 8 ? 0xff : prefix <= 8 * at ? 0 : 0xff00 >> (prefix - 8 * at)),
  );
  const bits = octets.length * 8;
  const address = bits === 32 ? ipv4Text(masked) : ipv6Text(masked);
  return `${bits === 32 ? 'ip4' : 'ip6'}:${address}${prefix === bits ? '' : `/${prefix}`}`;
}

const spellTarget = (target: TargetName | undefined) => (target === undefined ? '' : `:${spellName(target)}`);

/** Letters of macros keep their case: an upper-case one means something else. RFC 7208 §7.3 */
function spellName(target: TargetName): string {
  const name = nameOfTarget(target);
  // What is too long stands for its right end only (RFC 7208 §7.3), which may be no name to write down.
  if (name !== undefined && target.text.length <= name.length + 1 && !target.text.includes('%')) return name;
  return target.text.replaceAll(/%\{[^}]*\}|[^%]+/g, (part) => (part.startsWith('%') ? part : part.toLowerCase()));
}

export function nameOfTarget(target: TargetName): QueryName | undefined {
  return target.fixed === undefined || target.fixed === 'unfit' ? undefined : target.fixed;
}

function modifierOf(name: 'redirect' | 'exp', target: TargetName): ReadModifier {
  return { text: `${name}=${spellName(target)}`, target };
}
