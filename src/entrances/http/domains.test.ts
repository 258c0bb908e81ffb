/** Domains through the API: added, proven, declared, planned, published, their keys replaced. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask, httpOffice } from '../../../test/support/http-office.ts';
import type { Resolver } from '../../protocol/dns/types.ts';
import { resolverFromZone } from '../../protocol/dns/zone-resolver.ts';

/** The DNS is what the zone file says at that moment. */
function zoneOf(folder: () => string): Resolver {
  return {
    lookup: (name, type) =>
      resolverFromZone(readFileSync(join(folder(), 'example.com.zone'), 'utf8')).lookup(name, type),
  };
}

test('a domain from its name to published, proven and signing', async (t) => {
  const office = await httpOffice(t, { resolver: zoneOf(() => office.folder) });
  const key = await office.key(['domains:write', 'read', 'send']);
  const name = 'news.example.com';
  const added = await ask(office, 'POST /v1/domains', { key, json: { name: 'NEWS.example.com', receives: false } });
  assert.equal(added.status, 201);
  assert.partialDeepStrictEqual(added.body, { name, receives: false, proof: { name: `_posthorn.${name}` } });
  assert.equal((await ask(office, 'POST /v1/domains', { key, json: { name } })).body.code, 'domain_exists');
  assert.equal((await ask(office, 'POST /v1/domains', { key, json: { name: 'x' } })).status, 422);

  const early = await ask(office, `POST /v1/domains/${name}/verify`, { key });
  assert.equal(early.body.sends, false);
  assert.deepEqual(
    early.body.records.map(({ seen }: { seen: string }) => seen),
    ['nowhere', 'nowhere', 'nowhere'],
  );
  const mail = { from: `a@${name}`, to: ['b@example.net'], subject: 'x', text: 'x' };
  assert.equal((await ask(office, 'POST /v1/emails', { key, json: mail })).body.code, 'domain_unverified');

  assert.deepEqual((await ask(office, `GET /v1/domains/${name}/senders`, { key })).body.senders, []);
  const json = {
    senders: [{ sender: 'own', parameters: { ip4: '192.0.2.10', subdomain: 'app' } }],
    dmarc: { stage: 'none' },
  };
  const declared = await ask(office, `PUT /v1/domains/${name}/senders`, { key, json });
  assert.partialDeepStrictEqual(declared.body, { domain: name, ...json });
  const typo = { senders: [{ sender: 'googel-workspace' }] };
  const refused = await ask(office, `PUT /v1/domains/${name}/senders`, { key, json: typo });
  assert.equal(refused.body.code, 'declaration_invalid');
  assert.match(refused.body.detail, /google-workspace/);

  const plan = await ask(office, `GET /v1/domains/${name}/plan`, { key });
  const proof = plan.body.records.find((record: { name: string }) => record.name === `_posthorn.${name}`);
  assert.partialDeepStrictEqual(proof, { state: 'missing', needed: 'required', sender: 'posthorn' });

  const dry = await ask(office, `POST /v1/domains/${name}/publish`, { key, json: { dry_run: true } });
  assert.equal(dry.body.state, 'planned');
  assert.ok(!readFileSync(join(office.folder, 'example.com.zone'), 'utf8').includes('_posthorn'));
  const made = await ask(office, `POST /v1/domains/${name}/publish`, { key, json: {} });
  assert.equal(made.body.state, 'verified', made.text);
  assert.deepEqual(made.body.changes, dry.body.changes);
  const again = await ask(office, `POST /v1/domains/${name}/publish`, { key, json: {} });
  assert.equal(again.body.state, 'nothing_to_do');

  const verified = await ask(office, `POST /v1/domains/${name}/verify`, { key });
  assert.equal(verified.body.sends, true);
  const keys = await ask(office, `GET /v1/domains/${name}/keys`, { key });
  assert.deepEqual(
    keys.body.data.map(({ selector, state }: { selector: string; state: string }) => `${selector} ${state}`),
    ['ph1 active', 'ph2 active'],
  );
  assert.equal((await ask(office, 'POST /v1/emails', { key, json: mail })).status, 202);

  const seen = await ask(office, `GET /v1/domains/${name}/check`, { key });
  assert.equal(seen.status, 200, seen.text);
  assert.partialDeepStrictEqual(seen.body, { object: 'domain_findings', domain: name, senders: [{ sender: 'own' }] });
  const own = seen.body.findings.find(({ id }: { id: string }) => id === 'DKM-11'); // asked only where keys are known
  assert.match(`${own.status}: ${own.meaning}`, /^pass: .*keys of this Posthorn/);
  assert.equal((await ask(office, 'GET /v1/domains/example.org/check', { key })).status, 404);
});

