/**
 * The ledger of conformance: every comment in the code that names a section of an RFC, or of a draft that has no number yet, what it says
 * is required there, the file that obeys, and the tests that name the same section. Pure: texts in, rows out.
 */

export type Source = { readonly path: string; readonly text: string };

export type LedgerRow = {
  /** `RFC 7208`, or a draft's short name with its revision: `dkim2-spec-03`. */
  readonly source: string;
  readonly section: string;
  /** In the words of the comment; empty where it only names the section. */
  readonly requirement: string;
  readonly where: string;
  readonly testedBy: readonly string[];
};

/** `RFC 7208 §4.6.4`; a section is optional only in prose, so references without one do not count. */
const reference = /(RFC \d{3,5}|dkim2-spec-\d\d) §([0-9A-Z][0-9A-Za-z.]*[0-9A-Za-z]|[0-9A-Z])/g;
const requirementMax = 220;

export function conformanceLedger(sources: readonly Source[]): LedgerRow[] {
  const isTest = ({ path }: Source) => path.startsWith('test/') || path.endsWith('.test.ts');
  const tests = new Map<string, Set<string>>();
  for (const { path, text } of sources.filter(isTest)) {
    for (const [, document, section] of text.matchAll(reference)) {
      const key = `${document} ${section}`;
      tests.set(key, (tests.get(key) ?? new Set()).add(path));
    }
  }
  const rows = new Map<string, LedgerRow>();
  for (const { path, text } of sources.filter((source) => !isTest(source))) {
    for (const { source, section, requirement } of mentions(text)) {
      const testedBy = [...(tests.get(`${source} ${section}`) ?? [])].sort();
      rows.set(`${source} ${section} ${path} ${requirement}`, { source, section, requirement, where: path, testedBy });
    }
  }
  return sorted(withoutBareTwins([...rows.values()]));
}

/** A line that only names the section says nothing that another line of the same file has not said better. */
function withoutBareTwins(rows: readonly LedgerRow[]): LedgerRow[] {
  const spoken = new Set(rows.flatMap((row) => (row.requirement === '' ? [] : [placeOf(row)])));
  return rows.filter((row) => row.requirement !== '' || !spoken.has(placeOf(row)));
}

const placeOf = ({ source, section, where }: LedgerRow) => `${source} ${section} ${where}`;

/** Drafts behind the RFCs. */
function sorted(rows: readonly LedgerRow[]): LedgerRow[] {
  const key = (row: LedgerRow) => `${row.source.startsWith('RFC ') ? 1 : 2} ${placeOf(row)} ${row.requirement}`;
  return rows.toSorted((a, b) => key(a).localeCompare(key(b), 'en', { numeric: true }));
}

type Mention = { readonly source: string; readonly section: string; readonly requirement: string };

function mentions(text: string): Mention[] {
  return comments(text).flatMap((comment) =>
    [...comment.matchAll(reference)].map((match) => ({
      source: match[1] ?? '',
      section: match[2] ?? '',
      requirement: requirementIn(comment, match.index, match.index + match[0].length),
    })),
  );
}

/** Whole comments, each as one line; neighbouring `//` lines are one. */
function comments(text: string): string[] {
  const found: string[] = [];
  let open: string[] | undefined;
  for (const line of text.split('\n')) {
    const alone = /^\s*(?:\/\/|\*(?!\/)|\/\*\*?)\s?(.*?)\s*(?:\*\/)?$/.exec(line)?.[1];
    if (alone !== undefined) {
      if (/^\s*\/\*/.test(line)) open = undefined;
      if (open === undefined) {
        open = [];
        found.push('');
      }
      open.push(alone);
      found[found.length - 1] = open.join(' ').trim();
      if (/\*\/\s*$/.test(line)) open = undefined;
      continue;
    }
    open = undefined;
    const trailing = /\s\/\/ (.*)$/.exec(line)?.[1] ?? /\/\*\* (.*?) \*\//.exec(line)?.[1];
    if (trailing !== undefined) found.push(trailing.trim());
  }
  return found;
}

/** What follows `RFC 1 §2: `, else the sentence that the reference stands in or behind. */
function requirementIn(comment: string, start: number, end: number): string {
  const after = comment.slice(end);
  const said = /^(?:(?:,| and| step [0-9a-z]+)* ?§?[0-9.]*)*: ?(.+)$/.exec(after)?.[1];
  if (said !== undefined) return tidy(said.split(/(?<=[.;)]) (?=RFC \d|dkim2-spec-)/)[0] ?? said);
  const before = comment.slice(0, start).replace(/\($/, '');
  const sentences = before.split(/(?<=[.!?;]) /);
  const own = tidy(sentences.at(-1) ?? '');
  return own.length >= 4 ? own : tidy(sentences.at(-2) ?? '');
}

function tidy(text: string): string {
  const plain = text
    .replace(/@(?:param|returns)\b/g, '')
    .replace(/(?:RFC \d{3,5}|dkim2-spec-\d\d)(?: §[0-9A-Za-z.]+(?:,| and)?)*/g, '')
    .replace(/\s+/g, ' ')
    .replace(/^[\s,;:.()]+|[\s,;:(]+$/g, '');
  return plain.length <= requirementMax ? plain : `${plain.slice(0, requirementMax - 1).replace(/ [^ ]*$/, '')} …`;
}
