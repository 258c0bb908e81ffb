import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { bandOf, nothingKnown, predictFixes, scoreOf, wayToTen } from './table.ts';
import type { Charge, DkimFact, DmarcFact, Known, ScoreFacts, SpfFact } from './types.ts';

const known: readonly Known[] = ['yes', 'no', 'unknown'];
const spfResults: readonly SpfFact['result'][] = [
  'pass',
  'none',
  'neutral',
  'softfail',
  'fail',
  'permerror',
  'unknown',
];
const dkimResults: readonly DkimFact['result'][] = ['pass', 'none', 'fail', 'permerror', 'unknown'];
const policies: readonly DmarcFact[] = ['missing', 'none', 'quarantine', 'reject', 'unknown'];
const names = ['confirmed', 'missing', 'unconfirmed', 'generic', 'unknown'] as const;
const helos = ['good', 'bad', 'unknown'] as const;

/** Every state of who sent it: 14,175. */
const authentications: readonly ScoreFacts[] = known.flatMap((author) =>
  spfResults.flatMap((spf) =>
    known.flatMap((spfAligned) =>
      dkimResults.flatMap((dkim) =>
        known.flatMap((dkimAligned) =>
          known.flatMap((weakKey) =>
            policies.map((dmarc) => ({
              ...nothingKnown,
              author,
              spf: { result: spf, aligned: spfAligned },
              dkim: { result: dkim, aligned: dkimAligned, weakKey },
              dmarc,
            })),
          ),
        ),
      ),
    ),
  ),
);

/** Every state of the host and of the lists: 2,025. */
const hosts: readonly ScoreFacts[] = names.flatMap((reverseName) =>
  helos.flatMap((helo) =>
    known.flatMap((encrypted) =>
      known.flatMap((major) =>
        known.flatMap((domain) =>
          [0, 1, 2, 5, 20].map((minor) => ({
            ...nothingKnown,
            host: { reverseName, helo, encrypted },
            lists: { major, domain, minor },
          })),
        ),
      ),
    ),
  ),
);

const vouched = { result: 'pass', aligned: 'yes' } as const;
const foreign = { result: 'pass', aligned: 'no' } as const;
const none = { result: 'none', aligned: 'yes' } as const;
const unsigned = { result: 'none', aligned: 'no', weakKey: 'unknown' } as const;
const goodHost = { reverseName: 'confirmed', helo: 'good', encrypted: 'yes' } as const;
const states = {
  A: { spf: none, dkim: unsigned, dmarc: 'missing' },
  B: { spf: vouched, dkim: unsigned, dmarc: 'missing' },
  C: { spf: vouched, dkim: { ...vouched, weakKey: 'no' }, dmarc: 'none' },
  D: { spf: foreign, dkim: { ...foreign, weakKey: 'no' }, dmarc: 'none' },
  E: { spf: vouched, dkim: { ...vouched, weakKey: 'no' }, dmarc: 'reject' },
} as const;
const facts = (some: Partial<ScoreFacts>): ScoreFacts => ({ ...nothingKnown, author: 'yes', host: goodHost, ...some });
const charge = (check: string, tenths: number): Charge => ({ check, tenths, say: check, fix: { delete: [], set: [] } });

test('the anchors of the table come out exactly', () => {
  const { A, B, C, D, E } = states;
  const spoof = { ...A, spf: { result: 'softfail', aligned: 'yes' } } as const;
  const anchors: readonly (readonly [string, Partial<ScoreFacts>, number])[] = [
    ['A: a domain with MX and a verification record only', A, 2],
    ['B: SPF published', B, 5.6],
    ['C: SPF, DKIM and DMARC', C, 10],
    ['D: through a service that was never told of the domain', D, 4.4],
    ['E: the same, set up', E, 10],
    ['SPF and DKIM without DMARC', { ...C, dmarc: 'missing' }, 8],
    ['SPF and DMARC without DKIM', { ...B, dmarc: 'none' }, 7.2],
    ['DKIM and DMARC without SPF', { ...C, spf: none }, 7.6],
    ['D without any DMARC record', { ...D, dmarc: 'missing' }, 4.4],
    ['A without PTR', { ...A, host: { ...goodHost, reverseName: 'missing' } }, 0.8],
    ['a forgery against p=none', { ...spoof, dmarc: 'none' }, 1.7],
    ['a forgery against p=quarantine', { ...spoof, dmarc: 'quarantine' }, 0.7],
    ['a forgery against p=reject', { ...spoof, dmarc: 'reject' }, 0],
    ['a service that aligns by DKIM only', { ...C, spf: foreign }, 10],
    ['an RSA key of 1024 bits', { ...C, dkim: { ...C.dkim, weakKey: 'yes' } }, 9.7],
  ];
  for (const [what, some, score] of anchors) assert.equal(scoreOf(facts(some)).score, score, what);
});

test('the bands say what the founding story said', () => {
  const band = (some: Partial<ScoreFacts>) => scoreOf(facts(some)).band.name;
  assert.deepEqual(Object.values(states).map(band), ['lost', 'fair', 'perfect', 'lucky', 'perfect']);
  assert.deepEqual(
    [0, 29, 30, 49, 50, 79, 80, 99, 100].map((tenths) => bandOf(tenths).name),
    ['lost', 'lost', 'lucky', 'lucky', 'fair', 'fair', 'good', 'good', 'perfect'],
  );
});

