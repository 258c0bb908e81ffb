/**
 * Our client and our server with each other over loopback, TLS and all: by DATA, by BDAT, within the server's limits. What goes
 * in comes out, octet by octet, however it was cut on the way.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { createNodeNet } from '../../src/adapters/net/node-net.ts';
import { createDirectMx, type DirectMxOptions } from '../../src/adapters/transports/direct-mx.ts';
import { concat, fromLatin1, latin1 } from '../../src/base/bytes.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { Spooled, SpoolWriter } from '../../src/base/port/blobs.ts';
import { silentSignals } from '../../src/base/port/signals.ts';
import { seededRandom } from '../../src/base/random.ts';
import { type SmtpListenerOptions, serveSmtp } from '../../src/entrances/smtp/serve-smtp.ts';
import type { SmtpPolicy } from '../../src/entrances/smtp/smtp-policy.ts';
import { resolverFromZone } from '../../src/protocol/dns/zone-resolver.ts';
import { type SmtpLimits, smtpLimitsWith } from '../../src/protocol/smtp/limits.ts';
import { replyOf } from '../../src/protocol/smtp/reply.ts';
import type { Attempt } from '../../src/services/outbound/transport.ts';
import { type JobWish, jobFor, watched } from '../support/mail-hosts.ts';
import { makeTestAuthority } from '../support/test-certificate.ts';

const authority = await makeTestAuthority();
const identity = await authority.issue({ names: ['mx.example.net'] });
const net = createNodeNet();

type Arrived = { readonly recipients: readonly string[]; readonly text: string; readonly tls: boolean };

/** Takes everything but mail to `unknown`. */
function takeAll(arrived: Arrived[]): SmtpPolicy {
  return {
    open: () => ({
      login: 'none',
      bareNewline: () => 'refuse',
      authenticate: async () => 'no',
      mail: async (_, { tls }) => {
        const recipients: string[] = [];
        return {
          kind: 'accept',
          transaction: {
            rcpt: async ({ path }) => {
              const local = path.kind === 'mailbox' ? path.mailbox.local : path.kind;
              if (local === 'unknown') return replyOf('550 5.1.1', 'No such mailbox');
              recipients.push(local);
              return replyOf('250 2.1.5', 'Recipient noted');
            },
            openBody: memorySpool,
            finish: async (body) => {
              arrived.push({ recipients, text: latin1(await body.read()), tls: tls !== undefined });
              return replyOf('250 2.0.0', 'Taken');
            },
            unanswered: async () => {},
          },
        };
      },
    }),
  };
}

function memorySpool(): SpoolWriter {
  const parts: Uint8Array[] = [];
  return {
    write: (part) => {
      parts.push(part);
    },
    finish: async (): Promise<Spooled> => {
      const bytes = Buffer.concat(parts);
      return {
        size: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        inMemory: true,
        read: async () => bytes,
        chunks: async function* () {
          yield bytes;
        },
        discard: async () => {},
      };
    },
    discard: async () => {},
  };
}

type Two = {
  readonly arrived: Arrived[];
  readonly send: (wish?: JobWish) => Promise<readonly Attempt[]>;
  /** Verbs the client said since the last look. */
  readonly verbs: () => string;
};

async function open(
  t: TestContext,
  server: Pick<SmtpListenerOptions, 'offers'> & { readonly limit?: Partial<SmtpLimits> } = {},
  client: Partial<DirectMxOptions> = {},
): Promise<Two> {
  const arrived: Arrived[] = [];
  const listener = await serveSmtp({
    name: 'mx',
    net,
    timers: systemClock,
    signals: silentSignals,
    at: { address: '127.0.0.1', port: 0 },
    proxyFrom: [],
    implicitTls: false,
    hostname: 'mx.example.net',
    limits: smtpLimitsWith(server.limit),
    identity: () => identity,
    policy: takeAll(arrived),
    ...(server.offers ? { offers: server.offers } : {}),
  });
  const resolver = resolverFromZone('example.net MX 10 mx.example.net\nmx.example.net A 127.0.0.1');
  const transport = createDirectMx(
    { net, resolver, timers: systemClock, random: seededRandom(1) },
    {
      ehloName: 'mx.sender.test',
      port: listener.endpoint.port,
      allowLoopbackMx: true,
      trust: [authority.certificatePem],
      ...client,
    },
  );
  t.after(async () => {
    await transport.close();
    await listener.stop();
  });
  const verbs: string[] = [];
  return {
    arrived,
    send: async (wish) => {
      const context = watched();
      const attempts = await transport.deliver(jobFor('example.net', wish), context);
      for (const step of context.steps) if (step.step === 'said') verbs.push(step.line.replace(/ .*/, ''));
      return attempts;
    },
    verbs: () => verbs.splice(0).join(' '),
  };
}

