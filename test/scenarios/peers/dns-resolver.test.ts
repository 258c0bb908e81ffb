/**
 * Our resolver over name servers that are not ours: BIND and Knot as authorities, unbound and BIND as resolvers, signed zones
 * behind validators, and servers that are slow, broken or lie.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RecordType } from '../../../src/protocol/dns/types.ts';
import { dig } from '../../support/peers/dns/dig.ts';
import {
  type Asked,
  codes,
  elsewhere,
  flags,
  type Liar,
  type Script,
  startLiar,
} from '../../support/peers/dns/liar.ts';
import { type NameServer, startKnot, startNamed, startUnbound } from '../../support/peers/dns/name-servers.ts';
import { ourResolver } from '../../support/peers/dns/our-resolver.ts';
import { forge, type SignedZone, signZone } from '../../support/peers/dns/sign-zone.ts';
import { skipDnsPeers } from '../../support/peers/dns/when-peers.ts';

const strings = Array.from({ length: 16 }, (_, i) => String.fromCharCode(97 + i).repeat(255));
const addresses = Array.from({ length: 300 }, (_, i) => `198.18.${i >> 8}.${i & 255}`);
const chain = (length: number) =>
  Array.from({ length }, (_, i) => `c${length}-${i} CNAME ${i + 1 < length ? `c${length}-${i + 1}` : 'mail'}`);

const zoneText = `$TTL 300
$ORIGIN peers.test.
@ 600 SOA ns host 7 7200 900 1209600 60
@ NS ns
@ MX 10 mail
@ MX 20 backup.example.org.
@ TXT "v=spf1 mx " "-all"
@ CAA 128 issue "ca.example; policy=ev"
ns A 192.0.2.53
mail A 192.0.2.25
mail AAAA 2001:db8:0::25
_25._tcp.mail TLSA 3 1 1 00ff${'ab'.repeat(30)}
_submission._tcp SRV 0 1 587 mail
5 PTR mail
old TYPE99 \\# 12 0b763d73706631202d616c6c
octets TXT "\\000\\255\\"\\\\"
long TXT ${strings.map((one) => `"${one}"`).join(' ')}
${addresses.map((address) => `many A ${address}`).join('\n')}
alias CNAME mail
${chain(8).join('\n')}
${chain(9).join('\n')}
loop1 CNAME loop2
loop2 CNAME loop1
gone CNAME nowhere
*.wild TXT "any"
deep.ent A 192.0.2.1
`;

const skip = skipDnsPeers('named', 'knotd', 'unbound', 'dig', 'dnssec-signzone', 'dnssec-keygen');
const opened: AsyncDisposable[] = [];

async function open<T extends AsyncDisposable>(opening: Promise<T>): Promise<T> {
  const one = await opening;
  opened.push(one);
  return one;
}

after(async () => {
  for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
});

const found = (records: unknown) => ({ kind: 'found', records, secure: false });

describe('our resolver over BIND, Knot and unbound', { skip }, () => {
  const servers: Record<string, NameServer> = {};
  before(async () => {
    const zone = { origin: 'peers.test', text: zoneText };
    const bind = await open(startNamed([zone]));
    const stubs = [{ origin: 'peers.test', at: bind.endpoint }];
    servers.BIND = bind;
    servers.Knot = await open(startKnot([zone]));
    servers.unbound = await open(startUnbound({ stubs }));
    servers['BIND, 512 octets over UDP'] = await open(
      startNamed([zone], { options: 'max-udp-size 512; edns-udp-size 512;' }),
    );
    servers['unbound, 4096 octets over UDP'] = await open(startUnbound({ stubs, server: 'max-udp-size: 4096' }));
  });

  for (const which of ['BIND', 'Knot', 'unbound', 'BIND, 512 octets over UDP', 'unbound, 4096 octets over UDP']) {
    const resolver = () => {
      const server = servers[which];
      assert.ok(server);
      return ourResolver([server.endpoint]);
    };

    test(`${which}: every kind of record, and every kind of "no"`, async () => {
      const { ask, sent } = resolver();
      const begunMs = performance.now();
      assert.partialDeepStrictEqual(await ask('mail.peers.test', 'A'), { ...found(['192.0.2.25']), ttlSeconds: 300 });
      assert.partialDeepStrictEqual(await ask('mail.peers.test', 'AAAA'), found(['2001:db8::25']));
      const mx = await ask('peers.test', 'MX');
      assert.deepEqual(mx.kind === 'found' && mx.records.toSorted((a, b) => a.preference - b.preference), [
        { preference: 10, exchange: 'mail.peers.test' },
        { preference: 20, exchange: 'backup.example.org' },
      ]);
      assert.partialDeepStrictEqual(await ask('peers.test', 'TXT'), found(['v=spf1 mx -all']));
      assert.partialDeepStrictEqual(await ask('peers.test', 'NS'), found(['ns.peers.test']));
      assert.partialDeepStrictEqual(
        await ask('peers.test', 'CAA'),
        found([{ flags: 128, tag: 'issue', value: 'ca.example; policy=ev' }]),
      );
      assert.partialDeepStrictEqual(
        await ask('peers.test', 'SOA'),
        found([{ primary: 'ns.peers.test', mailbox: 'host.peers.test', serial: 7, minimum: 60 }]),
      );
      const data = Uint8Array.from(Buffer.from(`00ff${'ab'.repeat(30)}`, 'hex'));
      const tlsa = [{ usage: 3, selector: 1, matching: 1, data }];
      assert.partialDeepStrictEqual(await ask('_25._tcp.mail.peers.test', 'TLSA'), found(tlsa));
      assert.partialDeepStrictEqual(
        await ask('_submission._tcp.peers.test', 'SRV'),
        found([{ priority: 0, weight: 1, port: 587, target: 'mail.peers.test' }]),
      );
      assert.partialDeepStrictEqual(await ask('5.peers.test', 'PTR'), found(['mail.peers.test']));
      assert.partialDeepStrictEqual(await ask('old.peers.test', 'SPF'), found(['v=spf1 -all']));
      assert.partialDeepStrictEqual(await ask('octets.peers.test', 'TXT'), found(['\0\xff"\\']));
      assert.partialDeepStrictEqual(await ask('alias.peers.test', 'CNAME'), found(['mail.peers.test']));
      assert.partialDeepStrictEqual(await ask('x.y.wild.peers.test', 'TXT'), found(['any']));
      const isNone = async (name: string, type: RecordType, why: string) => {
        const answer = await ask(name, type);
        assert.partialDeepStrictEqual(answer, { kind: 'none', why, secure: false });
        // The SOA record of one "no" lies in the resolver's cache for the next, and ages there by whole seconds.
        const agedSeconds = which.startsWith('unbound') ? Math.ceil((performance.now() - begunMs) / 1_000) : 0;
        const ttl = answer.kind === 'none' ? (answer.ttlSeconds ?? Number.NaN) : Number.NaN;
        assert.ok(ttl <= 60 && ttl >= 60 - agedSeconds, `${name} ${type}: ${ttl} s, at most ${agedSeconds} s old`);
      };
      await isNone('nx.peers.test', 'A', 'nxdomain');
      await isNone('mail.peers.test', 'MX', 'nodata');
      await isNone('ent.peers.test', 'A', 'nodata');
      await isNone('gone.peers.test', 'A', 'nxdomain');
      assert.deepEqual(sent, { udp: 18, tcp: 0 }, 'one datagram each: its letter case came back as it was sent');
    });

    test(`${which}: aliases to the end of our patience, loops`, async () => {
      const { ask } = resolver();
      const end = { ...found(['192.0.2.25']), canonicalName: 'mail.peers.test' };
      assert.partialDeepStrictEqual(await ask('alias.peers.test', 'A'), end);
      assert.partialDeepStrictEqual(await ask('c8-0.peers.test', 'A'), end);
      assert.deepEqual(await ask('c9-0.peers.test', 'A'), { kind: 'failed', why: 'servfail' });
      assert.deepEqual(await ask('loop1.peers.test', 'A'), { kind: 'failed', why: 'servfail' });
    });

    test(`${which}: 300 records and 4 KB of text come whole, by TCP where UDP cannot carry them`, async () => {
      const { ask, sent } = resolver();
      const many = await ask('many.peers.test', 'A');
      assert.deepEqual(many.kind === 'found' && many.records.toSorted(), addresses.toSorted());
      assert.partialDeepStrictEqual(await ask('long.peers.test', 'TXT'), found([strings.join('')]));
      assert.deepEqual(sent, { udp: 2, tcp: 2 });
    });
  }

  test('REFUSED by one leads to the next; by all it is a failure and never "no record"', async () => {
    const [bind, unbound] = [servers.BIND, servers.unbound];
    assert.ok(bind && unbound);
    const other = await open(startNamed([{ origin: 'other.test', text: zoneText.replace('peers', 'other') }]));
    assert.match((await dig(other.endpoint, ['peers.test', 'MX'])).status, /REFUSED/);
    const { ask, sent } = ourResolver([other.endpoint, bind.endpoint]);
    assert.partialDeepStrictEqual(await ask('mail.peers.test', 'A'), found(['192.0.2.25']));
    assert.equal(sent.udp, 2);
    const servfail = { kind: 'failed', why: 'servfail' };
    assert.deepEqual(await ourResolver([other.endpoint]).ask('mail.peers.test', 'A'), servfail);
  });

  test('an authority that is gone: the resolver in front of it says SERVFAIL, we never "no record"', async () => {
    const gone = await startNamed([{ origin: 'gone.test', text: zoneText.replace('peers', 'gone') }]);
    await gone[Symbol.asyncDispose]();
    const server = 'outbound-msg-retry: 1\n  unknown-server-time-limit: 50';
    const front = await open(startUnbound({ stubs: [{ origin: 'gone.test', at: gone.endpoint }], server }));
    const { ask } = ourResolver([front.endpoint], { attemptMs: 5_000, lookupMs: 9_000 });
    assert.deepEqual(await ask('mail.gone.test', 'A'), { kind: 'failed', why: 'servfail' });
  });
});

describe('DNSSEC: whose AD bit we believe', { skip }, () => {
  const records = (origin: string, more = '') => `$TTL 300
@ SOA ns host 1 7200 900 1209600 60
@ NS ns
@ MX 10 mail
ns A 192.0.2.53
mail A 192.0.2.25
mail AAAA 2001:db8::25
_25._tcp.mail TLSA 3 1 1 ${'ab'.repeat(32)}
*.wild TXT "any"
within CNAME mail.${origin}.
${more}`;
  let unbound: NameServer;
  /** Says SERVFAIL and never why. */
  let terse: NameServer;
  let bindValidating: NameServer;

  before(async () => {
    const [signed, expired, honest] = await Promise.all([
      signZone('signed.test', records('signed.test', 'out CNAME mail.plain.test.\nkin CNAME mail.knot.test.')),
      signZone('expired.test', records('expired.test'), { expired: true }),
      signZone('bogus.test', records('bogus.test')),
    ]);
    const bogus = forge(honest, '192.0.2.25', '203.0.113.66');
    const unsignedAnchor: SignedZone = {
      zone: { origin: 'stripped.test', text: records('stripped.test') },
      anchor: honest.anchor.replace('bogus', 'stripped'),
    };
    const plain = { origin: 'plain.test', text: records('plain.test', 'in CNAME mail.signed.test.') };
    const offline = [signed, expired, bogus, unsignedAnchor];
    const bind = await open(startNamed([...offline.map(({ zone }) => zone), plain]));
    const knot = await open(startKnot([{ origin: 'knot.test', text: records('knot.test') }], { signed: true }));
    const { answer } = await dig(knot.endpoint, ['knot.test', 'DNSKEY']);
    assert.equal(answer.length, 1);
    const anchors = [...offline.map(({ anchor }) => anchor), ...answer];
    const stubs = [...offline.map(({ zone }) => zone.origin), 'plain.test'].map((origin) => ({
      origin,
      at: bind.endpoint,
    }));
    const all = [...stubs, { origin: 'knot.test', at: knot.endpoint }];
    unbound = await open(startUnbound({ stubs: all, anchors }));
    terse = await open(startUnbound({ stubs: all, anchors, server: 'ede: no' }));
    bindValidating = await open(
      startNamed([], {
        forward: { origin: 'test', to: unbound.endpoint },
        anchors: offline.map(({ anchor }) => anchor),
      }),
    );
  });

  const trusting = () => ourResolver([{ ...unbound.endpoint, trustAd: true }], { attemptMs: 3_000, lookupMs: 6_000 });
  const secure = { secure: true };
  const insecure = { secure: false };

  for (const origin of ['signed.test', 'knot.test']) {
    test(`${origin}: what is there, what is not, and what a wildcard stands for is secure`, async () => {
      const { ask } = trusting();
      assert.partialDeepStrictEqual(await ask(origin, 'MX'), {
        ...found([{ preference: 10, exchange: `mail.${origin}` }]),
        ...secure,
      });
      assert.partialDeepStrictEqual(await ask(`mail.${origin}`, 'A'), secure);
      assert.partialDeepStrictEqual(await ask(`_25._tcp.mail.${origin}`, 'TLSA'), { kind: 'found', ...secure });
      assert.partialDeepStrictEqual(await ask(`x.wild.${origin}`, 'TXT'), { kind: 'found', ...secure });
      assert.partialDeepStrictEqual(await ask(`within.${origin}`, 'A'), {
        kind: 'found',
        canonicalName: `mail.${origin}`,
        ...secure,
      });
      assert.partialDeepStrictEqual(await ask(`mail.${origin}`, 'TLSA'), { kind: 'none', why: 'nodata', ...secure });
      assert.partialDeepStrictEqual(await ask(`nx.${origin}`, 'TLSA'), { kind: 'none', why: 'nxdomain', ...secure });
    });
  }

  test('an unsigned zone is found and not secure', async () => {
    const { ask } = trusting();
    assert.partialDeepStrictEqual(await ask('plain.test', 'MX'), { kind: 'found', ...insecure });
    assert.partialDeepStrictEqual(await ask('nx.plain.test', 'A'), { kind: 'none', ...insecure });
  });

  test('an alias is as secure as its weakest link', async () => {
    const { ask } = trusting();
    assert.partialDeepStrictEqual(await ask('out.signed.test', 'A'), {
      ...found(['192.0.2.25']),
      canonicalName: 'mail.plain.test',
      ...insecure,
    });
    assert.partialDeepStrictEqual(await ask('in.plain.test', 'A'), { ...found(['192.0.2.25']), ...insecure });
    assert.partialDeepStrictEqual(await ask('kin.signed.test', 'A'), { ...found(['192.0.2.25']), ...secure });
  });

  test('the AD bit of a server that is not trusted is nothing', async () => {
    assert.match((await dig(unbound.endpoint, ['signed.test', 'MX'], '+recurse', '+adflag')).flags, /\bad\b/);
    assert.partialDeepStrictEqual(await ourResolver([unbound.endpoint]).ask('signed.test', 'MX'), {
      kind: 'found',
      ...insecure,
    });
  });

  for (const origin of ['bogus.test', 'expired.test', 'stripped.test']) {
    test(`${origin} fails as bogus, and nobody who does not validate is asked instead`, async () => {
      await using careless = await startLiar(({ question }) => [answerA(question.name, '203.0.113.66')]);
      for (const [validator, why] of [
        [unbound, 'bogus'],
        [terse, 'servfail'],
      ] as const) {
        const servers = [{ ...validator.endpoint, trustAd: true }, careless.endpoint];
        const { ask } = ourResolver(servers, { attemptMs: 3_000, lookupMs: 6_000 });
        assert.deepEqual(await ask(`mail.${origin}`, 'A'), { kind: 'failed', why }, validator.log().slice(-800));
      }
      assert.deepEqual(careless.asked, []);
    });
  }

  test('BIND as the validator', async () => {
    const { ask } = ourResolver([{ ...bindValidating.endpoint, trustAd: true }], { attemptMs: 5_000, lookupMs: 9_000 });
    assert.partialDeepStrictEqual(await ask('signed.test', 'MX'), { kind: 'found', ...secure });
    assert.partialDeepStrictEqual(await ask('plain.test', 'MX'), { kind: 'found', ...insecure });
    assert.equal((await ask('mail.bogus.test', 'A')).kind, 'failed');
  });
});

