/** What a hostile domain or client can make us do is bounded: queries, time, memory. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../../test/support/any-character.ts';
import { systemClock, type Timers } from '../../base/clock.ts';
import type { DnsAnswer, RecordData, RecordType, Resolver } from '../dns/types.ts';
import { evaluateSpf } from './evaluate-spf.ts';
import type { SpfSession } from './types.ts';

const session: SpfSession = { remoteAddress: '192.0.2.1', helo: 'x.example', mailFrom: 'user@example.com' };

type Answers = { readonly [T in RecordType]?: (name: string) => readonly RecordData[T][] };

/** Answers by rule, for any name, and counts. */
function endless(answers: Answers): { resolver: Resolver; queries: () => number } {
  let queries = 0;
  const lookup = async <T extends RecordType>(name: string, type: T): Promise<DnsAnswer<RecordData[T]>> => {
    queries++;
    const records = answers[type]?.(name) ?? [];
    return records.length === 0
      ? { kind: 'none', why: 'nxdomain', ttlSeconds: 1, secure: false }
      : { kind: 'found', records, ttlSeconds: 1, secure: false };
  };
  return { resolver: { lookup }, queries: () => queries };
}

test('records that include each other without end cost eleven queries', async () => {
  for (const record of [
    'v=spf1 include:%{d} -all',
    'v=spf1 redirect=x.%{d}',
    'v=spf1 include:a.%{d} include:b.%{d} include:c.%{d}',
  ]) {
    const world = endless({ TXT: () => [record] });
    const result = await evaluateSpf(world.resolver, session);
    assert.equal(result.reason, 'too-many-lookups', record);
    assert.equal(world.queries(), 11, record);
  }
});

test('the worst record costs at most 1 + 10 + 10 x 10 queries, and PTR names are confirmed once', async () => {
  const mx = Array.from({ length: 10 }, (_, i) => ({ preference: i, exchange: `m${i}.example` }));
  const world = endless({
    TXT: () => ['v=spf1 mx mx mx mx mx mx mx mx mx mx -all'],
    MX: () => mx,
    A: () => ['198.51.100.1'],
  });
  assert.equal((await evaluateSpf(world.resolver, session)).result, 'fail');
  assert.equal(world.queries(), 111);

  const names = Array.from({ length: 1_000 }, (_, i) => `p${i}.example`);
  const pointing = endless({
    TXT: () => ['v=spf1 ptr exists:%{p}.a.example ptr:b.example exists:%{p2r}.c.example -all exp=%{p}.d.example'],
    PTR: () => names,
    A: (name) => (name.includes('unknown') ? ['127.0.0.1'] : ['198.51.100.1']),
  });
  await evaluateSpf(pointing.resolver, session);
  assert.ok(pointing.queries() <= 1 + 1 + 10 + 2 + 1, `${pointing.queries()} queries`);
});

test('a record as large as the DNS allows, full of macros, is expanded only as far as a name goes', async () => {
  const mailFrom = `${'a.'.repeat(400)}@example.com`;
  const world = endless({
    TXT: () => [`v=spf1 exists:${'%{lr-}'.repeat(10_000)}.x.example -all exp=${'%{s}'.repeat(10_000)}.y.example`],
  });
  const result = await evaluateSpf(world.resolver, { ...session, mailFrom });
  assert.equal(result.result, 'fail');
  assert.ok(JSON.stringify(result).length < 20_000);
});

test('tens of thousands of terms are read in one go, and the trace stays small', async () => {
  const world = endless({ TXT: () => [`v=spf1${' ip4:198.51.100.1'.repeat(3_800)} include:%{d}`] });
  const result = await evaluateSpf(world.resolver, session);
  assert.equal(result.reason, 'too-many-lookups');
  assert.ok(result.trace.length <= 502, `${result.trace.length} lines`);
});

test('terms that tempt a backtracking reader are refused quickly', async () => {
  for (const term of [
    `a:${'a'.repeat(60_000)}!`,
    `a:.${'a1'.repeat(30_000)}_`,
    `a${'/1'.repeat(30_000)}x`,
    `${'a.'.repeat(30_000)}:`,
    `a:%{d${'1'.repeat(60_000)}x}`,
  ]) {
    const world = endless({ TXT: () => [`v=spf1 ${term}`] });
    assert.equal((await evaluateSpf(world.resolver, session)).reason, 'syntax');
  }
});

test('over-long HELO and MAIL FROM are no identity', async () => {
  const world = endless({ TXT: () => ['v=spf1 +all'] });
  assert.equal((await evaluateSpf(world.resolver, { ...session, helo: 'h'.repeat(1_000_000) })).result, 'none');
  assert.equal(
    (await evaluateSpf(world.resolver, { ...session, mailFrom: `${'l'.repeat(1_000_000)}@example.com` })).result,
    'none',
  );
  assert.equal(world.queries(), 0);
});

const silent: Resolver = { lookup: () => new Promise(() => {}) };

