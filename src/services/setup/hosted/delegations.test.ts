/** A domain delegated once: what is planned in its own zone, what the office answers, and that it follows keys and declaration by itself. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { createManualTimers } from '../../../../test/support/manual-timers.ts';
import { carriedOut, codes, planned, realCatalogue, recordTable } from '../../../../test/support/planning.ts';
import { domain, tempOffice } from '../../../../test/support/temp-office.ts';
import { zoneText } from '../../../format/zone-file.ts';
import { type Authorities, resolverAsAuthority } from '../../../protocol/dns/authorities.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import { resolverFromZone } from '../../../protocol/dns/zone-resolver.ts';
import { makeZoneSet } from '../../../protocol/dns/zone-set.ts';
import { DomainCare } from '../care/domain-care.ts';
import { ownOffice } from '../own-office.ts';
import { currentOfficePolicy, pushOfficePolicy } from '../policy-document/office-policy.ts';
import { parsePolicyRecord } from '../policy-document/policy-record.ts';
import { openPolicy } from '../policy-document/seal-policy.ts';
import { ServedPolicies } from '../policy-document/served-policies.ts';
import { Setup } from '../setup.ts';
import { setupMigrations } from '../setup-migrations.ts';
import { Delegations, type DelegationsOptions } from './delegations.ts';
import { areOld, HostedKeeper, keyAgeMaxMs } from './hosted-keeper.ts';
import { hostedMigrations } from './hosted-migrations.ts';
import { HostedZoneStore } from './hosted-zones.ts';
import { hostedSource } from './zone-records.ts';

const example = domain('example.com');
const hostname = domain('mx.posthorn.example');
const settings: DelegationsOptions = {
  hostname,
  hostedZone: domain('hosted.posthorn.example'),
  nameServers: [domain('ns1.posthorn.example'), domain('ns2.posthorn.example')],
};
const ours = `${hostname}. A 192.0.2.1\n`;
const before = `example.com. MX 10 ${hostname}.
example.com. TXT "v=spf1 a:${hostname} include:_spf.google.com ip4:198.51.100.7 -all"
_spf.google.com. TXT "v=spf1 ip4:203.0.113.0/24 -all"
_dmarc.example.com. TXT "v=DMARC1; p=quarantine; adkim=s; rua=mailto:d@example.com"
bounce.example.com. MX 10 ${hostname}.
bounce.example.com. TXT "v=spf1 a:${hostname} ~all"
`;

async function scene(t: TestContext) {
  const timers = createManualTimers();
  const office = await tempOffice(t, {
    timers,
    migrations: [...setupMigrations, ...hostedMigrations],
    close: async () => {
      await care.stop();
      await keeper.stop();
    },
  });
  const { db, directory } = office;
  const catalogue = async () => realCatalogue();
  const world = { zone: '' };
  const down = new Set<string>();
  const resolver: Resolver = {
    lookup: async (name, type) =>
      down.has(name) ? { kind: 'failed', why: 'timeout' } : resolverFromZone(await all()).lookup(name, type),
  };
  const policies = new ServedPolicies({ ...office, clock: timers });
  const delegations = new Delegations({ db, directory, policies, resolver, clock: timers, catalogue }, settings);
  const hosted = async (): Promise<string> => {
    const store = new HostedZoneStore(db);
    const zones = await store.load((await store.serials('', 100)).map(([zone]) => zone));
    const records = zones.flatMap((zone) => hostedSource(zone).records);
    assert.ok(makeZoneSet(records).ok);
    return zoneText(records);
  };
  const all = async () => `${ours}${world.zone}${await hosted()}`;
  const authorities: Authorities = resolverAsAuthority(resolver, 'everybody');
  const failures: string[] = [];
  const signals = { emit: (level: string, name: string) => void (/error|warn/.test(level) && failures.push(name)) };
  const ports = { ...office, timers, signals };
  const care = new DomainCare({ ...ports, authorities, resolver, oldestOpenMs: async () => undefined });
  const keeper = new HostedKeeper({ ...ports, delegations });
  await directory.addDomain(example, { verifiedBy: 'operator' });
  const setup = new Setup({ resolver, timers, catalogue: await catalogue(), db });
  const plan = async (senders: readonly string[] = []) => {
    const own = await ownOffice(directory, hostname, example, delegations);
    return (await planned(await all(), { senders, ...(own && { office: own }) })).plan;
  };
  const shown = async (name: string, type: 'TXT' | 'MX' | 'CNAME' = 'TXT') => {
    const answer = await resolver.lookup(domain(name), type);
    return answer.kind === 'found' ? answer.records : answer.kind;
  };
  const keys = async () => (await directory.keysOf(example)).map(({ selector, state }) => `${selector} ${state}`);
  const declare = async (senders: readonly string[], more: object = {}) => {
    const read = setup.readDeclaration({ domain: example, senders, ...more });
    assert.ok(read.ok, JSON.stringify(read));
    await setup.declare(read.value);
  };
  return {
    ...office,
    timers,
    policies,
    delegations,
    world,
    down,
    declare,
    hosted,
    setup,
    care,
    keeper,
    plan,
    shown,
    keys,
    failures,
  };
}

const wish = { kind: 'names' } as const;

test('a domain that is set up: aliases take the place of what the office keeps, nothing else goes, and all is there then', async (t) => {
  const { delegations, world, plan, shown, setup } = await scene(t);
  world.zone = before;
  const dmarcBefore = 'v=DMARC1; p=quarantine; adkim=s; rua=mailto:d@example.com';
  const senders = ['gmail-api'];
  const declared = setup.readDeclaration({ domain: example, senders });
  assert.ok(declared.ok);
  await setup.declare(declared.value);
  const made = await delegations.delegate(example, { ...wish, dmarcBefore });
  assert.ok(made.ok);
  const { zone } = made.value;
  assert.match(zone, /^[0-9a-v]{16}\.hosted\.posthorn\.example$/);
  const first = await plan(senders);
  assert.deepEqual(codes(first.conflicts), []);
  const alias = (name: string) => `missing ${name}.example.com CNAME ${name}.${zone}`;
  const selectors = ['ph1', 'ph2', 'ph3', 'ph4'].map((selector) => `${selector}._domainkey`);
  assert.deepEqual(recordTable(first), [
    `present example.com MX 10 ${hostname}`,
    `wrong example.com TXT v=spf1 ip4:198.51.100.7 include:_spf.${zone} -all <- v=spf1 a:${hostname} include:_spf.google.com ip4:198.51.100.7 -all`,
    ...[...selectors, 'bounce', '_dmarc', '_mta-sts', 'mta-sts', '_smtp._tls', '_eml'].map(alias),
    `extra bounce.example.com TXT v=spf1 a:${hostname} ~all`,
    `extra bounce.example.com MX 10 ${hostname}`,
    `extra _dmarc.example.com TXT ${dmarcBefore}`,
  ]);
  world.zone = carriedOut(before, first);
  const second = await plan(senders);
  assert.deepEqual(codes(second.conflicts), []);
  assert.deepEqual(
    second.records.filter(({ state, sender }) => state !== 'present' && sender === 'posthorn'),
    [],
  );
  assert.deepEqual(await shown(`_spf.${zone}`), [`v=spf1 a:${hostname} include:_spf.google.com -all`]);
  assert.deepEqual(await shown('_dmarc.example.com'), [dmarcBefore]);
  assert.deepEqual(await shown('bounce.example.com', 'MX'), [{ preference: 10, exchange: hostname }]);
});

test('what somebody else keeps at one of the names waits for a person', async (t) => {
  const { delegations, world, plan } = await scene(t);
  world.zone = `_dmarc.example.com. CNAME reports.example.net.
bounce.example.com. MX 10 mail.example.net.
_smtp._tls.example.com. TXT "v=TLSRPTv1; rua=mailto:tls@example.net"
ph3._domainkey.example.com. TXT "v=DKIM1; p=MFkwDQYJKoZIhvcNAQEBBQADSAAwRQ=="
`;
  assert.ok((await delegations.delegate(example, wish)).ok);
  const { conflicts, records } = await plan();
  const waiting = ['ph3._domainkey', 'bounce', '_dmarc', '_smtp._tls'].map((label) => `${label}.example.com`);
  assert.deepEqual(conflicts.map(({ name }) => name).sort(), waiting.toSorted());
  assert.deepEqual(
    records.filter(({ name, state }) => waiting.includes(name) || state === 'extra'),
    [],
  );
});

test('new keys, a new sender, a higher stage: the office answers otherwise, and nobody touches the domain’s own zone', async (t) => {
  const { delegations, directory, world, plan, shown, keys, setup, keeper, care, timers, hosted, failures } =
    await scene(t);
  assert.ok((await delegations.delegate(example, wish)).ok);
  world.zone = carriedOut('', await plan());
  const settle = async (senders: readonly string[], stage: string) => {
    const read = setup.readDeclaration({ domain: example, senders, dmarc: { stage } });
    assert.ok(read.ok);
    await setup.declare(read.value);
    await timers.pass(1_000);
  };
  const serial = async () => Number(/SOA \S+ \S+ (\d+)/.exec(await hosted())?.[1]);
  keeper.start();
  care.start();
  await timers.pass(1_000);
  const first = await serial();
  await settle(['own:203.0.113.9'], 'quarantine');
  assert.deepEqual(await shown('_dmarc.example.com'), [
    'v=DMARC1; p=quarantine; np=reject; rua=mailto:postmaster@example.com',
  ]);
  const [name = ''] = /_spf\.[0-9a-v]{16}\.hosted\.posthorn\.example/.exec(world.zone) ?? [];
  assert.deepEqual(await shown(name), [`v=spf1 a:${hostname} ip4:203.0.113.9 -all`]);
  assert.ok((await serial()) > first);
  // A rotation: the new keys are shown at once, sign when caches have forgotten, and the old ones go when nothing carries them.
  assert.ok((await directory.dkim.rotate(example)).ok);
  await timers.pass(60_000);
  assert.equal((await shown('ph3._domainkey.example.com')).length, 1);
  assert.deepEqual(await keys(), ['ph1 active', 'ph2 active', 'ph3 pending', 'ph4 pending']);
  await timers.pass(900_000);
  assert.deepEqual(await keys(), ['ph1 retiring', 'ph2 retiring', 'ph3 active', 'ph4 active']);
  await timers.pass(8 * 86_400_000);
  assert.deepEqual(await keys(), ['ph1 retired', 'ph2 retired', 'ph3 active', 'ph4 active']);
  assert.equal(await shown('ph1._domainkey.example.com'), 'none');
  assert.deepEqual(failures, []);
  assert.ok(await directory.maySendFor(example));
});

test('keys are replaced when they are half a year old, one rotation at a time', () => {
  const nowMs = 10 * keyAgeMaxMs;
  const old = { state: 'active', stateSinceMs: nowMs - keyAgeMaxMs } as const;
  const young = { state: 'active', stateSinceMs: nowMs - keyAgeMaxMs + 1 } as const;
  assert.equal(areOld([young, old], nowMs), true);
  assert.equal(areOld([young], nowMs), false);
  assert.equal(areOld([old, { state: 'pending', stateSinceMs: nowMs }], nowMs), false);
  assert.equal(areOld([old, { state: 'retiring', stateSinceMs: nowMs }], nowMs), false);
});

test('a domain as a whole: name servers alone are planned, and everything stands at its own name', async (t) => {
  const { delegations, world, plan, shown } = await scene(t);
  world.zone = 'example.com. MX 5 old.example.net.\n';
  assert.ok((await delegations.delegate(example, { kind: 'zone' })).ok);
  world.zone = '';
  assert.deepEqual(
    recordTable(await plan()),
    settings.nameServers.map((server) => `present example.com NS ${server}`),
  );
  assert.deepEqual(await shown('example.com'), [`v=spf1 a:${hostname} ~all`]);
  assert.deepEqual(await shown('example.com', 'MX'), [{ preference: 10, exchange: hostname }]);
  assert.equal((await shown('ph1._domainkey.example.com')).length, 1);
  assert.equal(await delegations.stop(example), true);
  assert.equal(await shown('example.com'), 'none');
  assert.equal(await delegations.stop(example), false);
});

test('a whole zone: one SPF record a name, bounces of one service alone, and who wants the same is told', async (t) => {
  const { delegations, directory, hosted, setup, plan, shown, db } = await scene(t);
  const tokens = ['a', 'b', 'c'].map((letter, at) => `token${at + 1}=${letter.repeat(32)}`).join(',');
  const senders = [`amazon-ses:bounce=bounce,region=eu-west-1,${tokens}`, 'postmark'];
  const declared = setup.readDeclaration({ domain: example, senders });
  assert.ok(declared.ok);
  await setup.declare(declared.value);
  assert.ok((await delegations.delegate(example, { kind: 'zone' })).ok);
  assert.deepEqual(await shown('bounce.example.com'), [`v=spf1 a:${hostname} -all`]);
  assert.deepEqual(await shown('bounce.example.com', 'MX'), [{ preference: 10, exchange: hostname }]);
  const { conflicts, notes } = await plan(senders);
  assert.deepEqual(codes(conflicts), ['label-taken']);
  assert.ok(codes(notes).includes('parameter-missing'));
  const two = [...senders, 'google-workspace', 'fastmail'];
  assert.equal(codes((await plan(two)).conflicts).filter((code) => code === 'second-inbound').length, 2);
  // What is left out, and what the policy means, is told as for any other domain.
  const own = await ownOffice(directory, hostname, example, delegations);
  assert.ok(own);
  const shownNow = (await hosted()).replace('"v=DMARC1; p=none;', '"v=DMARC1; p=none; ri=86400;');
  const wizard = { senders: [], dmarc: { stage: 'reject' }, office: own };
  const { plan: strict } = await planned(`${ours}${shownNow}`, wizard);
  assert.deepEqual(
    strict.dropped.map(({ term }) => term),
    ['ri=86400'],
  );
  assert.ok(codes(strict.notes).includes('dmarc-skips-stages'), String(codes(strict.notes)));
  // A proof for a certificate that is under way stays.
  const challenge = { name: '_acme-challenge.example.com', type: 'TXT', ttl: 60, values: ['proof'] } as const;
  const { name, type } = challenge;
  assert.ok((await new HostedZoneStore(db).change(example, [{ name, type, after: challenge }])).ok);
  await delegations.make(example);
  assert.deepEqual(await shown(name), ['proof']);
});

test('DMARC that the office answers becomes no weaker because a later declaration does not speak of it', async (t) => {
  const { delegations, setup, shown } = await scene(t);
  const made = await delegations.delegate(example, wish);
  assert.ok(made.ok);
  const declare = async (dmarc: object) => {
    const read = setup.readDeclaration({ domain: example, senders: [], dmarc });
    assert.ok(read.ok);
    await setup.declare(read.value);
    await delegations.make(example);
    return shown(`_dmarc.${made.value.zone}`);
  };
  const strict = await declare({ stage: 'reject' });
  assert.match(String(strict), /p=reject/);
  assert.deepEqual(await declare({}), strict);
  assert.deepEqual(await declare({ stage: 'none' }), strict);
  assert.match(String(await declare({ stage: 'none', loosen: true })), /p=none/);
});

test('what cannot be is refused with what to set', async (t) => {
  const { db, directory, timers, delegations, policies } = await scene(t);
  const resolver = resolverFromZone(ours);
  const ports = { db, directory, policies, resolver, clock: timers, catalogue: async () => realCatalogue() };
  const say = async (changed: Partial<DelegationsOptions>, kind: 'names' | 'zone' = 'names') => {
    const made = await new Delegations(ports, { ...settings, ...changed }).delegate(example, { kind });
    return made.ok ? 'made' : `${made.code}: ${made.say}`;
  };
  const { hostedZone: _, ...without } = settings;
  const bare = await new Delegations(ports, without).delegate(example, wish);
  assert.match(bare.ok ? '' : bare.say, /set dns\.hosted_zone/);
  assert.match(await say({ nameServers: [] }), /set dns\.name_servers/);
  assert.match(await say({ nameServers: [domain('ns.hosted.posthorn.example')] }), /nobody would find its address/);
  assert.match(await say({ hostedZone: example }), /^zone-taken: .* lies in example\.com/);
  assert.match(await say({ hostname: domain('mx.example.com') }, 'zone'), /^zone-taken: mx\.example\.com lies in/);
  const stranger = await delegations.delegate(domain('example.net'), wish);
  assert.equal(stranger.ok ? '' : stranger.code, 'domain-unknown');
  assert.equal(await say({}), 'made');
  assert.match(await say({}, 'zone'), /^other-kind/);
  await new HostedZoneStore(db).add(domain('by-hand.example'), ['ns1.posthorn.example']);
  await directory.addDomain(domain('by-hand.example'));
  const held = await delegations.delegate(domain('by-hand.example'), { kind: 'zone' });
  assert.equal(held.ok ? '' : held.code, 'zone-taken');
});

/** Senders 1 to 12; the first includes another below it, so that it and eight more, with us and our include, are all that may be. */
const relays = (count: number) => Array.from({ length: count }, (_, at) => `smtp-relay:include=spf.s${at + 1}.example`);
const includes = (count: number) => Array.from({ length: count }, (_, at) => `include:spf.s${at + 1}.example`);
const relayZone = `spf.s1.example. TXT "v=spf1 include:nested.s1.example -all"\nnested.s1.example. TXT "v=spf1 ip4:203.0.113.200 -all"\n${Array.from(
  { length: 11 },
  (_, at) => `spf.s${at + 2}.example. TXT "v=spf1 ip4:203.0.113.${at * 2} -all"\n`,
).join('')}`;

