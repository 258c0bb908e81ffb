/**
 * From a declaration to a zone at servers of others and back: planned against the zone as it is, changed, seen at the server by asking
 * it, undone. And what every wizard gets wrong: four services, set up one after the other, lose nothing of each other.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createNodeNet } from '../../../src/adapters/net/node-net.ts';
import { createAuthorities } from '../../../src/adapters/resolver/authorities.ts';
import { createStubResolver } from '../../../src/adapters/resolver/stub-resolver.ts';
import { createHttpsExchange } from '../../../src/adapters/zones/https-exchange.ts';
import { createPowerDnsEditor } from '../../../src/adapters/zones/powerdns.ts';
import { rfc2136Editor } from '../../../src/adapters/zones/rfc2136.ts';
import { loadCatalogue } from '../../../src/app/load-catalogue.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { createIds } from '../../../src/base/id.ts';
import type { Endpoint } from '../../../src/base/port/net.ts';
import { systemRandom } from '../../../src/base/random.ts';
import type { Resolver } from '../../../src/protocol/dns/types.ts';
import { resolverFromZone } from '../../../src/protocol/dns/zone-resolver.ts';
import { createJournal } from '../../../src/services/setup/publish/publication-journal.ts';
import { createPublisher } from '../../../src/services/setup/publish/publish.ts';
import type { JournalLine } from '../../../src/services/setup/publish/types.ts';
import { Setup } from '../../../src/services/setup/setup.ts';
import type { RecordSet } from '../../../src/services/setup/types.ts';
import type { ZoneEditor } from '../../../src/services/setup/zone-editor.ts';
import { contractZone, set } from '../../contracts/zone-editor.ts';
import {
  contractZoneFile,
  startUpdatable,
  updateByNsupdate,
  updateKey,
} from '../../support/peers/dns/editable-zone.ts';
import { startPowerDns } from '../../support/peers/dns/powerdns.ts';
import { skipDnsPeers } from '../../support/peers/dns/when-peers.ts';
import { run } from '../../support/sandbox-scene.ts';

const server = `ns.${contractZone}`;
/** What the zone holds before anybody plans. */
const begin = [
  set(server, 'A', ['127.0.0.1']),
  set(contractZone, 'TXT', ['v=spf1 ip4:192.0.2.25 include:_spf.one.example ~all', 'verification=1']),
];
/** Services that ask for a term in the SPF record of the domain itself, with the term. */
const wizards = {
  fastmail: 'include:spf.messagingengine.com',
  zendesk: 'include:mail.zendesk.com',
  mailjet: 'include:spf.mailjet.com',
  salesforce: 'include:_spf.salesforce.com',
} as const;
const elsewhereText = ['_spf.one.example', ...Object.values(wizards).map((term) => term.slice('include:'.length))]
  .map((name, nth) => `${name}. TXT "v=spf1 ip4:198.51.100.${16 * nth}/28 ~all"`)
  .join('\n');

type Kept = {
  readonly editor: ZoneEditor;
  readonly endpoint: Endpoint;
  readonly meddle: (one: RecordSet) => Promise<void>;
};

async function openAt(t: TestContext, kind: 'BIND' | 'Knot' | 'PowerDNS'): Promise<Kept> {
  if (kind === 'PowerDNS') {
    const peer = await startPowerDns();
    t.after(() => peer[Symbol.asyncDispose]());
    await peer.fill(contractZone, [server], begin);
    const editor = createPowerDnsEditor({ exchange: createHttpsExchange(), timers: systemClock }, peer);
    return { editor, endpoint: peer.endpoint, meddle: (one) => peer.replace(contractZone, one) };
  }
  const peer = await startUpdatable(kind, contractZoneFile(begin, [server]));
  t.after(() => peer[Symbol.asyncDispose]());
  const { name, algorithm, secret } = updateKey;
  const key = { name: name.split('.'), algorithm, secret: Buffer.from(secret, 'base64') };
  const world = { net: createNodeNet(), timers: systemClock, random: systemRandom };
  return {
    editor: rfc2136Editor({ ...world, server: peer.endpoint, key }),
    endpoint: peer.endpoint,
    meddle: (one) => updateByNsupdate(peer.endpoint, one),
  };
}

