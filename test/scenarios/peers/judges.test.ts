/**
 * What we sign and publish, judged by programs we did not write: signatures as Postfix received them, by OpenDKIM, dkimpy and
 * Mail::DKIM; SPF records as our name server answers them, by pyspf and Mail::SPF.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { createNodeNet } from '../../../src/adapters/net/node-net.ts';
import { createStubResolver } from '../../../src/adapters/resolver/stub-resolver.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { systemRandom } from '../../../src/base/random.ts';
import { evaluateSpf } from '../../../src/protocol/spf/evaluate-spf.ts';
import { endsWith, largeLetter, oddLetter, trace } from '../../support/peers/odd-letters.ts';
import { noOpenDkim, startOpenDkim } from '../../support/peers/opendkim.ts';
import { ann, juergen } from '../../support/peers/peer-office.ts';
import { openPeerWorld, type PeerWorld } from '../../support/peers/peer-world.ts';
import { postfix, postfixMissing } from '../../support/peers/postfix.ts';
import { injectTaken } from '../../support/peers/smtp-injector.ts';
import { peersMissing } from '../../support/peers/wanted.ts';
import { missing, run } from '../../support/sandbox-scene.ts';

/** The system's own interpreters: distributions put their packages there. */
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const perl = existsSync('/usr/bin/perl') ? '/usr/bin/perl' : 'perl';
const noPythonJudges = peersMissing(() => missing(python, ['-c', 'import dkim, nacl, spf, DNS'], 'dkimpy or pyspf'));
const noPerlJudges = peersMissing(() =>
  missing(perl, ['-MMail::DKIM', '-MMail::SPF', '-MNet::DNS', '-MJSON::PP', '-e1'], 'Mail::DKIM or Mail::SPF'),
);

const to = `judge@${postfix.domain}`;

/** Letters of many shapes, each signed by us and received by Postfix. */
const letters: Readonly<Record<string, { readonly from: string; readonly octets: Buffer }>> = {
  plain: { from: ann, octets: letter('plain', ['Hello', '']) },
  'without a body': { from: ann, octets: letter('without a body', []) },
  'blank lines only': { from: ann, octets: letter('blank lines only', ['', '', '  ', '', '']) },
  'odd octets': { from: ann, octets: oddLetter({ from: ann, to, subject: 'odd octets' }) },
  'a megabyte': { from: ann, octets: largeLetter({ from: ann, to, subject: 'a megabyte' }, 1_000_000) },
  'header beyond ASCII': {
    from: `<${juergen}> SMTPUTF8`,
    octets: Buffer.from(letter('header beyond ASCII', ['Grüße', ''], `Jürgen <${juergen}>`)),
  },
};

function letter(subject: string, body: readonly string[], from = ann): Buffer {
  const header = [`From: ${from}`, `To: ${to}`, `Subject: ${subject}`, ...trace(subject), 'X-Long: a', ' b', '\tc  '];
  return Buffer.from([...header, '', ...body].join('\r\n'));
}

/** Of a signature: what a judge says, by algorithm. */
type Said = { readonly algorithm: string; readonly domain: string; readonly result: string };

