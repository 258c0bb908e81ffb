/**
 * A domain delegated once: its own zone stands at BIND with the few records that the command prints, the office answers the rest, and
 * resolvers and judges that are not ours find it, before and after the keys were replaced.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stsPolicyFetcher } from '../../../src/adapters/http/fetch-sts-policy.ts';
import { createGuardedHttp } from '../../../src/adapters/http/guarded-http.ts';
import { createNodeNet } from '../../../src/adapters/net/node-net.ts';
import { createAuthorities } from '../../../src/adapters/resolver/authorities.ts';
import { createStubResolver } from '../../../src/adapters/resolver/stub-resolver.ts';
import { openOffice } from '../../../src/app/compose.ts';
import { readConfig } from '../../../src/app/config.ts';
import { openServedZones } from '../../../src/app/served-zones.ts';
import type { SettingName } from '../../../src/app/settings.ts';
import { systemClock, type Timers } from '../../../src/base/clock.ts';
import type { Endpoint } from '../../../src/base/port/net.ts';
import { silentSignals } from '../../../src/base/port/signals.ts';
import { systemRandom } from '../../../src/base/random.ts';
import { serveDns } from '../../../src/entrances/dns/dns-entrance.ts';
import { parseSend } from '../../../src/entrances/http/parse-send.ts';
import { recordsOfSet } from '../../../src/format/record-set.ts';
import { recordText } from '../../../src/format/zone-file.ts';
import { observeSts, problemsOf } from '../../../src/protocol/mta-sts/observe-sts.ts';
import { ownOffice, recordsToCreate } from '../../../src/services/setup/setup.ts';
import type { SetupRecord } from '../../../src/services/setup/types.ts';
import { dig } from '../../support/peers/dns/dig.ts';
import { startKnot, startNamed, startUnbound } from '../../support/peers/dns/name-servers.ts';
import { skipDnsPeers } from '../../support/peers/dns/when-peers.ts';
import { ForeignProcess } from '../../support/peers/foreign-process.ts';
import { ownPort, ownPorts } from '../../support/peers/own-ports.ts';
import { startPebble } from '../../support/peers/pebble.ts';
import { dkimpySays, noPythonJudges, pyspfSays } from '../../support/peers/python-judges.ts';
import { run, until } from '../../support/sandbox-scene.ts';
import { domain, tempFolder } from '../../support/temp-office.ts';

const skip = skipDnsPeers('named', 'knotd', 'unbound', 'dig') || noPythonJudges;
const example = domain('example.com');
const hostname = domain('mx.posthorn.example');
const address = '127.0.0.1';
const main = fileURLToPath(new URL('../../../src/app/main.ts', import.meta.url));
/** Where the world thinks that the servers are. */
const theirServer = '192.0.2.53';
const ourServer = '192.0.2.54';

/** Goes on like the real one, and ahead when it is told to. */
function clockAhead(): Timers & { ahead: (ms: number) => void } {
  let aheadMs = 0;
  return {
    ...systemClock,
    nowMs: () => systemClock.nowMs() + aheadMs,
    ahead: (ms) => {
      aheadMs += ms;
    },
  };
}

async function openDelegated(t: TestContext, resolverPort: number, theirs: () => Endpoint) {
  const timers = clockAhead();
  const net = createNodeNet();
  const resolver = createStubResolver({
    net,
    timers: systemClock,
    random: systemRandom,
    servers: [{ address, port: resolverPort }],
  });
  const placeOf = (where: string) => (where === ourServer ? dns.endpoint : theirs());
  const authorities = createAuthorities({ net, timers: systemClock, random: systemRandom, resolver, placeOf });
  const folder = tempFolder(t, async () => {
    await dns?.close();
    await zones?.close();
    await office.stop();
  });
  const flags = new Map<SettingName, unknown>([
    ['data', folder],
    ['listen.dns', '127.0.0.1:0'],
    ['dns.hosted_zone', 'hosted.posthorn.example'],
    ['dns.name_servers', ['ns.posthorn.example']],
  ]);
  const read = readConfig({ environment: {}, flags });
  assert.ok('config' in read);
  const { config } = read;
  const world = { net, timers, random: systemRandom, signals: silentSignals, resolver, authorities, trust: [] };
  const office = await openOffice(config, hostname, world);
  const zones = await openServedZones(config, { db: office.db, timers: systemClock, signals: silentSignals });
  const at = { address, port: 0 };
  const dns = await serveDns({ net, at, zones: zones.zones, signals: silentSignals });
  await office.directory.addDomain(example, { verifiedBy: 'operator' });
  await office.start();
  return { office, timers, dns: dns.endpoint };
}

function text(records: readonly SetupRecord[]): string {
  return records
    .flatMap(({ name, type, value }) => recordsOfSet({ name, type, ttl: 60, values: [value] }) ?? assert.fail(name))
    .map(recordText)
    .join('\n');
}

