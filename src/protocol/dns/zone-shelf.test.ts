/** A shelf of zones that change one after the other, against the same zones put up at once. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { dnsNameKey } from '../../format/dns-name.ts';
import { parseZoneText } from '../../format/zone-file.ts';
import { type ZoneSet, zoneSources } from './zone-set.ts';
import { ZoneShelf, type ZoneSource, type ZoneUpdate } from './zone-shelf.ts';

function sourceOf(apex: string, records: readonly string[]): ZoneSource {
  const parsed = parseZoneText([`${apex}. 60 SOA a. b. 1 1 1 1 1`, ...records].join('\n'));
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.say);
  const sources = zoneSources(parsed.value.records);
  assert.ok(sources.ok && sources.value[0]);
  return sources.value[0];
}

function updated(shelf: ZoneShelf, update: ZoneUpdate) {
  const steps = shelf.update(update);
  for (let at = 0; ; at++) {
    const step = steps.next();
    if (step.done) return { made: step.value, steps: at };
  }
}

function keyOf(apex: string): string {
  return dnsNameKey(sourceOf(apex, []).soa.name);
}

/** Everything that a server could answer from, as text. */
function shown(zones: ZoneSet): unknown {
  return [...zones]
    .map(([key, { tree }]) => [key, [...tree].map(([name, node]) => [name, [...node.entries()].sort()]).sort()])
    .sort();
}

const apexes = ['t', 'a.t', 'b.a.t', 'c.b.a.t', 'd.t', 'x\\.y.t'] as const;
/** Names in a zone and in those below it, a wildcard among them. */
const records = (apex: string) =>
  ['', 'www.', 'b.', 'w.c.b.', '*.', 'c.b.'].map((head) => `${head}${apex}. 60 TXT "from ${apex}"`);

const change = fc.record({
  apex: fc.constantFrom(...apexes),
  isGone: fc.boolean(),
  names: fc.subarray([0, 1, 2, 3, 4, 5]),
});

test('whatever came and went before, a shelf holds what one that is filled at once holds', () => {
  fc.assert(
    fc.property(fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { maxLength: 6 }), (rounds) => {
      const shelf = new ZoneShelf();
      const there = new Map<string, ZoneSource>();
      let zones: ZoneSet = new Map();
      for (const round of rounds) {
        const put = new Map<string, ZoneSource>();
        const gone = new Set<string>();
        for (const { apex, isGone, names } of round) {
          put.delete(apex);
          gone.delete(keyOf(apex));
          there.delete(apex);
          const source = sourceOf(
            apex,
            names.map((at) => records(apex)[at] ?? ''),
          );
          if (isGone) gone.add(keyOf(apex));
          else {
            put.set(apex, source);
            there.set(apex, source);
          }
        }
        const { made } = updated(shelf, { put: [...put.values()], gone: [...gone] });
        assert.ok(made.ok);
        zones = made.value;
      }
      const { made: whole } = updated(new ZoneShelf(), { put: [...there.values()], gone: [] });
      assert.ok(whole.ok);
      assert.deepEqual(shown(zones), shown(whole.value));
    }),
    { numRuns: 150 },
  );
});

test('a change builds its zone alone; a zone that comes, the one above it as well; what cannot be served changes nothing', () => {
  const shelf = new ZoneShelf();
  const many = Array.from({ length: 300 }, (_, at) => sourceOf(`z${at}.h.t`, [`w.z${at}.h.t. 60 A 192.0.2.1`]));
  const first = updated(shelf, { put: [sourceOf('h.t', []), ...many], gone: [] });
  assert.ok(first.made.ok);
  assert.ok(first.steps > many.length, 'others may have a turn between the zones');
  const before = first.made.value;
  const other = sourceOf('z7.h.t', ['w.z7.h.t. 60 A 192.0.2.2']);
  const { made } = updated(shelf, { put: [other], gone: [] });
  assert.ok(made.ok);
  const changed = [...made.value].filter(([key, zone]) => before.get(key) !== zone).map(([key]) => key);
  assert.deepEqual(changed, ['z7.h.t']);
  const come = updated(shelf, { put: [sourceOf('new.h.t', [])], gone: ['z8.h.t'] }).made;
  assert.ok(come.ok);
  const next = [...come.value].filter(([key, zone]) => made.value.get(key) !== zone).map(([key]) => key);
  assert.deepEqual([next.sort(), come.value.has('z8.h.t')], [['h.t', 'new.h.t'], false]);
  const broken = sourceOf('z9.h.t', ['w.z9.h.t. 60 CNAME a.', 'w.z9.h.t. 60 A 192.0.2.9']);
  const refused = updated(shelf, { put: [other, broken], gone: ['z7.h.t'] }).made;
  assert.match(refused.ok ? '' : refused.say, /^w\.z9\.h\.t\. has a CNAME and a A record/);
  const after = updated(shelf, { put: [], gone: [] }).made;
  assert.ok(after.ok);
  assert.deepEqual([...after.value.values()], [...come.value.values()]);
});

test('what a zone says at its names outweighs what one above it keeps there, and neither keeps the other from being served', () => {
  const above = sourceOf('h.t', ['w.a.h.t. 60 CNAME far.t.', 'x.a.h.t. 60 A 192.0.2.1', 'y.a.h.t. 60 A 192.0.2.2']);
  const below = sourceOf('a.h.t', ['w.a.h.t. 60 TXT "own"', 'x.a.h.t. 60 CNAME far.t.']);
  for (const put of [
    [above, below],
    [below, above],
  ]) {
    const { made } = updated(new ZoneShelf(), { put, gone: [] });
    assert.ok(made.ok, made.ok ? '' : made.say);
    const tree = made.value.get('a.h.t')?.tree;
    const types = (name: string) => [...(tree?.get(name)?.keys() ?? [])];
    assert.deepEqual([types('w.a.h.t'), types('x.a.h.t'), types('y.a.h.t')], [[16], [5], [1]]);
  }
});