async function scene(t: TestContext, kind: 'BIND' | 'Knot' | 'PowerDNS') {
  const { editor, endpoint, meddle } = await openAt(t, kind);
  const world = { net: createNodeNet(), timers: systemClock, random: systemRandom };
  const atServer = createStubResolver({ ...world, servers: [endpoint] });
  const elsewhere = resolverFromZone(elsewhereText);
  const resolver: Resolver = {
    lookup: (name, type, options) => (name.endsWith(contractZone) ? atServer : elsewhere).lookup(name, type, options),
  };
  const authorities = createAuthorities({ ...world, resolver, placeOf: () => endpoint });
  const lines: JournalLine[] = [];
  const kept = { where: 'memory', append: async (line: JournalLine) => void lines.push(line), read: async () => lines };
  const journal = createJournal({ lines: kept, clock: systemClock, ids: createIds(systemClock, systemRandom) });
  const publisher = createPublisher({ editor, resolver, authorities, journal, timers: systemClock });
  const catalogue = await loadCatalogue();
  const prepare = async (...senders: string[]) => {
    const prepared = await publisher.prepare(contractZone, async (over) => {
      const setup = new Setup({ resolver: over, timers: systemClock, catalogue });
      const declaration = setup.readDeclaration(
        { senders, dmarc: { stage: 'none', rua: [`mailto:d@${contractZone}`] } },
        contractZone,
      );
      assert.ok(declaration.ok, declaration.ok ? '' : declaration.say);
      const observed = await setup.observe(declaration.value);
      assert.ok(observed.ok, observed.ok ? '' : observed.say);
      const plan = setup.plan(declaration.value, observed.value);
      assert.ok(plan.ok, plan.ok ? '' : plan.say);
      return plan.value;
    });
    assert.ok(prepared.ok, prepared.ok ? '' : prepared.say);
    return prepared.value;
  };
  const publish = async (...senders: string[]) => publisher.carryOut(await prepare(...senders), { waitMs: 10_000 });
  const sets = async () => {
    const read = await editor.read(contractZone);
    assert.ok(read.ok, read.ok ? '' : read.say);
    return read.value.sets;
  };
  return { publisher, publish, prepare, sets, meddle, journal, catalogue };
}

const spfIn = (sets: readonly RecordSet[]) =>
  sets.flatMap(({ name, type, values }) =>
    name === contractZone && type === 'TXT' ? values.filter((text) => /^v=spf1 /i.test(text)) : [],
  );

const plain = (sets: readonly RecordSet[]) =>
  sets.map((one) => JSON.stringify({ ...one, values: [...one.values].sort() })).sort();

