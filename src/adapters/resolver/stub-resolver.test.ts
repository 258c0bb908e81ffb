import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Timers } from '../../base/clock.ts';
import { Fault } from '../../base/outcome.ts';
import type { Connection, Endpoint, Net } from '../../base/port/net.ts';
import { seededRandom } from '../../base/random.ts';
import { parseQueryName, type QueryName } from '../../format/domain-name.ts';
import { parseZoneText } from '../../format/zone-file.ts';
import { answerQuery } from '../../protocol/dns/authority.ts';
import { FrameReader } from '../../protocol/dns/frame-reader.ts';
import { type DnsMessage, decodeMessage, encodeMessage, framed, rcodes } from '../../protocol/dns/message-codec.ts';
import type { RecordType, Resolver } from '../../protocol/dns/types.ts';
import { resolverFromZone } from '../../protocol/dns/zone-resolver.ts';
import { makeZoneSet } from '../../protocol/dns/zone-set.ts';
import { createStubResolver, type ResolverServer, type StubResolverLimits } from './stub-resolver.ts';

// ---- a world without sockets and clocks ----

/** Time stands still until `pass`. */
class ManualTimers implements Timers {
  #now = 1_000_000;
  #due = new Set<{ readonly atMs: number; readonly run: () => void }>();
  readonly nowMs = () => this.#now;
  readonly monotonicMs = () => this.#now;
  readonly sleep = (ms: number) => new Promise<void>((resolve) => this.after(ms, resolve));
  readonly after = (ms: number, run: () => void) => {
    const due = { atMs: this.#now + ms, run };
    this.#due.add(due);
    return () => void this.#due.delete(due);
  };

  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await setImmediate(); // let everything happen that happens now
      const next = [...this.#due].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > end) break;
      this.#due.delete(next);
      this.#now = Math.max(this.#now, next.atMs);
      next.run();
    }
    this.#now = end;
    await setImmediate();
  }
}

type Asked = {
  readonly query: DnsMessage;
  readonly octets: Uint8Array;
  readonly server: string;
  readonly via: 'udp' | 'tcp';
};
/** What comes back: messages, raw octets, or either from somewhere else. Nothing at all is silence. */
type Said = DnsMessage | Uint8Array | { readonly from: Endpoint; readonly octets: Uint8Array };
type Script = (asked: Asked) => Said | readonly Said[] | undefined;

function octetsOf(said: DnsMessage | Uint8Array): Uint8Array {
  const octets = said instanceof Uint8Array ? said : encodeMessage(said);
  assert.ok(octets);
  return octets;
}

class World {
  readonly timers = new ManualTimers();
  readonly asked: Asked[] = [];
  readonly openSockets = new Set<object>();
  readonly #script: Script;

  constructor(script: Script) {
    this.#script = script;
  }

  #ask(octets: Uint8Array, to: Endpoint, via: Asked['via']): readonly Said[] {
    const query = decodeMessage(octets);
    assert.ok(query);
    const asked = { query, octets, server: to.address, via };
    this.asked.push(asked);
    const said = this.#script(asked);
    return said === undefined ? [] : Array.isArray(said) ? said : [said as Said];
  }

  readonly net: Net = {
    listen: () => Promise.reject(new Fault('EACCES', 'not here')),
    openDatagrams: async (at, onDatagram) => {
      const socket = {};
      this.openSockets.add(socket);
      return {
        endpoint: { ...at, port: 40_000 },
        send: (octets, to) => {
          for (const said of this.#ask(octets, to, 'udp')) {
            const [reply, from] = 'from' in said ? [said.octets, said.from] : [octetsOf(said), to];
            queueMicrotask(() => this.openSockets.has(socket) && onDatagram(reply, from));
          }
        },
        close: async () => void this.openSockets.delete(socket),
      };
    },
    dial: async (to) => {
      const reader = new FrameReader();
      const arriving: Uint8Array[] = [];
      let waiting = Promise.withResolvers<void>();
      let isOpen = true;
      const socket = {};
      this.openSockets.add(socket);
      const connection: Partial<Connection> = {
        write: async (octets) => {
          for (const frame of reader.push(octets)) {
            for (const said of this.#ask(frame, to, 'tcp')) {
              const whole = Buffer.from(framed('from' in said ? said.octets : octetsOf(said)));
              arriving.push(whole.subarray(0, 1), whole.subarray(1, 7), whole.subarray(7));
            }
          }
          waiting.resolve();
        },
        read: async () => {
          while (arriving.length === 0 && isOpen) {
            await waiting.promise;
            if (arriving.length === 0 && isOpen) waiting = Promise.withResolvers();
          }
          return arriving.shift();
        },
        destroy: () => {
          isOpen = false;
          this.openSockets.delete(socket);
          waiting.resolve();
        },
      };
      return connection as Connection;
    },
  };

  resolver(servers: readonly Partial<ResolverServer>[] = [{}], limits: Partial<StubResolverLimits> = {}): Resolver {
    return createStubResolver({
      net: this.net,
      timers: this.timers,
      random: seededRandom(1),
      servers: servers.map((server, i) => ({ address: `192.0.2.${i + 1}`, port: 53, ...server })),
      limits,
    });
  }
}