async function delegated(t: TestContext, senders: readonly string[], kind: 'names' | 'zone' = 'names') {
  const made = await scene(t);
  made.world.zone = relayZone;
  await made.declare(senders);
  const { value } = (await made.delegations.delegate(example, { kind })) as {
    readonly value?: { readonly zone: string };
  };
  assert.ok(value);
  const at = kind === 'names' ? `_spf.${value.zone}` : example;
  if (kind === 'names') made.world.zone += `example.com. TXT "v=spf1 include:${at} ~all"\n`;
  return { ...made, at, spf: async () => String(await made.shown(at)) };
}

const spfOf = (terms: readonly string[], end = '-all') => ['v=spf1', `a:${hostname}`, ...terms, end].join(' ');

test('an SPF record of more than ten lookups, nested ones and the include of ours counted, is not answered: the last good one stays', async (t) => {
  const { declare, spf, keeper, timers, plan, delegations, failures, world } = await delegated(t, relays(6));
  assert.equal(await spf(), spfOf(includes(6)));
  keeper.start();
  await declare(relays(12));
  await timers.pass(1_000);
  assert.equal(await spf(), spfOf(includes(6)));
  assert.deepEqual([...new Set(failures)], ['domains.spf_held']);
  const [held] = (await delegations.find(example))?.spfHeld ?? [];
  assert.match(held?.say ?? '', /takes 15 DNS lookups/);
  const told = await plan(relays(12));
  assert.deepEqual(codes(told.conflicts), ['spf-held', 'spf-too-many-lookups']);
  assert.match(told.conflicts[0]?.fix ?? '', /--spf flatten/);
  await declare(relays(8)); // ours, the server's, eight and one below: eleven
  await timers.pass(1_000);
  assert.equal(await spf(), spfOf(includes(6)));
  await declare(relays(7));
  await timers.pass(1_000);
  assert.equal(await spf(), spfOf(includes(7)));
  assert.equal((await delegations.find(example))?.spfHeld, undefined);
  assert.ok(!codes((await plan(relays(7))).conflicts).includes('spf-held'));
  // What else the domain includes counts as well, until the next round finds it gone.
  const without = world.zone;
  world.zone = without.replace(' ~all', ' include:spf.s12.example ~all');
  await declare(relays(6));
  await timers.pass(1_000);
  await declare(relays(7));
  await timers.pass(1_000);
  assert.equal(await spf(), spfOf(includes(6)));
  world.zone = without;
  await timers.pass(7 * 3_600_000);
  assert.equal(await spf(), spfOf(includes(7)));
});

