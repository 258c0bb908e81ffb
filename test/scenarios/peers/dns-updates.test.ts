/** Zones at name servers of others, changed by signed updates: BIND and Knot hold the contract of the port. */
import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { createNodeNet } from '../../../src/adapters/net/node-net.ts';
import { type Rfc2136Options, rfc2136Editor } from '../../../src/adapters/zones/rfc2136.ts';
import { systemClock } from '../../../src/base/clock.ts';
import type { Endpoint, Net } from '../../../src/base/port/net.ts';
import { systemRandom } from '../../../src/base/random.ts';
import type { TsigAlgorithm } from '../../../src/protocol/dns/tsig.ts';
import type { RecordSet } from '../../../src/services/setup/types.ts';
import type { ZoneEditor } from '../../../src/services/setup/zone-editor.ts';
import {
  changeOf,
  contractZone,
  type HostTrouble,
  set,
  type ZoneUnderTest,
  zoneEditorContract,
} from '../../contracts/zone-editor.ts';
import {
  contractZoneFile,
  foreignByDig,
  startUpdatable,
  type UpdatedServer,
  updateByNsupdate,
  updateKey,
} from '../../support/peers/dns/editable-zone.ts';
import { skipDnsPeers } from '../../support/peers/dns/when-peers.ts';

function editorAt(server: Endpoint, wish: { readonly net?: Net; readonly secret?: string } = {}): ZoneEditor {
  const options: Rfc2136Options = {
    net: wish.net ?? createNodeNet(),
    timers: systemClock,
    random: systemRandom,
    server,
    key: {
      name: updateKey.name.split('.'),
      algorithm: updateKey.algorithm satisfies TsigAlgorithm,
      secret: Buffer.from(wish.secret ?? updateKey.secret, 'base64'),
    },
  };
  return rfc2136Editor(options);
}

async function open(t: TestContext, kind: UpdatedServer, sets: readonly RecordSet[]) {
  const server = await startUpdatable(kind, contractZoneFile(sets));
  t.after(() => server[Symbol.asyncDispose]());
  const zone: ZoneUnderTest = {
    editor: editorAt(server.endpoint),
    meddle: (one) => updateByNsupdate(server.endpoint, one),
    foreign: () => foreignByDig(server.endpoint),
  };
  return { ...zone, server };
}

const tricks: Readonly<Record<Exclude<HostTrouble, 'denied' | 'limited'>, (socket: Socket) => void>> = {
  hangs: () => {},
  broken: (socket) => socket.destroy(),
  half: (socket) => void socket.once('data', () => socket.end(Uint8Array.of(0, 100, 1, 2, 3))),
};

/** A way to the server on which something else answers until it is calm. */
async function troubledNet(t: TestContext, trick: (socket: Socket) => void): Promise<{ net: Net; calm: () => void }> {
  const sockets = new Set<Socket>();
  const liar = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    trick(socket);
  });
  await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    liar.close();
  });
  const at = liar.address();
  assert.ok(at !== null && typeof at === 'object');
  const real = createNodeNet();
  let isCalm = false;
  const net: Net = {
    ...real,
    dial: (to, options) => real.dial(isCalm ? to : { address: '127.0.0.1', port: at.port }, options),
  };
  return { net, calm: () => (isCalm = true) };
}

/** Right before something is said for the nth time on a connection. */
function beforeWrite(nth: number, run: () => Promise<void>): Net {
  const real = createNodeNet();
  return {
    ...real,
    dial: async (to, options) => {
      const connection = await real.dial(to, options);
      let writes = 0;
      const write: typeof connection.write = async (octets) => {
        if (++writes === nth) await run();
        return connection.write(octets);
      };
      return new Proxy(connection, {
        get: (target, name) => {
          const member: unknown = name === 'write' ? write : Reflect.get(target, name, target);
          return typeof member === 'function' && name !== 'write' ? member.bind(target) : member;
        },
      });
    },
  };
}

for (const kind of ['BIND', 'Knot'] as const) {
  const skip = skipDnsPeers(kind === 'BIND' ? 'named' : 'knotd', 'nsupdate', 'dig');
  describe(`${kind} by signed updates`, () => {
    if (skip !== false) {
      test('the contract of an editor', { skip });
      return;
    }
    test('a transfer in many messages is read whole', async (t) => {
      const many = Array.from({ length: 6_000 }, (_, nth) => set(`s${nth}.${contractZone}`, 'TXT', [`number ${nth}`]));
      const { editor } = await open(t, kind, many);
      const read = await editor.read(contractZone);
      assert.ok(read.ok, read.ok ? '' : read.say);
      assert.equal(read.value.sets.filter(({ type }) => type === 'TXT').length, many.length);
    });
    test('the server itself refuses what somebody else changes in the last moment, and makes none of it', async (t) => {
      const spf = set(contractZone, 'TXT', ['v=spf1 -all']);
      const theirs = set(contractZone, 'TXT', ['v=spf1 include:theirs.example -all']);
      const mine = set(`_dmarc.${contractZone}`, 'TXT', ['v=DMARC1; p=none']);
      for (const meddled of [theirs, { ...mine, values: ['v=DMARC1; p=reject'] }]) {
        const zone = await open(t, kind, [spf]);
        const net = beforeWrite(3, () => zone.meddle(meddled)); // SOA, AXFR, then the update
        const changes = [changeOf(undefined, mine), changeOf(spf, { ...spf, values: ['v=spf1 mx -all'] })];
        const result = await editorAt(zone.server.endpoint, { net }).apply(contractZone, changes);
        assert.partialDeepStrictEqual(result, { ok: false, code: 'changed-meanwhile', done: 0 });
        const read = await zone.editor.read(contractZone);
        const texts = read.ok ? read.value.sets.filter(({ type }) => type === 'TXT') : [];
        const expected = [spf, meddled].filter((one, at) => at === 1 || one.name !== meddled.name);
        assert.deepEqual(texts.map(({ values }) => values).sort(), expected.map(({ values }) => values).sort());
      }
    });
    zoneEditorContract({
      secret: updateKey.secret,
      open: (t, sets) => open(t, kind, sets),
      troubles: ['denied', 'broken', 'half', 'hangs'],
      openTroubled: async (t, sets, trouble) => {
        const zone = await open(t, kind, sets);
        if (trouble === 'denied') {
          let secret = 'd3Jvbmc=';
          const now = () => editorAt(zone.server.endpoint, { secret });
          const editor: ZoneEditor = {
            ...zone.editor,
            read: (...words) => now().read(...words),
            apply: (...words) => now().apply(...words),
          };
          return { ...zone, editor, calm: () => (secret = updateKey.secret) };
        }
        assert.ok(trouble !== 'limited');
        const { net, calm } = await troubledNet(t, tricks[trouble]);
        return { ...zone, editor: editorAt(zone.server.endpoint, { net }), calm };
      },
    });
  });
}