function records(text: string) {
  const zone = parseZoneText(text);
  assert.ok(zone.ok, zone.ok ? '' : zone.say);
  return zone.value.records;
}

/** The reply of a recursive server to `query`. */
function reply(
  query: DnsMessage,
  parts: Partial<DnsMessage> & { answer?: string; authority?: string } = {},
): DnsMessage {
  const { answer = '', authority = '', ...rest } = parts;
  const sections = { answers: records(answer), authorities: records(authority) };
  return { ...query, isResponse: true, recursionAvailable: true, authenticData: false, ...sections, ...rest };
}

function name(text: string): QueryName {
  const parsed = parseQueryName(text);
  assert.ok(parsed);
  return parsed;
}

const example = name('example.com');
const found = (list: readonly unknown[]) => ({ kind: 'found', records: list });
const timedOut = { kind: 'failed', why: 'timeout' };
const servfail = { kind: 'failed', why: 'servfail' };

/** The lookup's answer, while time passes as far as it needs. */
async function ask(world: World, resolver: Resolver, asked: QueryName = example, type: RecordType = 'A') {
  const answer = resolver.lookup(asked, type);
  await Promise.race([answer, world.timers.pass(60_000)]);
  return answer;
}

// ---- one server ----

test('a query as it should be: EDNS, AD wanted, DO off, mixed case, a socket of its own', async () => {
  const world = new World(({ query }) => reply(query, { answer: 'example.com 60 A 192.0.2.80' }));
  const resolver = world.resolver();
  assert.deepEqual(await ask(world, resolver, name('a-long-name.example.com')), {
    kind: 'none',
    why: 'nodata',
    ttlSeconds: 0,
    secure: false,
  });
  assert.deepEqual(await ask(world, resolver), {
    kind: 'found',
    records: ['192.0.2.80'],
    ttlSeconds: 60,
    secure: false,
  });
  const [first, second] = world.asked;
  assert.partialDeepStrictEqual(first?.query, {
    isResponse: false,
    recursionDesired: true,
    authenticData: true,
    checkingDisabled: false,
    edns: { udpOctets: 1232, version: 0, dnssecOk: false },
  });
  const spelled = first?.query.questions[0]?.name.join('.') ?? '';
  assert.equal(spelled.toLowerCase(), 'a-long-name.example.com');
  assert.match(spelled, /[A-Z]/);
  assert.match(spelled, /[a-z]/);
  assert.notEqual(first?.query.id, second?.query.id);
  assert.equal(world.openSockets.size, 0);
});

test('AD counts only from a server that is trusted with it', async () => {
  const world = new World(({ query }) => reply(query, { answer: 'example.com 60 A 192.0.2.80', authenticData: true }));
  assert.partialDeepStrictEqual(await ask(world, world.resolver()), { secure: false });
  assert.partialDeepStrictEqual(await ask(world, world.resolver([{ trustAd: true }])), { secure: true });
});

