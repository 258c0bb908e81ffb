/** The fuzzer in the ordinary suite: what it once found, a few hundred inputs per target, and that it finds what is there. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';
import { latin1, utf8 } from '../../src/base/bytes.ts';
import { seededRandom } from '../../src/base/random.ts';
import { readCrashers, replayLine, writeCrasher } from './crashers.ts';
import { type Crash, fuzzTarget, replay, TooSlow } from './fuzz-target.ts';
import { type Material, mutate } from './mutate.ts';
import { type FuzzTarget, octetsOf } from './target.ts';
import { targets } from './targets/all.ts';

const inputs = 300;
/** Other tests have the machine too; what is not linear passes this all the same. */
const patience = 20;

for (const target of targets) {
  test(`fuzz ${target.name}`, async () => {
    const report = await fuzzTarget(target, { seed: 1, inputs, patience });
    assert.equal(report.crash && tell(target, report.crash), undefined);
    assert.equal(report.inputs, inputs);
    assert.ok(report.outcomes >= 5, `only ${report.outcomes} outcomes: the seeds do not get far`);
  });
}

test('what was found once is found no more', async () => {
  for (const { target: name, file, input } of readCrashers()) {
    const target = targets.find((one) => one.name === name);
    assert.ok(target, `crashers/${name} belongs to no target`);
    assert.equal(await replay(target, input, patience), undefined, `crashers/${name}/${file}`);
  }
});

test('target names are unique and can be folder names', () => {
  assert.equal(new Set(targets.map(({ name }) => name)).size, targets.length);
  for (const { name } of targets) assert.match(name, /^[a-z0-9]+(?:-[a-z0-9]+)*$/);
});

function tell(target: FuzzTarget, { input, error }: Crash): string {
  return `${inspect(error)}\n${replayLine(target.name, writeCrasher(target.name, input))}`;
}

function planted(run: (text: string) => string): FuzzTarget {
  return {
    name: 'planted',
    seeds: () => ['first;second', 'third=3'],
    dictionary: ['=', 'boundary'],
    separators: [';'],
    open: () => ({ run: (input) => run(latin1(input)) }),
  };
}

test('a fault is found, made small, and found again by the same seed', async () => {
  const target = planted((text) => {
    if (text.includes('\0')) throw new Error('a NUL');
    return String(text.split(';').length);
  });
  const [one, other] = [await fuzzTarget(target, { seed: 7 }), await fuzzTarget(target, { seed: 7 })];
  assert.match(String(one.crash?.error), /a NUL/);
  assert.deepEqual(one.crash?.input, Uint8Array.of(0));
  assert.equal(other.crash?.number, one.crash?.number);
  assert.ok((await replay(target, Uint8Array.of(0))) instanceof Error);
  assert.equal(await replay(target, Uint8Array.of(1)), undefined);
});

test('what takes long for its size is found', async () => {
  const slow = planted((text) => {
    const before = process.threadCpuUsage();
    while (text.length > 1_000 && process.threadCpuUsage(before).user < 15_000) {}
    return String(text.length > 20);
  });
  const { crash } = await fuzzTarget(slow, { seed: 1 });
  assert.ok(crash?.error instanceof TooSlow && crash.input.length > 1_000);
});

test('a reader that changes what it reads is found', async () => {
  const target = { ...planted(() => ''), open: () => ({ run: (input: Uint8Array) => String(input.fill(0, 0, 1)[1]) }) };
  assert.match(String((await fuzzTarget(target, { seed: 1 })).crash?.error), /changed/);
});

test('mutations depend on the seed, keep to the limit, and leave their material alone', () => {
  const material: Material = {
    dictionary: ['BOUNDARY', '=?', 'x'.repeat(100)].map(octetsOf),
    separators: [utf8(';')],
    octetsMax: 1_000,
    another: () => utf8('other;input'),
  };
  const make = (seed: number) => {
    const random = seededRandom(seed);
    const start = utf8('a=1; b=2; c="3"');
    const made = Array.from({ length: 2_000 }, () => latin1(mutate(start, random, material)));
    assert.equal(latin1(start), 'a=1; b=2; c="3"');
    return made;
  };
  const made = make(1);
  assert.deepEqual(make(1), made);
  assert.notDeepEqual(make(2), made);
  assert.ok(made.every((one) => one.length <= material.octetsMax));
  for (const part of ['BOUNDARY', 'other', '\0', '\r\n', 'b=2; a=1', '((', '65536']) {
    assert.ok(
      made.some((one) => one.includes(part)),
      `none of 2,000 has ${JSON.stringify(part)}`,
    );
  }
  assert.ok(new Set(made).size > 1_400, `${new Set(made).size} of 2,000 are different`);
  assert.ok(made.some((one) => one.length === material.octetsMax));
});
