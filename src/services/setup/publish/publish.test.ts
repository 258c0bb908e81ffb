import assert from 'node:assert/strict';
import test from 'node:test';
import { domain, set } from '../../../../test/contracts/zone-editor.ts';
import { type HostScript, resolverOf, ScriptedHost } from '../../../../test/support/scripted-host.ts';
import { systemClock, type Timers } from '../../../base/clock.ts';
import { createIds } from '../../../base/id.ts';
import { seededRandom } from '../../../base/random.ts';
import type { Authorities } from '../../../protocol/dns/authorities.ts';
import type { Plan, PlannedRecord, RecordSet, RecordState, SetupType } from '../types.ts';
import { createJournal } from './publication-journal.ts';
import { createPublisher } from './publish.ts';
import type { JournalLine } from './types.ts';

const zone = domain('a.example');
const servers = set(zone, 'NS', ['ns1.host.example']);
const spf = set(zone, 'TXT', ['v=spf1 mx -all', 'verification=1']);
const start = [servers, spf, set(`old.${zone}`, 'A', ['192.0.2.1'])];

function planned(name: string, type: SetupType, value: string, state: RecordState, replaces?: string[]): PlannedRecord {
  const about = { ttl: 3600, needed: 'required', why: '', sender: 'posthorn' } as const;
  return { name, type, value, state, ...about, ...(replaces ? { replaces } : {}) };
}

const wanted = [
  planned(zone, 'TXT', 'v=spf1 mx include:b.example -all', 'wrong', ['v=spf1 mx -all']),
  planned(`_dmarc.${zone}`, 'TXT', 'v=DMARC1; p=none', 'missing'),
  planned(`old.${zone}`, 'A', '192.0.2.1', 'extra'),
];
const end = [
  servers,
  set(zone, 'TXT', ['verification=1', 'v=spf1 mx include:b.example -all']),
  set(`_dmarc.${zone}`, 'TXT', ['v=DMARC1; p=none']),
];

function plan(records: readonly PlannedRecord[]): Plan {
  return { domain: zone, records, conflicts: [], dropped: [], steps: [], notes: [] };
}

/** Time that passes only where somebody waits. */
function quickTimers(): Timers {
  let now = 0;
  return {
    ...systemClock,
    nowMs: () => now,
    monotonicMs: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  };
}

function scene(script: HostScript = {}, authorities?: (host: ScriptedHost) => Authorities) {
  const host = new ScriptedHost(zone, start, script);
  const lines: JournalLine[] = [];
  const timers = quickTimers();
  const kept = { where: 'memory', append: async (line: JournalLine) => void lines.push(line), read: async () => lines };
  const journal = createJournal({ lines: kept, clock: timers, ids: createIds(timers, seededRandom(1)) });
  const ports = { editor: host.editor, resolver: resolverOf([]), journal, timers };
  const publisher = createPublisher({ ...ports, authorities: authorities?.(host) ?? host.authorities() });
  const publish = async (records = wanted) => {
    const prepared = await publisher.prepare(zone, async () => plan(records));
    assert.ok(prepared.ok);
    return publisher.carryOut(prepared.value, { waitMs: 60_000 });
  };
  return {
    host,
    lines,
    publisher,
    publish,
    states: () => lines.map((line) => (line.kind === 'begun' ? 'begun' : line.state)),
  };
}

function same(one: readonly RecordSet[], other: readonly RecordSet[]): void {
  const normal = (sets: readonly RecordSet[]) =>
    sets.map((each) => JSON.stringify({ ...each, values: [...each.values].sort() })).sort();
  assert.deepEqual(normal(one), normal(other));
}

test('the difference is applied, seen at every server, and stands in the journal with before and after', async () => {
  const { host, lines, publish, states } = scene();
  const done = await publish();
  assert.equal(done.state, 'verified');
  same(host.sets, end);
  assert.deepEqual(states(), ['begun', 'made', 'verified']);
  const [begun] = lines;
  assert.ok(begun?.kind === 'begun');
  assert.deepEqual(begun.changes[0]?.before, spf);
});