test('RFC 5452 §9.1: only the answer with our id, question and server counts', async () => {
  const world = new World(({ query }) => {
    const forged = reply(query, { answer: 'example.com 60 A 203.0.113.66' });
    const [question] = query.questions;
    assert.ok(question);
    return [
      { ...forged, id: query.id ^ 1 },
      { ...forged, questions: [{ ...question, type: 28 }] },
      { ...forged, questions: [{ ...question, name: ['example', 'net'] }] },
      { ...forged, questions: [] },
      { ...forged, isResponse: false },
      { from: { address: '192.0.2.99', port: 53 }, octets: octetsOf(forged) },
      { from: { address: '192.0.2.1', port: 54 }, octets: octetsOf(forged) },
      reply(query, { answer: 'example.com 60 A 192.0.2.80' }),
    ];
  });
  assert.partialDeepStrictEqual(await ask(world, world.resolver()), found(['192.0.2.80']));
});

test('guessing makes us ask by TCP, and so does a server that does not keep the letter case', async () => {
  const good = ({ query }: Asked) => reply(query, { answer: 'example.com 60 A 192.0.2.80' });
  const guessing = new World((asked) =>
    asked.via === 'tcp'
      ? good(asked)
      : Array.from({ length: 8 }, (_, i) => ({ ...good(asked), id: (asked.query.id + 1 + i) & 0xffff })),
  );
  assert.partialDeepStrictEqual(await ask(guessing, guessing.resolver()), found(['192.0.2.80']));
  const lowering = new World((asked) => ({
    ...good(asked),
    questions: asked.query.questions.map((q) => ({ ...q, name: ['example', 'com'] })),
  }));
  assert.partialDeepStrictEqual(await ask(lowering, lowering.resolver()), found(['192.0.2.80']));
  assert.deepEqual(
    lowering.asked.map(({ via }) => via),
    ['udp', 'tcp'],
  );
});

test('RFC 7766 §5: truncated over UDP is asked by TCP', async () => {
  const world = new World(({ query, via }) =>
    via === 'udp' ? reply(query, { truncated: true }) : reply(query, { answer: 'example.com 60 A 192.0.2.80' }),
  );
  assert.partialDeepStrictEqual(await ask(world, world.resolver()), found(['192.0.2.80']));
  assert.equal(world.openSockets.size, 0);
});

test('RFC 6891 §7: a server that knows no EDNS is asked without', async () => {
  const world = new World(({ query }) => {
    const { edns, ...plain } = query;
    if (edns !== undefined) return { ...reply(plain), questions: [], rcode: rcodes.formatError };
    return reply(plain, { answer: 'example.com 60 A 192.0.2.80' });
  });
  assert.partialDeepStrictEqual(await ask(world, world.resolver()), found(['192.0.2.80']));
});

test('records that were not asked for are not believed', async () => {
  const world = new World(({ query }) =>
    reply(query, {
      answer: 'other.test 60 A 203.0.113.66\nexample.com 60 MX 1 x.test',
      authority: 'com 60 SOA a b 1 2 3 4 30',
    }),
  );
  assert.deepEqual(await ask(world, world.resolver()), { kind: 'none', why: 'nodata', ttlSeconds: 30, secure: false });
});

test('nonsense is silence', async () => {
  const world = new World(() => Buffer.from('nonsense'));
  assert.deepEqual(await ask(world, world.resolver()), timedOut);
});

// ---- several servers ----

test('silence, SERVFAIL, REFUSED and a mere referral lead to the next server', async () => {
  const bad: readonly Script[] = [
    () => undefined,
    ({ query }) => reply(query, { rcode: rcodes.serverFailure }),
    ({ query }) => reply(query, { rcode: rcodes.refused }),
    ({ query }) => reply(query, { recursionAvailable: false, authority: 'com 60 NS a.test' }),
    ({ query }) => reply(query, { answer: 'example.org 60 A 192.0.2.66' }), // and a reply about something else
  ];
  for (const script of bad) {
    const world = new World((asked) =>
      asked.server === '192.0.2.1' ? script(asked) : reply(asked.query, { answer: 'example.com 60 A 192.0.2.80' }),
    );
    assert.partialDeepStrictEqual(await ask(world, world.resolver([{}, {}])), found(['192.0.2.80']));
  }
});

