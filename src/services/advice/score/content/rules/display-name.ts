/** MSG-17: the name in From shows nobody else's address, domain or brand. */
import { parseDomainName } from '../../../../../format/domain-name.ts';
import { brands } from '../data/brands.ts';
import { failed, isSameOrganization, passed, seen, skipped, steps } from '../judged.ts';
import type { Content, ContentRule, JudgedContent } from '../types.ts';

export const displayName: ContentRule<'MSG-17'> = {
  id: 'MSG-17',
  judge: (content) => {
    const { author } = content.facts;
    if (author.kind !== 'one')
      return [skipped({ subject: 'From', meaning: `Who wrote it is not clear: ${author.why}.` })];
    const { display, domain } = author.first;
    if (display === undefined) return [skipped({ subject: 'From', meaning: 'From shows an address without a name.' })];
    return [judgeName(content, display.slice(0, nameMax), domain)];
  },
};
const nameMax = 1_000;

function judgeName(content: Content, name: string, domain: string): JudgedContent {
  const evidence = [seen('name in From', name), seen('domain in From', domain)];
  const fix = steps(`Use the name of the person or company that ${domain} belongs to.`);
  const foreign = domainsIn(name).find((one) => !isSameOrganization(content, one, domain));
  if (foreign !== undefined)
    return failed({
      subject: 'From',
      meaning: `The name in From shows ${foreign}, and the message is from ${domain}.`,
      evidence,
      fix,
    });
  const plain = folded(name);
  const brand = brands.find(({ name: known }) => plain.includes(` ${known} `));
  const isTheirs = brand?.domains.some((one) => isSameOrganization(content, one, domain)) ?? true;
  if (brand === undefined || isTheirs)
    return passed({ subject: 'From', meaning: 'The name in From shows nobody else.', evidence });
  const meaning = `The name in From says ${brand.shown}, and ${domain} is no domain of theirs.`;
  return failed({ subject: 'From', severity: 'warn', meaning, evidence, fix });
}

/** Addresses (`ann@example.com`), and hosts that begin with www or a scheme: a lone `Booking.com` is a name. */
function domainsIn(name: string): readonly string[] {
  const found = name.matchAll(/(?:@|\bwww\.|https?:\/\/)((?:[\p{L}\p{N}-]{1,63}\.){1,9}[\p{L}][\p{L}\p{N}-]{1,62})/giu);
  return [...found].flatMap(([, host = '']) => parseDomainName(host) ?? []);
}

/** Words in small letters with one blank around each; marks and look-alike forms of letters taken off. */
function folded(name: string): string {
  const plain = name.normalize('NFKD').toLowerCase().replace(/\p{M}/gu, '');
  return ` ${plain.replace(/[^\p{L}\p{N}]+/gu, ' ').trim()} `;
}
