import assert from 'node:assert/strict';
import test from 'node:test';
import { changeOf, contractZone, set } from '../../../test/contracts/zone-editor.ts';
import { desecReplay, desecToken } from '../../../test/support/dns-hosts/desec.ts';
import { hostContract } from '../../../test/support/dns-hosts/host-contract.ts';
import { noTime } from '../../../test/support/dns-hosts/replay.ts';
import { createDesecEditor } from './desec.ts';

hostContract({
  replay: desecReplay,
  editor: (world) => createDesecEditor(world, { token: desecToken }),
  secret: desecToken,
});

test('a TTL below the least of the zone is refused, and what that is', async () => {
  const host = desecReplay([], 3600);
  const editor = createDesecEditor({ exchange: host.exchange, timers: noTime, base: host.base }, { token: desecToken });
  const short = changeOf(undefined, set(`_dmarc.${contractZone}`, 'TXT', ['v=DMARC1; p=none'], 300));
  assert.deepEqual(await editor.apply(contractZone, [short]), {
    ok: false,
    code: 'not-supported',
    say: `deSEC keeps TTLs from 3600 to 86400 seconds, not 300 (_dmarc.${contractZone} TXT)`,
    done: 0,
  });
});
