/** `posthorn policy` from a key to a document that is taken, waited for, refused. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { cli, type FakeCli } from '../../../test/support/fake-cli.ts';
import { realCatalogue } from '../../../test/support/planning.ts';
import { tempDb } from '../../../test/support/temp-office.ts';
import { systemClock } from '../../base/clock.ts';
import { accept } from '../../base/outcome.ts';
import { resolverAsAuthority } from '../../protocol/dns/authorities.ts';
import type { Resolver } from '../../protocol/dns/types.ts';
import { resolverFromZone } from '../../protocol/dns/zone-resolver.ts';
import { Setup } from '../../services/setup/setup.ts';
import { setupMigrations } from '../../services/setup/setup-migrations.ts';

const declaration = 'senders = ["google-workspace", "own:192.0.2.10"]\n[dmarc]\nstage = "quarantine"\n';
const pem = (await cli('policy keygen')).out;
const url = 'https://example.com/eml.json';
const push = `policy push example.com --file d.toml --key k.pem --url ${url}`;

async function pushed(file: string, line = push, files: FakeCli['files'] = {}) {
  const { code, out, err } = await cli(`${line} --json`, { files: { 'd.toml': file, 'k.pem': pem, ...files } });
  assert.equal(code, 0, err);
  const { document, record } = JSON.parse(out);
  return { text: JSON.stringify(document), zone: `${record.name}. TXT "${record.value}"\n` };
}

test('what was pushed is fetched, believed, and compiles to what was declared', async () => {
  const { text, zone } = await pushed(declaration);
  const asked: string[] = [];
  const world: FakeCli = {
    dns: async () => ({
      resolver: resolverFromZone(zone),
      authorities: resolverAsAuthority(resolverFromZone(zone), 'ns'),
    }),
    fetchNamed: async () => async (address) => {
      asked.push(address);
      return accept(Buffer.from(text));
    },
  };
  const { code, out } = await cli('policy pull example.com --json', world);
  assert.equal(code, 0);
  assert.deepEqual(asked, [url]);
  assert.partialDeepStrictEqual(JSON.parse(out), {
    serial: 1,
    decision: 'take',
    declaration: { senders: ['google-workspace', 'own:ip4=192.0.2.10'], dmarc: { stage: 'quarantine' } },
  });
  const same = await cli('policy diff example.com --file d.toml', { ...world, files: { 'd.toml': declaration } });
  assert.deepEqual([same.code, /say the same/.test(same.out)], [0, true]);
});

test('what to type next is about the same office, file and zone', async () => {
  const { text, zone } = await pushed(declaration);
  const pulled = await cli('policy pull example.com --document doc --zone z --data there', {
    files: { z: zone, doc: text },
  });
  assert.match(pulled.out, /\n {2}posthorn policy pull example\.com --document doc --save --data there --zone z\n/);
  assert.match(pulled.out, /\n {2}posthorn plan example\.com --data there --zone z\n$/);
  const stray = await cli('policy push example.com --kid k2 --contact mailto:a@example.com --data there');
  assert.match(stray.err, /next: posthorn policy push example\.com --contact mailto:a@example\.com --data there\n$/);
});

test('keys and the mode of MTA-STS go from the declaration into the document and back; diff tells them apart', async () => {
  const with_ = (mode: string, selector: string) =>
    `mta_sts = "${mode}"\n${declaration.replace('[dmarc]', `[[keys]]\nselector = "${selector}"\nrecord = "v=DKIM1; p=AAAA"\n[dmarc]`)}`;
  const { text, zone } = await pushed(with_('enforce', 's1'), `${push} --mx mx.example.com`);
  const files = { z: zone, doc: text, same: with_('enforce', 's1'), open: declaration, other: with_('testing', 's2') };
  const pulled = await cli('policy pull example.com --zone z --document doc --json', { files });
  const keys = [{ selector: 's1', record: 'v=DKIM1; p=AAAA' }];
  assert.partialDeepStrictEqual(JSON.parse(pulled.out).declaration, { keys, mta_sts: 'enforce' });
  const diff = async (file: string) => {
    const { code, out } = await cli(`policy diff example.com --zone z --document doc --file ${file} --json`, { files });
    return [code, ...JSON.parse(out).changes.map(({ what }: { what: string }) => what)];
  };
  assert.deepEqual(await diff('same'), [0]);
  assert.deepEqual(await diff('open'), [0]);
  assert.deepEqual(await diff('other'), [1, 'key', 'key', 'tls.mode']);
});

test('a later document that loosens waits three days; one of another key is refused', async () => {
  const first = await pushed(declaration);
  const looser = declaration.replace('quarantine', 'none');
  const second = await pushed(looser, `${push} --after first`, { first: first.text });
  const pull = async (files: FakeCli['files'], clock: string) => {
    const line = `policy pull example.com --zone z --document doc --held held --json --clock ${clock}`;
    const { code, out } = await cli(line, { files: { z: first.zone, ...files } });
    return { exit: code, ...JSON.parse(out) };
  };
  const taken = await cli('policy pull example.com --zone z --document doc --json', {
    files: { z: first.zone, doc: first.text },
  });
  const held = JSON.stringify(JSON.parse(taken.out).held);
  const waits = await pull({ doc: second.text, held }, '2026-11-01T12:00:00Z');
  assert.partialDeepStrictEqual(waits, { exit: 0, decision: 'wait', from: '2026-11-04T12:00:00.000Z' });
  assert.equal(waits.declaration.dmarc.stage, 'quarantine');
  const later = await pull({ doc: second.text, held: JSON.stringify(waits.held) }, '2026-11-04T12:00:00Z');
  assert.equal(later.declaration.dmarc.stage, 'none');
  const back = await pull({ doc: first.text, held: JSON.stringify(later.held) }, '2026-11-05T12:00:00Z');
  assert.partialDeepStrictEqual(back, { exit: 1, decision: 'refuse', code: 'too-old' });
  const other = await cli('policy keygen');
  const forged = await pushed(declaration, push, { 'k.pem': other.out });
  const refused = await cli('policy pull example.com --zone z --document doc', {
    files: { z: first.zone, doc: forged.text },
  });
  assert.equal(refused.code, 1);
  assert.match(refused.err, /signature by k1 does not hold/);
});

test('pull --save: plan uses what is in force; what loosens waits in the office, and is taken when its time has come', async (t) => {
  const db = await tempDb(t, setupMigrations);
  const catalogue = realCatalogue();
  const nobody = async () => undefined;
  const openOffice = async () =>
    ({
      hostname: 'mx.post.test',
      directory: { domain: nobody },
      delegations: { find: nobody, policyRecord: nobody },
      setup: async (resolver: Resolver) => new Setup({ resolver, timers: systemClock, catalogue, db }),
      close: nobody,
    }) as never;
  const first = await pushed(declaration);
  const next = '[[keys]]\nselector = "s1"\nrecord = "v=DKIM1; p=AAAA"\n[dmarc]\nstage = "reject"\n';
  const second = await pushed(`senders = ["google-workspace"]\n${next}`, `${push} --after first`, {
    first: first.text,
  });
  const at = async (line: string, doc = first.text) => {
    const { code, out, err } = await cli(line, { openOffice, columns: 80, files: { z: first.zone, doc } });
    assert.equal(code, 0, err);
    return out;
  };
  const pull = (doc: string, day: number, more = '') =>
    at(`policy pull example.com --zone z --document doc --save --clock 2026-11-0${day}T12:00:00Z ${more}`, doc);
  const values = async () =>
    JSON.parse(await at('plan example.com --zone z --json')).records.map(({ value }: { value: string }) => value);
  const has = async (text: string) => (await values()).some((value: string) => value.includes(text));
  assert.match(await pull(first.text, 1), /it is in force from now on.*next: posthorn plan example\.com/s);
  assert.deepEqual([await has('ip4:192.0.2.10'), await has('p=quarantine')], [true, true]);
  const waits = await pull(second.text, 2);
  assert.match(waits, /^ {2}- tightens sender: own:ip4=192\.0\.2\.10 -> -$/m);
  assert.match(waits, /^In force now$.*DMARC stage: reject$.*^Waits until 2026-11-05T12:00:00\.000Z$.*key: - -> s1 /ms);
  assert.match(waits, /once the wait is over: posthorn policy pull example\.com --save/);
  assert.deepEqual([await has('ip4:192.0.2.10'), await has('p=reject'), await has('p=AAAA')], [false, true, false]);
  const still = JSON.parse(await pull(second.text, 4, '--json'));
  assert.partialDeepStrictEqual(still, { decision: 'keep', from: '2026-11-05T12:00:00.000Z', saved: true });
  assert.deepEqual(
    still.waiting.map(({ what }: { what: string }) => what),
    ['key'],
  );
  assert.equal(await has('p=AAAA'), false);
  await pull(second.text, 5);
  assert.equal(await has('p=AAAA'), true);
  const back = await cli('policy pull example.com --zone z --document doc --save', {
    openOffice,
    files: { z: first.zone, doc: first.text },
  });
  assert.deepEqual([back.code, await has('p=AAAA')], [1, true]);
});

test('what cannot be is named: no record, no declaration, no key, no address', async () => {
  const files = {
    'd.toml': declaration,
    'k.pem': pem,
    'bad.toml': 'senders = ["nobody"]',
    z: 'example.com. A 192.0.2.1',
  };
  for (const [line, code, say] of [
    ['policy pull example.com --zone z', 1, /no policy record/],
    [`${push} --kid a.b`, 65, /--kid/],
    [push.replace('https', 'http'), 65, /--url/],
    [push.replace('k.pem', 'd.toml'), 65, /no Ed25519 key/],
    [push.replace('d.toml', 'bad.toml'), 65, /nobody/],
    [`${push} --selector s1 --zone z`, 65, /no single TXT record/],
    [`${push} --mta-sts always`, 65, /tls.mode/],
  ] as const) {
    const { code: got, err } = await cli(line, { files });
    assert.deepEqual([got, say.test(err)], [code, true], `${line}: ${err}`);
  }
});