test('a sender without SPF, names that are not there, or more than fits into an answer: the last good SPF record stays', async (t) => {
  const { declare, spf, delegations, world } = await delegated(t, relays(2));
  await declare([...relays(2), 'smtp-relay:include=spf.nobody.example']);
  assert.equal((await delegations.make(example))[0]?.why, 'broken');
  assert.equal(await spf(), spfOf(includes(2)));
  world.zone += 'spf.void.example. TXT "v=spf1 a:a.void.example a:b.void.example a:c.void.example -all"\n';
  await declare([...relays(2), 'smtp-relay:include=spf.void.example']);
  assert.match((await delegations.make(example))[0]?.say ?? '', /3 of its names do not exist/);
  assert.equal(await spf(), spfOf(includes(2)));
  const many = Array.from({ length: 96 }, (_, at) => `own:192.0.2.${at * 2}`);
  await declare([...relays(2), ...many]);
  assert.match((await delegations.make(example))[0]?.say ?? '', /do not fit into one datagram/);
  assert.equal(await spf(), spfOf(includes(2)));
});

test('DNS that fails while SPF is weighed keeps the last good record, or lets the first one be answered', async (t) => {
  const { declare, spf, delegations, down, plan } = await delegated(t, relays(1));
  down.add('spf.s2.example');
  await declare(relays(2));
  assert.equal((await delegations.make(example))[0]?.why, 'unknown');
  assert.equal(await spf(), spfOf(includes(1)));
  assert.ok(codes((await plan(relays(2))).notes).includes('spf-waits'));
  down.clear();
  assert.deepEqual(await delegations.make(example), []);
  assert.equal(await spf(), spfOf(includes(2)));
  await delegations.stop(example);
  down.add('spf.s2.example');
  assert.ok((await delegations.delegate(example, wish)).ok);
  assert.equal(await spf(), spfOf(includes(2)));
  // What nobody could judge was no good record to go back to.
  down.add('spf.s1.example');
  await declare(relays(8));
  await delegations.make(example);
  assert.equal(await spf(), spfOf(includes(8)));
  down.clear();
  assert.equal((await delegations.make(example))[0]?.why, 'broken');
  assert.equal(await spf(), spfOf([]));
});