describe('judges we did not write', { skip: postfixMissing(noOpenDkim) }, () => {
  let world: PeerWorld;
  /** As received, by subject. */
  const received = new Map<string, Buffer>();

  before(async () => {
    world = await openPeerWorld(postfix, { milter: startOpenDkim, zone: spfZone });
    for (const [subject, { from, octets }] of Object.entries(letters)) {
      await world.office.submit({ from, to: [to], octets });
      const found = await world.box.find(subject, (one) => one.octets.includes(`Subject: ${subject}`));
      received.set(subject, found.octets);
    }
  });
  after(() => world.close());

  const unchanged = () => [...received].map(([subject, octets]) => ({ subject, octets }));

  /** What breaks a signature: a judge that says yes to these says nothing. */
  function forged(): { readonly subject: string; readonly octets: Buffer }[] {
    const octets = received.get('plain');
    assert.ok(octets);
    const whole = octets.toString('latin1');
    return [
      { subject: 'body changed', octets: Buffer.from(whole.replace('\r\n\r\nHello', '\r\n\r\nHallo'), 'latin1') },
      { subject: 'subject changed', octets: Buffer.from(whole.replace('Subject: plain', 'Subject: plane'), 'latin1') },
      // On top, where a reader looks first and a signature last (RFC 6376 §5.4.2): only oversigning finds them.
      { subject: 'second From', octets: Buffer.from(`From: evil@else.test\r\n${whole}`, 'latin1') },
      { subject: 'second Subject', octets: Buffer.from(`Subject: a better one\r\n${whole}`, 'latin1') },
    ];
  }

  test('OpenDKIM, beside Postfix, accepts both signatures of every letter', () => {
    for (const { subject, octets } of unchanged()) {
      assert.deepEqual(openDkimSaid(octets), both(subject, 'pass'), octets.toString('latin1').slice(0, 2_000));
    }
  });

  test('OpenDKIM accepts none of a forged one', async () => {
    for (const { subject, octets } of forged()) {
      const copy = Buffer.from(
        octets.toString('latin1').replace(/^Authentication-Results:(?:.*\r\n[ \t])*.*\r\n/im, ''),
        'latin1',
      );
      await injectTaken({
        port: world.peer.ports.plain,
        from: 'evil@else.test',
        to: [`forged@${postfix.domain}`],
        octets: copy,
      });
      const found = await world.box.find(
        subject,
        (one) => one.to[0]?.startsWith('<forged') === true && endsWith(one.octets, copy),
      );
      assert.deepEqual(openDkimSaid(found.octets), both('plain', 'fail'), subject);
    }
  });

  describe('dkimpy', { skip: noPythonJudges }, () => {
    test('accepts both signatures of every letter', async () => {
      const said = await dkimpySays(world, unchanged());
      for (const [at, { subject }] of unchanged().entries()) assert.deepEqual(said[at], both(subject, 'pass'), subject);
    });

    test('accepts none of a forged one', async () => {
      const said = await dkimpySays(world, forged());
      for (const [at, { subject }] of forged().entries()) assert.deepEqual(said[at], both('plain', 'fail'), subject);
    });
  });

  describe('Mail::DKIM', { skip: noPerlJudges }, () => {
    // The version of Debian 12 knows no Ed25519 and says so; RFC 8463 §3 is why each letter has an RSA signature as well.
    const noEd25519 = 'invalid (unsupported algorithm ed25519-sha256)';

    test('accepts the RSA signature of every letter, and cannot read the other', async () => {
      const said = await mailDkimSays(world, unchanged());
      for (const [at, { subject }] of unchanged().entries()) {
        const [rsa, ed25519] = both(subject, 'pass');
        assert.deepEqual(said[at], [rsa, { ...ed25519, result: noEd25519 }], subject);
      }
    });

    test('accepts none of a forged one', async () => {
      const said = await mailDkimSays(world, forged());
      for (const [at, { subject }] of forged().entries()) {
        const [rsa, ed25519] = said[at] ?? [];
        assert.match(rsa?.result ?? '', /^fail /, subject);
        assert.equal(ed25519?.result, noEd25519, subject);
      }
    });
  });

  describe('SPF of the zones our name server answers', () => {
    test('we say what stands in the table', async () => {
      const servers = [world.office.dns];
      const resolver = createStubResolver({ net: createNodeNet(), timers: systemClock, random: systemRandom, servers });
      for (const { ip, from, result } of spfCases) {
        const said = await evaluateSpf(resolver, { remoteAddress: ip, mailFrom: from, helo: 'mx.example.com' });
        assert.equal(said.result, result, `${ip} ${from}`);
      }
    });

    test('pyspf says the same', { skip: noPythonJudges }, async () => {
      assert.deepEqual(
        await pyspfSays(world),
        spfCases.map(({ result }) => result),
      );
    });

    test('Mail::SPF says the same', { skip: noPerlJudges }, async () => {
      assert.deepEqual(
        await mailSpfSays(world),
        spfCases.map(({ result }) => result),
      );
    });
  });

  test('nothing of it has led the office into trouble', () => assert.deepEqual(world.office.errors, []));
});

/** In the order in which they stand in a letter. */
function both(subject: string, result: string): Said[] {
  const domain = letters[subject]?.from.includes(juergen) ? 'xn--bcher-kva.example' : 'example.com';
  return [
    { algorithm: 'rsa-sha256', domain, result },
    { algorithm: 'ed25519-sha256', domain, result },
  ];
}

