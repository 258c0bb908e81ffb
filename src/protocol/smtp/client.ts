/**
 * The sending side of SMTP as a step machine: replies and orders in, commands and outcomes out. It knows RFCs and no socket;
 * a driver (`adapters/transports/smtp-link.ts`) carries its effects out. Message octets flow past it.
 *
 *   opening (client-opening.ts):
 *     greeting -220-> ehlo -250-> ready                                       ehlo -5yz-> helo -250-> ready
 *                     ehlo -250, STARTTLS-> starttls -220-> handshake -secured-> ehlo
 *                                           starttls -4yz, 5yz-> ready, in the clear, where that is allowed
 *                     ehlo -250, a login is wanted-> login -235-> ready
 *   a transaction (client-transaction.ts):
 *     ready -begin-> envelope -354-> content -dotted-> end-of-data -any reply-> ready
 *                    envelope -a recipient was taken, and CHUNKING is offered-> content: BDAT and the message
 *                    envelope -354, but no recipient was taken-> lone-dot -any reply-> ready
 *                    envelope -no recipient, or no DATA-> reset -250-> ready
 *   from anywhere:
 *     -421, trouble, a reply that makes no sense there-> closed               ready -quit-> quitting -any reply-> closed
 *
 * In `envelope` the commands MAIL, RCPT... and DATA leave at once where PIPELINING is offered, else one by one.
 *
 * Where CHUNKING is offered every message goes in one BDAT LAST. It saves the wait for 354 where there is no PIPELINING (two
 * round trips either way where there is), the dots, and a connection where no recipient is taken or the message is not fit; and
 * the receiver need not look for an end that it might see elsewhere. BDAT could leave together with MAIL and RCPT, one round
 * trip in all, but waits for their replies: else a message that every recipient refuses would be sent, the `unsure` mark be
 * committed for it, and each kept connection that had died meanwhile leave a message unsure instead of untouched.
 */
import { Bug, unreachable } from '../../base/outcome.ts';
import { noCapabilities } from './client-capabilities.ts';
import { command } from './client-command.ts';
import type { Trouble } from './client-ending.ts';
import { openingReply, openingTrouble, secured } from './client-opening.ts';
import type { ReplyStage } from './client-stages.ts';
import type { ClientInput, ClientOptions, ClientState, Session, Step } from './client-state.ts';
import { begin, transactionReply, transactionTrouble, unfit } from './client-transaction.ts';
import type { HeardReply } from './read-reply.ts';

/** @param tls facts of a connection that was encrypted before its first octet (RFC 8314 §3.3) */
export function newSession(options: ClientOptions, tls?: Session['tls']): Session {
  return {
    options,
    tls,
    capabilities: noCapabilities,
    plainBecause: undefined,
    chunkRefused: false,
    state: { at: 'greeting' },
  };
}

/** At which stage a reply is awaited; undefined: it is our turn, and whatever is heard meanwhile is out of place. */
export function awaitedStage(state: ClientState): ReplyStage | undefined {
  switch (state.at) {
    case 'greeting':
    case 'starttls':
    case 'end-of-data':
      return state.at;
    case 'ehlo':
    case 'helo':
      return 'ehlo';
    case 'login':
      return 'auth';
    case 'envelope':
      return state.transaction.awaited[0]?.stage;
    case 'lone-dot': // not the patience of `end-of-data`: nothing depends on the answer
    case 'reset':
      return 'rset';
    case 'quitting':
      return 'quit';
    case 'handshake':
    case 'content':
    case 'ready':
    case 'closed':
      return undefined;
    default:
      return unreachable(state);
  }
}

export function step(session: Session, input: ClientInput): Step {
  const { state } = session;
  switch (input.kind) {
    case 'reply':
      return replied(session, input.reply);
    case 'trouble':
      return troubled(session, input.trouble);
    case 'secured':
      return state.at === 'handshake' ? secured(session, input.tls) : outOfTurn(session, input);
    case 'begin':
      return state.at === 'ready' ? begin(session, input.envelope) : outOfTurn(session, input);
    case 'unfit':
      return state.at === 'content' ? unfit(session, input) : outOfTurn(session, input);
    case 'dotted':
      if (state.at !== 'content') return outOfTurn(session, input);
      return { next: { ...session, state: { at: 'end-of-data', transaction: state.transaction } }, effects: [] };
    case 'quit':
      if (state.at !== 'ready') return { next: { ...session, state: { at: 'closed' } }, effects: [{ do: 'close' }] };
      return {
        next: { ...session, state: { at: 'quitting' } },
        effects: [{ do: 'say', lines: [command.quit()], secret: false }],
      };
    default:
      return unreachable(input);
  }
}

function replied(session: Session, reply: HeardReply): Step {
  const { state } = session;
  switch (state.at) {
    case 'greeting':
    case 'ehlo':
    case 'helo':
    case 'starttls':
    case 'login':
      return openingReply(session, reply);
    case 'envelope':
    case 'content':
    case 'end-of-data':
      return transactionReply(session, reply);
    case 'lone-dot':
    case 'reset':
      // Nothing is left to be learnt, only whether the connection may be used again.
      return isAnswered(state.at, reply)
        ? { next: { ...session, state: { at: 'ready' } }, effects: [] }
        : { next: { ...session, state: { at: 'closed' } }, effects: [{ do: 'close' }] };
    case 'quitting':
    case 'ready': // a word out of turn: mostly 421, and whatever it is, later replies could be counted wrongly
    case 'closed':
      return { next: { ...session, state: { at: 'closed' } }, effects: [{ do: 'close' }] };
    case 'handshake':
      return outOfTurn(session, { kind: 'reply', reply });
    default:
      return unreachable(state);
  }
}

/** A lone dot may be answered with anything (RFC 2920 §3.1), RSET only with 250 (RFC 5321 §4.1.1.5). */
function isAnswered(at: 'lone-dot' | 'reset', reply: HeardReply): boolean {
  if (reply.code === 421) return false;
  return at === 'lone-dot' || (reply.code >= 200 && reply.code < 300);
}

function troubled(session: Session, trouble: Trouble): Step {
  const { state } = session;
  switch (state.at) {
    case 'greeting':
    case 'ehlo':
    case 'helo':
    case 'starttls':
    case 'handshake':
    case 'login':
      return openingTrouble(session, trouble);
    case 'envelope':
    case 'content':
    case 'end-of-data':
      return transactionTrouble(session, trouble);
    case 'ready':
    case 'lone-dot':
    case 'reset':
    case 'quitting':
    case 'closed':
      return { next: { ...session, state: { at: 'closed' } }, effects: [{ do: 'close' }] };
    default:
      return unreachable(state);
  }
}

function outOfTurn(session: Session, input: ClientInput): never {
  throw new Bug(`the driver of an SMTP client told ${input.kind} while ${session.state.at}`);
}
