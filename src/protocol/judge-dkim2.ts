/**
 * DKIM2 for those who ask for it: the whole message gathered, since recipes need all of it, and lookups that end in time. A file of its own,
 * so that nobody else reads the verifier. Experimental, and informational: no verdict depends on it.
 */
import { concat } from '../base/bytes.ts';
import { type Clock, systemClock, type Timers } from '../base/clock.ts';
import { answeringInTime, type Message } from './authenticate.ts';
import type { Dkim2Envelope, Dkim2Result } from './dkim2/types.ts';
import { verifyDkim2 } from './dkim2/verify-dkim2.ts';
import type { LookupOptions, Resolver } from './dns/types.ts';

export type JudgeDkim2Deps = { readonly resolver: Resolver; readonly clock?: Clock; readonly timers?: Timers };

/** Never throws for what is in the message or in DNS; a source that fails to be read throws what it throws. */
export async function judgeDkim2(
  message: Message,
  envelope: Dkim2Envelope,
  { resolver, clock = systemClock, timers = systemClock }: JudgeDkim2Deps,
  options?: LookupOptions,
): Promise<Dkim2Result> {
  const octets = message instanceof Uint8Array ? message : await gather(message);
  return verifyDkim2(octets, envelope, { resolver: answeringInTime(resolver, timers), clock }, options);
}

async function gather(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const kept: Uint8Array[] = [new Uint8Array()];
  for await (const chunk of chunks) kept.push(Uint8Array.from(chunk)); // the source may fill the same memory again
  return concat(kept);
}
