import assert from 'node:assert/strict';
import test from 'node:test';
import { changeOf, contractZone, set } from '../../../test/contracts/zone-editor.ts';
import { googleAccount, googleKeyFile, googleReplay, googleToken } from '../../../test/support/dns-hosts/google.ts';
import { hostContract } from '../../../test/support/dns-hosts/host-contract.ts';
import { noTime } from '../../../test/support/dns-hosts/replay.ts';
import { createGoogleEditor, googleCredentials } from './google.ts';

hostContract({
  replay: googleReplay,
  editor: (world) => createGoogleEditor(world, googleAccount),
  secret: googleToken,
});

test('one token serves until it ends', async () => {
  const host = googleReplay([]);
  let nowMs = noTime.nowMs();
  const timers = { ...noTime, nowMs: () => nowMs };
  const editor = createGoogleEditor({ exchange: host.exchange, timers, base: host.base }, googleAccount);
  const tokens = () => host.requests.filter(({ url }) => url.pathname === '/token').length;
  await editor.read(contractZone);
  await editor.apply(contractZone, [changeOf(undefined, set(contractZone, 'TXT', ['x']))]);
  assert.equal(tokens(), 1);
  nowMs += 3_600_000;
  await editor.read(contractZone);
  assert.equal(tokens(), 2);
});

test('a key file of a service account is read, another file is not', () => {
  const read = googleCredentials(googleKeyFile);
  assert.partialDeepStrictEqual(read, {
    ok: true,
    value: { project: googleAccount.project, email: googleAccount.email },
  });
  for (const text of ['', '{}', googleKeyFile.replace('BEGIN', 'BEG')])
    assert.partialDeepStrictEqual(googleCredentials(text), { ok: false, code: 'bad-credentials' });
});
