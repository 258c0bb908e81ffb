/** One transaction: MAIL, RCPT, DATA and what becomes of each recipient. One part of the machine drawn in `client.ts`. */
import { isAscii } from '../../base/bytes.ts';
import { Bug, invariant } from '../../base/outcome.ts';
import { command } from './client-command.ts';
import type { Ending, Lacking, Trouble } from './client-ending.ts';
import type {
  Awaited,
  ClientEffect,
  ClientState,
  Envelope,
  RecipientProgress,
  Session,
  Step,
  Transaction,
} from './client-state.ts';
import type { Unfit } from './message-guard.ts';
import type { HeardReply } from './read-reply.ts';

export function begin(session: Session, envelope: Envelope): Step {
  const missing = missingForAll(session, envelope);
  const recipients = envelope.recipients.map((to): RecipientProgress => {
    const what = missing ?? (to.internationalised && !session.capabilities.smtpUtf8 ? 'smtputf8' : undefined);
    return what ? { kind: 'lacking', what } : 'open';
  });
  const open = recipients.flatMap((progress, recipient) => (progress === 'open' ? [recipient] : []));
  const chunked = session.capabilities.chunking && session.options.chunking === 'when-offered';
  const saysData = !chunked && envelope.asksOnly === undefined;
  const transaction: Transaction = {
    envelope,
    pipelined: session.capabilities.pipelining,
    chunked,
    awaited: [
      { stage: 'mail' },
      ...open.map((recipient): Awaited => ({ stage: 'rcpt', recipient })),
      ...(saysData ? [{ stage: 'data' } as const] : []),
    ],
    mailAccepted: false,
    recipients,
  };
  if (open.length === 0) return settle(session, transaction, { at: 'ready' });
  // RFC 2920 §3.1: MAIL, RCPT and DATA may share one packet when DATA is last.
  const first = transaction.pipelined ? transaction.awaited : transaction.awaited.slice(0, 1);
  return {
    next: { ...session, state: { at: 'envelope', transaction } },
    effects: [{ do: 'say', lines: first.map((awaited) => lineOf(session, transaction, awaited)), secret: false }],
  };
}

function missingForAll({ capabilities }: Session, envelope: Envelope): Lacking | undefined {
  if (!capabilities.smtpUtf8 && (envelope.smtpUtf8 || !isAscii(envelope.mailFrom))) return 'smtputf8'; // RFC 6531 §3.3
  if (!capabilities.eightBit && envelope.eightBit) return '8bitmime'; // RFC 6152 §3
  return capabilities.sizeMax !== undefined && envelope.size > capabilities.sizeMax ? 'size' : undefined; // RFC 1870 §6.1
}

function usesUtf8({ capabilities }: Session, envelope: Envelope): boolean {
  if (!capabilities.smtpUtf8) return false;
  return envelope.smtpUtf8 || !isAscii(envelope.mailFrom) || envelope.recipients.some((to) => to.internationalised);
}

function lineOf(session: Session, { envelope }: Transaction, awaited: Awaited): string {
  if (awaited.stage === 'data') return command.data();
  if (awaited.stage === 'rcpt') {
    const to = envelope.recipients[awaited.recipient];
    invariant(to, 'a recipient of this envelope');
    return command.rcpt(to.address, session.capabilities.dsn ? to.wishes : {});
  }
  return command.mail(envelope.mailFrom, {
    ...(session.capabilities.size && !envelope.asksOnly ? { size: envelope.size } : {}),
    eightBit: envelope.eightBit,
    smtpUtf8: usesUtf8(session, envelope),
    ...(session.capabilities.dsn && envelope.wishes ? { wishes: envelope.wishes } : {}),
  });
}