for (const kind of ['BIND', 'Knot', 'PowerDNS'] as const) {
  const program = { BIND: 'named', Knot: 'knotd', PowerDNS: 'pdns_server' }[kind];
  const skip = skipDnsPeers(program, 'nsupdate', 'dig');
  describe(`publishing at ${kind}`, { skip }, () => {
    test('planned, changed, seen at the server, and undone', async (t) => {
      const { publisher, publish, sets, journal } = await scene(t, kind);
      const before = plain(await sets());
      const end = await publish('fastmail');
      assert.equal(end.state, 'verified', JSON.stringify(end));
      const [record = '', ...more] = spfIn(await sets());
      assert.deepEqual(more, []);
      for (const term of ['ip4:192.0.2.25', 'include:_spf.one.example', 'include:spf.messagingengine.com'])
        assert.ok(record.includes(term), record);
      assert.ok((await sets()).some(({ name }) => name === `_dmarc.${contractZone}`));
      const [publication] = await journal.list(contractZone);
      assert.ok(publication);
      const undo = await publisher.prepareUndo(publication);
      assert.ok(undo.ok);
      assert.equal((await publisher.carryOut(undo.value, { waitMs: 10_000 })).state, 'verified');
      assert.deepEqual(plain(await sets()), before);
    });

    test('what somebody else changes between the look and the change is kept, and nothing is half done', async (t) => {
      const { publisher, prepare, sets, meddle } = await scene(t, kind);
      const prepared = await prepare('fastmail');
      const theirs = set(contractZone, 'TXT', ['v=spf1 include:theirs.example -all', 'verification=2']);
      await meddle(theirs);
      const before = plain(await sets());
      const end = await publisher.carryOut(prepared, { waitMs: 0 });
      assert.partialDeepStrictEqual(end, { state: 'refused', code: 'changed-meanwhile' });
      assert.deepEqual(plain(await sets()), before);
    });

    test('four services, each set up alone after the other, lose no term of each other', async (t) => {
      const { publish, sets } = await scene(t, kind);
      for (const sender of Object.keys(wizards)) {
        const end = await publish(sender);
        assert.equal(end.state, 'verified', `${sender}: ${JSON.stringify(end)}`);
      }
      const found = spfIn(await sets());
      assert.equal(found.length, 1, found.join('\n'));
      for (const term of ['ip4:192.0.2.25', 'include:_spf.one.example', ...Object.values(wizards)])
        assert.ok(found[0]?.split(' ').includes(term), `${term} is lost: ${found[0]}`);
      const texts = (await sets()).find(({ name, type }) => name === contractZone && type === 'TXT')?.values ?? [];
      assert.ok(texts.includes('verification=1'));
    });
  });
}

describe('publish as it is typed', { skip: skipDnsPeers('named', 'nsupdate', 'dig') }, () => {
  test('at BIND, with the key in a file: shown, published, watched, undone; the secret is nowhere', async (t) => {
    const peer = await startUpdatable('BIND', contractZoneFile(begin, [server]));
    t.after(() => peer[Symbol.asyncDispose]());
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-typed-'));
    t.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'secret'), `${updateKey.secret}\n`, { mode: 0o600 });
    const at = `${peer.endpoint.address}:${peer.endpoint.port}`;
    const environment = {
      RFC2136_NAMESERVER: at,
      RFC2136_TSIG_KEY: updateKey.name,
      RFC2136_TSIG_SECRET_FILE: join(folder, 'secret'),
      POSTHORN_DATA: join(folder, 'none'),
    };
    const journal = join(folder, 'journal');
    const main = fileURLToPath(new URL('../../../src/app/main.ts', import.meta.url));
    const typed = async (...words: string[]) => {
      const all = [main, ...words, '--resolver', at, '--journal', journal];
      const ran = await run(process.execPath, all, { environment });
      assert.ok(!(ran.out + ran.err).includes(updateKey.secret));
      return ran;
    };
    const host = ['--provider', 'rfc2136', '--json'];
    const publish = ['publish', contractZone, '--sender', 'own:192.0.2.30', ...host];
    const shown = await typed(...publish, '--dry-run');
    assert.ok([0, 1].includes(shown.code), shown.err);
    assert.ok(JSON.parse(shown.out).changes.length > 0);
    const done = await typed(...publish, '--partial', '--yes', '--wait', '10s');
    assert.equal(done.code, 0, done.out + done.err);
    assert.equal(JSON.parse(done.out).result.state, 'verified');
    assert.equal((await typed('watch', contractZone, '--once')).code, 0);
    assert.equal((await typed('publish', contractZone, '--undo', ...host, '--yes')).code, 0);
    assert.ok(!readFileSync(journal, 'utf8').includes(updateKey.secret));
    const wrong = await run(process.execPath, [main, ...publish, '--dry-run', '--resolver', at], {
      environment: { ...environment, RFC2136_TSIG_KEY: 'nobody' },
    });
    assert.equal(wrong.code, 77, wrong.out + wrong.err);
  });
});