test('the first SPF record ever: one that is too much gives way to the server alone, and addresses stand for includes by a word', async (t) => {
  for (const kind of ['names', 'zone'] as const) {
    const { declare, spf, delegations, at, shown, hosted } = await delegated(t, relays(12), kind);
    const end = kind === 'names' ? '-all' : '~all';
    assert.equal(await spf(), spfOf([], end));
    await declare(relays(12), { spf: ['flatten'] });
    assert.deepEqual(await delegations.make(example), []);
    assert.match(await spf(), new RegExp(`^v=spf1 a:\\S+ include:_spf1\\.${at} ${end}$`));
    assert.match(String(await shown(`_spf1.${at}`)), /ip4:203\.0\.113\.200 /);
    await declare(relays(3));
    assert.deepEqual(await delegations.make(example), []);
    assert.equal(await spf(), spfOf(includes(3), end));
    assert.doesNotMatch(await hosted(), /_spf1/);
  }
});

test('SPF of return paths in a whole zone is weighed like the domain’s own: nothing is answered before it is good, and the last good one stays', async (t) => {
  const { declare, delegations, world, down, plan, shown, hosted, at } = await delegated(t, [], 'zone');
  const news = 'news.example.com';
  const sends = (include: string) => `smtp-relay:include=${include},subdomain=news`;
  const now = async (senders: readonly string[]) => {
    await declare(senders);
    const told = (await delegations.make(example)).map(({ name, why, terms }) => `${name} ${why} ${terms.join(' ')}`);
    return [...told, String(await shown(news))];
  };
  assert.deepEqual(await now([sends('spf.nobody.example')]), [`${news} broken `, 'none']);
  const { conflicts } = await plan([sends('spf.nobody.example')]);
  const told = conflicts.find(({ code, name }) => code === 'spf-held' && name === news);
  assert.match(told?.say ?? '', /answers no SPF record yet: .*spf\.nobody\.example/);
  assert.match(told?.fix ?? '', /declared with the right values/);
  const good = 'v=spf1 include:spf.s2.example -all';
  assert.deepEqual(await now([sends('spf.s2.example')]), [good]);
  world.zone += `spf.six.example. TXT "v=spf1 ${includes(6).join(' ')} -all"
spf.five.example. TXT "v=spf1 ${includes(11).slice(6).join(' ')} -all"\n`;
  // Another sender beside the good one: the good one stays, and goes once nobody declares it.
  const much = [sends('spf.six.example'), sends('spf.five.example')];
  assert.deepEqual(await now([sends('spf.s2.example'), ...much]), [`${news} broken include:spf.s2.example`, good]);
  assert.match((await delegations.find(example))?.spfHeld?.[0]?.say ?? '', /DNS lookups/);
  assert.deepEqual(await now(much), [`${news} broken `, 'none']);
  assert.deepEqual(await now([sends('spf.s3.example')]), ['v=spf1 include:spf.s3.example -all']);
  down.add('spf.s4.example');
  const three = [sends('spf.s3.example'), sends('spf.s4.example')];
  assert.deepEqual(await now(three), [`${news} unknown include:spf.s3.example`, 'v=spf1 include:spf.s3.example -all']);
  down.clear();
  await declare(much, { spf: ['flatten'] });
  assert.deepEqual(await delegations.make(example), []);
  assert.match(String(await shown(news)), /include:_spf1\.news\.example\.com/);
  assert.match(await hosted(), /_spf1\.news\.example\.com\. \d* ?(IN )?TXT/);
  assert.deepEqual(await shown(at), [spfOf([], '~all')]);
});