test('a failure is never "none": all silent is a timeout, one failing answer is SERVFAIL', async () => {
  const silent = new World(() => undefined);
  assert.deepEqual(await ask(silent, silent.resolver([{}, {}])), timedOut);
  assert.deepEqual(
    silent.asked.map(({ server }) => server),
    ['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.2'],
  );
  assert.equal(silent.openSockets.size, 0);
  const failing = new World(({ query, server }) =>
    server === '192.0.2.2' ? reply(query, { rcode: rcodes.serverFailure }) : undefined,
  );
  assert.deepEqual(await ask(failing, failing.resolver([{}, {}])), servfail);
  assert.equal(failing.asked.length, 3, 'who answered is not asked again');
  const none = new World(() => undefined);
  assert.deepEqual(await ask(none, none.resolver([])), timedOut);
});

test('a server that was silent is asked last for a while', async () => {
  const world = new World(({ query, server }) =>
    server === '192.0.2.1' ? undefined : reply(query, { authority: 'test 60 SOA a b 1 2 3 4 30' }),
  );
  const resolver = world.resolver([{}, {}]);
  await ask(world, resolver, name('a.test'));
  world.asked.length = 0;
  await ask(world, resolver, name('b.test'));
  assert.deepEqual(
    world.asked.map(({ server }) => server),
    ['192.0.2.2'],
  );
});

test('RFC 8914: "bogus" ends it, and nobody who does not validate is asked after a validator failed', async () => {
  const bogus = {
    udpOctets: 1232,
    version: 0,
    dnssecOk: false,
    options: [{ code: 15, octets: Buffer.from('\0\x07expired') }],
  };
  const saying = new World(({ query }) => reply(query, { rcode: rcodes.serverFailure, edns: bogus }));
  assert.deepEqual(await ask(saying, saying.resolver([{}, {}])), { kind: 'failed', why: 'bogus' });
  assert.equal(saying.asked.length, 1);
  const mixed = new World(({ query, server }) =>
    server === '192.0.2.1'
      ? reply(query, { rcode: rcodes.serverFailure })
      : reply(query, { answer: 'example.com 60 A 203.0.113.66' }),
  );
  assert.deepEqual(await ask(mixed, mixed.resolver([{ trustAd: true }, {}])), servfail);
  assert.partialDeepStrictEqual(
    await ask(mixed, mixed.resolver([{ trustAd: true }, { trustAd: true }])),
    found(['203.0.113.66']),
  );
});

// ---- aliases ----

test('aliases are followed within a reply and over several; the weakest link is the TTL and the security', async () => {
  const world = new World(({ query }) => {
    const asked = query.questions[0]?.name.join('.').toLowerCase();
    if (asked === 'a.test')
      return reply(query, { answer: 'a.test 50 CNAME b.test\nb.test 40 CNAME c.test', authenticData: true });
    return reply(query, { answer: 'c.test 300 A 192.0.2.80', authenticData: asked !== 'c.test' });
  });
  assert.deepEqual(await ask(world, world.resolver([{ trustAd: true }]), name('a.test')), {
    kind: 'found',
    records: ['192.0.2.80'],
    ttlSeconds: 40,
    secure: false,
    canonicalName: 'c.test',
  });
});

test('a CNAME that is asked for is an answer', async () => {
  const world = new World(({ query }) => reply(query, { answer: 'example.com 60 CNAME B.test' }));
  assert.partialDeepStrictEqual(await ask(world, world.resolver(), example, 'CNAME'), found(['b.test']));
});

test('chains that do not end, fail', async () => {
  const loop = new World(({ query }) =>
    reply(query, { answer: 'example.com 60 CNAME b.test\nb.test 60 CNAME example.com' }),
  );
  assert.deepEqual(await ask(loop, loop.resolver()), servfail);
  const endless = new World(({ query }) => {
    const asked = query.questions[0]?.name.join('.') ?? '';
    return reply(query, { answer: `${asked} 60 CNAME x${asked}` });
  });
  assert.deepEqual(await ask(endless, endless.resolver()), servfail);
  assert.equal(endless.asked.length, 9);
});