test('the line stands in the journal before anything is changed', async () => {
  const { host, publisher, lines } = scene({ meanwhile: () => assert.equal(lines.length, 1) });
  const prepared = await publisher.prepare(zone, async () => plan(wanted));
  assert.ok(prepared.ok);
  await publisher.carryOut(prepared.value, { waitMs: 0 });
  assert.equal(host.applied, 1);
});

const troubles: readonly (readonly [string, HostScript])[] = [
  ['stops at the second change with 429', { stopAt: { nth: 1, code: 'rate-limited' } }],
  [
    'stops at the first change with 500, having made a part of it',
    { stopAt: { nth: 0, code: 'unavailable', half: true } },
  ],
  ['stops at the third change with 401', { stopAt: { nth: 2, code: 'bad-credentials' } }],
  ['makes all of it and does not answer', { answersAfter: 'unavailable' }],
  ['makes all of it, does not answer, and is silent for a while', { answersAfter: 'unavailable', silentReads: 3 }],
  ['cuts texts short', { mangle: (one) => ({ ...one, values: one.values.map((value) => value.slice(0, 12)) }) }],
];
for (const [what, script] of troubles) {
  test(`a host that ${what}: all of it is taken back, and it is said`, async () => {
    const { host, publish, states } = scene(script);
    const done = await publish();
    assert.equal(done.state, 'undone');
    assert.ok('say' in done && done.say.length > 0);
    same(host.sets, start);
    assert.deepEqual(states(), ['begun', 'undone']);
  });
}

test('a host that refuses at once: nothing to take back', async () => {
  for (const script of [
    { stopAt: { nth: 0, code: 'rate-limited' } },
    { atomic: true, stopAt: { nth: 2, code: 'refused' } },
  ] as const) {
    const { host, publish, states } = scene(script);
    assert.partialDeepStrictEqual(await publish(), { state: 'refused', code: script.stopAt.code });
    same(host.sets, start);
    assert.equal(host.applied, 1);
    assert.deepEqual(states(), ['begun', 'refused']);
  }
});

test('what somebody else does meanwhile stays, and what was done before it is taken back', async () => {
  const theirs = set(`_dmarc.${zone}`, 'TXT', ['v=DMARC1; p=reject']);
  const { host, publish } = scene({ meanwhile: (one) => one.put(theirs) });
  assert.partialDeepStrictEqual(await publish(), { state: 'undone', code: 'changed-meanwhile' });
  same(host.sets, [...start, theirs]);
});

test('what somebody else publishes at the same moment, the very same included, is not taken back', async () => {
  const { host, publish, states } = scene({ meanwhile: (one) => end.forEach((each) => void one.put(each)) });
  assert.partialDeepStrictEqual(await publish(), { state: 'refused', code: 'changed-meanwhile' });
  same(
    host.sets.filter(({ name }) => name !== `old.${zone}`),
    end,
  );
  assert.deepEqual(states(), ['begun', 'refused']);
});

test('a host that falls silent for good: what may stand is told, and the journal can undo it', async () => {
  const { host, publish, publisher, states } = scene({ answersAfter: 'unavailable', silentReads: 4 });
  const done = await publish();
  assert.ok(done.state === 'broken' && done.left.length === 3);
  assert.deepEqual(states(), ['begun', 'broken']);
  const [publication] = await publisher.journal.list(zone);
  assert.ok(publication);
  const undo = await publisher.prepareUndo(publication);
  assert.ok(undo.ok && undo.value.undoes === done.id);
  assert.equal((await publisher.carryOut(undo.value, { waitMs: 0 })).state, 'verified');
  same(host.sets, start);
});

test('a publication that was broken off by a crash is told as begun, and undone', async () => {
  const { host, lines, publish, publisher } = scene();
  await publish();
  lines.length = 1; // the crash: nothing was written after the first line
  const [publication] = await publisher.journal.list(zone);
  assert.ok(publication?.state === 'begun');
  const undo = await publisher.prepareUndo(publication);
  assert.ok(undo.ok);
  await publisher.carryOut(undo.value, { waitMs: 0 });
  same(host.sets, start);
});