test('no fix lowers the score, by itself or in any order, and the way leads to 10: every state of the table', () => {
  let transitions = 0;
  for (const one of [...authentications, ...hosts]) {
    const { tenths, deductions } = scoreOf(one);
    for (const { check, gainTenths } of deductions) {
      transitions += 1;
      assert.ok(gainTenths >= 0, `${check} lowers ${JSON.stringify(one)} by ${-gainTenths}`);
    }
    if (tenths < 100) assert.ok(deductions.length > 0);
  }
  assert.ok(transitions > 35_000, `${transitions} transitions`);
  for (const one of [...sample(authentications), ...sample(hosts)]) {
    const way = wayToTen(one);
    const end = way.at(-1)?.to ?? scoreOf(one).score;
    assert.equal(end, 10, JSON.stringify(one));
    for (const { from, to } of way) assert.ok(to >= from);
  }
});

test('what is unknown costs nothing: to know less never lowers the score', () => {
  assert.equal(scoreOf(nothingKnown).score, 10);
  for (const one of authentications) {
    const { tenths } = scoreOf(one);
    for (const [what, less] of knowingLess(one)) {
      assert.ok(scoreOf(less).tenths >= tenths, `${what} unknown lowers ${JSON.stringify(one)}`);
    }
  }
  for (const one of hosts) {
    const { tenths } = scoreOf(one);
    for (const fact of ['reverseName', 'helo', 'encrypted'] as const) {
      const cost = tenths - scoreOf({ ...one, host: { ...one.host, [fact]: 'unknown' } }).tenths;
      assert.ok(cost <= 0);
    }
  }
});

test('a fact that is fine and one that is unknown count the same, wherever nothing else hangs on it', () => {
  const fine: readonly (readonly [Partial<ScoreFacts>, Partial<ScoreFacts>])[] = [
    [{ host: goodHost }, { host: nothingKnown.host }],
    [{ lists: { major: 'no', domain: 'no', minor: 0 } }, { lists: nothingKnown.lists }],
  ];
  for (const state of Object.values(states))
    for (const [good, unknown] of fine)
      assert.equal(scoreOf(facts({ ...state, ...good })).tenths, scoreOf(facts({ ...state, ...unknown })).tenths);
  assert.equal(scoreOf(facts({ ...states.C, spf: { result: 'unknown', aligned: 'yes' } })).score, 10);
});

test('parts add up: what one category costs does not hang on another', () => {
  const lost = (one: ScoreFacts) => scoreOf(one).deductions.reduce((sum, { tenths }) => sum + tenths, 0);
  for (const authentication of sample(authentications)) {
    for (const host of sample(hosts)) {
      const both = { ...authentication, host: host.host, lists: host.lists };
      assert.equal(lost(both), lost(authentication) + lost(host));
      assert.equal(scoreOf(both).tenths, Math.max(0, 100 - lost(both)));
    }
  }
});

test('content and bulk faults: capped, in any order, and each given back by its fix', () => {
  const charges = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 40 })).map(([id, n]) => charge(`MSG-${id}`, n)),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(charges, charges, (content, bulk) => {
      const one = facts({ ...states.B, content, bulk });
      const score = scoreOf(one);
      const total = (of: readonly Charge[]) => of.reduce((sum, { tenths }) => sum + tenths, 0);
      assert.equal(score.tenths, Math.max(0, 100 - 44 - Math.min(30, total(content)) - Math.min(20, total(bulk))));
      const turned = scoreOf({ ...one, content: content.toReversed(), bulk: bulk.toReversed() });
      assert.deepEqual(turned, score);
      for (const { gainTenths } of score.deductions) assert.ok(gainTenths >= 0);
    }),
    { numRuns: 200 },
  );
});

test('caps: hosts lose 2.4 at most, lists 4, and what the cap takes away is said', () => {
  const bad = scoreOf(
    facts({
      ...states.C,
      host: { reverseName: 'missing', helo: 'bad', encrypted: 'no' },
      lists: { major: 'yes', domain: 'yes', minor: 3 },
    }),
  );
  assert.equal(bad.score, 3.6);
  assert.deepEqual(
    bad.deductions.map(({ check, tenths, fullTenths }) => [check, tenths, fullTenths]),
    [
      ['IPR-01', 12, 12],
      ['IPR-08', 10, 10],
      ['IPR-04', 2, 6],
      ['LST-01', 25, 25],
      ['LST-02', 15, 25],
      ['LST-03', 0, 15],
    ],
  );
});

test('a fix that knows more than the table takes its place, and changes no number', () => {
  const exact = { delete: [], set: [{ name: 'em1.shop.example', type: 'CNAME', value: 'u1.wl.sendgrid.net' }] };
  const plain = scoreOf(facts(states.D));
  const named = scoreOf(facts({ ...states.D, names: { domain: 'shop.example', fixes: { 'ALN-02': exact } } }));
  assert.deepEqual(named.deductions.find(({ check }) => check === 'ALN-02')?.fix, exact);
  assert.deepEqual(
    named.deductions.map(({ check, tenths, gainTenths }) => [check, tenths, gainTenths]),
    plain.deductions.map(({ check, tenths, gainTenths }) => [check, tenths, gainTenths]),
  );
  assert.equal(predictFixes(facts(states.D)).length, 3);
});

/** Some of a space, spread over it. */
const sample = (space: readonly ScoreFacts[]) => space.filter((_, at) => at % 97 === 0);

function knowingLess(one: ScoreFacts): readonly (readonly [string, ScoreFacts])[] {
  return [
    ['author', { ...one, author: 'unknown' }],
    ['spf', { ...one, spf: { ...one.spf, result: 'unknown' } }],
    ['spf alignment', { ...one, spf: { ...one.spf, aligned: 'unknown' } }],
    ['dkim', { ...one, dkim: { ...one.dkim, result: 'unknown' } }],
    ['dkim alignment', { ...one, dkim: { ...one.dkim, aligned: 'unknown' } }],
    ['key', { ...one, dkim: { ...one.dkim, weakKey: 'unknown' } }],
    ['dmarc', { ...one, dmarc: 'unknown' }],
  ];
}
