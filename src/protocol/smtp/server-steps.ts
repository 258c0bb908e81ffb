/** The ways in which a step of the server machine ends, and what each of them counts. */
import { isFinalNo, isOurTrouble, type Reply } from './reply.ts';
import type { ServerEffect, ServerSession, ServerStep } from './server-session.ts';

/** A reply that is no offence. */
export function yes(session: ServerSession, reply: Reply): ServerStep {
  return { next: session, effects: [{ kind: 'reply', reply }] };
}

/** A refusal; a final one counts as an offence, trouble of ours as such. */
export function no(session: ServerSession, reply: Reply): ServerStep {
  if (isOurTrouble(reply)) return yes({ ...session, postponed: session.postponed + 1, postponing: true }, reply);
  return yes(isFinalNo(reply) ? { ...session, errors: session.errors + 1 } : session, reply);
}

/**
 * The rest of a transaction that we refused for trouble of ours: RSET, and RCPT and DATA that were on their way (RFC 2920 §3.1), are
 * neither junk nor errors. Bounded all the same.
 * @param before the session that the step began with
 */
export function excuse(before: ServerSession, { next, effects }: ServerStep): ServerStep {
  const offences = next.errors - before.errors + (next.junk - before.junk);
  if (!before.postponing || offences <= 0) return { next, effects };
  const { errors, junk } = before;
  return { next: { ...next, errors, junk, postponed: next.postponed + 1 }, effects };
}

/** An answer to what moves nothing on: tolerated in moderation. */
export function junk(session: ServerSession, reply: Reply): ServerStep {
  return yes({ ...session, junk: session.junk + 1 }, reply);
}

export function ask(session: ServerSession, question: ServerEffect): ServerStep {
  return { next: session, effects: [question] };
}

/** Ends the transaction: its effect comes before the reply that tells so. */
export function forget(done: ServerStep): ServerStep {
  if (!done.next.transaction) return done;
  return { next: { ...done.next, transaction: undefined }, effects: [{ kind: 'forget' }, ...done.effects] };
}

export function close(session: ServerSession, reply: Reply | undefined): ServerStep {
  const last: readonly ServerEffect[] = reply ? [{ kind: 'reply', reply }] : [];
  return { next: { ...session, phase: { at: 'closed' } }, effects: [...last, { kind: 'close' }] };
}
