/**
 * Our name server beside BIND and Knot with the same zone, asked by programs that are not ours; our zone text read by BIND's
 * tools; and our server behind resolvers that are not ours.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { recordsToPublish, zoneLines } from '../../../src/entrances/cli/domain-records.ts';
import type { Domain } from '../../../src/entrances/cli/office-client.ts';
import { recordText, zoneText } from '../../../src/format/zone-file.ts';
import { type DigAnswer, type DigQuestion, dig, digAll } from '../../support/peers/dns/dig.ts';
import { type NameServer, startKnot, startNamed, startUnbound } from '../../support/peers/dns/name-servers.ts';
import { type OurServer, readZone, serveZone } from '../../support/peers/dns/our-server.ts';
import { skipDnsPeers } from '../../support/peers/dns/when-peers.ts';
import { run } from '../../support/sandbox-scene.ts';

const longText = Array.from({ length: 16 }, (_, i) => `"${String.fromCharCode(97 + i).repeat(255)}"`).join(' ');
const many = Array.from({ length: 300 }, (_, i) => `many A 198.18.${i >> 8}.${i & 255}`).join('\n');

const zoneSource = `
$TTL 300
$ORIGIN example.com.
@ 600 SOA ns host 7 7200 900 1209600 60
@ NS ns
@ MX 10 mail
@ MX 20 backup.example.org.
@ TXT "v=spf1 mx -all"
@ CAA 0 issue "ca.example; policy=ev"
ns A 192.0.2.53
mail A 192.0.2.25
mail AAAA 2001:db8::25
_25._tcp.mail TLSA 3 1 1 ${'ab'.repeat(32)}
_submission._tcp SRV 0 1 587 mail
host HINFO "PC" "any \\"system\\""
person RP who.example.com. text.example.com.
afs AFSDB 1 mail
enum NAPTR 100 10 "U" "E2U+email" "!^.*$!mailto:x@example.com!" .
ssh SSHFP 4 2 ${'cd'.repeat(32)}
signed DS 4711 13 2 ${'ef'.repeat(32)}
signed NS ns
mime._smimecert SMIMEA 3 0 1 ${'12'.repeat(32)}
pgp._openpgpkey OPENPGPKEY mQENBAAAAAE=
uri URI 10 1 "https://example.com/a b"
old SPF "v=spf1 -all"
odd TYPE65400 \\# 4 0a000001
text TXT "one" "two \\"quoted\\" \\\\ \\228\\252" ""
long TXT ${longText}
${many}
alias CNAME mail
chain1 CNAME chain2
chain2 CNAME chain3
chain3 CNAME mail
gone CNAME nowhere
out CNAME www.example.org.
loop1 CNAME loop2
loop2 CNAME loop1
*.wild TXT "any"
*.wild MX 10 mail
there.wild A 192.0.2.99
*.star CNAME mail
deep.ent A 192.0.2.1
sub NS ns.sub
ns.sub A 192.0.2.54
d\\.ot TXT "a dot in a label"
`;

/** Asked of ours, BIND and Knot alike: name, type. */
const questions: readonly DigQuestion[] = [
  ...['SOA', 'NS', 'MX', 'TXT', 'CAA', 'A', 'SRV'].map((type) => ['example.com', type] as const),
  ['ns.example.com', 'A'],
  ['mail.example.com', 'A'],
  ['mail.example.com', 'AAAA'],
  ['MAIL.eXample.COM', 'AAAA'],
  ['mail.example.com', 'MX'],
  ['_25._tcp.mail.example.com', 'TLSA'],
  ['_tcp.mail.example.com', 'TLSA'],
  ['_26._tcp.mail.example.com', 'TLSA'],
  ['_submission._tcp.example.com', 'SRV'],
  ['host.example.com', 'HINFO'],
  ['person.example.com', 'RP'],
  ['afs.example.com', 'AFSDB'],
  ['enum.example.com', 'NAPTR'],
  ['ssh.example.com', 'SSHFP'],
  ['signed.example.com', 'DS'],
  ['mime._smimecert.example.com', 'SMIMEA'],
  ['pgp._openpgpkey.example.com', 'OPENPGPKEY'],
  ['uri.example.com', 'URI'],
  ['old.example.com', 'SPF'],
  ['odd.example.com', 'TYPE65400'],
  ['text.example.com', 'TXT'],
  ['long.example.com', 'TXT'],
  ['many.example.com', 'A'],
  ['alias.example.com', 'A'],
  ['alias.example.com', 'AAAA'],
  ['alias.example.com', 'CNAME'],
  ['alias.example.com', 'TXT'],
  ['chain1.example.com', 'A'],
  ['gone.example.com', 'A'],
  ['out.example.com', 'A'],
  ['loop1.example.com', 'A'],
  ['a.wild.example.com', 'TXT'],
  ['a.b.wild.example.com', 'MX'],
  ['a.wild.example.com', 'A'],
  ['there.wild.example.com', 'TXT'],
  ['below.there.wild.example.com', 'TXT'],
  ['*.wild.example.com', 'TXT'],
  ['x.star.example.com', 'A'],
  ['wild.example.com', 'TXT'],
  ['ent.example.com', 'A'],
  ['nx.example.com', 'A'],
  ['a.very.deep.nx.example.com', 'MX'],
  ['x.sub.example.com', 'A'],
  ['sub.example.com', 'NS'],
  ['ns.sub.example.com', 'A'],
  ['d\\.ot.example.com', 'TXT'],
  ['example.org', 'A'],
  ['com', 'NS'],
];