test('an alias to a name that does not exist is NXDOMAIN', async () => {
  const world = new World(({ query }) =>
    reply(query, {
      answer: 'example.com 60 CNAME b.test',
      authority: 'test 600 SOA a b 1 2 3 4 90',
      rcode: rcodes.nameError,
    }),
  );
  assert.deepEqual(await ask(world, world.resolver()), {
    kind: 'none',
    why: 'nxdomain',
    ttlSeconds: 60,
    secure: false,
  });
});

// ---- cache and company ----

test('answers are remembered for their TTL, and the TTL that is left is told', async () => {
  const world = new World(({ query }) => reply(query, { answer: 'example.com 60 A 192.0.2.80' }));
  const resolver = world.resolver();
  assert.equal(resolver.atHand?.(example, 'A'), undefined);
  await ask(world, resolver);
  await world.timers.pass(59_000);
  assert.partialDeepStrictEqual(await resolver.lookup(example, 'A'), { ttlSeconds: 1 });
  assert.deepEqual(resolver.atHand?.(example, 'A'), await resolver.lookup(example, 'A'));
  assert.equal(resolver.atHand?.(example, 'AAAA'), undefined);
  assert.equal(world.asked.length, 1);
  await ask(world, resolver, example, 'AAAA');
  assert.equal(world.asked.length, 2, 'types are remembered one by one');
  await world.timers.pass(1_000);
  assert.equal(resolver.atHand?.(example, 'A'), undefined);
  await ask(world, resolver);
  assert.equal(world.asked.length, 3);
});

test('RFC 2308 §5: "none" is remembered as long as its SOA says, without SOA not at all', async () => {
  for (const [authority, queries] of [
    ['com 600 SOA a b 1 2 3 4 90', 1],
    ['com 60 SOA a b 1 2 3 4 90', 2],
    ['', 2],
  ] as const) {
    const world = new World(({ query }) => reply(query, { authority, rcode: rcodes.nameError }));
    const resolver = world.resolver();
    await ask(world, resolver);
    await world.timers.pass(80_000);
    await ask(world, resolver);
    assert.equal(world.asked.length, queries, authority);
  }
});

test('RFC 9520 §3.2: a failure is remembered for a second, and no longer', async () => {
  const world = new World(({ query }) => reply(query, { rcode: rcodes.serverFailure }));
  const resolver = world.resolver();
  await ask(world, resolver);
  assert.deepEqual(await resolver.lookup(example, 'A'), servfail);
  assert.equal(world.asked.length, 1);
  await world.timers.pass(1_000);
  await ask(world, resolver);
  assert.equal(world.asked.length, 2);
});

test('the cache is bounded by number and by octets', async () => {
  const script: Script = ({ query }) =>
    reply(query, { answer: `${query.questions[0]?.name.join('.')} 60 TXT "${'x'.repeat(250)}"` });
  for (const limits of [{ cacheEntriesMax: 2 }, { cacheOctetsMax: 2_000 }]) {
    const world = new World(script);
    const resolver = world.resolver([{}], limits);
    const texts = ['a.test', 'b.test', 'a.test', 'c.test', 'a.test', 'b.test'];
    for (const text of texts) await ask(world, resolver, name(text), 'TXT');
    const asked = world.asked.map(({ query }) => query.questions[0]?.name.join('.').toLowerCase());
    assert.deepEqual(asked, ['a.test', 'b.test', 'c.test', 'b.test'], 'the longest unused left');
  }
});

test('many who ask the same at once share one query', async () => {
  const world = new World(({ query }) => reply(query, { answer: 'example.com 60 A 192.0.2.80' }));
  const resolver = world.resolver();
  const answers = await Promise.all(Array.from({ length: 20 }, () => resolver.lookup(example, 'A')));
  assert.equal(world.asked.length, 1);
  for (const answer of answers) assert.partialDeepStrictEqual(answer, found(['192.0.2.80']));
});

