/**
 * Unsubscribes with one click as a mail program does, where the reader wants it: POST to the address in List-Unsubscribe, twice, because
 * people click twice. RFC 8058 §3.2: not without the reader's consent, which whoever calls this has.
 */
import { utf8 } from '../../../../base/bytes.ts';
import type { AskWeb } from '../../../../base/port/web.ts';
import { fieldText } from '../../../../format/message/message-index.ts';
import { fieldTexts } from '../content/judged.ts';
import type { MessageFacts, SignatureFacts } from '../types.ts';
import { oneClickAddress, saysOneClick } from './rules/one-click.ts';
import type { OneClickAnswer, StreamKnowledge } from './types.ts';

type Tried = Pick<StreamKnowledge, 'oneClick' | 'oneClickNotTried'>;

const requestMs = 10_000;

export async function tryOneClick(web: AskWeb, facts: Pick<MessageFacts, 'index' | 'signatures'>): Promise<Tried> {
  const target = oneClickTarget(facts);
  if (typeof target !== 'string') return { oneClickNotTried: target.whyNot };
  const first = await post(web, target);
  return { oneClick: { first, second: first.status === 0 ? first : await post(web, target) } };
}

/** Where to, if a mail program may do it at all. Pure. */
export function oneClickTarget({
  index,
  signatures,
}: Pick<MessageFacts, 'index' | 'signatures'>): string | { readonly whyNot: string } {
  const fields = ['list-unsubscribe', 'list-unsubscribe-post'];
  // RFC 8058 §3.1: one of each
  if (fields.some((name) => fieldTexts(index, name).length !== 1))
    return { whyNot: 'the message does not have exactly one of each field for it' };
  if (!saysOneClick(fieldText(index, 'list-unsubscribe-post') ?? ''))
    return { whyNot: 'List-Unsubscribe-Post does not offer it' };
  const address = oneClickAddress(fieldText(index, 'list-unsubscribe') ?? '');
  if (address === undefined) return { whyNot: 'List-Unsubscribe names no https address' };
  // RFC 8058 §4: one valid signature covers both
  const covers = ({ result, fieldNames }: SignatureFacts) =>
    result === 'pass' && fields.every((name) => fieldNames.includes(name));
  return signatures.some(covers) ? address : { whyNot: 'no DKIM signature that holds covers both fields for it' };
}

const boundary = 'posthorn-one-click';
// RFC 8058 §3.2: as a form, with no cookies and nothing else that tells who asks
const form = {
  headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
  body: utf8(
    [
      `--${boundary}`,
      'Content-Disposition: form-data; name="List-Unsubscribe"',
      '',
      'One-Click',
      `--${boundary}--`,
      '',
    ].join('\r\n'),
  ),
};

async function post(web: AskWeb, address: string): Promise<OneClickAnswer> {
  const answer = await web(address, { method: 'POST', ...form, octetsMax: 0, timeMs: requestMs });
  return answer.ok ? { status: answer.value.status } : { status: 0, say: answer.say };
}
