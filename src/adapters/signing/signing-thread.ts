/**
 * DKIM signatures in a thread of their own: canonical form, hashes and both signatures were a fifth of the main thread's time for a
 * message, which limits what an office can take in. Octets and keys go over, header fields come back; nothing else is known there.
 *
 *   none -first message-> starting -ready-> running -its death-> none, and no other for a while
 *
 * Signing changes nothing, so whatever the thread has not answered when it dies is signed here, in the pool, as is everything while
 * there is no thread, what is large, and what comes when many wait already.
 */
import { Worker } from 'node:worker_threads';
import type { Timers } from '../../base/clock.ts';
import type { Signals } from '../../base/port/signals.ts';
import { createRsaSigner } from '../../protocol/dkim/rsa-signer.ts';
import { type SignDkim, type SigningKey, type SigningTime, signDkim } from '../../protocol/dkim/sign-dkim.ts';

export type SigningOrder = {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly keySet: number;
  /** With the first message they sign. */
  readonly keys?: readonly SigningKey[];
  /** All earlier ones are forgotten. */
  readonly isFirstSet: boolean;
  readonly time: SigningTime;
};
export type SigningAnswer = { readonly id: number; readonly fields: Uint8Array | undefined };

export interface SigningThread {
  readonly sign: SignDkim;
  close(): Promise<void>;
}

/** A copy goes over. Larger messages take as long in the pool, and are not there twice. */
const octetsMax = 256 * 1024;
/** At the thread at the same moment, 0.5 ms each; where there are more cores than two, the pool helps with what comes on top. */
const waitingMax = 64;
/**
 * Up to so many at the same moment are signed here: the thread is there for the many. With three clients it gave a quarter more when
 * calm and nothing in a flood of strangers, so that a flood was felt more than before.
 */
const fewAtOnceDefault = 3;
/** Once more came at the same moment, the thread signs all that comes within so long. */
const manyForMs = 1_000;
/** Domains whose keys lie at the thread. */
const keySetsMax = 1_000;
const restartPauseMs = 10_000;

type Waiting = { readonly resolve: (fields: Uint8Array) => void; readonly signHere: () => void };
type Running = { readonly worker: Worker; isReady: boolean };

export type SigningPorts = {
  readonly timers: Pick<Timers, 'monotonicMs'>;
  readonly signals: Signals;
  /** Where the thread does not sign. */
  readonly signHere?: SignDkim;
  /** What runs in the thread. */
  readonly program?: URL;
  readonly fewAtOnce?: number;
};

export function createSigningThread(ports: SigningPorts): SigningThread {
  return new OneThread(ports);
}

class OneThread implements SigningThread {
  readonly #ports: Required<SigningPorts>;
  readonly #waiting = new Map<number, Waiting>();
  #keySets = new WeakMap<readonly SigningKey[], number>();
  #keySetsKnown = 0;
  #orders = 0;
  #underWay = 0;
  #manyUntilMs = Number.NEGATIVE_INFINITY;
  #running: Running | undefined;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(ports: SigningPorts) {
    const signRsa = createRsaSigner();
    this.#ports = {
      signHere: (message, keys, time) => signDkim(message, keys, time, signRsa),
      program: new URL('./sign-for-others.ts', import.meta.url),
      fewAtOnce: fewAtOnceDefault,
      ...ports,
    };
  }

  readonly sign: SignDkim = async (message, keys, time) => {
    this.#underWay++;
    try {
      return await (this.#areMany() ? this.#signThere(message, keys, time) : this.#ports.signHere(message, keys, time));
    } finally {
      this.#underWay--;
    }
  };

  #areMany(): boolean {
    const nowMs = this.#ports.timers.monotonicMs();
    if (this.#underWay > this.#ports.fewAtOnce) this.#manyUntilMs = nowMs + manyForMs;
    return nowMs < this.#manyUntilMs;
  }

  readonly #signThere: SignDkim = (message, keys, time) => {
    const { signHere } = this.#ports;
    const bytes = message instanceof Uint8Array ? message : message.bytes;
    const worker = this.#readyWorker();
    if (!worker || bytes.length > octetsMax || this.#waiting.size >= waitingMax) return signHere(message, keys, time);
    return new Promise((resolve, reject) => {
      const order = this.#order(bytes, keys, time);
      this.#waiting.set(order.id, {
        resolve,
        signHere: () => void signHere(message, keys, time).then(resolve, reject),
      });
      worker.postMessage(order, [order.bytes.buffer]);
    });
  };

  #order(
    bytes: Uint8Array,
    keys: readonly SigningKey[],
    time: SigningTime,
  ): SigningOrder & { bytes: Uint8Array<ArrayBuffer> } {
    const order = { id: this.#orders++, bytes: new Uint8Array(bytes), time }; // a copy: ours is stored meanwhile
    const known = this.#keySets.get(keys);
    if (known !== undefined) return { ...order, keySet: known, isFirstSet: false };
    if (this.#keySetsKnown >= keySetsMax) this.#forgetKeys();
    const keySet = this.#keySetsKnown++;
    this.#keySets.set(keys, keySet);
    return { ...order, keySet, keys, isFirstSet: keySet === 0 };
  }

  #forgetKeys(): void {
    this.#keySets = new WeakMap();
    this.#keySetsKnown = 0;
  }

  #readyWorker(): Worker | undefined {
    if (this.#isClosed) return undefined;
    if (this.#running) return this.#running.isReady ? this.#running.worker : undefined;
    if (this.#ports.timers.monotonicMs() >= this.#notBeforeMs) this.#running = this.#start();
    return undefined;
  }

  #start(): Running {
    this.#forgetKeys();
    const worker = new Worker(this.#ports.program, { name: 'signing' });
    const running: Running = { worker, isReady: false };
    worker.on('message', (said: SigningAnswer | 'ready') => {
      if (said === 'ready') running.isReady = true;
      else this.#answered(said);
    });
    worker.on('error', (error) => this.#ended(running, String(error)));
    worker.on('exit', (code) => this.#ended(running, `exit ${code}`));
    worker.unref(); // who waits for a signature holds a connection open
    return running;
  }

  #answered({ id, fields }: SigningAnswer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (fields) waiting?.resolve(fields);
    else waiting?.signHere();
  }

  #ended(running: Running, why: string): void {
    if (this.#running !== running) return; // told twice
    this.#running = undefined;
    this.#notBeforeMs = this.#ports.timers.monotonicMs() + restartPauseMs;
    if (!this.#isClosed)
      this.#ports.signals.emit('error', 'signing.thread_ended', { why, waiting: this.#waiting.size });
    const left = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { signHere } of left) signHere();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running?.worker.terminate();
  }
}
