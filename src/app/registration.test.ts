/** DNS-10 by RDAP: IANA's list and a registry as real HTTPS servers on loopback, seen, judged, kept and judged again. */
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { clinicNowMs } from '../../test/support/doctor.ts';
import { createManualTimers } from '../../test/support/manual-timers.ts';
import { identityOf, makeCertificate } from '../../test/support/test-chain.ts';
import { type RegistrationPorts, registrationAsker } from '../adapters/http/ask-registration.ts';
import { createGuardedHttp } from '../adapters/http/guarded-http.ts';
import { utf8 } from '../base/bytes.ts';
import { systemClock } from '../base/clock.ts';
import { accept, refuse } from '../base/outcome.ts';
import { type DomainName, parseDomainName } from '../format/domain-name.ts';
import { resolverFromZone } from '../protocol/dns/zone-resolver.ts';
import { checkAgain, checkDocument, checkDomain, readSnapshot, snapshotDocument } from '../services/advice/advice.ts';
import type { DoctorWorld } from '../services/advice/doctor/types.ts';
import { loadCatalogue } from './load-catalogue.ts';

const zone = `
data.iana.org A 127.0.0.1
rdap.registry.test A 127.0.0.1
better.registry.test A 127.0.0.1
example.com TXT "v=spf1 -all"
mail.example.com TXT "v=spf1 -all"
`;
const root = await makeCertificate({ name: 'Root', isAuthority: true });
const names = ['data.iana.org', 'rdap.registry.test', 'better.registry.test'];
const shown = await makeCertificate({ name: 'x', issuer: root, names });
const catalogue = await loadCatalogue();
const domain = (text: string) => parseDomainName(text) as DomainName;

type Reply = { readonly status?: number; readonly location?: string; readonly body?: unknown };

const list = { version: '1.0', services: [[['com'], ['https://rdap.registry.test/v1/']]] };
const known = {
  objectClassName: 'domain',
  ldhName: 'EXAMPLE.COM',
  entities: [{ vcardArray: ['vcard', [['fn', {}, 'text', 'Ann Registrant']]] }],
  events: [{ eventAction: 'expiration', eventDate: '2026-12-04T12:00:00Z' }],
};

