import assert from 'node:assert/strict';
import test from 'node:test';
import { changeOf, contractZone, set } from '../../../test/contracts/zone-editor.ts';
import { hetznerReplay, hetznerToken } from '../../../test/support/dns-hosts/hetzner.ts';
import { hostContract } from '../../../test/support/dns-hosts/host-contract.ts';
import { noTime } from '../../../test/support/dns-hosts/replay.ts';
import { createHetznerEditor } from './hetzner.ts';

hostContract({
  replay: hetznerReplay,
  editor: (world) => createHetznerEditor(world, { token: hetznerToken }),
  secret: hetznerToken,
});

const open = (sets: Parameters<typeof hetznerReplay>[0]) => {
  const host = hetznerReplay(sets);
  return {
    host,
    editor: createHetznerEditor({ exchange: host.exchange, timers: noTime, base: host.base }, { token: hetznerToken }),
  };
};
const texts = set(contractZone, 'TXT', ['one', 'stays']);

test('a record that stays keeps its comment; values and TTL go by two actions, each waited for', async () => {
  const { host, editor } = open([texts]);
  assert.deepEqual(
    await editor.apply(contractZone, [changeOf(texts, { ...texts, ttl: 600, values: ['stays', 'two'] })]),
    { ok: true, done: 1 },
  );
  const seen = host.requests.filter(({ method, url }) => method === 'POST' || url.pathname.includes('/actions/'));
  assert.deepEqual(
    seen.map(({ method, url, body }) => [
      method,
      decodeURIComponent(url.pathname).replace('/v1/zones/posthorn.example/rrsets', ''),
      body && JSON.parse(body),
    ]),
    [
      [
        'POST',
        '/@/TXT/actions/set_records',
        { records: [{ value: '"stays"', comment: 'by hand 1' }, { value: '"two"' }] },
      ],
      ['GET', '/v1/actions/701', ''],
      ['GET', '/v1/actions/701', ''],
      ['POST', '/@/TXT/actions/change_ttl', { ttl: 600 }],
      ['GET', '/v1/actions/702', ''],
      ['GET', '/v1/actions/702', ''],
    ],
  );
});

test('when only the first of two actions can be had, it is taken back', async () => {
  const { host, editor } = open([texts]);
  host.next('POST', /change_ttl$/, {
    status: 422,
    body: { error: { code: 'protected', message: 'change protection', details: null } },
  });
  const result = await editor.apply(contractZone, [changeOf(texts, { ...texts, ttl: 600, values: ['two'] })]);
  assert.partialDeepStrictEqual(result, { ok: false, code: 'refused', done: 0 });
  const read = await editor.read(contractZone);
  assert.deepEqual(read.ok && read.value.sets.find(({ type }) => type === 'TXT')?.values, texts.values);
});

test('an action that fails is a change that was not made; one that does not end is said to be open', async () => {
  const { host, editor } = open([texts]);
  const action = (status: string) => ({
    status: 201,
    body: { action: { id: 9, status, error: { code: 'x', message: 'no room' } } },
  });
  host.next('DELETE', /TXT$/, action('error'), action('running'));
  assert.partialDeepStrictEqual(await editor.apply(contractZone, [changeOf(texts, undefined)]), {
    code: 'refused',
    say: 'Hetzner could not carry out the change: no room',
  });
  host.next('GET', /actions\/9$/, ...Array.from({ length: 60 }, () => action('running')));
  assert.partialDeepStrictEqual(await editor.apply(contractZone, [changeOf(texts, undefined)]), {
    code: 'unavailable',
    say: 'Hetzner has not carried out the change yet',
  });
});