test('a sender that is taken out of the declaration goes from a held record at once; where addresses stand for it, the plan says so', async (t) => {
  const { declare, spf, delegations, plan } = await delegated(t, relays(6));
  await declare(relays(12));
  assert.equal((await delegations.make(example))[0]?.why, 'broken');
  await declare(relays(12).slice(2));
  assert.equal((await delegations.make(example))[0]?.why, 'broken');
  assert.equal(await spf(), spfOf(includes(6).slice(2)));
  await declare(relays(12), { spf: ['flatten'] });
  assert.deepEqual(await delegations.make(example), []);
  const flat = await spf();
  const left = [...relays(12).slice(1), 'smtp-relay:include=spf.nobody.example'];
  await declare(left, { spf: ['flatten'] });
  assert.equal((await delegations.make(example))[0]?.why, 'broken');
  assert.equal(await spf(), flat);
  const held = (await plan(left)).conflicts.find(({ code }) => code === 'spf-held');
  assert.match(held?.say ?? '', /include:spf\.s1\.example may still send/);
});

test('a policy document that the office serves follows keys and declaration; its record stands behind the alias', async (t) => {
  const { delegations, policies, directory, declare, shown, setup, world, plan } = await scene(t);
  const made = await delegations.delegate(example, wish);
  assert.ok(made.ok);
  world.zone = carriedOut('', await plan());
  const origin = 'https://mx.posthorn.example';
  const declaration = (name: typeof example) => setup.declaration(name);
  const ports = { directory, hostname, delegations, declaration, policies, origin };
  const push = async () => {
    const pushed = await pushOfficePolicy(ports, example);
    assert.ok(pushed.ok);
    await delegations.make(example);
    return pushed.value;
  };
  assert.equal(await currentOfficePolicy(ports, example), undefined);
  const first = await push();
  assert.equal(first.serial, 1);
  assert.deepEqual(await push(), first);
  const seen = async () => {
    const texts = await shown('_eml.example.com');
    const record = parsePolicyRecord(typeof texts === 'string' ? [] : (texts as readonly string[]));
    assert.ok(record?.ok);
    const served = await currentOfficePolicy(ports, example);
    const opened = openPolicy(Buffer.from(served?.document ?? ''), record.value);
    assert.ok(opened.ok);
    const { serial, senders, keys } = opened.value;
    return [record.value.serial, serial, senders.join(' '), keys.map(({ selector }) => selector).join(' ')];
  };
  assert.deepEqual(await seen(), [1, 1, '', 'ph1 ph2']);
  await declare(['gmail-api']);
  assert.deepEqual(await seen(), [1, 2, 'gmail-api', 'ph1 ph2']);
  assert.ok((await directory.dkim.rotate(example)).ok);
  await seen();
  await delegations.make(example);
  assert.deepEqual(await seen(), [3, 3, 'gmail-api', 'ph1 ph2 ph3 ph4']);
  assert.equal((await policies.find(example))?.record, first.record);
  assert.equal(await policies.stop(example), true);
  await delegations.make(example);
  assert.equal(await shown('_eml.example.com'), 'none');
});

