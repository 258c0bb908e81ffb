/** While memory is short nobody begins a new message: what is under way needs what is left. */
import type { Memory } from '../../base/port/memory.ts';
import { replyOf } from '../../protocol/smtp/reply.ts';
import type { SmtpPolicy, SmtpVisit } from './smtp-policy.ts';

const short = replyOf('452 4.3.1', 'Short of memory; try again later');

export function sparing(policy: SmtpPolicy, memory: Memory): SmtpPolicy {
  return { open: (client) => sparingVisit(policy.open(client), memory) };
}

function sparingVisit(visit: SmtpVisit, memory: Memory): SmtpVisit {
  return {
    ...visit,
    mail: async (mail, facts) => (memory.isShort() ? { kind: 'refuse', reply: short } : visit.mail(mail, facts)),
  };
}
