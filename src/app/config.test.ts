import assert from 'node:assert/strict';
import test from 'node:test';
import { type ConfigSources, describeMistakes, readConfig } from './config.ts';

function read(text: string, environment: ConfigSources['environment'] = {}) {
  return readConfig({ file: { path: 'posthorn.toml', text }, environment, flags: new Map() });
}

function mistakesIn(text: string, environment?: ConfigSources['environment']): string {
  const found = read(text, environment);
  return 'mistakes' in found ? describeMistakes(found.mistakes) : '';
}

test('nothing set is fine, and so is what INTERFACES shows', () => {
  assert.equal(mistakesIn(''), '');
  const text = `
    hostname = "mx.example.com"
    [routes]
    "*.sink.test" = "127.0.0.1:2599"
    "*" = "[2001:db8::1]:25"
    "bücher.example" = "mail.example.org:25"
    [retry]
    delays = ["1m", "5m"]
    give_up_after = "5d"
    [relay]
    allow = ["10.0.0.0/8", "fc00::/7", "192.0.2.7"]`;
  const found = read(text);
  assert.ok('config' in found, mistakesIn(text));
  assert.deepEqual(found.config.routes, [
    { pattern: '*.sink.test', host: '127.0.0.1', port: 2599 },
    { pattern: '*', host: '2001:db8::1', port: 25 },
    { pattern: 'xn--bcher-kva.example', host: 'mail.example.org', port: 25 },
  ]);
});

const wrong: Readonly<Record<string, readonly [string, RegExp]>> = {
  'a route that could never match': ['[routes]\n"*sink.test" = "127.0.0.1:2599"', /^posthorn\.toml:1: routes: must be/],
  'a route to a name that is none': ['[routes]\n"a.test" = "mail..test:25"', /^posthorn\.toml:1: routes: must be/],
  'a route to port 0': ['[routes]\n"a.test" = "127.0.0.1:0"', /^posthorn\.toml:1: routes: must be/],
  'an open relay': ['[relay]\nallow = ["10.0.0.0/8", "0.0.0.0/0"]', /^posthorn\.toml:2: relay\.allow: .*open relay/],
  'an open relay of IPv6': ['[relay]\nallow = ["::/0"]', /relay\.allow: .*open relay/],
  'a life too short for a second try': [
    '[retry]\ngive_up_after = "0s"',
    /^posthorn\.toml:2: retry\.give_up_after: is shorter/,
  ],
  'a gap of centuries': ['[retry]\ndelays = ["99999999d"]', /^posthorn\.toml:2: retry\.delays: .*a year at most/],
  'gaps under a minute': ['[retry]\ndelays = ["1s"]', /^posthorn\.toml:2: retry\.delays: holds a delay under 60s/],
  'zones that nobody answers': ['[dns]\nzones = ["a.zone"]', /^posthorn\.toml:2: dns\.zones: .*set listen\.dns too/],
  'hosted names that nobody answers': [
    '[dns]\nhosted_zone = "hosted.example.net"\nname_servers = ["ns1.example.net"]',
    /^posthorn\.toml:2: dns\.hosted_zone: .*set listen\.dns too/,
  ],
  'hosted names at no name server': [
    '[listen]\ndns = "127.0.0.1:53"\n[dns]\nhosted_zone = "hosted.example.net"',
    /^posthorn\.toml:4: dns\.hosted_zone: needs dns\.name_servers/,
  ],
  'a name server in the zone it answers for': [
    '[listen]\ndns = "127.0.0.1:53"\n[dns]\nhosted_zone = "hosted.example.net"\nname_servers = ["ns.hosted.example.net"]',
    /^posthorn\.toml:5: dns\.name_servers: ns\.hosted\.example\.net lies in/,
  ],
  'half a TLS identity': ['[tls]\nkey = "k.pem"', /^posthorn\.toml:2: tls\.certificate: is missing/],
  'a slip in a key': ['[listen]\nmxx = "127.0.0.1:25"', /^posthorn\.toml:2: listen\.mxx: .*did you mean listen\.mx\?/],
  'no TOML': ['hostname = ', /^posthorn\.toml:1: is not valid TOML/],
};
for (const [what, [text, says]] of Object.entries(wrong))
  test(`${what} is a mistake with its place`, () => assert.match(mistakesIn(text), says));

test('a variable that begins like a setting and is none is a slip; others are not ours to judge', () => {
  assert.equal(
    mistakesIn('', { POSTHORN_LISTEN_MXX: '127.0.0.1:25' }),
    'POSTHORN_LISTEN_MXX: is not a setting; did you mean POSTHORN_LISTEN_MX?',
  );
  assert.equal(mistakesIn('', { POSTHORN_API_KEY: 'x', POSTHORN_PORT: 'tcp://10.0.0.1:80', LISTEN_MX: 'x' }), '');
});

test('a mistake is one line, whatever stands in the name of a key or a variable', () => {
  assert.equal(
    mistakesIn('"a\\nb\\u009b" = 1', { 'POSTHORN_LOG_\tLEVEL': '1' }),
    [
      'posthorn.toml:1: a\ufffdb\ufffd: is not a setting',
      'POSTHORN_LOG_\ufffdLEVEL: is not a setting; did you mean POSTHORN_LOG_LEVEL?',
    ].join('\n'),
  );
});

test('flags come before variables, variables before the file; each value knows where it is from', () => {
  const found = readConfig({
    file: { path: 'posthorn.toml', text: 'data = "a"\nhostname = "a.test"\n[log]\nlevel = "warn"' },
    environment: { POSTHORN_DATA: 'b', POSTHORN_HOSTNAME: 'b.test', POSTHORN_LOG_LEVEL: '' },
    flags: new Map([['data', 'c']]),
  });
  assert.ok('config' in found);
  assert.deepEqual(
    (['data', 'hostname', 'log.level'] as const).map((name) => [found.config[name], found.origins.get(name)]),
    [
      ['c', '--data'],
      ['b.test', 'POSTHORN_HOSTNAME'],
      ['warn', 'posthorn.toml:4'],
    ],
  );
});
