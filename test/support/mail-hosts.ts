/** What a transport needs to find scripted mail hosts: zone text for names, and a `Net` that leads public-looking addresses to loopback. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { createNodeNet } from '../../src/adapters/net/node-net.ts';
import type { TransportPorts } from '../../src/adapters/transports/direct-mx.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { DialOptions, Net } from '../../src/base/port/net.ts';
import { seededRandom } from '../../src/base/random.ts';
import { parseDomainName } from '../../src/format/domain-name.ts';
import { resolverFromZone } from '../../src/protocol/dns/zone-resolver.ts';
import { type ClientPatience, defaultPatience, type ReplyStage } from '../../src/protocol/smtp/client-stages.ts';
import type { Attempt, DeliveryContext, DeliveryJob, TranscriptStep } from '../../src/services/outbound/transport.ts';
import { type BadMx, type BadMxOptions, startBadMx } from './bad-mx.ts';

export type MailHosts = {
  readonly ports: TransportPorts;
  readonly mx: (address: string) => BadMx;
  /** Addresses in the order in which they were dialled. */
  readonly dialled: string[];
};

/** @param hosts address -> behaviour; an address that is missing refuses connections */
export async function mailHosts(
  t: TestContext,
  zone: string,
  hosts: Readonly<Record<string, BadMxOptions>>,
  seed = 1,
): Promise<MailHosts> {
  const running = new Map<string, BadMx>();
  for (const [address, options] of Object.entries(hosts)) running.set(address, await startBadMx(options));
  t.after(() => Promise.all([...running.values()].map((mx) => mx.close())));
  const node = createNodeNet();
  const dialled: string[] = [];
  const net: Net = {
    ...node,
    dial: (to, options?: DialOptions) => {
      dialled.push(to.address);
      const { localAddress: _, ...rest } = options ?? {};
      return node.dial({ address: '127.0.0.1', port: running.get(to.address)?.port ?? closedPort }, rest);
    },
  };
  return {
    ports: { net, resolver: resolverFromZone(zone), timers: systemClock, random: seededRandom(seed) },
    mx: (address) => {
      const found = running.get(address);
      assert.ok(found, `no host at ${address}`);
      return found;
    },
    dialled,
  };
}

/** tcpmux: nobody has listened there for decades. */
const closedPort = 1;

/** Every wait this short; with a stage given, only the wait for its reply. For hosts that say nothing. */
export function impatience(ms: number, only?: ReplyStage): ClientPatience {
  if (only) return { ...defaultPatience, replyMs: { ...defaultPatience.replyMs, [only]: ms } };
  const replyMs = { ...defaultPatience.replyMs };
  for (const stage of Object.keys(replyMs) as ReplyStage[]) replyMs[stage] = ms;
  return { replyMs, connectMs: ms, handshakeMs: ms, dataBlockMs: ms };
}

export const messageText = 'From: a@sender.test\r\nTo: b@example.net\r\nSubject: hello\r\n\r\nHello\r\n';

export type JobWish = {
  readonly to?: readonly string[];
  readonly from?: string;
  /** latin1 */
  readonly text?: string;
  readonly chunks?: () => AsyncIterable<Uint8Array>;
  readonly size?: number;
  readonly needs?: Partial<DeliveryJob['needs']>;
  readonly route?: DeliveryJob['route'];
};

export function jobFor(domain: string, wish: JobWish = {}): DeliveryJob {
  const name = parseDomainName(domain);
  assert.ok(name);
  const bytes = Buffer.from(wish.text ?? messageText, 'latin1');
  return {
    message: {
      size: wish.size ?? bytes.length,
      chunks:
        wish.chunks ??
        async function* () {
          yield bytes;
        },
    },
    mailFrom: wish.from ?? 'a@sender.test',
    recipients: (wish.to ?? [`b@${domain}`]).map((address) => ({
      address,
      internationalised: !/^[\x00-\x7f]*$/.test(address),
    })),
    needs: { smtpUtf8: false, eightBit: false, ...wish.needs },
    domain: name,
    ...(wish.route ? { route: wish.route } : {}),
  };
}

export type Watched = DeliveryContext & {
  readonly steps: TranscriptStep[];
  readonly dots: () => number;
  readonly stop: () => void;
};

export function watched(beforeFinalDot: () => Promise<void> = async () => {}): Watched {
  const controller = new AbortController();
  const steps: TranscriptStep[] = [];
  let dots = 0;
  return {
    signal: controller.signal,
    note: (step) => steps.push(step),
    beforeFinalDot: async () => {
      dots++;
      await beforeFinalDot();
    },
    steps,
    dots: () => dots,
    stop: () => controller.abort(),
  };
}

/** The only attempt of a delivery with one recipient. */
export function only(attempts: readonly Attempt[]): Attempt {
  const [attempt] = attempts;
  assert.ok(attempt && attempts.length === 1, `${attempts.length} attempts`);
  return attempt;
}
