/** What the MX says: every reply of inbound's own, in one place. RFC 5321 §4.2, RFC 3463, RFC 7372. Nothing of the peer's is echoed. */
import { unreachable } from '../../base/outcome.ts';
import type { Reply } from '../../protocol/smtp/reply.ts';
import type { Judgement } from './types.ts';

export const noSuchMailbox: Reply = { code: 550, enhanced: '5.1.1', text: 'No such mailbox here' };
export const relayDenied: Reply = { code: 550, enhanced: '5.7.1', text: 'This server takes no mail for that domain' };
export const tooManyBounces: Reply = {
  code: 451,
  enhanced: '4.7.1',
  text: 'Too many bounces from this address, come again later',
};
export const storageFull: Reply = {
  code: 452,
  enhanced: '4.3.1',
  text: 'No space left to store mail, come again later',
};

export const busy: Reply = { code: 451, enhanced: '4.3.2', text: 'Busy with other large messages, come again later' };

/** The reply after the final dot; `id` names the message in our records. */
export function replyTo(judgement: Judgement, id: string): Reply {
  switch (judgement.disposition) {
    case 'accept':
    case 'junk': // which folder it went to is nobody's business
      return { code: 250, enhanced: '2.0.0', text: `Stored as ${id}` };
    case 'later':
      return { code: 451, enhanced: '4.7.0', text: `${sentence(judgement)}, come again later (${id})` };
    case 'reject':
      return { code: 550, enhanced: statusOf(judgement), text: `${sentence(judgement)} (${id})` };
    default:
      return unreachable(judgement.disposition);
  }
}

function statusOf(judgement: Judgement): string {
  return judgement.refusal ?? '5.7.1';
}

/** Names of the author's domain are A-labels; typographic quotes and everything else foreign to ASCII are replaced. */
function sentence(judgement: Judgement): string {
  return (judgement.because[0] ?? 'Refused').replaceAll('’', "'").replaceAll(/[^\x20-\x7e]/g, '?');
}