/** Answers by `host/path`; what is not named is not there. */
async function world(t: TestContext, replies: Readonly<Record<string, Reply>>) {
  const asked: string[] = [];
  const handle: RequestListener = ({ headers: { host, accept }, method, url }, response) => {
    asked.push(`${method} ${host}${url} ${accept}`);
    const { status = 200, location, body = '' } = replies[`${host}${url}`] ?? { status: 404 };
    response.writeHead(status, location === undefined ? {} : { location });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  const { certificatePem: cert, privateKeyPem: key } = identityOf(shown);
  const server = createServer({ cert, key }, handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const resolver = resolverFromZone(zone);
  const http = createGuardedHttp({ resolver, timers: systemClock, trust: [root.pem], test: { port } });
  const seen: DoctorWorld = {
    resolver,
    isPublicResolver: false,
    probes: { registration: registrationAsker({ http, timers: systemClock }) },
    nowMs: clinicNowMs,
  };
  return { asked, world: seen };
}

async function look(live: DoctorWorld, name = 'example.com') {
  const subject = { domain: domain(name), declared: [], selectors: [], addresses: [] };
  const checked = await checkDomain({ catalogue, world: live }, subject);
  assert.ok(checked.ok);
  const findings = checked.value.findings.filter(({ id }) => id === 'DNS-10');
  assert.equal(findings.length, 1);
  return { checked: checked.value, finding: findings[0] };
}

const iana = { 'data.iana.org/rdap/dns.json': { body: list } };
const registry = 'rdap.registry.test/v1/domain/example.com';

test('the registry is asked, of its answer the date is kept alone, and a replay says the same', async (t) => {
  const { asked, world: live } = await world(t, { ...iana, [registry]: { body: known } });
  const { checked, finding } = await look(live, 'mail.example.com');
  assert.partialDeepStrictEqual(finding, { status: 'fail', severity: 'warn', subject: 'example.com' });
  assert.match(finding?.meaning ?? '', /^The registration of example\.com ends on 2026-12-04, in 12 days/);
  assert.deepEqual(finding?.evidence, [
    { query: 'registration of example.com', answer: 'until 2026-12-04', server: 'rdap.registry.test' },
  ]);
  assert.deepEqual(asked, [
    'GET data.iana.org/rdap/dns.json application/json',
    `GET ${registry} application/rdap+json`,
  ]);
  const kept = JSON.stringify(snapshotDocument(checked.snapshot));
  assert.doesNotMatch(kept, /Registrant/);
  const read = readSnapshot(utf8(kept));
  assert.ok(read.ok, read.ok ? '' : read.say);
  const again = await checkAgain(catalogue, read.value);
  assert.ok(again.ok);
  assert.equal(JSON.stringify(checkDocument(again.value)), JSON.stringify(checkDocument(checked)));
  assert.equal(JSON.stringify(snapshotDocument(again.value.snapshot)), kept);
  assert.equal(asked.length, 2);
});

test('without the wish nobody is asked', async (t) => {
  const { asked, world: live } = await world(t, iana);
  assert.equal((await look({ ...live, probes: {} })).finding?.status, 'skip');
  assert.deepEqual(asked, []);
});

const other = 'https://better.registry.test/domain/example.com';
const unclear: readonly (readonly [string, Readonly<Record<string, Reply>>, RegExp])[] = [
  ['no list', {}, /list of registries could not be read \(status 404\)/],
  [
    'a list that is none',
    { 'data.iana.org/rdap/dns.json': { body: '<html>' } },
    /list of registries could not be read/,
  ],
  [
    'no such registry',
    { 'data.iana.org/rdap/dns.json': { body: { services: [] } } },
    /registry of \.com offers no RDAP/,
  ],
  [
    'too many questions',
    { ...iana, [registry]: { status: 429 } },
    /rdap\.registry\.test asks for fewer questions for now/,
  ],
  ['not known there', iana, /rdap\.registry\.test does not know example\.com/],
  ['out of order', { ...iana, [registry]: { status: 503 } }, /answered with status 503/],
  ['no date', { ...iana, [registry]: { body: { ...known, events: [] } } }, /the registry does not say/],
  ['about another', { ...iana, [registry]: { body: { ...known, ldhName: 'a.test' } } }, /about another domain/],
  [
    'in circles',
    { ...iana, [registry]: { status: 302, location: other }, [other.slice(8)]: { status: 302, location: other } },
    /answered with status 302/,
  ],
];

const refused: readonly (readonly [Reply, RegExp])[] = [
  [{ body: ' '.repeat(600_000) }, /longer than \d+ octets/],
  [{ status: 302, location: 'https://127.0.0.1/x' }, /no https: URL of a public host/],
  [{ status: 302, location: 'http://better.registry.test/x' }, /no https: URL/],
];

/** As the guarded client answers; its own refusals are tried over real connections. */
function answering(replies: Readonly<Record<string, Reply>>) {
  const http: RegistrationPorts['http'] = {
    ask: async (url) => {
      const { status = 200, location, body = '' } = replies[url.replace('https://', '')] ?? { status: 404 };
      const octets = utf8(typeof body === 'string' ? body : JSON.stringify(body));
      return accept({ status, octets, ...(location !== undefined && { location }) });
    },
  };
  return registrationAsker({ http, timers: systemClock });
}

test('what the registry does not tell is unknown, with the reason', async () => {
  for (const [what, replies, says] of unclear) {
    const answer = await answering(replies)(domain('example.com'));
    assert.ok(answer.kind === 'unknown', what);
    assert.match(answer.why, says, what);
  }
  const probes = { registration: answering({ ...iana, [registry]: { status: 429 } }) };
  const { finding } = await look({ resolver: resolverFromZone(zone), isPublicResolver: false, probes, nowMs: 0 });
  assert.equal(finding?.status, 'unknown');
  assert.match(
    finding?.meaning ?? '',
    /^Until when example\.com is registered could not be found out: rdap\.registry\.test asks/,
  );
});

test('IANA’s list is kept for a day; one that did not come is asked for again, and not for every domain', async () => {
  const timers = createManualTimers();
  const nothing = refuse('connection', 'no connection (EHOSTUNREACH)');
  const broken = accept({ status: 503, octets: utf8('') });
  const good = accept({ status: 200, octets: utf8(JSON.stringify(list)) });
  let comes: typeof nothing | typeof good = nothing;
  let fetched = 0;
  const ask: RegistrationPorts['http']['ask'] = async (url) => {
    if (!url.startsWith('https://data.iana.org/')) return accept({ status: 200, octets: utf8(JSON.stringify(known)) });
    fetched++;
    return comes;
  };
  const registration = registrationAsker({ http: { ask }, timers });
  const answers = async () => {
    const both = await Promise.all([registration(domain('example.com')), registration(domain('example.com'))]);
    return [...both.map((answer) => (answer.kind === 'told' ? 'told' : answer.why)), fetched];
  };
  const gone = 'IANA’s list of registries could not be fetched: no connection (EHOSTUNREACH)';
  assert.deepEqual(await answers(), [gone, gone, 1]);
  comes = broken;
  await timers.pass(59_999);
  assert.deepEqual(await answers(), [gone, gone, 1]);
  await timers.pass(1);
  const unread = 'IANA’s list of registries could not be read (status 503)';
  assert.deepEqual(await answers(), [unread, unread, 2]);
  comes = good;
  await timers.pass(60_000);
  assert.deepEqual(await answers(), ['told', 'told', 3]);
  await timers.pass(86_399_999);
  assert.deepEqual(await answers(), ['told', 'told', 3]);
  await timers.pass(1);
  assert.deepEqual(await answers(), ['told', 'told', 4]);
});

test('a registry can neither fill our memory nor send us into our own network', async (t) => {
  for (const [reply, says] of refused) {
    const { probes } = (await world(t, { ...iana, [registry]: reply })).world;
    const answer = await probes.registration?.(domain('example.com'));
    assert.ok(answer?.kind === 'unknown');
    assert.match(answer.why, says);
  }
});

test('RFC 7480 §5.2: a registry may know who knows better', async (t) => {
  const replies = { ...iana, [registry]: { status: 307, location: other }, [other.slice(8)]: { body: known } };
  assert.equal((await look((await world(t, replies)).world)).finding?.status, 'fail');
});

test('a snapshot with a date that is none is refused', async (t) => {
  const { world: live } = await world(t, { ...iana, [registry]: { body: known } });
  const kept = JSON.stringify(snapshotDocument((await look(live)).checked.snapshot));
  const says = (change: (text: string) => string) => {
    const read = readSnapshot(utf8(change(kept)));
    return read.ok ? 'read' : read.say;
  };
  assert.equal(
    says((text) => text),
    'read',
  );
  assert.match(
    says((text) => text.replace(/"untilMs":\d+/, '"untilMs":1e300')),
    /registration example\.com.*no answer/,
  );
  assert.match(
    says((text) => text.replace('"selectors"', '"registeredUntilMs":1e300,"selectors"')),
    /a time is wanted/,
  );
});
