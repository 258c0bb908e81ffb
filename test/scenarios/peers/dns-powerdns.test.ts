/** PowerDNS's HTTP API holds the contract of an editor; what it keeps beside the records stays. */
import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import { after, before, describe, type TestContext, test } from 'node:test';
import { createHttpsExchange } from '../../../src/adapters/zones/https-exchange.ts';
import { createPowerDnsEditor } from '../../../src/adapters/zones/powerdns.ts';
import { systemClock, type Timers } from '../../../src/base/clock.ts';
import type { RecordSet } from '../../../src/services/setup/types.ts';
import {
  changeOf,
  contractNameServers,
  contractZone,
  type HostTrouble,
  set,
  zoneEditorContract,
} from '../../contracts/zone-editor.ts';
import { foreignByDig } from '../../support/peers/dns/editable-zone.ts';
import { type PowerDns, startPowerDns } from '../../support/peers/dns/powerdns.ts';
import { skipDnsPeers } from '../../support/peers/dns/when-peers.ts';

const exchange = createHttpsExchange();
/** What is waited for between two tries is not what is tested here. */
const timers: Timers = { ...systemClock, sleep: async () => {} };

const lies: Readonly<Record<Exclude<HostTrouble, 'denied'>, RequestListener>> = {
  limited: (_, response) => response.writeHead(429, { 'retry-after': '1' }).end('{"error":"slow down"}'),
  broken: (_, response) => response.writeHead(500).end('Internal Server Error'),
  half: (_, response) =>
    response
      .writeHead(200, { 'content-length': '1000' })
      .end('{"name": "posthorn.example.", "rr', () => response.socket?.destroy()),
  hangs: () => {},
};

const skip = skipDnsPeers('pdns_server', 'pdnsutil', 'dig');

describe('PowerDNS by its HTTP API', { skip }, () => {
  let server: PowerDns;
  before(async () => {
    server = await startPowerDns();
  });
  after(() => server?.[Symbol.asyncDispose]());

  const editorWith = (apiKey: string, way = exchange) =>
    createPowerDnsEditor({ exchange: way, timers }, { apiKey, url: server.url });

  const open = async (_: TestContext, sets: readonly RecordSet[]) => {
    await server.fill(contractZone, contractNameServers, sets);
    return {
      editor: editorWith(server.apiKey),
      meddle: (one: RecordSet) => server.replace(contractZone, one),
      foreign: () => foreignByDig(server.endpoint, 'no key'),
    };
  };

  zoneEditorContract({
    secret: 'of-no-use-outside',
    open,
    troubles: ['denied', 'limited', 'broken', 'half', 'hangs'],
    openTroubled: async (t, sets, trouble) => {
      const zone = await open(t, sets);
      let isCalm = false;
      const calm = () => (isCalm = true);
      if (trouble === 'denied') {
        const now = () => editorWith(isCalm ? server.apiKey : 'of-no-use-anywhere');
        const editor = {
          ...zone.editor,
          read: (...words: Parameters<typeof zone.editor.read>) => now().read(...words),
          apply: (...words: Parameters<typeof zone.editor.apply>) => now().apply(...words),
        };
        return { ...zone, editor, calm };
      }
      const liar = await listen(t, createServer(lies[trouble]));
      const way: typeof exchange = (url, request, signal) =>
        exchange(isCalm ? url : new URL(url.pathname, liar), request, signal);
      return { ...zone, editor: editorWith(server.apiKey, way), calm };
    },
  });

  test('comments of a set and its disabled records stay', async (t) => {
    const { editor } = await open(t, []);
    const name = `t.${contractZone}`;
    const kept = { content: '"kept for later"', disabled: true };
    const comments = [{ content: 'do not touch', account: 'ann', modified_at: 1 }];
    const rrset = { name: `${name}.`, type: 'TXT', ttl: 60, changetype: 'REPLACE', comments };
    const said = await server.call('PATCH', `/zones/${contractZone}.`, {
      rrsets: [{ ...rrset, records: [{ content: '"one"', disabled: false }, kept] }],
    });
    assert.equal(said.status, 204, await said.text());
    const one = set(name, 'TXT', ['one'], 60);
    const two = set(name, 'TXT', ['two'], 60);
    assert.deepEqual(await editor.apply(contractZone, [changeOf(one, two)]), { ok: true, done: 1 });
    assert.deepEqual(await editor.apply(contractZone, [changeOf(two, undefined)]), { ok: true, done: 1 });
    const zone = (await (await server.call('GET', `/zones/${contractZone}.`)).json()) as { rrsets: { name: string }[] };
    const held = zone.rrsets.find((found) => found.name === `${name}.`);
    assert.partialDeepStrictEqual(held, { records: [kept], comments });
    const alone = await editor.apply(contractZone, [changeOf(undefined, one)]);
    assert.partialDeepStrictEqual(alone, { ok: false, code: 'not-supported', done: 0 });
  });
});

async function listen(t: TestContext, liar: Server): Promise<string> {
  await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    liar.closeAllConnections();
    liar.close();
  });
  const at = liar.address();
  assert.ok(at !== null && typeof at === 'object');
  return `http://127.0.0.1:${at.port}`;
}
