/**
 * A transaction under way: policy's side of it and the body that comes in. Whatever happens, `discard` leaves nothing behind
 * but what policy made its own. Faults of the disk and the database become temporary refusals here.
 */
import { Fault, invariant } from '../../base/outcome.ts';
import type { Spooled, SpoolWriter } from '../../base/port/blobs.ts';
import type { DataFacts } from '../../protocol/smtp/data-reader.ts';
import { type Reply, replyOf } from '../../protocol/smtp/reply.ts';
import type { Chunk, RcptCommand } from '../../protocol/smtp/server-session.ts';
import { type BodyEnd, BodyIntake, type BodySource, type ChunkEnd, diskBehind } from './receive-body.ts';
import type { SmtpTransaction } from './smtp-policy.ts';

const noSpace = replyOf('452 4.3.1', 'No space left to store mail; try again later');
const trouble = replyOf('451 4.3.0', 'Something is wrong on our side; try again later');
const busy = replyOf('452 4.3.1', 'Too much mail comes in at once; try again later');
const noSpaceCodes = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL']);

export function replyToTrouble(error: unknown): Reply {
  if (isDiskBehind(error)) return busy;
  return error instanceof Fault && noSpaceCodes.has(error.code) ? noSpace : trouble;
}

/** A bound that holds is no trouble, and the log need not tell of it. */
function isDiskBehind(error: unknown): boolean {
  return error instanceof Fault && error.code === diskBehind;
}

export class OpenTransaction {
  readonly #policy: SmtpTransaction;
  readonly #onTrouble: (error: unknown) => void;
  #writer: SpoolWriter | undefined;
  #body: Spooled | undefined;
  #intake: BodyIntake | undefined;
  /** Storing failed while the message came in. */
  #fault: Fault | undefined;

  constructor(policy: SmtpTransaction, onTrouble: (error: unknown) => void) {
    this.#policy = policy;
    this.#onTrouble = onTrouble;
  }

  rcpt(rcpt: RcptCommand): Promise<Reply> {
    return this.#orTrouble(() => this.#policy.rcpt(rcpt));
  }

  /** Answers a reply where there is no place for the message. */
  async openBody(): Promise<Reply | undefined> {
    try {
      const opened = this.#policy.openBody();
      if ('code' in opened) return opened;
      this.#writer = opened;
      return undefined;
    } catch (error) {
      this.#onTrouble(error);
      return replyToTrouble(error);
    }
  }

  /** @param first what lies unread already */
  async receive(source: BodySource, first: () => Uint8Array): Promise<BodyEnd> {
    invariant(this.#writer, 'a body is opened before it comes in');
    this.#intake = new BodyIntake(source, this.#writer, 'dot');
    const end = await this.#intake.readData(first);
    if (end.kind === 'complete') this.#fault = end.fault;
    return end;
  }

  /** Answers a reply where the chunk could not be stored. */
  async receiveChunk(
    source: BodySource,
    chunk: Chunk,
    first: () => Uint8Array,
  ): Promise<ChunkEnd & { readonly refusal?: Reply }> {
    invariant(this.#writer, 'a body is opened before it comes in');
    this.#intake ??= new BodyIntake(source, this.#writer, 'count');
    const end = await this.#intake.readChunk(chunk, first);
    if (end.kind !== 'complete' || !end.fault) return end;
    this.#tellTrouble(end.fault);
    return { ...end, refusal: replyToTrouble(end.fault) };
  }

  finish(): Promise<Reply> {
    return this.#orTrouble(async () => {
      invariant(this.#writer && this.#intake, 'a message is finished after it came in');
      if (this.#fault) throw this.#fault;
      this.#body = await this.#writer.finish();
      return this.#policy.finish(this.#body, this.#intake.facts);
    });
  }

  get facts(): DataFacts | undefined {
    return this.#intake?.facts;
  }

  /** Our yes could not be written. */
  async unanswered(): Promise<void> {
    try {
      await this.#policy.unanswered();
    } catch (error) {
      this.#onTrouble(error);
    }
  }

  async discard(): Promise<void> {
    try {
      if (this.#body) await this.#body.discard();
      else await this.#writer?.discard();
    } catch (error) {
      this.#onTrouble(error);
    }
    this.#writer = undefined;
    this.#body = undefined;
  }

  async #orTrouble(work: () => Promise<Reply>): Promise<Reply> {
    try {
      return await work();
    } catch (error) {
      this.#tellTrouble(error);
      return replyToTrouble(error);
    }
  }

  #tellTrouble(error: unknown): void {
    if (!isDiskBehind(error)) this.#onTrouble(error);
  }
}