function answerA(name: string, data: string) {
  return { answers: [{ name, type: 'A', ttl: 300, data }] };
}

describe('servers that are slow, broken or lie', { skip: skipDnsPeers('named') }, () => {
  let bind: NameServer;
  before(async () => {
    bind = await open(startNamed([{ origin: 'peers.test', text: zoneText }]));
  });
  const good = '192.0.2.25';
  const forged = '203.0.113.66';
  const honest = ({ question }: Asked) => answerA(question.name, good);

  async function through(script: Script, options?: { pieces: boolean }): Promise<{ liar: Liar; answer: unknown }> {
    const liar = await startLiar(script, options);
    opened.push(liar);
    return { liar, answer: await ourResolver([liar.endpoint]).ask('mail.peers.test', 'A') };
  }

  test('what is no answer to our question is passed over, and the answer after it counts', async () => {
    const { answer, liar } = await through((asked) => {
      const lie = answerA(asked.question.name, forged);
      return [
        { ...lie, id: asked.id ^ 1 },
        { ...lie, questions: [{ ...asked.question, type: 'AAAA' }] },
        { ...lie, questions: [{ ...asked.question, name: 'mail.others.test' }] },
        { ...lie, type: 'query' },
        { ...lie, [elsewhere]: true },
        Buffer.from('nonsense'),
        honest(asked),
      ];
    });
    assert.partialDeepStrictEqual(answer, found([good]));
    assert.equal(liar.asked.length, 1);
  });

  test('a stream of guesses makes us ask by TCP', async () => {
    const { answer, liar } = await through((asked) =>
      asked.via === 'tcp'
        ? [honest(asked)]
        : Array.from({ length: 10 }, (_, i) => ({ ...answerA(asked.question.name, forged), id: asked.id ^ (i + 1) })),
    );
    assert.partialDeepStrictEqual(answer, found([good]));
    assert.deepEqual(
      liar.asked.map(({ via }) => via),
      ['udp', 'tcp'],
    );
  });

  test('an answer in another letter case is asked for again by TCP', async () => {
    const { answer, liar } = await through((asked) => {
      const questions = [{ ...asked.question, name: asked.question.name.toLowerCase() }];
      return asked.via === 'tcp' ? [honest(asked)] : [{ ...answerA('mail.peers.test', forged), questions }];
    });
    assert.partialDeepStrictEqual(answer, found([good]));
    assert.notEqual(liar.asked[0]?.question.name, liar.asked[0]?.question.name.toLowerCase());
  });

  test('records under other names are not believed, not now and not later', async () => {
    const liar = await open(
      startLiar(({ question: { name } }) => {
        if (/^mail/i.test(name)) {
          const more = { name: 'www.bank.test', type: 'A', ttl: 300, data: forged };
          return [{ answers: [...answerA(name, good).answers, more], additionals: [more], authorities: [more] }];
        }
        return [answerA(name, '192.0.2.80')];
      }),
    );
    const { ask } = ourResolver([liar.endpoint]);
    assert.partialDeepStrictEqual(await ask('mail.peers.test', 'A'), found([good]));
    assert.partialDeepStrictEqual(await ask('www.bank.test', 'A'), found(['192.0.2.80']));
  });

  test('an answer of another type, or of another name alone, is no answer', async () => {
    const { answer } = await through(({ question }) => [
      {
        flags: flags.available | flags.authoritative,
        answers: [
          { name: question.name, type: 'AAAA', ttl: 300, data: '2001:db8::66' },
          { name: 'elsewhere.test', type: 'A', ttl: 300, data: forged },
        ],
      },
    ]);
    assert.partialDeepStrictEqual(answer, { kind: 'none', why: 'nodata', ttlSeconds: 0 });
  });

  test('truncated over UDP, octet by octet over TCP', async () => {
    const { answer } = await through(
      (asked) => [
        asked.via === 'tcp' ? honest(asked) : { ...answerA(asked.question.name, forged), flags: flags.truncated },
      ],
      { pieces: true },
    );
    assert.partialDeepStrictEqual(answer, found([good]));
  });

  test('truncated over UDP and silent, or cut, over TCP: a failure', async () => {
    for (const tcp of [[], [Buffer.of(0, 60)], [Buffer.from('nonsense')]]) {
      const { answer } = await through((asked) => (asked.via === 'tcp' ? tcp : [{ flags: flags.truncated }]));
      assert.deepEqual(answer, { kind: 'failed', why: 'timeout' });
    }
  });

  test('a server that knows no EDNS is asked without', async () => {
    const { answer, liar } = await through((asked) =>
      asked.edns ? [{ rcode: codes.formatError, questions: [] }] : [honest(asked)],
    );
    assert.partialDeepStrictEqual(answer, found([good]));
    assert.deepEqual(
      liar.asked.map(({ edns }) => edns),
      [true, false],
    );
  });

  test('silent, failing and nonsensical servers before a good one: the good one answers, and is asked first from then on', async () => {
    for (const script of [
      () => [],
      () => [{ rcode: codes.serverFailure }],
      () => [Buffer.from('nonsense')],
      () => [{ flags: 0, authorities: [{ name: 'test', type: 'NS', ttl: 300, data: 'ns.test' }] }],
    ] satisfies Script[]) {
      const bad = await open(startLiar(script));
      const { ask } = ourResolver([bad.endpoint, bind.endpoint]);
      assert.partialDeepStrictEqual(await ask('mail.peers.test', 'A'), found([good]));
      assert.partialDeepStrictEqual(await ask('alias.peers.test', 'A'), found([good]));
    }
    const silent = await open(startLiar(() => []));
    const { ask } = ourResolver([silent.endpoint, bind.endpoint]);
    await ask('mail.peers.test', 'A');
    await ask('alias.peers.test', 'A');
    assert.equal(silent.asked.length, 1, 'who was silent is asked last for a while');
  });

  test('all silent: a timeout within the time of a lookup', async () => {
    const silent = await open(startLiar(() => []));
    const { ask } = ourResolver([silent.endpoint, silent.endpoint], { attemptMs: 200, lookupMs: 500 });
    assert.deepEqual(await ask('mail.peers.test', 'A'), { kind: 'failed', why: 'timeout' });
    assert.ok(silent.asked.length >= 2);
  });

  test('aliases without end', async () => {
    const { answer, liar } = await through(({ question: { name } }) => [
      { answers: [{ name, type: 'CNAME', ttl: 300, data: `x${name}` }] },
    ]);
    assert.deepEqual(answer, { kind: 'failed', why: 'servfail' });
    assert.equal(liar.asked.length, 9);
  });

  test('a reply of 60,000 octets by TCP', async () => {
    const { answer } = await through((asked) =>
      asked.via === 'udp'
        ? [{ flags: flags.truncated }]
        : [
            {
              answers: Array.from({ length: 3_000 }, (_, i) => ({
                name: asked.question.name,
                type: 'A',
                ttl: 9,
                data: `10.0.${i >> 8}.${i & 255}`,
              })).slice(0, 1_500),
            },
          ],
    );
    assert.equal((answer as { records: unknown[] }).records.length, 1_500);
  });
});
