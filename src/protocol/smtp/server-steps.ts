/** The ways in which a step of the server machine ends, and what each of them counts. */
import { isFinalNo, type Reply } from './reply.ts';
import type { ServerEffect, ServerSession, ServerStep } from './server-session.ts';

/** A reply that is no offence. */
export function yes(session: ServerSession, reply: Reply): ServerStep {
  return { next: session, effects: [{ kind: 'reply', reply }] };
}

/** A refusal; a final one counts as an offence. */
export function no(session: ServerSession, reply: Reply): ServerStep {
  return yes(isFinalNo(reply) ? { ...session, errors: session.errors + 1 } : session, reply);
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