test('a policy document tells the DMARC stage that the office answers, which no declaration has to name', async (t) => {
  const { delegations, policies, directory, setup } = await scene(t);
  const dmarcBefore = 'v=DMARC1; p=reject; sp=reject; np=reject';
  assert.ok((await delegations.delegate(example, { kind: 'names', dmarcBefore })).ok);
  const declaration = (name: typeof example) => setup.declaration(name);
  const origin = 'https://mx.posthorn.example';
  const pushed = await pushOfficePolicy({ directory, hostname, delegations, declaration, policies, origin }, example);
  assert.ok(pushed.ok);
  const record = parsePolicyRecord([pushed.value.record]);
  assert.ok(record?.ok);
  const opened = openPolicy(Buffer.from(pushed.value.document), record.value);
  assert.ok(opened.ok && opened.value.dmarc.stage === 'reject');
});

test('how strict the MTA-STS policy is: as declared, until the delegation says otherwise', async (t) => {
  const { delegations, setup } = await scene(t);
  assert.equal(await delegations.stsModeOf(example), 'testing');
  await setup.declare({ domain: example, senders: [], mtaSts: 'enforce' });
  assert.equal(await delegations.stsModeOf(example), 'enforce');
  assert.ok((await delegations.delegate(example, wish)).ok);
  assert.equal(await delegations.stsModeOf(example), 'enforce');
  assert.ok((await delegations.delegate(example, { ...wish, stsMode: 'testing' })).ok);
  assert.equal(await delegations.stsModeOf(example), 'testing');
});

