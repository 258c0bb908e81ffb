/** Reads message data from the connection into the spool: bounded in size and time, with the disk's pace as the client's pace. */
import type { Timers } from '../../base/clock.ts';
import { Fault } from '../../base/outcome.ts';
import type { SpoolWriter } from '../../base/port/blobs.ts';
import { type DataFacts, DataReader } from '../../protocol/smtp/data-reader.ts';
import type { SmtpLimits } from '../../protocol/smtp/limits.ts';
import type { BareNewline } from '../../protocol/smtp/line-reader.ts';
import type { Ear } from './ear.ts';

export type BodyEnd =
  /** `fault`: storing failed on the way; the rest was read so that the client hears it. */
  | { readonly kind: 'complete'; readonly facts: DataFacts; readonly rest: Uint8Array; readonly fault?: Fault }
  | { readonly kind: 'too-large'; readonly rest: Uint8Array }
  /** Much too large, and still no end. */
  | { readonly kind: 'endless' }
  | { readonly kind: 'bare-newline' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'gone' };

export type BodySource = {
  readonly ear: Ear;
  readonly timers: Timers;
  readonly limits: SmtpLimits;
  readonly bareNewline: BareNewline;
  /** What lies unread already. */
  readonly first: Uint8Array;
};

export async function receiveBody(source: BodySource, writer: SpoolWriter): Promise<BodyEnd> {
  const { limits } = source;
  const reader = new DataReader(source.bareNewline);
  const clock = paceOf(source);
  let fault: Fault | undefined;
  let chunk = source.first;
  for (;;) {
    const step = reader.push(chunk);
    if (step.kind === 'bare-newline') return { kind: 'bare-newline' };
    const tooLarge = reader.facts.size > limits.message_bytes;
    if (!tooLarge && !fault) fault = await store(writer, step.octets);
    if (step.kind === 'end') {
      if (tooLarge) return { kind: 'too-large', rest: step.rest };
      return { kind: 'complete', facts: reader.facts, rest: step.rest, ...(fault ? { fault } : {}) };
    }
    if (reader.facts.size > limits.message_bytes + limits.oversize_bytes) return { kind: 'endless' };
    const next = await hearMore(source.ear, limits.data_block_seconds * 1000);
    if (!(next instanceof Uint8Array)) return next;
    if (!clock.isFastEnough(next.length)) return { kind: 'timeout' };
    chunk = next;
  }
}

async function hearMore(ear: Ear, patienceMs: number): Promise<Uint8Array | BodyEnd> {
  for (;;) {
    const heard = await ear.hear(patienceMs);
    if (heard.kind === 'octets') return heard.octets;
    if (heard.kind === 'end') return { kind: 'gone' };
    if (heard.kind === 'timeout') return { kind: 'timeout' };
    // interrupted by a stop: a message under way is read to its end
  }
}

async function store(writer: SpoolWriter, octets: readonly Uint8Array[]): Promise<Fault | undefined> {
  try {
    for (const part of octets) await writer.write(part);
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

/** Whether the message as a whole keeps the least rate; the first block's time is free. */
function paceOf({ timers, limits }: BodySource): { readonly isFastEnough: (octets: number) => boolean } {
  const beganMs = timers.monotonicMs();
  let received = 0;
  return {
    isFastEnough: (octets) => {
      received += octets;
      const seconds = (timers.monotonicMs() - beganMs) / 1000;
      return seconds <= limits.data_block_seconds || received >= limits.data_bytes_per_second * seconds;
    },
  };
}
