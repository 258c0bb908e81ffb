import assert from 'node:assert/strict';
import test from 'node:test';
import { changeOf, contractZone, set } from '../../../test/contracts/zone-editor.ts';
import { azureCredentials, azureReplay, azureToken } from '../../../test/support/dns-hosts/azure.ts';
import { hostContract } from '../../../test/support/dns-hosts/host-contract.ts';
import { noTime } from '../../../test/support/dns-hosts/replay.ts';
import { createAzureEditor } from './azure.ts';

hostContract({
  replay: azureReplay,
  editor: (world) => createAzureEditor(world, azureCredentials),
  secret: azureCredentials.secret,
  cannotHold: (type, value) => type === 'TXT' && /[^ -~]/.test(value),
});

test('what a set carries besides its records stays with it', async () => {
  const spf = set(contractZone, 'TXT', ['v=spf1 -all']);
  const host = azureReplay([spf]);
  const editor = createAzureEditor({ exchange: host.exchange, timers: noTime, base: host.base }, azureCredentials);
  await editor.apply(contractZone, [changeOf(spf, { ...spf, values: ['v=spf1 ~all'] })]);
  const put = host.requests.find(({ method }) => method === 'PUT');
  assert.deepEqual(JSON.parse(put?.body ?? ''), {
    properties: { metadata: { team: 'mail' }, TTL: 3600, TXTRecords: [{ value: ['v=spf1 ~all'] }] },
  });
  assert.match(put?.headers['if-match'] ?? '', /^0000000/);
});

test('a list that goes on elsewhere is not followed there', async () => {
  const host = azureReplay([]);
  host.next('GET', /recordsets$/, { status: 200, body: { value: [], nextLink: 'https://elsewhere.example/steal' } });
  const editor = createAzureEditor({ exchange: host.exchange, timers: noTime, base: host.base }, azureCredentials);
  assert.partialDeepStrictEqual(await editor.read(contractZone), { ok: false, code: 'unavailable' });
  assert.ok(host.requests.every(({ url }) => url.hostname === '127.0.0.1'));
});

test('a later change that is refused leaves the earlier ones, and says how many', async () => {
  const host = azureReplay([]);
  const editor = createAzureEditor({ exchange: host.exchange, timers: noTime, base: host.base }, azureCredentials);
  host.next('PUT', /TXT\/b$/, { status: 500, body: '' });
  const changes = ['a', 'b', 'c'].map((label) => changeOf(undefined, set(`${label}.${contractZone}`, 'TXT', ['x'])));
  assert.partialDeepStrictEqual(await editor.apply(contractZone, changes), { ok: false, code: 'unavailable', done: 1 });
  const read = await editor.read(contractZone);
  assert.deepEqual(read.ok && read.value.sets.filter(({ type }) => type === 'TXT'), [changes[0]?.after]);
});

test('a host that repeats our token does not get it into a sentence', async () => {
  const host = azureReplay([]);
  host.next('GET', /dnsZones/, {
    status: 403,
    body: { error: { code: 'AuthorizationFailed', message: `no to ${azureToken}` } },
  });
  const editor = createAzureEditor({ exchange: host.exchange, timers: noTime, base: host.base }, azureCredentials);
  const read = await editor.read(contractZone);
  assert.deepEqual(read, {
    ok: false,
    code: 'bad-credentials',
    say: 'Azure DNS says: no to *** (AuthorizationFailed) (HTTP 403)',
  });
});
