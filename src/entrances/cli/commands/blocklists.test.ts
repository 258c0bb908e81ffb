import assert from 'node:assert/strict';
import test from 'node:test';
import { cli } from '../../../../test/support/fake-cli.ts';
import { resolverFromZone } from '../../../protocol/dns/zone-resolver.ts';

const lists = `
2.0.0.127.zen.spamhaus.org. A 127.0.0.2
2.0.0.127.bl.spamcop.net. A 127.0.0.2
9.2.0.192.zen.spamhaus.org. A 127.0.0.4
9.2.0.192.zen.spamhaus.org. A 127.0.0.11
9.2.0.192.zen.spamhaus.org. TXT "https://check.spamhaus.org/query/ip/192.0.2.9"
8.2.0.192.zen.spamhaus.org. A 127.255.255.254
dbltest.com.dbl.spamhaus.org. A 127.0.1.2
`;
const files = { zone: lists, empty: 'example.com. TXT "x"' };
const run = (line: string) => cli(`blocklists ${line}`, { files });

test('blocklists: what is listed first, with its cause, what to do and where', async () => {
  const { code, out } = await run('192.0.2.9 --zone zone');
  assert.equal(code, 1);
  const lines = out.split('\n');
  assert.equal(lines[0], '192.0.2.9: on 1 of 2 lists; 5 lists did not tell');
  assert.match(lines[2] ?? '', /^! Spamhaus ZEN {8}LISTED, PBL: /);
  assert.match(out, /LISTED, XBL: a hacked machine/);
  assert.match(out, /the list says:\n +https:\/\/check\.spamhaus\.org\/query\/ip\/192\.0\.2\.9\n/);
  assert.match(out, /^ {2}SpamCop {13}not listed$/m);
  assert.match(out, /^\? PSBL {16}not known: it does not answer this name server$/m);
  for (const line of lines) assert.ok(line.length <= 80, line);
});

test('blocklists --json: one document, the same facts, and the exit code', async () => {
  const both = await run('192.0.2.9 example.com --zone zone --json');
  assert.equal(both.code, 1);
  const { checked } = JSON.parse(both.out);
  assert.deepEqual(
    checked.map((one: Record<string, unknown>) => [one.subject, one.kind, one.listed]),
    [
      ['192.0.2.9', 'address', true],
      ['example.com', 'domain', false],
    ],
  );
  assert.deepEqual(checked[0].lists[0].codes, ['127.0.0.11', '127.0.0.4']);
  assert.equal((await run('192.0.2.7 --zone zone')).code, 0);
  const rows = (await run('192.0.2.9 192.0.2.7 --zone zone --jsonl')).out.trim().split('\n');
  assert.equal(rows.length, 2);
});

test('blocklists: refused is not known, and when nothing is known that is said', async () => {
  const refused = await run('192.0.2.8 --zone zone --json');
  const [zen] = JSON.parse(refused.out).checked[0].lists;
  assert.deepEqual([zen.state, zen.why], ['unknown', 'it does not answer public name servers']);
  const nothing = await run('192.0.2.7 --zone empty');
  assert.equal(nothing.code, 75);
  assert.match(nothing.out, /^192\.0\.2\.7: not known, no list told anything\n/);
  const asJson = await run('192.0.2.7 --zone empty --json');
  assert.equal(JSON.parse(asJson.out).checked[0].listed, null);
});

test('blocklists: through a public name server nothing is clean', async () => {
  const resolver = async () => resolverFromZone(lists);
  const { out, code } = await cli('blocklists 192.0.2.7', { resolver, systemServers: async () => ['8.8.8.8'] });
  assert.equal(code, 75);
  assert.match(out, /public name server/);
  assert.match(out, /--resolver/);
  const given = await cli('blocklists 192.0.2.7 --resolver 1.1.1.1', { resolver });
  assert.equal(given.code, 75);
  assert.equal((await cli('blocklists 192.0.2.7 --resolver 127.0.0.1', { resolver })).code, 0);
});

test('blocklists: an address or a URL that was pasted ends with what to type', async () => {
  for (const pasted of ['ann@example.com', 'https://example.com/x', 'example.com/x']) {
    const { code, err } = await run(pasted);
    assert.equal(code, 65);
    assert.match(err, /give example\.com/);
  }
  assert.equal((await run('192.0.2.300')).code, 65);
});
