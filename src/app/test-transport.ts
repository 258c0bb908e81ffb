/** Where mail sent with a `ph_test_` key goes: nowhere. It passes the queue like any other, and its end says so. */
import type { Timers } from '../base/clock.ts';
import type { Transport } from '../services/outbound/transport.ts';

export function createTestTransport(timers: Timers): Transport {
  return {
    name: 'test',
    keeps: { messageId: true, date: true, mailFrom: true, dkimSignature: true },
    close: async () => {},
    deliver: async (job) =>
      job.recipients.map(({ address }) => ({
        recipient: address,
        kind: 'delivered',
        scope: 'recipient',
        enhanced: '2.0.0',
        afterFinalDot: false,
        route: { source: 'none', candidates: [], passedOver: [] },
        startedAtMs: timers.nowMs(),
        tookMs: 0,
        say: 'Sent with a test key: it went through the queue and was not handed to anybody.',
      })),
  };
}
