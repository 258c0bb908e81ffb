/**
 * Reads a message from the connection into the spool, after DATA in one go, after BDAT chunk by chunk: bounded in size and time,
 * with the disk's pace as the client's pace. What is not wanted any more is read all the same, so that the refusal is heard.
 */
import type { Timers } from '../../base/clock.ts';
import { OctetBudget } from '../../base/limits.ts';
import { Fault } from '../../base/outcome.ts';
import type { SpoolWriter } from '../../base/port/blobs.ts';
import type { Memory } from '../../base/port/memory.ts';
import { type DataFacts, DataReader, type Framing } from '../../protocol/smtp/data-reader.ts';
import type { SmtpLimits } from '../../protocol/smtp/limits.ts';
import type { BareNewline } from '../../protocol/smtp/line-reader.ts';
import type { Chunk } from '../../protocol/smtp/server-session.ts';
import type { Ear } from './ear.ts';

type Silence = { readonly kind: 'timeout' } | { readonly kind: 'gone' };

/** `rest`: what the client sent behind it. */
export type ChunkEnd =
  /** `fault`: storing failed on the way. */
  | { readonly kind: 'complete'; readonly rest: Uint8Array; readonly fault?: Fault }
  | { readonly kind: 'too-large'; readonly rest: Uint8Array }
  | { readonly kind: 'bare-newline' }
  | Silence;

export type BodyEnd =
  | ChunkEnd
  /** Much too large, and still no end. */
  | { readonly kind: 'endless' };

export type BodySource = {
  readonly ear: Ear;
  readonly timers: Timers;
  readonly limits: SmtpLimits;
  readonly bareNewline: BareNewline;
  /** Asked while octets come in, where nobody may ask for long: who is asked lets go of what he can. */
  readonly memory: Memory;
  /** Octets that wait for the disk, of all clients. */
  readonly unwritten: OctetBudget;
};

/**
 * What may wait for the disk. A client whose part waits holds that part, one more that has come already and one that its stream took
 * in before it paused: where the disk is slow, two thousand of them would hold 400 MB.
 */
const unwritten = { most: 32 * 1024 * 1024, small: 16 * 1024 };
/** The same where memory is small. */
const unwrittenShareMax = 1 / 32;

export function makeUnwritten({ limitBytes }: Memory): OctetBudget {
  return new OctetBudget({ ...unwritten, most: Math.min(unwritten.most, limitBytes * unwrittenShareMax) });
}

/** Code of the fault of a message that came while too much waited for the disk. */
export const diskBehind = 'DISK_BEHIND';

/** One message on its way in. */
export class BodyIntake {
  readonly #source: BodySource;
  readonly #writer: SpoolWriter;
  readonly #reader: DataReader;
  readonly #pace: Pace;
  #fault: Fault | undefined;

  constructor(source: BodySource, writer: SpoolWriter, framing: Framing) {
    this.#source = source;
    this.#writer = writer;
    this.#reader = new DataReader(source.bareNewline, framing);
    this.#pace = new Pace(source);
  }

  get facts(): DataFacts {
    return this.#reader.facts;
  }

  /** @param first what lies unread already */
  async readData(first: First): Promise<BodyEnd> {
    let end = await takeFirst(first, (octets) => this.#takeData(octets));
    while (!end) end = await this.#hearData();
    return end;
  }

  /** A function of its own: what waits for the next octets must not hold the last ones, 64 KB for each of a thousand slow clients. */
  async #hearData(): Promise<BodyEnd | undefined> {
    const heard = await hearMore(this.#source, this.#pace);
    return heard instanceof Uint8Array ? this.#takeData(heard) : heard;
  }

  /** Undefined where more has to come. */
  async #takeData(octets: Uint8Array): Promise<BodyEnd | undefined> {
    const { message_bytes: most, oversize_bytes: more } = this.#source.limits;
    this.#pace.count(octets.length);
    this.#source.memory.isShort();
    const step = this.#reader.push(octets);
    if (step.kind === 'bare-newline') return step;
    await this.#store(step.octets);
    if (step.kind === 'end') return this.#ended(step.rest);
    return this.facts.size > most + more ? { kind: 'endless' } : undefined;
  }

