import assert from 'node:assert/strict';
import test from 'node:test';
import { changeOf, contractZone, set } from '../../../test/contracts/zone-editor.ts';
import { hostContract } from '../../../test/support/dns-hosts/host-contract.ts';
import { ovhCredentials, ovhReplay } from '../../../test/support/dns-hosts/ovh.ts';
import { noTime } from '../../../test/support/dns-hosts/replay.ts';
import { createOvhEditor } from './ovh.ts';

hostContract({
  replay: ovhReplay,
  editor: (world) => createOvhEditor(world, ovhCredentials),
  secret: ovhCredentials.applicationSecret,
  cannotHold: (type, value) => type === 'TXT' && /[^ -~]/.test(value),
});

const open = (sets: Parameters<typeof ovhReplay>[0]) => {
  const host = ovhReplay(sets);
  return {
    host,
    editor: createOvhEditor({ exchange: host.exchange, timers: noTime, base: host.base }, ovhCredentials),
  };
};
const a = set(`a.${contractZone}`, 'TXT', ['x']);
const refreshes = ({ requests }: ReturnType<typeof open>['host']) =>
  requests.filter(({ url }) => url.pathname.endsWith('/refresh')).length;
const broken = { status: 500, body: { class: 'Server::InternalServerError', message: 'Internal server error' } };

test('all changes are published by one refresh; the clock of the host is asked for once', async () => {
  const { host, editor } = open([]);
  await editor.apply(contractZone, [
    changeOf(undefined, a),
    changeOf(undefined, set(`b.${contractZone}`, 'TXT', ['y'])),
  ]);
  assert.equal(refreshes(host), 1);
  assert.ok(host.isPublished());
  assert.equal(host.requests.filter(({ url }) => url.pathname === '/1.0/auth/time').length, 1);
});

test('where nothing was changed nothing is published, and what is saved but not published is said', async () => {
  const { host, editor } = open([]);
  host.next('POST', /record$/, broken);
  assert.partialDeepStrictEqual(await editor.apply(contractZone, [changeOf(undefined, a)]), { ok: false, done: 0 });
  assert.equal(refreshes(host), 0);
  host.next('POST', /refresh$/, broken);
  const result = await editor.apply(contractZone, [changeOf(undefined, a)]);
  assert.partialDeepStrictEqual(result, { ok: false, code: 'unavailable', done: 1 });
  assert.match(result.ok ? '' : result.say, /saved, but not published before the zone is refreshed$/);
});