function openDkimSaid(octets: Buffer): Said[] {
  const [field] = /^Authentication-Results:(?:.*\r\n[ \t])*.*\r\n/im.exec(octets.toString('latin1')) ?? [];
  assert.ok(field, 'OpenDKIM said nothing');
  assert.match(field, new RegExp(`^Authentication-Results: ${postfix.host};`));
  return field
    .replaceAll(/\s+/g, ' ')
    .split(';')
    .flatMap((part) => {
      const [, result = ''] = /\bdkim=(\w+)/.exec(part) ?? [];
      const [, domain = ''] = /header\.d=(\S+)/.exec(part) ?? [];
      const [, algorithm = ''] = /header\.a=(\S+)/.exec(part) ?? [];
      return result === '' ? [] : [{ algorithm, domain, result }];
    });
}

async function judge<T>(program: string, args: readonly string[], world: PeerWorld, question: unknown): Promise<T> {
  const input = JSON.stringify({ host: world.office.dns.address, port: world.office.dns.port, question });
  const ran = await run(program, args, { input });
  assert.equal(ran.code, 0, ran.err);
  return JSON.parse(ran.out) as T;
}

type Exhibit = { readonly octets: Buffer };
const encoded = (exhibits: readonly Exhibit[]) => exhibits.map(({ octets }) => octets.toString('base64'));

const pythonDns = `
import base64, json, sys
import DNS
given = json.load(sys.stdin)
`;

function dkimpySays(world: PeerWorld, exhibits: readonly Exhibit[]): Promise<Said[][]> {
  const script = `${pythonDns}
import dkim
DNS.defaults['server'], DNS.defaults['port'] = [given['host']], given['port']
def txt(name, timeout=5):
  answer = DNS.DnsRequest(name.decode() if isinstance(name, bytes) else name, qtype='TXT', timeout=timeout).req()
  for one in answer.answers:
    if one['typename'] == 'TXT': return b''.join(one['data'])
out = []
for text in given['question']:
  one = dkim.DKIM(base64.b64decode(text))
  fields = [value for name, value in one.headers if name.lower() == b'dkim-signature']
  said = []
  for at in range(len(fields)):
    tags = dkim.util.parse_tag_value(fields[at])
    try: result = 'pass' if one.verify(idx=at, dnsfunc=txt) else 'fail'
    except dkim.DKIMException as error: result = 'fail' if isinstance(error, dkim.ValidationError) else repr(error)
    said.append({'algorithm': tags[b'a'].decode(), 'domain': tags[b'd'].decode(), 'result': result})
  out.append(said)
print(json.dumps(out))
`;
  return judge(python, ['-c', script], world, encoded(exhibits));
}

const perlDns = `
use strict; use warnings; use JSON::PP; use MIME::Base64; use Net::DNS;
my $given = decode_json(join '', <STDIN>);
my $resolver = Net::DNS::Resolver->new(nameservers => [$given->{host}], port => $given->{port}, recurse => 0);
`;

function mailDkimSays(world: PeerWorld, exhibits: readonly Exhibit[]): Promise<Said[][]> {
  const script = `${perlDns}
use Mail::DKIM::Verifier; use Mail::DKIM::DNS;
Mail::DKIM::DNS::resolver($resolver);
my @out;
for my $text (@{$given->{question}}) {
  my $verifier = Mail::DKIM::Verifier->new;
  $verifier->PRINT(decode_base64($text));
  $verifier->CLOSE;
  push @out, [map { { algorithm => $_->algorithm, domain => $_->domain, result => $_->result_detail } } $verifier->signatures];
}
print encode_json(\\@out);
`;
  return judge(perl, ['-e', script], world, encoded(exhibits));
}

type SpfCase = { readonly ip: string; readonly from: string; readonly result: string };

