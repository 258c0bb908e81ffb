/** MSG-10: links and pictures by https. */
import { count, failed, passed, seen, skipped, someOf, steps } from '../judged.ts';
import type { ContentRule } from '../types.ts';

export const encryptedLinks: ContentRule<'MSG-10'> = {
  id: 'MSG-10',
  judge: (content) => {
    const subject = 'links and pictures';
    const { images = [], resources = [] } = content.html ?? {};
    const fetched = [...images.map(({ src }) => src), ...resources].filter(isOfWeb);
    if (content.webLinks.length === 0 && fetched.length === 0)
      return [skipped({ subject, meaning: 'The message links to nothing and fetches nothing.' })];
    const plain = [...new Set([...content.webLinks.map(({ href }) => href), ...fetched].filter(isPlain))];
    if (plain.length === 0) return [passed({ subject, meaning: 'All links and pictures are encrypted.' })];
    const meaning = `${count(plain.length, 'address', 'addresses')} in the message ${plain.length === 1 ? 'is' : 'are'} not encrypted.`;
    const evidence = someOf(plain, (address) => seen('address', address));
    const fix = steps('Write https:// in place of http:// and see that the page still comes.');
    return [failed({ subject, meaning, evidence, fix })];
  },
};

/** Most addresses are told without a pattern. */
function isOfWeb(address: string): boolean {
  return address.startsWith('https:') || /^https?:/i.test(address);
}

function isPlain(address: string): boolean {
  return !address.startsWith('https:') && /^http:/i.test(address);
}
