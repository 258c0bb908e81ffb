import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { type IpAddress, parseIpAddress } from '../../format/ip-address.ts';
import type { DnsAnswer } from '../dns/types.ts';
import { resolverFromZone } from '../dns/zone-resolver.ts';
import { askLists } from './ask-lists.ts';
import { blockLists } from './lists.ts';
import { isPublicResolver } from './public-resolvers.ts';
import { listQuery, testQuery } from './query-name.ts';
import { readListAnswer } from './read-answer.ts';
import type { BlockList, ListSubject } from './types.ts';

const at = (text: string): ListSubject => ({ kind: 'address', address: parseIpAddress(text) as IpAddress });
const named = (text: string): ListSubject => ({ kind: 'domain', domain: parseDomainName(text) as DomainName });
const listOf = (id: string) => blockLists.find((list) => list.id === id) as BlockList;
const found = (...records: string[]): DnsAnswer<string> => ({ kind: 'found', records, ttlSeconds: 60, secure: false });
const none: DnsAnswer<string> = { kind: 'none', why: 'nxdomain', ttlSeconds: 60, secure: false };

/** A code that the list gives to what it lists. */
const someCode = (list: BlockList) => ('bits' in list.codes ? '127.0.0.2' : Object.keys(list.codes)[0]) as string;
const testCode = (list: BlockList) =>
  'bits' in list.codes ? `127.0.0.${Object.keys(list.codes.bits)[0]}` : someCode(list);

const read = (list: BlockList, answer: DnsAnswer<string>, more: Partial<Parameters<typeof readListAnswer>[1]> = {}) =>
  readListAnswer(list, {
    answer,
    tested: { listed: found(testCode(list)), clean: none },
    isPublicResolver: false,
    ...more,
  });

test('RFC 5782 §2.1, §2.4, §3: addresses reversed, domains as they are', () => {
  const zen = listOf('spamhaus-zen');
  assert.equal(listQuery(zen, at('192.0.2.99')), '99.2.0.192.zen.spamhaus.org');
  assert.equal(
    listQuery(zen, at('2001:db8:1:2:3:4:567:89ab')),
    'b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.zen.spamhaus.org',
  );
  assert.equal(listQuery(listOf('spamcop'), at('2001:db8::1')), undefined);
  assert.equal(listQuery(zen, named('example.com')), undefined);
  assert.equal(listQuery(listOf('surbl'), named('example.com')), 'example.com.multi.surbl.org');
  assert.equal(listQuery(listOf('surbl'), named(Array(4).fill('a'.repeat(60)).join('.'))), undefined);
  assert.equal(testQuery(zen, 'listed'), '2.0.0.127.zen.spamhaus.org');
  assert.equal(testQuery(listOf('surbl'), 'clean'), 'invalid.multi.surbl.org');
});

test('Spamhaus ZEN is read by code', () => {
  const zen = listOf('spamhaus-zen');
  for (const [code, name] of [
    ['127.0.0.2', 'SBL'],
    ['127.0.0.3', 'CSS'],
    ['127.0.0.4', 'XBL'],
    ['127.0.0.7', 'XBL'],
    ['127.0.0.9', 'DROP'],
    ['127.0.0.10', 'PBL'],
    ['127.0.0.11', 'PBL'],
  ] as const) {
    const reading = read(zen, found(code));
    assert.deepEqual(reading.state === 'listed' && reading.entries.map((entry) => entry.name), [name]);
  }
  const both = read(zen, found('127.0.0.11', '127.0.0.4', '127.0.0.10'));
  assert.deepEqual(both.state === 'listed' && both.entries.map((entry) => entry.name), ['PBL', 'XBL']);
});

test('lists of bits: each bit of the last octet is an entry, and bit 1 is a refusal', () => {
  const surbl = read(listOf('surbl'), found('127.0.0.80'));
  assert.deepEqual(surbl.state === 'listed' && surbl.entries.map((entry) => entry.name), ['MW', 'ABUSE']);
  const uribl = read(listOf('uribl'), found('127.0.0.4'));
  assert.deepEqual(uribl.state === 'listed' && uribl.entries.map((entry) => entry.rank), ['minor']);
  assert.equal(read(listOf('uribl'), found('127.0.0.1')).state, 'unknown');
  assert.equal(read(listOf('surbl'), found('127.0.0.1')).state, 'unknown');
});

