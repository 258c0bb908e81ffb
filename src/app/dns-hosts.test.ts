import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import { parseDomainName } from '../format/domain-name.ts';
import { resolverFromZone } from '../protocol/dns/zone-resolver.ts';
import { type DnsHostRules, dnsHosts, openDnsHost, zoneEditorByRules } from './dns-hosts.ts';

const world = `
a.example NS dana.ns.cloudflare.com
a.example NS rick.ns.cloudflare.com
b.example NS ns-1.awsdns-00.co.uk
b.example NS ns-2.awsdns-63.org
c.example NS ns1.notns.cloudflare.com.evil.example
d.example NS a.ns.cloudflare.com
d.example NS ns.elsewhere.example
ns1.dns.example A 192.0.2.53
`;

function ports(environment: Record<string, string>) {
  return { resolver: resolverFromZone(world), timers: systemClock, random: systemRandom, environment };
}

async function kindFor(name: string, rules: DnsHostRules, environment: Record<string, string>) {
  const domain = parseDomainName(name);
  assert.ok(domain);
  const opened = await zoneEditorByRules(ports(environment), rules)(domain);
  return opened.ok ? opened.value.kind : opened.say;
}

const everything = {
  CLOUDFLARE_API_TOKEN: 'token-of-cloudflare',
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'secret',
  DESEC_TOKEN: 'token-of-desec',
};

test('the host is what the settings say, else the one that all name servers belong to', async () => {
  assert.equal(await kindFor('a.example', {}, everything), 'cloudflare');
  assert.equal(await kindFor('deep.mail.a.example', {}, everything), 'cloudflare');
  assert.equal(await kindFor('b.example', {}, everything), 'route53');
  assert.equal(await kindFor('a.example', { 'a.example': 'desec' }, everything), 'desec');
  assert.equal(await kindFor('x.a.example', { 'a.example': 'desec' }, everything), 'cloudflare');
  assert.equal(await kindFor('x.a.example', { '*.a.example': 'desec', '*': 'route53' }, everything), 'desec');
  for (const name of ['c.example', 'd.example', 'nowhere.example'])
    assert.match(await kindFor(name, {}, everything), /was not said/);
  assert.match(
    await kindFor('a.example', { '*': 'nope' }, everything),
    /no kind of DNS host called nope\. Known here: cloudflare, /,
  );
});

test('a credential comes from the environment, or from a file; what is lacking is named, what is there is not shown', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-hosts-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'token'), 'token-in-a-file\n');
  const open = (environment: Record<string, string>, kind = 'cloudflare') => openDnsHost(ports(environment), kind);
  assert.ok((await open({ CLOUDFLARE_API_TOKEN_FILE: join(folder, 'token') })).ok);
  assert.partialDeepStrictEqual(await open({}), { ok: false, code: 'no-credentials' });
  const lost = await open({ CLOUDFLARE_API_TOKEN_FILE: join(folder, 'none') });
  assert.ok(!lost.ok && lost.say.includes('CLOUDFLARE_API_TOKEN') && lost.say.includes('ENOENT'));
  const half = await open({ AWS_ACCESS_KEY_ID: 'AKIA-of-somebody' }, 'route53');
  assert.ok(!half.ok && half.say.startsWith('AWS_SECRET_ACCESS_KEY is not set') && !half.say.includes('AKIA'));
});

