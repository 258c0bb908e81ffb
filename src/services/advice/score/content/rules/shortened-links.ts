/** MSG-08: links show where they lead. */
import { shorteners } from '../data/shorteners.ts';
import { count, failed, passed, seen, skipped, someOf, steps } from '../judged.ts';
import type { ContentRule } from '../types.ts';

const tenths = 5;

export const shortenedLinks: ContentRule<'MSG-08'> = {
  id: 'MSG-08',
  judge: (content) => {
    const subject = 'links';
    const links = content.webLinks;
    if (links.length === 0) return [skipped({ subject, meaning: 'The message has no links to pages.' })];
    const short = links.filter(({ host }) => shorteners.has(host.replace(/^www\./, '')));
    if (short.length === 0) return [passed({ subject, meaning: 'No link goes through a shortener.' })];
    const hosts = [...new Set(short.map(({ host }) => host))];
    const meaning = `${count(short.length, 'link')} ${short.length === 1 ? 'goes' : 'go'} through ${hosts.slice(0, 3).join(', ')}, which hides where ${short.length === 1 ? 'it leads' : 'they lead'}.`;
    const evidence = someOf(short, ({ href }) => seen('link', href));
    const fix = steps('Put the address that the short link stands for in its place.');
    return [failed({ subject, meaning, evidence, fix, tenths })];
  },
};