test('what has to be decided first is not published by the way: the same rule as for the command, and partial is the word', async (t) => {
  const office = await httpOffice(t, { resolver: zoneOf(() => office.folder) });
  const key = await office.key(['domains:write', 'read']);
  const at = 'POST /v1/domains/example.com/publish';
  const json = { senders: [{ sender: 'google-workspace' }, { sender: 'fastmail' }] };
  assert.equal((await ask(office, 'PUT /v1/domains/example.com/senders', { key, json })).status, 200);
  const zone = () => readFileSync(join(office.folder, 'example.com.zone'), 'utf8');
  const before = zone();
  const dry = await ask(office, at, { key, json: { dry_run: true } });
  assert.equal(dry.body.state, 'planned');
  assert.equal(dry.body.conflicts[0].code, 'second-inbound');
  const refused = await ask(office, at, { key, json: {} });
  assert.equal(refused.status, 409);
  assert.equal(refused.body.code, 'plan_undecided');
  assert.match(refused.body.errors[0].detail, /inbound/);
  assert.match(refused.body.fix, /"partial": true/);
  assert.equal(zone(), before);
  const made = await ask(office, at, { key, json: { partial: true } });
  assert.ok(['made', 'verified'].includes(made.body.state), made.text);
  assert.match(zone(), /_spf\.google\.com/);
  assert.doesNotMatch(zone(), / MX \d+ (?!mx\.example\.com)/);
});

test('delegating by the API: what is to be created and what is answered, said again the same, and its end no accident', async (t) => {
  const office = await httpOffice(t, { resolver: zoneOf(() => office.folder) });
  const key = await office.key(['domains:write', 'read']);
  const at = '/v1/domains/example.com/delegation';
  const before = await ask(office, `GET ${at}`, { key });
  assert.deepEqual([before.body.delegated, before.body.records], [false, []]);
  assert.equal((await ask(office, `DELETE ${at}`, { key })).status, 404);
  const made = await ask(office, `POST ${at}`, { key, json: { mta_sts: 'enforce' } });
  assert.equal(made.status, 200, made.text);
  assert.partialDeepStrictEqual(made.body, { delegated: true, kind: 'names', mta_sts: 'enforce', spf_held: [] });
  assert.deepEqual((await ask(office, `GET ${at}`, { key })).body, made.body);
  const dmarc = made.body.records.find(({ name }: { name: string }) => name === '_dmarc.example.com');
  assert.equal(dmarc.value, `_dmarc.${made.body.zone}`);
  assert.ok(
    made.body.answered.some(({ name, type }: { name: string; type: string }) => type === 'TXT' && name === dmarc.value),
  );
  const whole = await ask(office, `POST ${at}`, { key, json: { whole: true } });
  assert.equal(whole.body.code, 'delegation_refused');
  writeFileSync(join(office.folder, 'example.com.zone'), `_dmarc.example.com. 300 CNAME ${dmarc.value}.\n`, {
    flag: 'a',
  });
  const early = await ask(office, `DELETE ${at}`, { key });
  assert.equal(early.body.code, 'still_delegated');
  assert.match(early.body.detail, /Still leading here: _dmarc\.example\.com/);
  assert.equal((await ask(office, `DELETE ${at}?force=true`, { key })).status, 204);
  assert.equal((await ask(office, `GET ${at}`, { key })).body.delegated, false);
  const reader = await office.key(['read']);
  assert.equal((await ask(office, `POST ${at}`, { key: reader, json: {} })).status, 403);
});

test('a rotation begins once; a repeated request under its key is one rotation', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['domains:write']);
  const headers = { 'idempotency-key': 'r1' };
  const path = 'POST /v1/domains/example.com/keys/rotate';
  const first = await ask(office, path, { key, headers });
  assert.equal(first.status, 201);
  assert.deepEqual(
    first.body.data.map(({ selector, state }: { selector: string; state: string }) => `${selector} ${state}`),
    ['ph3 pending', 'ph4 pending'],
  );
  assert.deepEqual((await ask(office, path, { key, headers })).body, first.body);
  assert.equal((await ask(office, path, { key })).body.code, 'rotation_under_way');
  assert.equal((await office.directory.activeSigners((await office.directory.domains())[0]?.name as never)).length, 2);
});

test('domains are changed with domains:write, and a key sees its own ones only', async (t) => {
  const office = await httpOffice(t);
  const reader = await office.key(['read']);
  const stranger = await office.key(['admin'], ['example.net']);
  for (const path of ['verify', 'keys/rotate']) {
    assert.equal((await ask(office, `POST /v1/domains/example.com/${path}`, { key: reader })).status, 403);
    assert.equal((await ask(office, `POST /v1/domains/example.com/${path}`, { key: stranger })).status, 404);
  }
  for (const path of ['keys', 'senders', 'plan', 'delegation'])
    assert.equal((await ask(office, `GET /v1/domains/example.com/${path}`, { key: stranger })).status, 404);
  const json = { senders: [] };
  assert.equal((await ask(office, 'PUT /v1/domains/example.com/senders', { key: stranger, json })).status, 404);
  assert.equal((await ask(office, 'POST /v1/domains/example.com/publish', { key: stranger, json: {} })).status, 404);
  assert.equal((await ask(office, 'POST /v1/domains', { key: stranger, json: { name: 'a.example' } })).status, 403);
});

test('a zone that the host does not hold is told in its words', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['domains:write']);
  await office.directory.addDomain('other.example' as never);
  const heard = await ask(office, 'POST /v1/domains/other.example/publish', { key, json: {} });
  assert.equal(heard.body.code, 'dns_host_failed');
  assert.match(heard.body.detail, /other\.example/);
});