test('a key for signed updates is looked at before anybody is asked', async () => {
  const right = {
    RFC2136_NAMESERVER: 'ns1.dns.example:5353',
    RFC2136_TSIG_KEY: 'editor.key',
    RFC2136_TSIG_SECRET: Buffer.alloc(32, 1).toString('base64'),
  };
  const open = (change: Record<string, string>) => openDnsHost(ports({ ...right, ...change }), 'rfc2136');
  assert.ok((await open({})).ok);
  for (const server of ['192.0.2.53', '[2001:db8::53]:53', '2001:db8::53'])
    assert.ok((await open({ RFC2136_NAMESERVER: server })).ok, server);
  const secret = right.RFC2136_TSIG_SECRET;
  for (const statement of [
    `key "editor.key" {\n\talgorithm hmac-sha256;\n\tsecret "${secret}";\n};`,
    `key:\n  - id: editor.key\n    algorithm: hmac-sha256\n    secret: ${secret}`,
  ])
    assert.ok((await open({ RFC2136_TSIG_SECRET: statement })).ok, statement);
  const wrong = [
    { RFC2136_NAMESERVER: 'ns9.dns.example' },
    { RFC2136_NAMESERVER: '192.0.2.53:0' },
    { RFC2136_NAMESERVER: 'https://dns.example/' },
    { RFC2136_TSIG_ALGORITHM: 'hmac-md5' },
    { RFC2136_TSIG_SECRET: 'c2hvcnQ=' },
    { RFC2136_TSIG_SECRET: 'no base64 at all, but long enough to be taken for it' },
    { RFC2136_TSIG_KEY: 'a..b' },
  ];
  for (const change of wrong) {
    const opened = await open(change);
    assert.ok(!opened.ok && opened.say.includes(Object.keys(change)[0] ?? '?'), JSON.stringify(change));
    assert.ok(!opened.ok && !opened.say.includes(right.RFC2136_TSIG_SECRET));
  }
});

test('a key for PowerDNS goes nowhere in the clear', async () => {
  const open = (url: string) => openDnsHost(ports({ PDNS_API_KEY: 'key-of-pdns', PDNS_API_URL: url }), 'powerdns');
  for (const url of ['https://dns.example:8081', 'http://127.0.0.1:8081', 'http://127.0.0.1:8081/'])
    assert.ok((await open(url)).ok, url);
  for (const url of ['http://dns.example:8081', 'dns.example', 'ftp://dns.example', 'http://127.0.0.1.evil.example'])
    assert.partialDeepStrictEqual(await open(url), { ok: false, code: 'bad-credentials' }, url);
});

test('the guide names every kind and every variable', () => {
  const guide = readFileSync(new URL('../../docs/guides/dns-hosts.md', import.meta.url), 'utf8');
  for (const { kind, settings } of dnsHosts)
    for (const word of [kind, ...settings.map(({ name }) => name)]) assert.ok(guide.includes(`\`${word}\``), word);
});

test('every kind has a name and says of each setting what it is', () => {
  assert.equal(new Set(dnsHosts.map(({ kind }) => kind)).size, dnsHosts.length);
  for (const { kind, name, settings } of dnsHosts) {
    assert.match(kind, /^[a-z0-9-]+$/);
    assert.ok(name.length > 0);
    for (const setting of settings)
      assert.ok(/^[A-Z][A-Z0-9_]+$/.test(setting.name) && setting.what.length > 3, setting.name);
  }
});

test('a credential with a line break inside is told by its name, before it becomes a header; one at the end is nothing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-hosts-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'token');
  writeFileSync(file, 'first-line\nsecond-line\n');
  const say = async (environment: Record<string, string>, kind = 'cloudflare') => {
    const opened = await openDnsHost(ports(environment), kind);
    return opened.ok ? 'opened' : opened.say;
  };
  assert.equal(
    await say({ CLOUDFLARE_API_TOKEN: 'abc\r\ndef' }),
    'CLOUDFLARE_API_TOKEN has a line break inside, after 3 characters: copy it as one line.',
  );
  assert.match(
    await say({ CLOUDFLARE_API_TOKEN_FILE: file }),
    /^The file of CLOUDFLARE_API_TOKEN, .*token, has a line break/,
  );
  assert.match(await say({ CLOUDFLARE_API_TOKEN: 'abc\u00e9' }), /a character that no credential has inside, after 3/);
  assert.equal(await say({ CLOUDFLARE_API_TOKEN: 'abcdefgh\n' }), 'opened');
  const tsig = { RFC2136_NAMESERVER: '192.0.2.53', RFC2136_TSIG_KEY: 'posthorn' };
  const secret = `key "posthorn" {\n  algorithm hmac-sha256;\n  secret "${'A'.repeat(43)}=";\n};\n`;
  assert.equal(await say({ ...tsig, RFC2136_TSIG_SECRET: secret }, 'rfc2136'), 'opened');
});