export function transactionReply(session: Session, reply: HeardReply): Step {
  const { state } = session;
  switch (state.at) {
    case 'envelope':
      return onEnvelope(session, state.transaction, reply);
    case 'content': // the other side will not read on; RFC 5321 has no such reply, but some hosts tell before they hang up
      if (reply.code < 400) return nonsense(session, state.transaction, reply);
      if (isChunkRefused(state.transaction, reply)) return chunkRefused(session, state.transaction, reply);
      return settle(session, decide(state.transaction, { kind: 'answered', reply, stage: 'data' }), { at: 'closed' });
    case 'end-of-data':
      if (reply.code < 400 && !isPositive(reply)) return nonsense(session, state.transaction, reply);
      if (isChunkRefused(state.transaction, reply)) return chunkRefused(session, state.transaction, reply);
      return settle(
        session,
        decide(state.transaction, { kind: 'answered', reply, stage: 'end-of-data' }),
        reply.code === 421 ? { at: 'closed' } : { at: 'ready' },
      );
    default:
      throw new Bug(`no reply of a transaction is awaited while ${state.at}`);
  }
}

function onEnvelope(session: Session, before: Transaction, reply: HeardReply): Step {
  const [awaited, ...rest] = before.awaited;
  invariant(awaited, 'a reply belongs to a command');
  const transaction = { ...before, awaited: rest };
  if (isOutOfPlace(awaited, reply)) return nonsense(session, before, reply);
  if (reply.code === 421) {
    // RFC 5321 §3.8: the connection ends; recipients with an answer of their own keep it.
    const told = decide(transaction, { kind: 'answered', reply, stage: awaited.stage });
    return settle(session, told, { at: 'closed' });
  }
  if (awaited.stage === 'data') return onData(session, transaction, reply);
  const marked = awaited.stage === 'rcpt' ? onRcpt(transaction, awaited.recipient, reply) : onMail(transaction, reply);
  return goOn(session, marked);
}

/** 354 where nothing was to be sent, 250 where 354 was due: what follows would be misread. */
function isOutOfPlace(awaited: Awaited, reply: HeardReply): boolean {
  return awaited.stage === 'data' ? isPositive(reply) : reply.code >= 300 && reply.code < 400;
}

function onMail(transaction: Transaction, reply: HeardReply): Transaction {
  if (isPositive(reply)) return { ...transaction, mailAccepted: true };
  return decide(transaction, { kind: 'answered', reply, stage: 'mail' });
}

function onRcpt(transaction: Transaction, recipient: number, reply: HeardReply): Transaction {
  if (transaction.recipients[recipient] !== 'open') return transaction; // MAIL had failed: this only echoes it
  const afterAccepted = transaction.recipients.includes('accepted');
  const isToBeSent = isPositive(reply) && transaction.envelope.asksOnly === undefined;
  const progress: RecipientProgress = isToBeSent
    ? 'accepted'
    : { kind: 'answered', reply, stage: 'rcpt', ...(afterAccepted ? { afterAccepted } : {}) };
  return { ...transaction, recipients: transaction.recipients.with(recipient, progress) };
}

/** Awaits the next reply, or says the next command where they go one by one. */
function goOn(session: Session, transaction: Transaction): Step {
  const [following] = transaction.awaited;
  invariant(
    following || transaction.chunked || transaction.envelope.asksOnly,
    'DATA is the last command of an envelope',
  );
  const next: Session = { ...session, state: { at: 'envelope', transaction } };
  if (transaction.pipelined && following) return { next, effects: [] };
  if (!transaction.mailAccepted) return settle(session, transaction, { at: 'ready' });
  const isOver = following === undefined || following.stage === 'data';
  if (isOver && !transaction.recipients.includes('accepted')) return reset(session, transaction);
  if (following === undefined) return sendContent(session, transaction);
  return { next, effects: [{ do: 'say', lines: [lineOf(session, transaction, following)], secret: false }] };
}

function onData(session: Session, transaction: Transaction, reply: HeardReply): Step {
  const someAccepted = transaction.recipients.includes('accepted');
  if (reply.code >= 400) {
    const told = decide(transaction, { kind: 'answered', reply, stage: 'data' });
    return transaction.mailAccepted ? reset(session, told) : settle(session, told, { at: 'ready' });
  }
  if (!someAccepted) {
    // RFC 2920 §3.1: it waits for a message nobody gets, so it is given an empty one.
    const { next, effects } = settle(session, transaction, { at: 'lone-dot' });
    return { next, effects: [...effects, { do: 'send-lone-dot' }] };
  }
  return sendContent(session, transaction);
}