const kinds = (attempts: readonly Attempt[]) => attempts.map(({ kind }) => kind);

test('one chunk per message, after the handshake; the next message on the same connection', async (t) => {
  const { arrived, send, verbs } = await open(t);
  const text = 'Subject: dots\r\n\r\n.\r\n..\r\nMAIL FROM:<x@y.test>\r\n.\r\n';
  assert.deepEqual(kinds(await send({ text, to: ['unknown@example.net', 'ann@example.net', 'bob@example.net'] })), [
    'refused',
    'delivered',
    'delivered',
  ]);
  assert.equal(verbs(), 'EHLO STARTTLS EHLO MAIL RCPT RCPT RCPT BDAT');
  assert.deepEqual(kinds(await send({ text })), ['delivered']);
  assert.equal(verbs(), 'MAIL RCPT BDAT');
  assert.deepEqual(arrived, [
    { recipients: ['ann', 'bob'], text, tls: true },
    { recipients: ['b'], text, tls: true },
  ]);
});

test('by DATA where either side wants it so', async (t) => {
  for (const { arrived, send, verbs } of [
    await open(t, { offers: { chunking: false } }),
    await open(t, {}, { chunking: 'never' }),
  ]) {
    assert.deepEqual(kinds(await send()), ['delivered']);
    assert.equal(verbs(), 'EHLO STARTTLS EHLO MAIL RCPT DATA');
    assert.equal(arrived.length, 1);
  }
});

test('a message of several megabytes arrives in one chunk', async (t) => {
  const { arrived, send, verbs } = await open(t);
  const text = `Subject: big\r\n\r\n${`.${'x'.repeat(75)}\r\n`.repeat(40_000)}`;
  assert.deepEqual(kinds(await send({ text })), ['delivered']);
  assert.match(verbs(), /BDAT$/);
  assert.ok(arrived[0]?.text === text, 'it arrived changed');
});

test('one that is too large in the end is refused with the server’s own words, and the connection lives on', async (t) => {
  const { arrived, send } = await open(t, { limit: { message_bytes: 1_000 } });
  const [attempt] = await send({ text: `${'x'.repeat(998)}\r\n` });
  assert.equal(attempt?.kind, 'delivered');
  assert.partialDeepStrictEqual((await send({ text: `${'x'.repeat(998)}\r\n\r\n` }))[0], {
    kind: 'refused',
    scope: 'message',
    enhanced: '5.3.4',
  });
  assert.equal((await send())[0]?.via?.reused, true);
  assert.equal(arrived.length, 2);
});

test('RFC 9422 §4.2: the server names its limit of recipients, the client keeps to it', async (t) => {
  const { arrived, send } = await open(t, { limit: { recipients_per_message: 2 } });
  const attempts = await send({ to: ['a', 'b', 'c', 'd', 'e'].map((local) => `${local}@example.net`) });
  assert.deepEqual(kinds(attempts), Array(5).fill('delivered'));
  assert.deepEqual(
    arrived.map(({ recipients }) => recipients.join('')),
    ['ab', 'cd', 'e'],
  );
});

test('any message in any pieces arrives the same by DATA and by BDAT', async (t) => {
  const [byData, byChunk] = [await open(t, {}, { chunking: 'never' }), await open(t)];
  const piece = fc.constantFrom(
    '\r\n',
    '.',
    '\r\n.\r\n',
    '..',
    'BDAT 2 LAST\r\n',
    'a',
    '\xff',
    `${'x'.repeat(900)}\r\n`,
  );
  const cuts = fc.array(fc.nat({ max: 900 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 20 }), cuts, async (pieces, sizes) => {
      const text = `${pieces.join('').replace(/[^\r\n]{998}/g, '$&\r\n')}\r\n`;
      const wish: JobWish = { size: text.length, needs: { eightBit: true }, chunks: () => cutUp(text, sizes) };
      for (const two of [byData, byChunk]) {
        assert.deepEqual(kinds(await two.send(wish)), ['delivered']);
        assert.equal(two.arrived.pop()?.text, text);
      }
    }),
    { numRuns: 50 },
  );
  assert.doesNotMatch(byChunk.verbs(), /DATA/);
  assert.doesNotMatch(byData.verbs(), /BDAT/);
});

async function* cutUp(text: string, sizes: readonly number[]): AsyncIterable<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield fromLatin1(text.slice(at, at + size));
    at += size;
  }
  yield concat([fromLatin1(text.slice(at))]);
}
