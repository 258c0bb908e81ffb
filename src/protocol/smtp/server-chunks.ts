/**
 * BDAT (RFC 3030 §2): a message in chunks whose octets were counted. A chunk follows its command without waiting for an answer,
 * so a refused one is swallowed by the size that was announced before its refusal is said; none of it is ever run as commands.
 * Where the size is not known, or too large to swallow, the connection ends.
 *
 *   transaction -BDAT-> ask-data -go-ahead-> chunk -its octets are there-> transaction (chunks)      LAST-> ask-message
 *   transaction (chunks) -BDAT-> chunk
 *   a chunk refused: refused-chunk -swallowed-> transaction (failed)                                 LAST-> transaction forgotten
 *   transaction (failed) -BDAT-> refused-chunk: what is left of a message is not a message; only RSET and the like, or LAST, end it
 */
import { unreachable } from '../../base/outcome.ts';
import { type Reply, replyOf } from './reply.ts';
import { readChunk } from './server-arguments.ts';
import { serverReplies as say } from './server-replies.ts';
import type { Chunk, ServerInput, ServerSession, ServerStep, Transaction } from './server-session.ts';
import { ask, close, forget, junk, no, yes } from './server-steps.ts';

type ChunkPhase = Extract<ServerSession['phase'], { at: 'chunk' | 'refused-chunk' }>;

/** @param argument of BDAT: size [LAST] */
export function beginChunk(session: ServerSession, argument: string): ServerStep {
  const { offers, limits } = session.options;
  // It was not announced (HELO announces nothing): what follows may be anything.
  if (!offers.chunking || !session.extended) return close(session, say.notImplemented);
  const chunk = readChunk(argument);
  if (!chunk) return close(session, say.chunkSyntax);
  const { transaction } = session;
  const announced = (transaction?.chunks?.octets ?? 0) + chunk.octets;
  if (announced > limits.message_bytes + limits.oversize_bytes) return close(session, say.tooLarge);
  if (!transaction) return swallow(session, chunk, say.mailFirst);
  const counted: Transaction = { ...transaction, chunks: { octets: announced, failed: hasFailed(transaction) } };
  const refusal = chunkRefusal(session, counted);
  if (refusal) return refuseChunk({ ...session, transaction: counted }, chunk, refusal);
  const next: ServerSession = { ...session, transaction: counted };
  if (transaction.chunks) return takeChunk(next, chunk);
  return ask({ ...next, phase: { at: 'asking', about: 'chunk', chunk } }, { kind: 'ask-data' });
}

function chunkRefusal({ options }: ServerSession, transaction: Transaction): Reply | undefined {
  if (hasFailed(transaction)) return say.chunkAfterRefusal;
  if (transaction.recipients === 0) return transaction.recipientsRefused > 0 ? say.noRecipients : say.rcptFirst;
  return (transaction.chunks?.octets ?? 0) > options.limits.message_bytes ? say.tooLarge : undefined;
}

/** There is a place for it. */
export function takeChunk(session: ServerSession, chunk: Chunk): ServerStep {
  return ask({ ...session, phase: { at: 'chunk', chunk } }, { kind: 'take-chunk', chunk });
}

/** Its octets are on their way all the same. */
export function refuseChunk(session: ServerSession, chunk: Chunk, reply: Reply): ServerStep {
  const { next, effects } = swallow(fail(session), chunk, reply);
  return hasFailed(session.transaction) ? { next, effects } : { next, effects: [{ kind: 'forget' }, ...effects] };
}

function swallow(session: ServerSession, chunk: Chunk, reply: Reply): ServerStep {
  return ask(
    { ...session, phase: { at: 'refused-chunk', chunk, reply } },
    { kind: 'swallow-chunk', octets: chunk.octets },
  );
}

export function endChunk(
  session: ServerSession,
  phase: ChunkPhase,
  end: Extract<ServerInput, { kind: 'chunk-end' }>,
): ServerStep {
  const { chunk } = phase;
  const ready: ServerSession = { ...session, phase: { at: 'command' } };
  if (phase.at === 'refused-chunk') return tellRefusal(ready, chunk, phase.reply);
  switch (end.as) {
    case 'complete':
      if (chunk.last) return ask({ ...session, phase: { at: 'asking', about: 'message' } }, { kind: 'ask-message' });
      // RFC 3030 §2: each chunk is answered. An empty one that is not the last moves nothing on.
      return (chunk.octets === 0 ? junk : yes)(ready, replyOf('250 2.0.0', `${chunk.octets} octets received`));
    case 'too-large': // of octets as they are kept: it was announced smaller
      return refuseTaken(ready, chunk, say.tooLarge);
    case 'failed':
      return refuseTaken(ready, chunk, end.reply);
    default:
      return unreachable(end);
  }
}

function refuseTaken(session: ServerSession, chunk: Chunk, reply: Reply): ServerStep {
  const { next, effects } = tellRefusal(fail(session), chunk, reply);
  return chunk.last ? { next, effects } : { next, effects: [{ kind: 'forget' }, ...effects] };
}

/** Chunks may come one behind the other: only the first refusal is an offence, the others are its echo. */
function tellRefusal(session: ServerSession, chunk: Chunk, reply: Reply): ServerStep {
  const told = (reply === say.chunkAfterRefusal ? junk : no)(session, reply);
  return chunk.last ? forget(told) : told;
}

function fail(session: ServerSession): ServerSession {
  const { transaction } = session;
  if (!transaction?.chunks) return session;
  return { ...session, transaction: { ...transaction, chunks: { ...transaction.chunks, failed: true } } };
}

function hasFailed(transaction: Transaction | undefined): boolean {
  return transaction?.chunks?.failed === true;
}
