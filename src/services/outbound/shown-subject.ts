/** The subject of a message as lists show it. Pure. */
import { fieldText, type MessageIndex } from '../../format/message/message-index.ts';
import { decodeWords } from '../../format/mime/encoded-word.ts';

/** Longer ones are cut. */
const subjectMax = 300;

export function shownSubject(index: MessageIndex): string {
  return decodeWords(fieldText(index, 'subject') ?? '')
    .slice(0, subjectMax)
    .toWellFormed();
}