test('who gives up waiting gets a timeout; the others get their answer', async () => {
  const world = new World(({ query }) =>
    world.asked.length < 2 ? undefined : reply(query, { answer: 'example.com 60 A 192.0.2.80' }),
  );
  const resolver = world.resolver();
  const impatient = new AbortController();
  const first = resolver.lookup(example, 'A', { signal: impatient.signal });
  const second = resolver.lookup(example, 'A', { signal: new AbortController().signal });
  await world.timers.pass(100);
  impatient.abort();
  assert.deepEqual(await first, timedOut);
  await world.timers.pass(5_000);
  assert.partialDeepStrictEqual(await second, found(['192.0.2.80']));
  assert.deepEqual(await resolver.lookup(example, 'MX', { signal: AbortSignal.abort() }), timedOut);
  assert.equal(world.asked.length, 2, 'an aborted signal asks nothing');
});

test('when all have given up, nothing goes on, and the next one starts afresh', async () => {
  const world = new World(() => undefined);
  const resolver = world.resolver();
  const leaving = new AbortController();
  const answer = resolver.lookup(example, 'A', { signal: leaving.signal });
  await world.timers.pass(100);
  leaving.abort();
  assert.deepEqual(await answer, timedOut);
  await world.timers.pass(60_000);
  assert.equal(world.asked.length, 1);
  assert.equal(world.openSockets.size, 0);
  assert.deepEqual(await ask(world, resolver), timedOut);
  assert.equal(world.asked.length, 3);
});

test('the whole lookup has an end, however many servers and aliases there are', async () => {
  const world = new World(() => undefined);
  const resolver = world.resolver(
    Array.from({ length: 50 }, () => ({})),
    { lookupMs: 5_000 },
  );
  const answer = resolver.lookup(example, 'A');
  await world.timers.pass(5_000);
  assert.deepEqual(await answer, timedOut);
  assert.equal(world.asked.length, 3);
  assert.equal(world.openSockets.size, 0);
});

test('lookups under way are limited; the rest waits in line, up to a limit', async () => {
  const world = new World(({ query }) =>
    reply(query, { answer: `${query.questions[0]?.name.join('.')} 60 A 192.0.2.80` }),
  );
  const resolver = world.resolver([{}], { lookupsMax: 1, waitingMax: 1 });
  const kinds = await Promise.all(
    ['a.test', 'b.test', 'c.test'].map(async (text) => (await resolver.lookup(name(text), 'A')).kind),
  );
  assert.deepEqual(kinds, ['found', 'found', 'failed']);
});

test('a network that cannot be used is a failure', async () => {
  const world = new World(() => undefined);
  const net: Net = { ...world.net, openDatagrams: () => Promise.reject(new Fault('EMFILE', 'too many open files')) };
  const servers = [{ address: '192.0.2.1', port: 53 }];
  const resolver = createStubResolver({ net, timers: world.timers, random: seededRandom(1), servers });
  assert.deepEqual(await ask(world, resolver), timedOut);
});

// ---- the two resolvers agree ----

test('over our own name server it answers what the zone resolver answers', async () => {
  const text = `
. 600 SOA a b 1 2 3 4 300
$ORIGIN example.com.
@ 60 MX 10 mail
@ TXT "v=spf1 " "-all"
@ TXT ""
mail 60 A 192.0.2.25
mail 60 AAAA 2001:db8::25
www 30 CNAME web.example.net.
web.example.net. 60 A 192.0.2.80
gone CNAME nowhere.test.
*.wild 60 TXT any
deep.ent 60 A 192.0.2.1
loop CNAME loop
big TXT ${`"${'x'.repeat(255)}" `.repeat(8)}
f\\046oo 60 PTR b\\200r.
`;
  const made = makeZoneSet(records(text));
  assert.ok(made.ok);
  const world = new World(({ octets, via }) => answerQuery(made.value, octets, { transport: via }));
  const byWire = world.resolver();
  const byText = resolverFromZone(text);
  const names = [
    'example.com',
    'mail.example.com',
    'www.example.com',
    'gone.example.com',
    'x.y.wild.example.com',
    'ent.example.com',
  ];
  for (const asked of [...names, 'loop.example.com', 'big.example.com', 'f.oo.example.com', 'nx.example.com', 'com']) {
    for (const type of ['A', 'AAAA', 'MX', 'TXT', 'PTR', 'CNAME'] as const) {
      assert.deepEqual(
        await ask(world, byWire, name(asked), type),
        await byText.lookup(name(asked), type),
        `${asked} ${type}`,
      );
    }
  }
});