test('the record of a policy document is planned once one is served, and another’s waits for a person', async (t) => {
  const { delegations, policies, directory, setup, world } = await scene(t);
  const ports = { directory, hostname, delegations, policies, origin: 'https://mx.posthorn.example' };
  const pushed = await pushOfficePolicy({ ...ports, declaration: (name) => setup.declaration(name) }, example);
  assert.ok(pushed.ok);
  const { record } = pushed.value;
  const own = await ownOffice(directory, hostname, example, delegations);
  const planFor = async (zone: string) => {
    world.zone = zone;
    const { plan } = await planned(`${ours}${zone}`, { senders: [], ...(own && { office: own }) });
    const found = plan.records.filter(({ name }) => name === '_eml.example.com').map(({ state }) => state);
    return [...found, ...codes(plan.conflicts)];
  };
  assert.deepEqual(await planFor(''), ['missing']);
  const text = (value: string) => `_eml.example.com. TXT "${value.slice(0, 200)}" "${value.slice(200)}"\n`;
  assert.deepEqual(await planFor(text(record)), ['present']);
  assert.deepEqual(await planFor(text(record.replace('serial=1', 'serial=7'))), ['wrong']);
  const other = record.replace(/p=[^;]+/, `p=${Buffer.alloc(32, 7).toString('base64')}`);
  assert.deepEqual(await planFor(text(other)), ['policy-elsewhere']);
  assert.deepEqual(await planFor('_eml.example.com. CNAME _eml.elsewhere.example.\n'), ['policy-elsewhere']);
});

test('where nobody but the office is declared, its record is answered, whatever else the domain includes', async (t) => {
  const { declare, delegations, spf, world } = await delegated(t, []);
  world.zone = world.zone.replace(
    ' ~all',
    ' include:a.gone.example include:b.gone.example include:c.gone.example ~all',
  );
  await delegations.stop(example);
  assert.ok((await delegations.delegate(example, wish)).ok);
  assert.equal((await delegations.find(example))?.spfHeld, undefined);
  assert.equal(await spf(), spfOf([]));
  await declare(relays(1));
  assert.equal((await delegations.make(example))[0]?.why, 'broken');
  assert.equal(await spf(), spfOf([]));
});