  async readChunk(chunk: Chunk, first: First): Promise<ChunkEnd> {
    let bare = false;
    const end = await readCounted(this.#source, this.#pace, {
      octets: chunk.octets,
      first,
      take: async (part) => {
        const step = this.#reader.push(part);
        bare = step.kind === 'bare-newline';
        if (step.kind === 'more') await this.#store(step.octets);
        return !bare;
      },
    });
    if (bare) return { kind: 'bare-newline' };
    if (end.kind !== 'read') return end;
    if (!chunk.last) return this.#ended(end.rest);
    const last = this.#reader.finish();
    if (last.kind === 'bare-newline') return last;
    await this.#store(last.octets);
    return this.#ended(end.rest);
  }

  async #write(part: Uint8Array): Promise<void> {
    const give = this.#source.unwritten.take(part.length);
    if (!give) throw new Fault(diskBehind, 'too much waits for the disk');
    try {
      await this.#writer.write(part);
    } finally {
      give();
    }
  }

  #ended(rest: Uint8Array): ChunkEnd {
    if (this.#isTooLarge) return { kind: 'too-large', rest };
    return { kind: 'complete', rest, ...(this.#fault ? { fault: this.#fault } : {}) };
  }

  get #isTooLarge(): boolean {
    return this.facts.size > this.#source.limits.message_bytes;
  }

  async #store(octets: readonly Uint8Array[]): Promise<void> {
    if (this.#isTooLarge || this.#fault) return;
    try {
      for (const part of octets) await this.#write(part);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#fault = error;
    }
  }
}

/** Reads a chunk that nobody wants. */
export async function swallowChunk(
  source: BodySource,
  octets: number,
  first: First,
): Promise<Exclude<ChunkEnd, { kind: 'too-large' | 'bare-newline' }>> {
  const end = await readCounted(source, new Pace(source), { octets, first, take: async () => true });
  return end.kind === 'read' ? { kind: 'complete', rest: end.rest } : end;
}

/** Reads exactly so many octets, part by part, until `take` wants no more. */
async function readCounted(
  source: BodySource,
  pace: Pace,
  counted: {
    readonly octets: number;
    readonly first: First;
    readonly take: (part: Uint8Array) => Promise<boolean>;
  },
): Promise<{ readonly kind: 'read'; readonly rest: Uint8Array } | Silence> {
  if (!pace.isKept) return { kind: 'timeout' }; // chunks that come slowly, however quick each of them is
  let left = counted.octets;
  const take = async (heard: Uint8Array): Promise<{ readonly kind: 'read'; readonly rest: Uint8Array } | undefined> => {
    source.memory.isShort();
    const part = heard.subarray(0, left);
    left -= part.length;
    pace.count(part.length);
    const wanted = await counted.take(part);
    return left === 0 || !wanted ? { kind: 'read', rest: heard.subarray(part.length) } : undefined;
  };
  /** As with `BodyIntake.#hearData`: while it waits it holds nothing of what came. */
  const hearAndTake = async () => {
    const heard = await hearMore(source, pace);
    return heard instanceof Uint8Array ? take(heard) : heard;
  };
  let end: Awaited<ReturnType<typeof hearAndTake>> = await takeFirst(counted.first, take);
  while (!end) end = await hearAndTake();
  return end;
}

/** What lies unread already, asked for where it is used: a frame that waits for the rest must not hold it. */
type First = () => Uint8Array;

function takeFirst<T>(first: First, take: (octets: Uint8Array) => T): T {
  return take(first());
}

async function hearMore({ ear, limits }: BodySource, pace: Pace): Promise<Uint8Array | Silence> {
  for (;;) {
    const heard = await ear.hear(limits.data_block_seconds * 1000);
    if (heard.kind === 'octets') return pace.isKeptWith(heard.octets.length) ? heard.octets : { kind: 'timeout' };
    if (heard.kind === 'end') return { kind: 'gone' };
    if (heard.kind === 'timeout') return { kind: 'timeout' };
    // interrupted by a stop: a message under way is read to its end
  }
}

/** Whether the message as a whole keeps the least rate; the first block's time is free. */
class Pace {
  readonly #timers: Timers;
  readonly #limits: SmtpLimits;
  readonly #beganMs: number;
  #received = 0;

  constructor({ timers, limits }: BodySource) {
    this.#timers = timers;
    this.#limits = limits;
    this.#beganMs = timers.monotonicMs();
  }

  count(octets: number): void {
    this.#received += octets;
  }

  get isKept(): boolean {
    return this.isKeptWith(0);
  }

  isKeptWith(octets: number): boolean {
    const seconds = (this.#timers.monotonicMs() - this.#beganMs) / 1000;
    if (seconds <= this.#limits.data_block_seconds) return true;
    return this.#received + octets >= this.#limits.data_bytes_per_second * seconds;
  }
}
