/**
 * Answers a repeated POST with the answer of the first one, by its Idempotency-Key. For requests other than sending, whose
 * keys outbound remembers on disk: here an hour, in memory, because what is remembered may be a secret that is shown once.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { type Answer, type JsonAnswer, problem } from './answer.ts';

const rememberedMs = 3_600_000;
const rememberedMax = 1_000;

type Entry = { readonly sha256: string; readonly atMs: number; readonly answer: JsonAnswer | undefined };

export class Replays {
  readonly #clock: Clock;
  /** In the order of their requests; `answer` is missing while the first one is being worked on. */
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param content what must be the same for it to be the same request */
  async run(
    request: { readonly account: string; readonly key: string; readonly content: readonly (string | Uint8Array)[] },
    work: () => Promise<Answer>,
  ): Promise<Answer> {
    const name = `${request.account} ${request.key}`;
    const sha256 = hashOf(request.content);
    const earlier = this.#find(name);
    if (earlier) return replay(earlier, sha256);
    const begun: Entry = { sha256, atMs: this.#clock.nowMs(), answer: undefined };
    this.#entries.set(name, begun);
    try {
      const answer = await work();
      if (answer.kind === 'json') this.#entries.set(name, { ...begun, answer });
      return answer;
    } finally {
      // What failed may be tried again under its key.
      if (this.#entries.get(name) === begun) this.#entries.delete(name);
    }
  }

  #find(name: string): Entry | undefined {
    const oldestMs = this.#clock.nowMs() - rememberedMs;
    for (const [each, entry] of this.#entries) {
      if (entry.atMs >= oldestMs && this.#entries.size < rememberedMax) break;
      if (entry.answer !== undefined || entry.atMs < oldestMs) this.#entries.delete(each);
    }
    return this.#entries.get(name);
  }
}

function replay(earlier: Entry, sha256: string): Answer {
  if (earlier.sha256 !== sha256) return problem('idempotency_key_reused');
  if (!earlier.answer) return problem('idempotency_key_in_use', { headers: { 'Retry-After': '1' } });
  return { ...earlier.answer, headers: { ...earlier.answer.headers, 'Idempotency-Replayed': 'true' } };
}

function hashOf(content: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of content) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}