function sendContent(session: Session, transaction: Transaction): Step {
  const { envelope, chunked } = transaction;
  const allowEightBit = envelope.eightBit || envelope.smtpUtf8;
  const chunk = chunked ? command.bdatLast(envelope.size) : undefined;
  return {
    next: { ...session, state: { at: 'content', transaction } },
    effects: [{ do: 'send-content', allowEightBit, chunk }],
  };
}

/** RFC 5321 §4.2.2: 500 to 504 are about the command and its place, not about the message. */
function isChunkRefused({ chunked }: Transaction, { code }: HeardReply): boolean {
  return chunked && code >= 500 && code <= 504;
}

/** Who offers CHUNKING and refuses BDAT makes no sense; and what follows the command there is read as nobody knows what. */
function chunkRefused(session: Session, transaction: Transaction, { code, enhanced, text }: HeardReply): Step {
  const heard = [code, enhanced, text].filter((part) => part !== undefined && part !== '').join(' ');
  const trouble: Trouble = { what: 'nonsense', say: `offered CHUNKING and refused BDAT: ${heard}`, heard };
  const told = decide(transaction, { kind: 'trouble', trouble, stage: 'data' });
  return settle({ ...session, chunkRefused: true }, told, { at: 'closed' });
}

export function transactionTrouble(session: Session, trouble: Trouble): Step {
  const { state } = session;
  if (state.at !== 'envelope' && state.at !== 'content' && state.at !== 'end-of-data')
    throw new Bug(`no transaction while ${state.at}`);
  const { transaction } = state;
  const stage = state.at === 'envelope' ? (transaction.awaited[0]?.stage ?? 'data') : state.at;
  return settle(session, decide(transaction, { kind: 'trouble', trouble, stage }), { at: 'closed' });
}

/**
 * RFC 5321 §4.1.1.4: there is no way out of DATA but the end of the message or of the connection, nor out of a chunk that has
 * begun; before BDAT was said RSET does.
 */
export function unfit(session: Session, { why, begun }: { readonly why: Unfit; readonly begun: boolean }): Step {
  const { state } = session;
  if (state.at !== 'content') throw new Bug(`no message is on its way while ${state.at}`);
  const told = decide(state.transaction, { kind: 'unfit', why });
  return state.transaction.chunked && !begun ? reset(session, told) : settle(session, told, { at: 'closed' });
}

function nonsense(session: Session, transaction: Transaction, reply: HeardReply): Step {
  const heard = `${reply.code} ${reply.text}`;
  const trouble: Trouble = { what: 'nonsense', say: `gave an answer that makes no sense there: ${heard}`, heard };
  return transactionTrouble({ ...session, state: { ...session.state, transaction } as ClientState }, trouble);
}

/** What happens to the message as a whole happens to every recipient that has no answer of its own. */
function decide(transaction: Transaction, ending: Ending): Transaction {
  return {
    ...transaction,
    recipients: transaction.recipients.map((progress) => (typeof progress === 'string' ? ending : progress)),
  };
}

function reset(session: Session, transaction: Transaction): Step {
  const { next, effects } = settle(session, transaction, { at: 'reset' });
  return { next, effects: [...effects, { do: 'say', lines: [command.rset()], secret: false }] };
}

function settle(session: Session, transaction: Transaction, state: ClientState): Step {
  const endings = transaction.recipients.map((progress) => {
    if (typeof progress === 'string') throw new Bug('a transaction ended with a recipient left open');
    return progress;
  });
  const effects: ClientEffect[] = [{ do: 'settle', endings }];
  return {
    next: { ...session, state },
    effects: state.at === 'closed' ? [...effects, { do: 'close' }] : effects,
  };
}

function isPositive(reply: HeardReply): boolean {
  return reply.code >= 200 && reply.code < 300;
}
