/** MSG-09: a link whose words are an address leads to that address. */
import { parseDomainName } from '../../../../../format/domain-name.ts';
import { count, failed, isSameOrganization, passed, seen, skipped, someOf, steps } from '../judged.ts';
import type { Content, ContentRule, Link } from '../types.ts';

/** `report.pdf` looks like a host and is a file. */
const fileEndings: ReadonlySet<string> = new Set(
  'pdf doc docx xls xlsx ppt pptx odt ods txt csv png jpg jpeg gif svg webp zip gz html htm php js ts css json xml mp3 mp4 mov ics md py'.split(
    ' ',
  ),
);
/** Words of a link that are an address, with nothing around them. */
const address =
  /^[\s"'(<]{0,3}(https?:\/\/)?(?:[^\s/@]{1,100}@)?((?:[\p{L}\p{N}_-]{1,63}\.){1,9}[\p{L}][\p{L}\p{N}-]{1,62})\.?(?::\d{1,5})?(?:[/?#]\S{0,2048})?[\s"')>]{0,3}$/iu;

export const linkWords: ContentRule<'MSG-09'> = {
  id: 'MSG-09',
  judge: (content) => {
    const subject = 'links';
    const links = content.webLinks.filter(({ place }) => place === 'html');
    if (links.length === 0) return [skipped({ subject, meaning: 'The message has no links with words of their own.' })];
    const false_ = links.flatMap((link) => {
      const named = hostNamedBy(link);
      return named === undefined || isSameOrganization(content, named, link.host) ? [] : [{ link, named }];
    });
    const [first] = false_;
    if (first === undefined) return [passed({ subject, meaning: 'No link pretends to lead elsewhere.' })];
    const meaning = `${count(false_.length, 'link')} ${false_.length === 1 ? 'says' : 'say'} one site and ${false_.length === 1 ? 'leads' : 'lead'} to another: ${first.named} is written, ${first.link.host} it is.`;
    return [failed({ subject, meaning, evidence: evidenceOf(false_), fix: fixFor(content) })];
  },
};

type FalseLink = { readonly link: Link; readonly named: string };

function evidenceOf(all: readonly FalseLink[]) {
  return someOf(all, ({ link, named }) => seen(`link that says ${named}`, link.href));
}

function fixFor({ facts }: Content) {
  return steps(
    'Write words instead of an address into the link ("See your order"), or link to the very address that is written.',
    `Where a service rewrites your links to count clicks: let it use a name below ${facts.domain ?? 'your own domain'}.`,
  );
}

function hostNamedBy({ text }: Link): string | undefined {
  if (!text.includes('.')) return undefined;
  const match = address.exec(text);
  if (match === null) return undefined;
  const [, scheme, written = ''] = match;
  const host = parseDomainName(written);
  const ending = host?.slice(host.lastIndexOf('.') + 1) ?? '';
  return scheme === undefined && fileEndings.has(ending) ? undefined : host;
}