/** Of the office itself, then of records that take more to understand. RFC 7208 §4.6.4, §5, §7 */
const spfCases: readonly SpfCase[] = [
  { ip: '127.0.0.1', from: 'ann@example.com', result: 'pass' },
  { ip: '192.0.2.1', from: 'ann@example.com', result: 'fail' },
  { ip: '127.0.0.1', from: 'b+m1@bounce.example.com', result: 'pass' },
  { ip: '192.0.2.1', from: 'b+m1@bounce.example.com', result: 'fail' },
  { ip: '127.0.0.1', from: 'x@xn--bcher-kva.example', result: 'pass' },
  { ip: '192.0.2.77', from: 'x@net.judged.example', result: 'pass' },
  { ip: '2001:db8:1::5', from: 'x@net.judged.example', result: 'pass' },
  { ip: '2001:db8:2::5', from: 'x@net.judged.example', result: 'fail' },
  { ip: '192.0.2.77', from: 'x@include.judged.example', result: 'pass' },
  { ip: '198.51.100.1', from: 'x@include.judged.example', result: 'softfail' },
  { ip: '192.0.2.77', from: 'x@redirect.judged.example', result: 'pass' },
  { ip: '198.51.100.1', from: 'x@redirect.judged.example', result: 'fail' },
  { ip: '192.0.2.5', from: 'bob@macro.judged.example', result: 'pass' },
  { ip: '192.0.2.5', from: 'eve@macro.judged.example', result: 'neutral' },
  { ip: '198.51.100.35', from: 'x@mx.judged.example', result: 'pass' },
  { ip: '198.51.100.49', from: 'x@mx.judged.example', result: 'neutral' },
  { ip: '192.0.2.77', from: 'x@ten.judged.example', result: 'fail' },
  { ip: '192.0.2.77', from: 'x@eleven.judged.example', result: 'permerror' },
  { ip: '192.0.2.77', from: 'x@two.judged.example', result: 'permerror' },
  { ip: '192.0.2.77', from: 'x@typo.judged.example', result: 'permerror' },
  { ip: '192.0.2.77', from: 'x@lost.judged.example', result: 'permerror' },
  { ip: '192.0.2.77', from: 'x@nothing.judged.example', result: 'none' },
];

const spfZone: readonly string[] = [
  'net.judged.example. TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8:1::/48 -all"',
  'include.judged.example. TXT "v=spf1 include:net.judged.example ~all"',
  'redirect.judged.example. TXT "v=spf1 redirect=net.judged.example"',
  'macro.judged.example. TXT "v=spf1 exists:%{ir}.%{l}._spf.%{d} ?all"',
  '5.2.0.192.bob._spf.macro.judged.example. A 127.0.0.2',
  'mx.judged.example. TXT "v=spf1 mx/28 ?all"',
  'mx.judged.example. MX 10 host.judged.example.',
  'host.judged.example. A 198.51.100.33',
  ...[10, 11].map((count) => {
    const terms = Array.from({ length: count }, (_, at) => `a:host${at}.judged.example`).join(' ');
    return `${count === 10 ? 'ten' : 'eleven'}.judged.example. TXT "v=spf1 ${terms} -all"`;
  }),
  ...Array.from({ length: 11 }, (_, at) => `host${at}.judged.example. A 198.51.100.${at + 1}`),
  'two.judged.example. TXT "v=spf1 +all"',
  'two.judged.example. TXT "v=spf1 -all"',
  'typo.judged.example. TXT "v=spf1 ip4:192.0.2.0/24 inclde:net.judged.example -all"',
  'lost.judged.example. TXT "v=spf1 include:nothing.judged.example -all"',
  'nothing.judged.example. TXT "no record of SPF"',
];

function pyspfSays(world: PeerWorld): Promise<string[]> {
  const script = `${pythonDns}
import spf
DNS.defaults['server'], DNS.defaults['port'] = [given['host']], given['port']
try: # which it prefers
  import dns.resolver
  dns.resolver.default_resolver = dns.resolver.Resolver(configure=False)
  dns.resolver.default_resolver.nameservers, dns.resolver.default_resolver.port = [given['host']], given['port']
except ImportError: pass
print(json.dumps([spf.check2(i=one['ip'], s=one['from'], h='mx.example.com')[0] for one in given['question']]))
`;
  return judge(python, ['-c', script], world, spfCases);
}

function mailSpfSays(world: PeerWorld): Promise<string[]> {
  const script = `${perlDns}
use Mail::SPF;
my $server = Mail::SPF::Server->new(dns_resolver => $resolver);
print encode_json([map {
  my $request = Mail::SPF::Request->new(scope => 'mfrom', identity => $_->{from}, ip_address => $_->{ip}, helo_identity => 'mx.example.com');
  $server->process($request)->code
} @{$given->{question}}]);
`;
  return judge(perl, ['-e', script], world, spfCases);
}