const skip = skipDnsPeers('named', 'knotd', 'unbound', 'dig', 'kdig', 'host', 'nslookup', 'delv', 'named-compilezone');

/** Names of an answer without letter case: some servers give the question's spelling, some the zone's. */
function comparable({ status, flags, answer, authority }: DigAnswer) {
  const line = (text: string) => {
    const [owner = '', ...rest] = text.split(' ');
    return [owner.toLowerCase(), ...rest].join(' ');
  };
  return { status, flags, answer: answer.map(line).sort(), authority: authority.map(line).sort() };
}

describe('our name server among others', { skip }, () => {
  let ours: OurServer;
  const opened: AsyncDisposable[] = [];
  before(async () => {
    ours = await serveZone(zoneSource);
    opened.push(ours);
  });
  after(async () => {
    for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
  });
  const open = async <T extends AsyncDisposable>(opening: Promise<T>): Promise<T> => {
    const one = await opening;
    opened.push(one);
    return one;
  };
  const emitted = () => zoneText(readZone(zoneSource).records);

  describe('the same answers as BIND and Knot, which read the zone text that we write', () => {
    let bind: NameServer;
    let knot: NameServer;
    before(async () => {
      const zone = { origin: 'example.com', text: emitted() };
      bind = await open(startNamed([zone], { options: 'minimal-responses yes; minimal-any yes; max-udp-size 1232;' }));
      knot = await open(startKnot([zone], { server: 'udp-max-payload: 1232' }));
    });

    for (const way of ['+notcp', '+tcp']) {
      test(`${questions.length} questions, ${way}`, async () => {
        const [mine = [], binds = [], knots = []] = await Promise.all(
          [ours, bind, knot].map(async ({ endpoint }) =>
            (await digAll(endpoint, ['+norecurse', '+ignore', way], questions)).map(comparable),
          ),
        );
        for (const [i, [name, type]] of questions.entries()) {
          const peers = { BIND: binds[i], Knot: knots[i] };
          // A loop of aliases has no end: each server stops where it likes.
          if (name.startsWith('loop')) assert.ok(Object.values(peers).some((peer) => isDeepStrictEqual(mine[i], peer)));
          else
            for (const [peer, theirs] of Object.entries(peers))
              assert.deepEqual(mine[i], theirs, `${name} ${type} ${way} beside ${peer}`);
        }
      });
    }

    test('what is odd is turned away as they do', async () => {
      const asks: readonly (readonly [DigQuestion, ...string[]])[] = [
        [['example.com', 'A'], '+opcode=UPDATE'],
        [['example.com', 'A'], '+opcode=STATUS'],
        [['example.com', 'A'], '+opcode=9'],
        [['example.com', 'A'], '+edns=1', '+noednsnegotiation'],
        [['example.com', 'MX'], '+noedns'],
        [['example.com', 'MX'], '+dnssec'],
        [['example.com', 'MX'], '+ednsopt=65001:c0ffee', '+ednsflags=0x1234'],
        [['example.com', 'MX'], '+cookie'],
        [['example.com', 'MX'], '+cdflag', '+adflag'],
        [['example.com', 'MX'], '+recurse'],
      ];
      for (const [question, ...options] of asks) {
        const [mine, theirs] = await Promise.all(
          [ours, bind].map(({ endpoint }) => dig(endpoint, question, ...options)),
        );
        assert.ok(mine && theirs);
        const what = [...question, ...options].join(' ');
        const shape = ({ status, answer }: DigAnswer) => ({ status: isNo(status) ? 'no' : status, answer });
        assert.deepEqual(shape(mine), shape(theirs), what);
        const edns = /; EDNS: version: 0, flags:( do)?/.exec(mine.text)?.[0];
        assert.equal(edns, /; EDNS: version: 0, flags:( do)?/.exec(theirs.text)?.[0], what); // RFC 3225 §3, RFC 6891 §6.1.1
      }
      for (const type of ['AXFR', 'IXFR=1']) {
        const ran = await run('dig', [
          `@127.0.0.1`,
          '-p',
          String(ours.endpoint.port),
          '+time=5',
          '+tries=1',
          'example.com',
          type,
        ]);
        assert.match(ran.out, /Transfer failed/, ran.out);
        assert.doesNotMatch(ran.out, /192\.0\.2|v=spf1/);
      }
      for (const inClass of ['CH', 'HS', 'ANY']) {
        const ran = await run('dig', [
          '@127.0.0.1',
          '-p',
          String(ours.endpoint.port),
          '-c',
          inClass,
          'version.bind',
          'TXT',
        ]);
        assert.match(ran.out, /status: REFUSED/, ran.out);
      }
    });

    test('the letter case of the question comes back', async () => {
      const text = (await dig(ours.endpoint, ['mAiL.eXaMpLe.CoM', 'A'], '+question')).text;
      assert.match(text, /^;mAiL\.eXaMpLe\.CoM\. IN A$/m);
      assert.match(text, /^mAiL\.eXaMpLe\.CoM\. 300 IN A 192\.0\.2\.25$/m);
    });

    test('ANY is one small record over UDP, where it could hurt others', async () => {
      const any = await dig(ours.endpoint, ['example.com', 'ANY'], '+notcp', '+ignore');
      assert.equal(any.answer.length, 1);
      assert.match(String(any.answer), /HINFO "RFC8482" ""/);
    });

    test('what is too long comes truncated, and whole by TCP; the size the client names is kept', async () => {
      for (const [size, cut] of [
        ['512', true],
        ['1232', true],
        ['65535', true],
      ] as const) {
        const answer = await dig(ours.endpoint, ['many.example.com', 'A'], '+ignore', `+bufsize=${size}`);
        assert.equal(/\btc\b/.test(answer.flags), cut);
        assert.ok(Number(/MSG SIZE rcvd: (\d+)/.exec(answer.text)?.[1]) <= Math.min(Number(size), 1232));
      }
      const whole = await dig(ours.endpoint, ['many.example.com', 'A'], '+bufsize=512');
      assert.equal(whole.answer.length, 300);
      assert.match(whole.text, /\(TCP\)/);
      const long = await dig(ours.endpoint, ['long.example.com', 'TXT']);
      assert.equal(String(long.answer).match(/[a-p]{255}/g)?.length, 16);
    });
  });

  describe('our zone text', () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-zone-'));
    after(() => rmSync(folder, { recursive: true, force: true }));

    test('named-compilezone reads every record of it as we do', async () => {
      writeFileSync(join(folder, 'in'), emitted());
      const ran = await run('named-compilezone', [
        '-r',
        'fail',
        '-k',
        'ignore',
        '-i',
        'none',
        '-o',
        join(folder, 'out'),
        'example.com',
        join(folder, 'in'),
      ]);
      assert.equal(ran.code, 0, ran.out + ran.err);
      const lines = (text: string) =>
        readZone(text)
          .records.map((record) => recordText(record).toLowerCase())
          .sort();
      assert.deepEqual(lines(readFileSync(join(folder, 'out'), 'latin1')), lines(zoneSource));
    });

    test('named-checkzone takes the records that `domains show` asks for', async () => {
      const key = `v=DKIM1; k=rsa; p=${'A'.repeat(392)}`;
      const domain: Domain = {
        name: 'example.com',
        object: 'domain',
        unicode: 'example.com',
        created_at: '2026-01-01T00:00:00Z',
        receives: true,
        proof: { name: '_posthorn.example.com', type: 'TXT', value: 'posthorn-domain=x' },
        dkim_keys: [
          {
            selector: 's1',
            algorithm: 'rsa-sha256',
            state: 'active',
            since: '2026-01-01T00:00:00Z',
            record: { name: 's1._domainkey.example.com', type: 'TXT', value: key },
          },
        ],
      };
      const lines = zoneLines(recordsToPublish(domain, 'mail.example.com'));
      const zone = [
        '$TTL 300',
        'example.com. SOA ns host 1 2h 15m 2w 5m',
        'example.com. NS ns.example.org.',
        'mail.example.com. A 192.0.2.25',
        ...lines,
        '',
      ];
      writeFileSync(join(folder, 'domain'), zone.join('\n'));
      const ran = await run('named-checkzone', [
        '-D',
        '-r',
        'fail',
        '-m',
        'fail',
        '-M',
        'fail',
        '-i',
        'local',
        'example.com',
        join(folder, 'domain'),
      ]);
      assert.equal(ran.code, 0, ran.out + ran.err);
      assert.match(ran.out, /s1\._domainkey\.example\.com\.\s.*"v=DKIM1; k=rsa; p=A{237}" "A{155}"/);
      assert.match(ran.out, /^bounce\.example\.com\..*IN MX\s+10 mail\.example\.com\.$/m);
    });
  });

  describe('clients', () => {
    const at = () => ({ port: String(ours.endpoint.port) });

    test('kdig: over UDP and TCP, with EDNS and without', async () => {
      for (const options of [['+notcp'], ['+tcp'], ['+noedns'], ['+tcp', '+keepopen'], ['+padding=128']]) {
        const ran = await run('kdig', [
          '@127.0.0.1',
          '-p',
          at().port,
          '+retry=0',
          ...options,
          'example.com',
          'MX',
          'mail.example.com',
          'AAAA',
        ]);
        assert.equal(ran.code, 0, ran.out + ran.err);
        assert.doesNotMatch(ran.out + ran.err, /WARNING(?!: recursion)|malformed/i);
        assert.match(ran.out, /example\.com\.\s+300\s+IN\s+MX\s+10 mail\.example\.com\./);
        assert.match(ran.out, /mail\.example\.com\.\s+300\s+IN\s+AAAA\s+2001:db8::25/);
      }
    });

    test('host: what a domain has, and that a name does not exist', async () => {
      const host = (...words: string[]) => run('host', ['-p', at().port, '-W', '5', '-R', '1', ...words, '127.0.0.1']);
      const found = await host('alias.example.com');
      assert.equal(found.code, 0, found.out);
      assert.match(
        found.out,
        /alias\.example\.com is an alias for mail\.example\.com\.\nmail\.example\.com has address 192\.0\.2\.25\nmail\.example\.com has IPv6 address 2001:db8::25\n/,
      );
      const missing = await host('nx.example.com');
      assert.equal(missing.code, 1);
      assert.match(missing.out, /not found: 3\(NXDOMAIN\)/);
      assert.match((await host('-t', 'AXFR', 'example.com')).out, /Transfer failed|REFUSED|failed/);
    });

    test('nslookup', async () => {
      const ran = await run('nslookup', [`-port=${at().port}`, '-type=MX', 'example.com', '127.0.0.1']);
      assert.equal(ran.code, 0, ran.out);
      assert.match(ran.out, /example\.com\s+mail exchanger = 10 mail\.example\.com\./);
      const missing = await run('nslookup', [`-port=${at().port}`, 'nx.example.com', '127.0.0.1']);
      assert.match(missing.out, /server can't find nx\.example\.com: NXDOMAIN/);
    });

    test('delv', async () => {
      const ran = await run('delv', ['@127.0.0.1', '-p', at().port, '-i', 'chain1.example.com', 'A']);
      assert.equal(ran.code, 0, ran.out + ran.err);
      assert.match(
        ran.out,
        /chain3\.example\.com\.\s+300\s+IN\s+CNAME\s+mail\.example\.com\.\nmail\.example\.com\.\s+300\s+IN\s+A\s+192\.0\.2\.25/,
      );
    });
  });

  describe('behind resolvers', () => {
    let unbound: NameServer;
    let bind: NameServer;
    before(async () => {
      const stubs = [{ origin: 'example.com', at: ours.endpoint }];
      // Letter case is mixed at random, and an answer that does not keep it is thrown away.
      unbound = await open(
        startUnbound({
          stubs,
          server: 'use-caps-for-id: yes\n  harden-below-nxdomain: yes\n  qname-minimisation-strict: yes',
        }),
      );
      bind = await open(startNamed([], { forward: { origin: 'example.com', to: ours.endpoint } }));
    });
    const cases: readonly (readonly [string, string, string, RegExp])[] = [
      ['example.com', 'MX', 'NOERROR', /IN MX 10 mail\.example\.com\./],
      ['mail.example.com', 'AAAA', 'NOERROR', /2001:db8::25/],
      ['chain1.example.com', 'A', 'NOERROR', /IN A 192\.0\.2\.25/],
      ['deep.ent.example.com', 'A', 'NOERROR', /IN A 192\.0\.2\.1/],
      ['a.b.wild.example.com', 'TXT', 'NOERROR', /IN TXT "any"/],
      ['_25._tcp.mail.example.com', 'TLSA', 'NOERROR', /IN TLSA 3 1 1 /],
      ['long.example.com', 'TXT', 'NOERROR', /p{255}/],
      ['odd.example.com', 'TYPE65400', 'NOERROR', /\\# 4 0A000001/],
      ['ent.example.com', 'TXT', 'NOERROR', /^$/],
      ['gone.example.com', 'A', 'NXDOMAIN', /CNAME nowhere/],
      ['nx.example.com', 'A', 'NXDOMAIN', /^$/],
    ];
    for (const which of ['unbound', 'BIND'] as const) {
      test(`${which}: ${cases.length} questions, then the zone's negative answers from its cache`, async () => {
        const { endpoint } = which === 'unbound' ? unbound : bind;
        const answers = await digAll(
          endpoint,
          ['+recurse'],
          cases.map(([name, type]) => [name, type]),
        );
        for (const [i, [name, type, status, expected]] of cases.entries()) {
          assert.equal(answers[i]?.status, status, `${name} ${type}: ${answers[i]?.text}`);
          assert.match(answers[i]?.answer.join('\n') ?? '', expected, `${name} ${type}`);
        }
        const many300 = await dig(endpoint, ['many.example.com', 'A'], '+recurse');
        assert.equal(many300.answer.length, 300);
        const again = await dig(endpoint, ['nx.example.com', 'A'], '+recurse');
        const [, negativeTtl] = /^example\.com\. (\d+) IN SOA /m.exec(again.text) ?? [];
        assert.ok(Number(negativeTtl) <= 60, again.text); // RFC 2308 §5: the SOA's MINIMUM
      });
    }
  });
});

/** Servers differ in which "no" they say to what they do not do. */
function isNo(status: string): boolean {
  return ['NOTIMP', 'REFUSED', 'FORMERR', 'NOTAUTH'].includes(status);
}
