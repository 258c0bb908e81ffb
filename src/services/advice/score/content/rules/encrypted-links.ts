/** MSG-10: links and pictures by https. */
import { count, failed, passed, seen, skipped, someOf, steps, webLinks } from '../judged.ts';
import type { ContentRule } from '../types.ts';

export const encryptedLinks: ContentRule<'MSG-10'> = {
  id: 'MSG-10',
  judge: (content) => {
    const subject = 'links and pictures';
    const links = webLinks(content).map(({ href }) => href);
    const fetched = [...(content.html?.images.map(({ src }) => src) ?? []), ...(content.html?.resources ?? [])];
    const all = [...links, ...fetched.filter((address) => /^https?:/i.test(address))];
    if (all.length === 0) return [skipped({ subject, meaning: 'The message links to nothing and fetches nothing.' })];
    const plain = [...new Set(all.filter((address) => /^http:/i.test(address)))];
    if (plain.length === 0) return [passed({ subject, meaning: 'All links and pictures are encrypted.' })];
    const meaning = `${count(plain.length, 'address', 'addresses')} in the message ${plain.length === 1 ? 'is' : 'are'} not encrypted.`;
    const evidence = someOf(plain, (address) => seen('address', address));
    const fix = steps('Write https:// in place of http:// and see that the page still comes.');
    return [failed({ subject, meaning, evidence, fix })];
  },
};
