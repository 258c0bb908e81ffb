import assert from 'node:assert/strict';
import test from 'node:test';
import { changeOf, contractZone, set } from '../../../test/contracts/zone-editor.ts';
import { digitalOceanReplay, digitalOceanToken } from '../../../test/support/dns-hosts/digitalocean.ts';
import { hostContract } from '../../../test/support/dns-hosts/host-contract.ts';
import { noTime } from '../../../test/support/dns-hosts/replay.ts';
import { createDigitalOceanEditor } from './digitalocean.ts';

hostContract({
  replay: digitalOceanReplay,
  editor: (world) => createDigitalOceanEditor(world, { token: digitalOceanToken }),
  secret: digitalOceanToken,
  cannotHold: (type, value) => type === 'TXT' && (/[^ -~]|\\/.test(value) || value.length > 500),
});

const open = (sets: Parameters<typeof digitalOceanReplay>[0]) => {
  const host = digitalOceanReplay(sets);
  const world = { exchange: host.exchange, timers: noTime, base: host.base };
  return { host, editor: createDigitalOceanEditor(world, { token: digitalOceanToken }) };
};
const texts = set(contractZone, 'TXT', ['one', 'two', 'stays']);
const later = { ...texts, values: ['stays', 'three', 'four', 'five'] };
const full = { status: 422, body: { id: 'unprocessable_entity', message: 'Too many records.' } };

test('records that stay are not touched, others are changed in their place before any is added', async () => {
  const { host, editor } = open([texts]);
  assert.deepEqual(await editor.apply(contractZone, [changeOf(texts, later)]), { ok: true, done: 1 });
  const writes = host.requests
    .filter(({ method }) => method !== 'GET')
    .map(({ method, body }) => `${method} ${JSON.parse(body).data}`);
  assert.deepEqual(writes, ['PUT three', 'PUT four', 'POST five']);
});

test('of a change that the host refuses in its middle nothing is left', async () => {
  const { host, editor } = open([texts]);
  host.next('POST', /records$/, full);
  const result = await editor.apply(contractZone, [
    changeOf(undefined, set(`a.${contractZone}`, 'A', ['192.0.2.1'])),
    changeOf(texts, later),
  ]);
  assert.deepEqual(result, {
    ok: false,
    code: 'refused',
    say: 'DigitalOcean says: Too many records. (unprocessable_entity) (HTTP 422)',
    done: 0,
  });
  host.next('POST', /records$/, { status: 201, body: { domain_record: { id: 1 } } }, full);
  const second = await editor.apply(contractZone, [
    changeOf(undefined, set(`a.${contractZone}`, 'A', ['192.0.2.1'])),
    changeOf(texts, later),
  ]);
  assert.partialDeepStrictEqual(second, { ok: false, done: 1 });
  const read = await editor.read(contractZone);
  assert.deepEqual(
    read.ok && read.value.sets.find(({ type }) => type === 'TXT')?.values.toSorted(),
    texts.values.toSorted(),
  );
});

test('what cannot be taken back is said', async () => {
  const { host, editor } = open([texts]);
  host.next('POST', /records$/, full);
  host.next('PUT', /records/, { status: 200, body: {} }, { status: 200, body: {} }, full, full);
  const result = await editor.apply(contractZone, [changeOf(texts, later)]);
  assert.match(
    result.ok ? '' : result.say,
    /Too many records.*; posthorn\.example TXT is changed in part, and could not be set back/,
  );
});

test('the domain itself as a target, which the host calls @, is read as what it is', async () => {
  const alias = set(`www.${contractZone}`, 'CNAME', [contractZone]);
  const { editor } = open([]);
  assert.deepEqual(await editor.apply(contractZone, [changeOf(undefined, alias)]), { ok: true, done: 1 });
  const read = await editor.read(contractZone);
  assert.deepEqual(read.ok && read.value.sets.find(({ type }) => type === 'CNAME'), alias);
});