/** Time that passes when told to. */
function handMadeTimers(): { timers: Timers; pass: (ms: number) => void; waiting: () => number } {
  const due = new Set<{ atMs: number; run: () => void }>();
  let nowMs = 0;
  const after = (ms: number, run: () => void) => {
    const alarm = { atMs: nowMs + ms, run };
    due.add(alarm);
    return () => due.delete(alarm);
  };
  const pass = (ms: number) => {
    nowMs += ms;
    for (const alarm of due) {
      if (alarm.atMs > nowMs) continue;
      due.delete(alarm);
      alarm.run();
    }
  };
  return {
    timers: { ...systemClock, nowMs: () => nowMs, monotonicMs: () => nowMs, after },
    pass,
    waiting: () => due.size,
  };
}

test('RFC 7208 §4.6.4: after twenty seconds of a silent DNS the result is temperror', async () => {
  const { timers, pass, waiting } = handMadeTimers();
  const running = evaluateSpf(silent, session, { timers });
  pass(19_999);
  assert.equal(waiting(), 1);
  pass(1);
  const result = await running;
  assert.deepEqual([result.result, result.reason], ['temperror', 'time-limit']);
  assert.equal(waiting(), 0);
});

test('a finished check leaves no timer behind, and a late explanation does not change a fail', async () => {
  const { timers, pass, waiting } = handMadeTimers();
  const world = endless({ TXT: () => ['v=spf1 -all exp=why.example.com'] });
  const slow: Resolver = {
    lookup: (name, type) => (name.startsWith('why') ? new Promise(() => {}) : world.resolver.lookup(name, type)),
  };
  const running = evaluateSpf(slow, session, { timers });
  await new Promise((resolve) => setImmediate(resolve));
  pass(20_000);
  const result = await running;
  assert.deepEqual([result.result, result.explanation], ['fail', undefined]);
  assert.equal(waiting(), 0);
});

test('the caller’s signal ends a check like the time limit', async () => {
  const ending = new AbortController();
  const running = evaluateSpf(silent, session, { signal: ending.signal });
  ending.abort();
  assert.equal((await running).reason, 'time-limit');
  assert.equal((await evaluateSpf(silent, session, { signal: ending.signal })).reason, 'time-limit');
});

const word = fc.constantFrom(
  ...[
    'a',
    'mx',
    'ptr',
    '-all',
    '~all',
    'a:%{h}',
    'mx:x.test/24',
    'include:%{d2}.test',
    'include:b.test',
    'exists:%{ir}.%{p}.test',
    'ip4:192.0.2.0/24',
  ],
  ...[
    'redirect=%{o}',
    'redirect=c.test',
    'exp=%{l}.test',
    'ip6:::/0',
    'x=y',
    '?exists:%{S}.test',
    'a//64',
    'ptr:%{v}.test',
  ],
);
const record = fc.oneof(
  fc.array(word, { maxLength: 6 }).map((words) => `v=spf1 ${words.join(' ')}`),
  fc.string({ unit: anyCharacter, maxLength: 30 }).map((text) => `v=spf1 ${text}`),
);
const answer = fc.oneof(
  fc.record({ kind: fc.constant('failed' as const), why: fc.constantFrom('timeout' as const, 'servfail' as const) }),
  fc.record({ kind: fc.constant('none' as const), why: fc.constantFrom('nxdomain' as const, 'nodata' as const) }),
  fc.record({
    kind: fc.constant('found' as const),
    texts: fc.array(record, { minLength: 1, maxLength: 2 }),
    hosts: fc.array(fc.constantFrom('x.test', '192.0.2.1', '2001:db8::1', '', 'bad\\.name', 'mail.example.com'), {
      minLength: 1,
      maxLength: 12,
    }),
  }),
);

test('whatever the DNS and the client say: no throw, a known result, counts within the limits', async () => {
  const text = fc.oneof(
    fc.constantFrom('user@example.com', '', 'a@b@c.test', '"x'),
    fc.string({ unit: anyCharacter, maxLength: 40 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 8 }), text, text, async (answers, helo, mailFrom) => {
      let turn = 0;
      const lookup = async (_: string, type: RecordType): Promise<DnsAnswer<never>> => {
        const next = answers[turn++ % answers.length] ?? { kind: 'none', why: 'nodata' };
        if (next.kind === 'failed') return next;
        if (next.kind === 'none') return { ...next, ttlSeconds: 1, secure: false };
        const hosts = next.hosts.map((exchange) => (type === 'MX' ? { preference: 1, exchange } : exchange));
        return {
          kind: 'found',
          records: (type === 'TXT' ? next.texts : hosts) as never[],
          ttlSeconds: 1,
          secure: false,
        };
      };
      const result = await evaluateSpf({ lookup }, { remoteAddress: '192.0.2.1', helo, mailFrom });
      assert.ok(['none', 'neutral', 'pass', 'fail', 'softfail', 'temperror', 'permerror'].includes(result.result));
      assert.ok(result.lookups <= 11 && result.voidLookups <= 3 && turn <= 250);
      for (const line of result.trace) assert.match(line, /^[\x20-\x7e]*$/);
      assert.match(result.explanation ?? '', /^[\x20-\x7e]*$/);
      assert.match(result.domain, /^[a-z0-9._:[\]-]*$/);
    }),
    { numRuns: 300 },
  );
});
