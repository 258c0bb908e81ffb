import assert from 'node:assert/strict';
import test from 'node:test';
import { cli } from '../../../../test/support/fake-cli.ts';

const files: Record<string, string> = {
  zone: `
a.test. TXT "v=spf1 include:b.test -all"
b.test. TXT "v=spf1 ip4:192.0.2.0/24 -all"
wide.test. TXT "v=spf1 ${Array.from({ length: 11 }, (_, at) => `exists:${at}.b.test`).join(' ')} -all"
_dmarc.a.test. TXT "v=DMARC1; p=reject; sp=none; pct=50; rua=mailto:d@a.test,mailto:x@stranger.example"
`,
};
const run = (line: string, more: Record<string, string> = {}) => cli(line, { files: { ...files, ...more } });

test('spf: the result, what decided, and every term on the way', async () => {
  const pass = await run('spf 192.0.2.1 ann@a.test --zone zone');
  assert.equal(pass.code, 0);
  assert.equal(
    pass.out,
    [
      'pass for a.test: include:b.test',
      '1 of 10 lookups, 0 of 2 void ones',
      '',
      'a.test: v=spf1 include:b.test -all',
      'include:b.test: lookup 1 of 10',
      '  b.test: v=spf1 ip4:192.0.2.0/24 -all',
      '  ip4:192.0.2.0/24: match, so pass',
      'include:b.test: match, so pass',
      'result: pass',
      '',
    ].join('\n'),
  );
  const fail = await run('spf 203.0.113.1 ann@a.test --zone zone --json');
  assert.equal(fail.code, 1);
  const { result, matched, lookups, void_lookups } = JSON.parse(fail.out);
  assert.deepEqual(
    { result, matched, lookups, void_lookups },
    { result: 'fail', matched: '-all', lookups: 1, void_lookups: 0 },
  );
  assert.equal((await run('spf 192.0.2.300 ann@a.test --zone zone')).code, 65);
  assert.equal(
    (await cli(['spf', '192.0.2.1', '', '--helo', 'a.test', '--quiet', '--zone', 'zone'], { files })).out,
    'pass\n',
  );
});

test('spf tree: what lies below, and what it costs', async () => {
  const { code, out } = await run('spf tree a.test --zone zone');
  assert.equal(code, 0);
  assert.match(out, /^a\.test\n {2}include:b\.test {2}1 lookup\n {4}b\.test\n {6}ip4:192\.0\.2\.0\/24\n/);
  const wide = await run('spf tree wide.test --zone zone --json');
  assert.equal(wide.code, 1);
  const { lookups, void_lookups, terms } = JSON.parse(wide.out);
  assert.deepEqual([lookups, void_lookups, terms.length], [11, 11, 12]);
});

test('dkim: a new key signs, and what it signed verifies with its record', async () => {
  const made = JSON.parse((await run('dkim keygen a.test s1 --ed25519 --json')).out);
  assert.equal(made.record.name, 's1._domainkey.a.test');
  const zone = `${made.record.name}. TXT "${made.record.value}"`;
  const message = 'From: ann@a.test\r\nSubject: x\r\n\r\nHello\r\n';
  const more = { key: made.private_key, message, keys: zone };
  const signed = await run(
    'dkim sign message --domain a.test --selector s1 --private-key key --clock 2026-11-22T06:00:00Z',
    more,
  );
  assert.equal(signed.code, 0);
  assert.match(signed.out, /^DKIM-Signature: v=1; a=ed25519-sha256; [\s\S]*t=1795327200;/);
  const verified = await run('dkim verify signed --zone keys', { ...more, signed: signed.out });
  assert.deepEqual([verified.code, verified.out], [0, 'pass for a.test, selector s1 (ed25519-sha256, 256 bit)\n']);
  const changed = await run('dkim verify changed --zone keys --json', {
    ...more,
    changed: signed.out.replace('Hello', 'Hi'),
  });
  assert.equal(changed.code, 1);
  assert.equal(JSON.parse(changed.out)[0].result, 'fail');
  const lines = { ...more, message: message.replaceAll('\r\n', '\n') };
  const fromLf = await run(
    'dkim sign message --domain a.test --selector s1 --private-key key --clock 2026-11-22T06:00:00Z',
    lines,
  );
  assert.equal(fromLf.out, signed.out);
  const saved = { ...more, saved: signed.out.replaceAll('\r\n', '\n') };
  assert.equal((await run('dkim verify saved --zone keys', saved)).code, 0);
  const lone = await run('dkim sign message --domain a.test --selector s1 --private-key key', {
    ...more,
    message: 'From: a@a.test\r\rx',
  });
  assert.equal(lone.code, 65);
  assert.equal((await run('dkim sign message --domain a.test --selector s1 --private-key message', more)).code, 65);
  assert.equal((await run('dkim keygen a.test not.a..selector')).code, 65);
});

test('dkim keygen: the key alone goes to the standard output', async () => {
  const { out, err } = await run('dkim keygen a.test s1');
  assert.match(out, /^-----BEGIN PRIVATE KEY-----\n[\s\S]*-----END PRIVATE KEY-----\n$/);
  assert.match(err, /s1\._domainkey\.a\.test\. TXT "v=DKIM1; k=rsa; p=[^"]{237}" "[^"]+"\n/);
});

test('dmarc show: the policy, where it stands, who may get reports, and where old receivers differ', async () => {
  const { code, out } = await run('dmarc show www.a.test --zone zone --json');
  assert.equal(code, 1); // somebody else's address that nobody has allowed
  const shown = JSON.parse(out);
  assert.deepEqual([shown.policy, shown.policy_domain, shown.organizational_domain], ['none', 'a.test', 'a.test']);
  assert.deepEqual(
    shown.reports.map(({ state }: { state: string }) => state),
    ['allowed', 'refused'],
  );
  assert.deepEqual(shown.record.obsolete, ['pct=50']);
  assert.equal(shown.legacy.pct, 50);
  const own = JSON.parse((await run('dmarc show a.test --zone zone --json')).out);
  assert.match(own.trace.at(-1), /^receivers of RFC 7489 differ: fail, applied: reject for 50 %/);
  assert.ok(!own.trace.some((line: string) => line.startsWith('result:')));
  const none = await run('dmarc show b.test --zone zone');
  assert.deepEqual([none.code, none.out.split('\n')[0]], [1, 'b.test: no DMARC record applies']);
});
