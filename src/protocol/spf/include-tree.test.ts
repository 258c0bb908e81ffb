import assert from 'node:assert/strict';
import test from 'node:test';
import type { QueryName } from '../../format/domain-name.ts';
import { resolverFromZone } from '../dns/zone-resolver.ts';
import { isTooLarge, readIncludeTree, type SpfTree, treeFaultOf } from './include-tree.ts';

/** `domain lookups/voids problem`, then each term with its lookups, what lies below it indented. */
function drawn({ domain, problem, terms, lookups, voidLookups }: SpfTree): string[] {
  return [
    `${domain} ${lookups}/${voidLookups}${problem === undefined ? '' : ` ${problem}`}`,
    ...terms.flatMap((term) => [
      `  ${term.text} ${term.lookups}${term.isVoid ? ' void' : ''}`,
      ...(term.below ? drawn(term.below).map((line) => `    ${line}`) : []),
    ]),
  ];
}

const tree = (zone: string) => readIncludeTree(resolverFromZone(zone), 'a.test' as QueryName);

test('RFC 7208 §4.6.4: what a record costs, with everything below it', async () => {
  const zone = [
    'a.test TXT "v=spf1 ip4:192.0.2.1 mx include:b.test exists:%{i}.x.test a:gone.test redirect=c.test"',
    'a.test MX 10 mx.a.test',
    'b.test TXT "v=spf1 a:mx.a.test ptr -all"',
    'mx.a.test AAAA 2001:db8::1',
    'c.test TXT "v=spf1 include:none.test ~all"',
  ].join('\n');
  assert.deepEqual(drawn(await tree(zone)), [
    'a.test 8/2',
    '  ip4:192.0.2.1 0',
    '  mx 1',
    '  include:b.test 1',
    '    b.test 2/0',
    '      a:mx.a.test 1',
    '      ptr 1',
    '      -all 0',
    '  exists:%{i}.x.test 1',
    '  a:gone.test 1 void',
    '  redirect=c.test 1',
    '    c.test 1/1',
    '      include:none.test 1 void',
    '        none.test 0/0 no SPF record',
    '      ~all 0',
  ]);
});

test('RFC 7208 §5.1: what stands behind all is never asked for', async () => {
  assert.deepEqual(drawn(await tree('a.test TXT "v=spf1 mx -all a:gone.test include:none.test redirect=x.test"')), [
    'a.test 1/1',
    '  mx 1 void',
    '  -all 0',
    '  a:gone.test 0',
    '  include:none.test 0',
  ]);
});

test('a record of thousands of terms makes us ask for a bounded number of names', async () => {
  const strings = Array.from({ length: 2_000 }, (_, at) => `" a:h${at}.test"`).join(' ');
  const zone = resolverFromZone(`a.test TXT "v=spf1" ${strings}`);
  let asked = 0;
  const counting: typeof zone = {
    lookup: (name, type) => {
      asked++;
      return zone.lookup(name, type);
    },
  };
  assert.equal((await readIncludeTree(counting, 'a.test' as QueryName)).lookups, 2_000);
  assert.ok(asked <= 500, `${asked}`);
});

test('loops, errors and floods end', async () => {
  assert.deepEqual(drawn(await tree('a.test TXT "v=spf1 include:a.test -all"')), [
    'a.test 1/0',
    '  include:a.test 1',
    '    a.test 0/0 a loop: the record includes itself',
    '  -all 0',
  ]);
  assert.equal((await tree('a.test TXT "v=spf1 foo"')).problem?.includes('foo'), true);
  assert.equal((await tree('a.test TXT "v=spf1 -all"\na.test TXT "v=spf1 ~all"')).problem, '2 SPF records');
  assert.equal((await tree(';!SERVFAIL a.test.')).problem, 'the DNS failed (servfail)');
  const below = async (zone: string) =>
    (await tree(`a.test TXT "v=spf1 include:b.test -all"\n${zone}`)).terms[0]?.below ?? {};
  assert.equal(treeFaultOf(await below('b.test TXT "v=spf1 include:a.test -all"')), undefined);
  assert.equal(treeFaultOf((await tree('a.test TXT "v=spf1 include:a.test -all"')).terms[0]?.below ?? {}), 'loop');
  assert.equal(treeFaultOf(await below('')), 'no-record');
  assert.equal(treeFaultOf(await below('b.test TXT "v=spf1 foo"')), 'syntax');
  assert.equal(treeFaultOf(await below('b.test TXT "v=spf1 -all"\nb.test TXT "v=spf1 ~all"')), 'several-records');
  assert.equal(treeFaultOf(await below(';!TIMEOUT b.test.')), 'dns-failed');
  // every record includes all the others: 2^30 paths
  const names = Array.from({ length: 30 }, (_, at) => (at === 0 ? 'a.test' : `a${at}.test`));
  const terms = names.map((name) => `include:${name}`);
  const flood = names.map(
    (name) =>
      `${name} TXT ${terms
        .map((term) => `" ${term}"`)
        .join(' ')
        .replace('" ', '"v=spf1 ')}`,
  );
  const whole = await tree(flood.join('\n'));
  assert.ok(isTooLarge(whole));
  assert.ok(JSON.stringify(whole).length < 300_000);
});
