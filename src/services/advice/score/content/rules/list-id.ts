/** MSG-18: List-Id as RFC 2919 writes it. */
import { parseDomainName } from '../../../../../format/domain-name.ts';
import { failed, fieldTexts, passed, seen, skipped, steps } from '../judged.ts';
import type { ContentRule } from '../types.ts';

export const listId: ContentRule<'MSG-18'> = {
  id: 'MSG-18',
  judge: ({ index, facts }) => {
    const subject = 'List-Id';
    const ids = fieldTexts(index, 'list-id');
    const [first] = ids;
    if (first === undefined) return [skipped({ subject, meaning: 'The message is from no list.' })];
    const evidence = ids.slice(0, 3).map((id) => seen('header List-Id', id));
    const fix = steps(`Write one field: List-Id: Name of the list <news.${facts.domain ?? 'example.com'}>`);
    if (ids.length > 1) return [failed({ subject, meaning: `The message names ${ids.length} lists.`, evidence, fix })];
    if (isListId(first)) return [passed({ subject, meaning: 'The message says from which list it is.', evidence })];
    return [failed({ subject, meaning: 'The name of the list cannot be read.', evidence, fix })];
  },
};

/** RFC 2919 §3: `[phrase] "<" list-label "." list-id-namespace ">"`; §2: at most 255 octets, `localhost` may end it. */
function isListId(text: string): boolean {
  const id = /^[^<>]{0,900}<([^<>\s]{1,255})>$/.exec(text)?.[1];
  return id?.includes('.') === true && parseDomainName(id) !== undefined;
}
