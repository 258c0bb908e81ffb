import assert from 'node:assert/strict';
import test from 'node:test';
import { domain, set } from '../../../../test/contracts/zone-editor.ts';
import type { PlannedRecord, RecordSet } from '../types.ts';
import { diffZone } from './diff-zone.ts';

const zone = domain('a.example');

function record(wish: Partial<PlannedRecord> & Pick<PlannedRecord, 'state'>): PlannedRecord {
  return { name: zone, type: 'TXT', value: 'v=spf1 -all', ttl: 300, needed: 'required', why: '', sender: 'x', ...wish };
}

function diff(records: readonly PlannedRecord[], sets: readonly RecordSet[], options = {}) {
  const plan = { domain: zone, records, conflicts: [], dropped: [], steps: [], notes: [] };
  return diffZone(plan, { zone, sets, nameServers: [] }, options);
}

test('other texts of the set stay, in their order, and so does its TTL', () => {
  const texts = set(zone, 'TXT', ['ms=1', 'v=spf1 mx -all', 'google=2'], 7200);
  const { changes } = diff([record({ state: 'wrong', replaces: ['v=spf1 mx -all'] })], [texts]);
  assert.deepEqual(changes, [
    { name: zone, type: 'TXT', before: texts, after: set(zone, 'TXT', ['ms=1', 'google=2', 'v=spf1 -all'], 7200) },
  ]);
});

test('a set that is all ours takes the TTL of the plan; one that is right already is left alone with its own', () => {
  const old = set(zone, 'TXT', ['v=spf1 mx -all'], 86_400);
  const changed = diff([record({ state: 'wrong', replaces: ['v=spf1 mx -all'] })], [old]);
  assert.equal(changed.changes[0]?.after?.ttl, 300);
  const right = set(zone, 'TXT', ['v=spf1 -all'], 86_400);
  assert.deepEqual(diff([record({ state: 'present' })], [right]).changes, []);
  assert.deepEqual(diff([record({ state: 'missing' })], [right]).changes, []);
});

test('a second record of a kind that a name may have once is never made', () => {
  const unseen = set(zone, 'TXT', ['V=SPF1 include:theirs.example ~all']);
  const { changes, obstacles } = diff([record({ state: 'missing' })], [unseen]);
  assert.deepEqual(changes, []);
  assert.match(obstacles[0]?.say ?? '', /two SPF records/);
});

test('an extra record goes, the others of its set stay; the last one takes the set with it', () => {
  const hosts = set('m.a.example', 'A', ['192.0.2.1', '192.0.2.2']);
  const extra = (value: string) => record({ name: hosts.name, type: 'A', value, state: 'extra' });
  assert.deepEqual(diff([extra('192.0.2.1')], [hosts]).changes[0]?.after?.values, ['192.0.2.2']);
  const both = diff([extra('192.0.2.1'), extra('192.0.2.2')], [hosts]).changes;
  assert.deepEqual(both, [{ name: hosts.name, type: 'A', before: hosts }]);
  assert.deepEqual(diff([extra('192.0.2.9')], [hosts]).changes, []);
});

test('values in other spellings are the same values', () => {
  const mx = set(zone, 'MX', ['10 mx.a.example']);
  assert.deepEqual(diff([record({ type: 'MX', value: '10 MX.a.example.', state: 'missing' })], [mx]).changes, []);
});

test('RFC 1034 §3.6.2: an alias comes only where what stands at its name goes', () => {
  const text = set('s._domainkey.a.example', 'TXT', ['p=']);
  const alias = record({ name: text.name, type: 'CNAME', value: 's.dkim.host.example', state: 'missing' });
  const blocked = diff([alias], [text]);
  assert.deepEqual(blocked.changes, []);
  assert.match(blocked.obstacles[0]?.say ?? '', /TXT records at the same name/);
  const gone = record({ name: text.name, value: 'p=', state: 'extra' });
  // A host that makes one change after the other refuses the alias while the text stands.
  const kinds = diff([alias, gone], [text]).changes.map(({ type, after }) => `${type} ${after ? 'comes' : 'goes'}`);
  assert.deepEqual(kinds, ['TXT goes', 'CNAME comes']);
  const onAlias = diff([record({ name: text.name, state: 'missing' })], [set(text.name, 'CNAME', ['x.example'])]);
  assert.match(onAlias.obstacles[0]?.say ?? '', /an alias to x.example/);
  assert.match(
    diff([record({ type: 'CNAME', value: 'x.example', state: 'missing' })], []).obstacles[0]?.say ?? '',
    /top/,
  );
});

test('an alias that leads elsewhere gives way where the plan says it is wrong, and only there', () => {
  const old = set('t.a.example', 'CNAME', ['old.example']);
  const alias = record({ name: old.name, type: 'CNAME', value: 'new.example', state: 'wrong' });
  assert.deepEqual(diff([alias], [old]).changes[0]?.after?.values, ['new.example']);
  assert.equal(diff([{ ...alias, state: 'missing' }], [old]).obstacles.length, 1);
});

test('what lies elsewhere is told and not touched: PTR, names of others, names handed on', () => {
  const cut = set('sub.a.example', 'NS', ['ns.b.example']);
  const there = [
    record({ name: '1.2.0.192.in-addr.arpa', type: 'PTR', value: 'm.a.example', state: 'missing' }),
    record({ name: 'a.example._report._dmarc.b.example', state: 'missing' }),
    record({ name: 'x.sub.a.example', state: 'missing' }),
  ];
  const found = diff(there, [cut]);
  assert.deepEqual(found.changes, []);
  assert.deepEqual(found.elsewhere, there);
});

test('what DNS did not say is left alone, what is optional waits to be asked for', () => {
  assert.match(diff([record({ state: 'unknown' })], []).obstacles[0]?.say ?? '', /did not say/);
  const nice = record({ state: 'missing', needed: 'optional' });
  assert.deepEqual(diff([nice], []).changes, []);
  assert.equal(diff([nice], [], { withOptional: true }).changes.length, 1);
});

test('a TTL that the host does not keep is raised to its least, and said; a set that then is right is left alone', () => {
  const over = (state: PlannedRecord['state'], sets: readonly RecordSet[], least: number) => {
    const records = [record({ state, replaces: ['v=spf1 mx -all'] })];
    const plan = { domain: zone, records, conflicts: [], dropped: [], steps: [], notes: [] };
    return diffZone(plan, { zone, sets, nameServers: [], ttl: { least, most: 86_400 } });
  };
  const raised = over('missing', [], 3600);
  assert.deepEqual([raised.changes[0]?.after?.ttl, raised.raisedTtl], [3600, 3600]);
  const fits = over('missing', [], 60);
  assert.deepEqual([fits.changes[0]?.after?.ttl, fits.raisedTtl], [300, undefined]);
  assert.deepEqual(over('wrong', [set(zone, 'TXT', ['v=spf1 -all'], 3600)], 3600).changes, []);
});
