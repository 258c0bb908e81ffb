/** Configuration by file, environment and flag: usable, or a mistake per line of output, each with its place. */
import assert from 'node:assert/strict';
import { describeMistakes, readConfig } from '../../../src/app/config.ts';
import { settings } from '../../../src/app/settings.ts';
import { fromUtf8 } from '../../../src/base/bytes.ts';
import { assertOneLine } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

export const config: FuzzTarget = {
  name: 'config',
  seeds: () => [
    'data = "./data"\nhostname = "mx.example.com"\n[listen]\nhttp = "127.0.0.1:8025"\nmx = ["127.0.0.1:1025", { at = "[::1]:1025", proxy_from = ["10.0.0.5/32"] }]\n',
    '[routes]\n"*.sink.test" = "127.0.0.1:2599"\n[retry]\ndelays = ["1m", "5m"]\ngive_up_after = "5d"\n[limits]\nmessage_bytes = 26214400\n',
    'retry.test = true\nretry.delays = ["1s"]\n[delivery]\nport = 2525\nallow_loopback_mx = true\n[relay]\nallow = ["192.0.2.0/24"]\n',
    '[dns]\nresolvers = ["127.0.0.1:53"]\ntrust_ad = false\n[inbound]\non_dmarc_reject = "junk"\n[tls]\ncertificate = "a.pem"\n',
    'unknown = 1\n[listne]\nhttp = 1\n',
    '!delivery.port=70000\n!log.level=debug\n!retry.delays=1m,2m\n!tls.key=\n',
    'log = { level = "debug" }\nx = 2026-11-22T06:00:00Z\n',
  ],
  dictionary: [
    ...Object.keys(settings).slice(0, 30),
    ...[
      '\n',
      '=',
      '[',
      ']',
      '[[',
      ']]',
      '{',
      '}',
      '"',
      "'",
      '"""',
      '\\',
      '\\n',
      '\\u0000',
      '#',
      ',',
      '.',
      'true',
      'false',
      'nan',
      'inf',
      '1e9',
      '0x1',
    ],
    ...[
      '"1m"',
      '"127.0.0.1:1"',
      '"*"',
      '__proto__',
      'constructor.prototype.x = 1\n',
      '[__proto__]\n',
      '!',
      'limits.',
      '1979-05-27',
      'x.y.z = 1\n',
    ],
  ],
  separators: ['\n', '=', '.', ',', '"'],
  open: () => ({ run }),
};

/** Lines that begin with `!` are `name=value` from the environment, the rest is the file. */
function run(input: Uint8Array): Outcome {
  const lines = fromUtf8(input).split('\n');
  const variables = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1).split('=', 2));
  const environment = Object.fromEntries(variables.map(([name = '', value = '']) => [variableOf(name), value]));
  const text = lines.filter((line) => !line.startsWith('!')).join('\n');
  const read = readConfig({ file: { path: 'posthorn.toml', text }, environment, flags: new Map() });
  assert.equal(Object.getOwnPropertyNames(Object.prototype).length, prototypeMembers, 'Object.prototype was changed');
  if ('config' in read) {
    assert.deepEqual(Object.keys(read.config), Object.keys(settings));
    for (const where of read.origins.values()) assert.match(where, /^posthorn\.toml:\d+$|^POSTHORN_[A-Z0-9_]+$/);
    return `fine ${[...read.origins.keys()].sort().slice(0, 3)}`;
  }
  assert.ok(read.mistakes.length > 0);
  const told = describeMistakes(read.mistakes).split('\n');
  assert.equal(told.length, read.mistakes.length, 'a mistake is told in several lines');
  for (const line of told.slice(0, 50)) assertOneLine(line, 'what is told');
  return read.mistakes
    .slice(0, 2)
    .map(({ key, say }) => `${Object.hasOwn(settings, key) ? key : ''} ${say.slice(0, 14)}`)
    .join('; ');
}

const prototypeMembers = Object.getOwnPropertyNames(Object.prototype).length;

function variableOf(name: string): string {
  return `POSTHORN_${name.replaceAll('.', '_').toUpperCase()}`;
}