test('refused is never listed, and never clean', () => {
  for (const list of blockLists) {
    for (const code of [
      '127.255.255.252',
      '127.255.255.254',
      '127.255.255.255',
      '127.255.255.1',
      '192.0.2.1',
      '127.0.9.9',
    ])
      assert.equal(read(list, found(code)).state, 'unknown', `${list.id} ${code}`);
    assert.equal(read(list, found(testCode(list), '127.255.255.254')).state, 'unknown');
    for (const why of ['timeout', 'servfail', 'bogus'] as const)
      assert.equal(read(list, { kind: 'failed', why }).state, 'unknown');
  }
  assert.equal(read(listOf('spamhaus-dbl'), found('127.0.1.255')).state, 'unknown');
});

test('"no such name" is clean only of a list that lists its test entry and not everything', () => {
  for (const list of blockLists) {
    const good: Parameters<typeof readListAnswer>[1]['tested'] = { listed: found(testCode(list)), clean: none };
    assert.equal(read(list, none).state, 'clean');
    assert.equal(read(list, none, { tested: { ...good, listed: none } }).state, 'unknown');
    assert.equal(read(list, none, { tested: { ...good, listed: found('127.255.255.254') } }).state, 'unknown');
    assert.equal(
      read(list, found(testCode(list)), { tested: { ...good, clean: found(testCode(list)) } }).state,
      'unknown',
    );
    assert.equal(read(list, none, { isPublicResolver: true }).state, 'unknown');
    assert.equal(read(list, found(testCode(list)), { isPublicResolver: true }).state, 'listed');
  }
});

test('every list can be asked, says where to be taken off, and its test entry is one', () => {
  assert.equal(new Set(blockLists.map(({ id }) => id)).size, blockLists.length);
  for (const list of blockLists) {
    assert.ok(testQuery(list, 'listed') && testQuery(list, 'clean'), list.id);
    assert.equal(new URL(list.page).protocol, 'https:');
    assert.equal(list.about === 'address', list.families.length > 0);
  }
});

test('all lists are asked at once, and why is asked where it is listed', async () => {
  const zone = resolverFromZone(`
2.0.0.127.zen.spamhaus.org A 127.0.0.2
9.2.0.192.zen.spamhaus.org A 127.0.0.4
9.2.0.192.zen.spamhaus.org TXT "https://check.spamhaus.org/query/ip/192.0.2.9"
2.0.0.127.bl.spamcop.net A 127.0.0.2
;!TIMEOUT 9.2.0.192.psbl.surriel.com`);
  const answers = await askLists(zone, at('192.0.2.9'), { isPublicResolver: false });
  const states = Object.fromEntries(answers.map(({ list, reading }) => [list.id, reading.state]));
  assert.deepEqual(
    { zen: states['spamhaus-zen'], spamcop: states.spamcop, psbl: states.psbl, barracuda: states.barracuda },
    { zen: 'listed', spamcop: 'clean', psbl: 'unknown', barracuda: 'unknown' },
  );
  assert.match(answers[0]?.reason ?? '', /query\/ip/);
  assert.ok(answers.every(({ list }) => list.about === 'address'));
});

test('whatever comes back, a list is read as one of three, and only its own codes are a listing', () => {
  const code = fc.oneof(
    fc.ipV4(),
    fc.constantFrom('127.0.0.2', '127.0.0.1', '127.0.1.2', '127.255.255.254', '', 'x', '__proto__'),
  );
  fc.assert(
    fc.property(fc.constantFrom(...blockLists), fc.array(code, { minLength: 1, maxLength: 6 }), (list, records) => {
      const reading = read(list, found(...records));
      assert.notEqual(reading.state, 'clean');
      if (reading.state === 'listed') assert.ok(records.every((one) => /^127\.(?!255)/.test(one)));
    }),
  );
});

test('the big public resolvers are known, however they are spelled', () => {
  assert.ok(isPublicResolver('8.8.8.8') && isPublicResolver('2606:4700:4700:0:0:0:0:1111'));
  assert.ok(!isPublicResolver('127.0.0.53') && !isPublicResolver('192.0.2.53') && !isPublicResolver('resolver.test'));
});