test('undoing leaves alone what was changed again since', async () => {
  const { host, publish, publisher } = scene();
  await publish();
  const theirs = set(`_dmarc.${zone}`, 'TXT', ['v=DMARC1; p=quarantine']);
  host.put(theirs);
  const [publication] = await publisher.journal.list(zone);
  assert.ok(publication);
  const undo = await publisher.prepareUndo(publication);
  assert.ok(undo.ok);
  assert.deepEqual(
    undo.value.diff.obstacles.map(({ name }) => name),
    [theirs.name],
  );
  await publisher.carryOut(undo.value, { waitMs: 0 });
  same(host.sets, [...start, theirs]);
});

test('RFC 1034 §3.6.2: undoing puts nothing beside an alias that was changed since', async () => {
  const name = `old.${zone}`;
  const { host, publish, publisher } = scene();
  const alias = planned(name, 'CNAME', 'new.host.example', 'missing');
  await publish([planned(name, 'A', '192.0.2.1', 'extra'), alias]);
  const theirs = set(name, 'CNAME', ['other.host.example']);
  host.put(theirs);
  const [publication] = await publisher.journal.list(zone);
  assert.ok(publication);
  const undo = await publisher.prepareUndo(publication);
  assert.ok(undo.ok);
  assert.deepEqual(undo.value.diff.changes, []);
  assert.deepEqual(
    undo.value.diff.obstacles.map(({ type }) => type),
    ['CNAME', 'A'],
  );
});

test('a server that still shows the old state is waited for, and told when it does not follow', async () => {
  let looks = 0;
  const late = (after: number) => (host: ScriptedHost) => host.authorities((sets) => (looks++ < after ? start : sets));
  assert.equal((await scene({}, late(5)).publish()).state, 'verified');
  looks = 0;
  const { host, publish, states } = scene({}, late(10_000));
  const done = await publish();
  assert.ok(done.state === 'made' && done.views.every(({ servers }) => servers.every(({ shows }) => shows === 'old')));
  same(host.sets, end);
  assert.deepEqual(states(), ['begun', 'made']);
});

test('a server that shows what nobody asked for: all of it is taken back', async () => {
  const bent = (host: ScriptedHost) =>
    host.authorities((sets) =>
      sets.map((one) => (one.name.startsWith('_dmarc') ? { ...one, values: ['v=DMARC1'] } : one)),
    );
  const { host, publish } = scene({}, bent);
  const done = await publish();
  assert.ok(done.state === 'undone' && done.say.includes('ns1.host.example'));
  same(host.sets, start);
});

test('asked at once, a server that is two publications behind takes nothing back', async () => {
  const { host, publisher } = scene({}, (one) => one.authorities(() => [servers]));
  const prepared = await publisher.prepare(zone, async () => plan(wanted));
  assert.ok(prepared.ok);
  assert.equal((await publisher.carryOut(prepared.value, { waitMs: 0 })).state, 'made');
  same(host.sets, end);
});

test('what somebody else adds to a set while servers are asked stays, and is told', async () => {
  const theirs = set(zone, 'TXT', ['verification=1', 'v=spf1 mx include:b.example -all', 'other-service=2']);
  let looks = 0;
  const { host, publish, lines } = scene({}, (one) =>
    one.authorities(() => {
      if (looks++ === 0) one.put(theirs);
      return one.sets;
    }),
  );
  const done = await publish();
  assert.equal(done.state, 'made');
  same(
    host.sets,
    end.map((one) => (one.name === zone && one.type === 'TXT' ? theirs : one)),
  );
  const last = lines.at(-1);
  assert.ok(last?.kind === 'became' && last.say?.includes(`${zone} TXT`));
});

test('the plan is made against the zone as its host holds it', async () => {
  const { publisher } = scene();
  let seen: unknown;
  await publisher.prepare(zone, async (resolver) => {
    const answer = await resolver.lookup(zone, 'TXT');
    seen = answer.kind === 'found' && answer.records;
    return plan([]);
  });
  assert.deepEqual(seen, spf.values);
});