for (const [kind, start] of [
  ['BIND', startNamed],
  ['Knot', startKnot],
] as const)
  test(`names at ${kind} lead to the office: keys, policies and SPF are found there, and follow a rotation`, {
    skip,
  }, async (t) => {
    const resolverPort = await ownPort();
    let theirs: Endpoint | undefined;
    const { office, timers, dns } = await openDelegated(t, resolverPort, () => theirs ?? assert.fail());
    const { delegations, directory } = office;
    assert.ok((await delegations.delegate(example, { kind: 'names', dmarcBefore: 'v=DMARC1; p=reject; fo=1' })).ok);
    const own = await ownOffice(directory, hostname, example, delegations);
    assert.ok(own);
    // What the office answers is made beside what delegates; a resolver that asks too early remembers its failure.
    const created = recordsToCreate(example, own);
    const policy = created.find(({ name }) => name === `_dmarc.${example}`)?.value ?? assert.fail();
    await until('the hosted zone', async () => (await dig(dns, [policy, 'TXT'])).answer.length > 0 || undefined);
    const soa = (zone: string) =>
      `${zone}. 60 IN SOA ns.${zone}. host.${zone}. 1 60 60 60 60\n${zone}. 60 IN NS ns.${zone}.\n`;
    await using server = await start([
      {
        origin: example,
        text: `${soa(example)}ns.${example}. 60 A ${theirServer}\n${example}. 60 MX 10 ${hostname}.\n${text(created)}\n`,
      },
      {
        origin: 'posthorn.example',
        text: `${soa('posthorn.example')}ns.posthorn.example. 60 A ${ourServer}\n${hostname}. 60 A 198.51.100.25\nhosted.posthorn.example. 60 NS ns.posthorn.example.\n`,
      },
    ]);
    theirs = server.endpoint;
    await using resolver = await startUnbound({
      port: resolverPort,
      server: 'cache-max-negative-ttl: 1',
      stubs: [
        { origin: example, at: server.endpoint, noCache: true },
        { origin: 'posthorn.example', at: server.endpoint, noCache: true },
        { origin: 'hosted.posthorn.example', at: dns, noCache: true },
      ],
    });
    const at = resolver.endpoint;
    const texts = async (name: string) =>
      (await dig(at, [name, 'TXT'], '+recurse')).answer.filter((line) => / TXT /.test(line));

    assert.match(
      (await texts(`_dmarc.${example}`)).join(),
      /"v=DMARC1; p=reject; fo=1; rua=mailto:postmaster@example\.com"/,
    );
    assert.match((await texts(`_mta-sts.${example}`)).join(), /"v=STSv1; id=[0-9a-f]{20}"/);
    assert.match((await texts(`_smtp._tls.${example}`)).join(), /"v=TLSRPTv1; /);
    assert.match(
      (await dig(at, [`bounce.${example}`, 'MX'], '+recurse')).answer.join('\n'),
      / MX 10 mx\.posthorn\.example\.$/m,
    );
    assert.match((await dig(at, [`mta-sts.${example}`, 'A'], '+recurse')).answer.join('\n'), / A 198\.51\.100\.25$/m);
    const senders = [
      { ip: '198.51.100.25', from: `a@${example}` },
      { ip: '192.0.2.99', from: `a@${example}` },
      { ip: '198.51.100.25', from: `b@bounce.${example}` },
      { ip: '192.0.2.99', from: `b@bounce.${example}` },
    ];
    assert.deepEqual(await pyspfSays(at, senders), ['pass', 'softfail', 'pass', 'fail']);
    const signed = async () => {
      const parsed = parseSend({ from: `a@${example}`, to: ['b@example.net'], subject: 'x', text: 'y' });
      assert.ok(parsed.ok);
      const sender = { kind: 'login', account: 'test' } as const;
      const taken = await office.outbound.submit(sender, parsed.request, { kind: 'cli' });
      assert.ok(taken.ok, taken.ok ? '' : taken.say);
      return (await office.outbound.raw(taken.value.id)) ?? assert.fail();
    };
    const first = await signed();
    assert.deepEqual(await dkimpySays(at, first), ['rsa-sha256 ph1 pass', 'ed25519-sha256 ph2 pass']);

    // One sender more, and nobody touches the domain's own zone.
    const { desk } = office;
    assert.ok((await desk.declare(example, { senders: ['own:203.0.113.9'], dmarc: { stage: 'reject' } })).ok);
    await until('the new sender', async () => {
      const [said] = await pyspfSays(at, [{ ip: '203.0.113.9', from: `a@${example}` }]);
      return said === 'pass' || undefined;
    });

    // New keys: shown at once, seen at every server over the alias, used when caches have forgotten, the old ones still there.
    assert.ok((await directory.dkim.rotate(example)).ok);
    await until('the new key', async () => ((await texts(`ph3._domainkey.${example}`)).length > 0 ? true : undefined));
    const seen = await office.care.look(example);
    const sightings = seen?.keys.flatMap(({ sighting }) => sighting ?? []) ?? [];
    assert.deepEqual(
      sightings.map(({ seen: where, second }) => `${where} ${second}`),
      ['everywhere false', 'everywhere false'],
    );
    assert.match(sightings[0]?.witnesses[0]?.server ?? '', /^ns\.example\.com > ns\.posthorn\.example$/);
    assert.deepEqual(await dkimpySays(at, await signed()), ['rsa-sha256 ph1 pass', 'ed25519-sha256 ph2 pass']);
    timers.ahead(3_600_000);
    await office.care.look(example);
    assert.deepEqual(await dkimpySays(at, await signed()), ['rsa-sha256 ph3 pass', 'ed25519-sha256 ph4 pass']);
    assert.deepEqual(await dkimpySays(at, first), ['rsa-sha256 ph1 pass', 'ed25519-sha256 ph2 pass']);
    const forged = Buffer.from(Buffer.from(first).toString('latin1').replace('Subject: x', 'Subject: z'), 'latin1');
    assert.deepEqual(await dkimpySays(at, forged), ['rsa-sha256 ph1 fail', 'ed25519-sha256 ph2 fail']);
  });

const skipPebble = skipDnsPeers('pebble');

test('the policy of a delegated domain is fetched over proven TLS, by a certificate that the office gets itself', {
  skip: skipPebble,
}, async (t) => {
  const folder = tempFolder(t);
  const [dnsPort = 0, acmePort = 0, httpPort = 0, mxPort = 0, tlsPort = 0] = await ownPorts(5);
  const at = { address, port: dnsPort };
  await using pebble = await startPebble({ dns: at, httpPort: acmePort });
  writeFileSync(join(folder, 'trust.pem'), pebble.trust);
  const zoneFile = join(folder, 'world.zone');
  const zoneText = `. 60 SOA a. b. 1 60 60 60 60\n. 60 NS a.\n${hostname}. 60 A 127.0.0.1\n${example}. 60 MX 10 ${hostname}.\n`;
  writeFileSync(zoneFile, zoneText);
  writeFileSync(
    join(folder, 'posthorn.toml'),
    `data = "${folder}/data"
hostname = "${hostname}"
[listen]
http = "127.0.0.1:${httpPort}"
https = "127.0.0.1:${tlsPort}"
mx = "127.0.0.1:${mxPort}"
submission = []
submissions = []
acme = "127.0.0.1:${acmePort}"
dns = "127.0.0.1:${dnsPort}"
[dns]
zones = ["${zoneFile}"]
resolvers = ["127.0.0.1:${dnsPort}"]
hosted_zone = "hosted.posthorn.example"
name_servers = ["ns.posthorn.example"]
[tls]
acme = "${pebble.directoryUrl}"
acme_terms_agreed = true
trust = ["${folder}/trust.pem"]
`,
  );
  const posthorn = async (...words: readonly string[]) => {
    const ran = await run(process.execPath, [main, ...words, '--config', join(folder, 'posthorn.toml')]);
    assert.equal(ran.code, 0, ran.err);
    return ran.out;
  };
  await posthorn('domains', 'add', example, '--verified');
  const printed = JSON.parse(await posthorn('domains', 'delegate', example, '--json', '--zone', zoneFile)) as {
    readonly records: readonly SetupRecord[];
  };
  writeFileSync(zoneFile, `${zoneText}${text(printed.records)}\n`);
  const office = await ForeignProcess.start(process.execPath, [
    main,
    'serve',
    '--config',
    join(folder, 'posthorn.toml'),
  ]);
  t.after(() => office.stop());
  const issued = () => office.words.split('tls.certificate_issued').length - 1;
  await office.shows('two certificates', () => issued() === 2);

  const ports = { net: createNodeNet(), timers: systemClock, random: systemRandom };
  const fresh = () => createStubResolver({ ...ports, servers: [at] }); // without what it remembers
  const trust = [await pebble.root()];
  const fetchFile = stsPolicyFetcher(
    createGuardedHttp({ resolver: fresh(), timers: systemClock, trust, test: { port: tlsPort } }),
  );
  const first = await observeSts(fresh(), example, fetchFile);
  assert.deepEqual(problemsOf(first), []);
  assert.ok(first.announced.kind === 'found' && first.file?.ok, JSON.stringify(first));
  assert.equal(first.file.policy.mode, 'testing');
  await posthorn('domains', 'delegate', example, '--mta-sts', 'enforce');
  const { id } = first.announced;
  const next = await until('another policy', async () => {
    const seen = await observeSts(fresh(), example, fetchFile);
    return seen.announced.kind === 'found' && seen.announced.id !== id ? seen : undefined;
  });
  assert.ok(next.file?.ok && next.file.policy.mode === 'enforce');
  assert.deepEqual(problemsOf(next), []);
  const behindProxy = await fetchAs(httpPort, `mta-sts.${example}`);
  assert.match(behindProxy, /^version: STSv1\r\nmode: enforce\r\nmx: mx\.posthorn\.example\r\n/);
});

/** As a proxy asks that has ended TLS. */
function fetchAs(port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host: address, port, path: '/.well-known/mta-sts.txt', headers: { Host: host } }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      answer.on('end', () => resolve(body));
    })
      .on('error', reject)
      .end();
  });
}
