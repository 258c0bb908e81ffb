import assert from 'node:assert/strict';
import test from 'node:test';
import { changeOf, contractZone, set } from '../../../test/contracts/zone-editor.ts';
import { cloudflareReplay, cloudflareToken } from '../../../test/support/dns-hosts/cloudflare.ts';
import { hostContract } from '../../../test/support/dns-hosts/host-contract.ts';
import { noTime } from '../../../test/support/dns-hosts/replay.ts';
import { createCloudflareEditor } from './cloudflare.ts';

hostContract({
  replay: cloudflareReplay,
  editor: (world) => createCloudflareEditor(world, { token: cloudflareToken }),
  secret: cloudflareToken,
});

const open = (sets: Parameters<typeof cloudflareReplay>[0]) => {
  const host = cloudflareReplay(sets);
  const world = { exchange: host.exchange, timers: noTime, base: host.base };
  return { host, editor: createCloudflareEditor(world, { token: cloudflareToken }) };
};
const name = `s1._domainkey.${contractZone}`;

test('one batch changes records in their place, and what we write is not proxied', async () => {
  const texts = set(contractZone, 'TXT', ['v=spf1 -all', 'stays']);
  const { host, editor } = open([texts, set(name, 'CNAME', ['old.example'])]);
  const changes = [
    changeOf(texts, { ...texts, values: ['v=spf1 include:a.example -all', 'stays'] }),
    changeOf(set(name, 'CNAME', ['old.example']), set(name, 'CNAME', ['new.example'])),
    changeOf(undefined, set(`mail.${contractZone}`, 'A', ['192.0.2.1'])),
  ];
  assert.deepEqual(await editor.apply(contractZone, changes), { ok: true, done: 3 });
  const [batch, ...others] = host.requests.filter(({ method }) => method === 'POST');
  assert.equal(others.length, 0);
  const [spfId, cnameId] = ['2', '4'].map((id) => id.padStart(32, '0'));
  assert.deepEqual(JSON.parse(batch?.body ?? ''), {
    patches: [
      { id: spfId, name: contractZone, type: 'TXT', ttl: 3600, content: '"v=spf1 include:a.example -all"' },
      { id: cnameId, name, type: 'CNAME', ttl: 3600, content: 'new.example', proxied: false },
    ],
    posts: [{ name: `mail.${contractZone}`, type: 'A', ttl: 3600, content: '192.0.2.1', proxied: false }],
  });
});

test('more records than a batch takes are not begun with', async () => {
  const { host, editor } = open([]);
  const many = Array.from({ length: 201 }, (_, nth) =>
    changeOf(undefined, set(`s${nth}.${contractZone}`, 'TXT', ['x'])),
  );
  assert.partialDeepStrictEqual(await editor.apply(contractZone, many), { ok: false, code: 'refused', done: 0 });
  assert.ok(host.requests.every(({ method }) => method === 'GET'));
});

test('the name servers of the zone, and an alias beside its SOA, are refused before anybody is asked', async () => {
  const { host, editor } = open([]);
  for (const wrong of [
    set(contractZone, 'NS', ['ns.other.example']),
    set(contractZone, 'CNAME', ['other.example']),
    set('a.example', 'A', ['192.0.2.1']),
  ])
    assert.partialDeepStrictEqual(await editor.apply(contractZone, [changeOf(undefined, wrong)]), {
      ok: false,
      code: 'not-supported',
    });
  assert.equal(host.requests.length, 0);
});

test('a set with a value that nobody can read is not shown, not touched, and in the way of no other', async () => {
  const odd = set(`odd.${contractZone}`, 'CNAME', ['not a name']);
  const spf = set(contractZone, 'TXT', ['v=spf1 -all']);
  const { editor } = open([odd, spf]);
  const read = await editor.read(contractZone);
  assert.deepEqual(read.ok && read.value.sets, [spf]);
  assert.partialDeepStrictEqual(
    await editor.apply(contractZone, [changeOf(undefined, { ...odd, values: ['a.example'] })]),
    { ok: false, code: 'not-supported' },
  );
  assert.deepEqual(await editor.apply(contractZone, [changeOf(spf, undefined)]), { ok: true, done: 1 });
});
