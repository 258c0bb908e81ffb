import assert from 'node:assert/strict';
import test from 'node:test';
import { changeOf, contractZone, set } from '../../../test/contracts/zone-editor.ts';
import { hostContract } from '../../../test/support/dns-hosts/host-contract.ts';
import { noTime } from '../../../test/support/dns-hosts/replay.ts';
import { route53Credentials, route53Replay } from '../../../test/support/dns-hosts/route53.ts';
import { createRoute53Editor } from './route53.ts';

hostContract({
  replay: route53Replay,
  editor: (world) => createRoute53Editor(world, route53Credentials),
  secret: route53Credentials.secretAccessKey,
});

const open = (sets: Parameters<typeof route53Replay>[0]) => {
  const host = route53Replay(sets);
  return {
    host,
    editor: createRoute53Editor({ exchange: host.exchange, timers: noTime, base: host.base }, route53Credentials),
  };
};

test('an alias is not shown, and not changed', async () => {
  const { host, editor } = open([]);
  const name = `old.${contractZone}`;
  const read = await editor.read(contractZone);
  assert.ok(read.ok && read.value.sets.every((one) => one.name !== name));
  const result = await editor.apply(contractZone, [changeOf(undefined, set(name, 'A', ['192.0.2.1']))]);
  assert.partialDeepStrictEqual(result, {
    ok: false,
    code: 'not-supported',
    say: `${name} A is an alias at Route 53: change it there`,
    done: 0,
  });
  assert.ok(host.requests.every(({ method }) => method === 'GET'));
});

test('a wrong secret is refused by the host', async () => {
  const { host } = open([]);
  const wrong = { ...route53Credentials, secretAccessKey: 'another-secret-0123456789' };
  const editor = createRoute53Editor({ exchange: host.exchange, timers: noTime, base: host.base }, wrong);
  assert.partialDeepStrictEqual(await editor.read(contractZone), { ok: false, code: 'bad-credentials' });
});

test('more than a batch takes is not begun with', async () => {
  const { host, editor } = open([]);
  const long = Array.from({ length: 20 }, (_, nth) =>
    changeOf(undefined, set(`t${nth}.${contractZone}`, 'TXT', ['x'.repeat(1_700)])),
  );
  assert.partialDeepStrictEqual(await editor.apply(contractZone, long), { ok: false, code: 'refused', done: 0 });
  assert.ok(host.requests.every(({ method }) => method === 'GET'));
  assert.deepEqual(await editor.apply(contractZone, long.slice(0, 18)), { ok: true, done: 18 });
});
