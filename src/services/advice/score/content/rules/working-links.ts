/** MSG-19: links that lead somewhere. What cannot be a link is told without looking; the rest only when somebody followed them. */
import { printable } from '../../../../../base/printable.ts';
import { count, failed, passed, seen, skipped, someOf, steps, unknown } from '../judged.ts';
import type { Content, ContentRule, JudgedContent, LinkTrouble } from '../types.ts';

const tenthsEach = 3;
const tenthsMax = 10;

export const workingLinks: ContentRule<'MSG-19'> = {
  id: 'MSG-19',
  judge: (content) => {
    const subject = 'links';
    if (content.links.length === 0) return [skipped({ subject, meaning: 'The message has no links.' })];
    const broken = [...impossible(content), ...followed(content)];
    if (broken.length > 0) return [failure(broken)];
    const { probes } = content.facts;
    if (content.webLinks.length === 0) return [passed({ subject, meaning: 'Every link leads somewhere.' })];
    if (probes === undefined)
      return [
        unknown({ subject, meaning: 'The links look right; nobody followed them to see whether the pages are there.' }),
      ];
    const unclear = probes.filter(({ end }) => end === 'unknown');
    const evidence = someOf(unclear, ({ href, say }) => seen(href, say));
    if (unclear.length > 0)
      return [
        unknown({
          subject,
          meaning: `${count(unclear.length, 'link')} could not be followed${named(unclear)}: ${unclear[0]?.say}.`,
          evidence,
        }),
      ];
    return [withoutLeft(probes)];
  },
};

/** Where nothing speaks against the links that were followed. */
function withoutLeft(probes: NonNullable<Content['facts']['probes']>): JudgedContent {
  const subject = 'links';
  const left = probes.filter(({ end }) => end === 'left');
  if (left.length === 0) return passed({ subject, meaning: 'Every link leads to a page.' });
  const evidence = someOf(left, ({ href, say }) => seen(href, say));
  const alone = `${count(left.length, 'link')} ${left.length === 1 ? 'was' : 'were'} left to the reader, for whom following ${left.length === 1 ? 'it' : 'them'} may do something`;
  return left.length === probes.length
    ? unknown({ subject, meaning: `No link was followed: ${alone}.`, evidence })
    : passed({ subject, meaning: `Every link that was followed leads to a page; ${alone}.`, evidence });
}

type Broken = { readonly href: string; readonly say: string };

function failure(broken: readonly Broken[]) {
  const [first] = broken;
  const lead = `${count(broken.length, 'link')} ${broken.length === 1 ? 'leads' : 'lead'} nowhere`;
  const meaning = `${lead}${named(broken)}: ${first?.say ?? ''}.`;
  const evidence = someOf(broken, ({ href, say }) => seen(href === '' ? '(empty link)' : href, say));
  const fix = steps('Put the right address in, or take the link out.');
  return failed({ subject: 'links', meaning, evidence, fix, tenths: Math.min(broken.length * tenthsEach, tenthsMax) });
}

/** Where a person may look first. */
function named([first, ...more]: readonly Broken[]): string {
  if (first === undefined || first.href === '') return '';
  return `, ${more.length > 0 ? 'such as ' : ''}${printable(first.href, 80)}`;
}

/** Each address once. */
function impossible({ links }: Content): readonly Broken[] {
  const found = new Map<string, Broken>();
  for (const { href, trouble } of links) if (trouble !== undefined) found.set(href, { href, say: troubles[trouble] });
  return [...found.values()];
}

function followed({ facts }: Content): readonly Broken[] {
  return (facts.probes ?? []).filter(({ end }) => end === 'broken').map(({ href, say }) => ({ href, say }));
}

const troubles: Readonly<Record<LinkTrouble, string>> = {
  empty: 'the link has no address',
  placeholder: 'the place for the address was not filled in',
  relative: 'the address does not say on which site it is',
  'no-host': 'the address names no site',
  local: 'the address exists only on your own computer or network',
  script: 'mail programs do not run scripts',
  syntax: 'the address cannot be read',
  'no-anchor': 'it points into the message, to a place that is not there',
};
