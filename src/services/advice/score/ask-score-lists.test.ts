import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import { resolverFromZone } from '../../../protocol/dns/zone-resolver.ts';
import { askScoreLists } from './ask-score-lists.ts';
import { nothingKnown, scoreOf } from './table.ts';

const answering = `
2.0.0.127.zen.spamhaus.org A 127.0.0.2
2.0.0.127.psbl.surriel.com A 127.0.0.2
dbltest.com.dbl.spamhaus.org A 127.0.1.2
test.surbl.org.multi.surbl.org A 127.0.0.64
test.uribl.com.multi.uribl.com A 127.0.0.2
`;
const domains = [parseDomainName('example.com') as DomainName];
const ask = (zone: string, isPublicResolver = false) =>
  askScoreLists(resolverFromZone(zone), { remoteAddress: '192.0.2.9', domains, isPublicResolver });

test('what the score counts of block lists: large, domain, small; unknown where a list did not tell', async () => {
  const clean = await ask(answering);
  assert.deepEqual([clean.major, clean.domain, clean.minor], ['no', 'no', 0]);
  const listed = await ask(
    `${answering}9.2.0.192.zen.spamhaus.org A 127.0.0.4\n9.2.0.192.psbl.surriel.com A 127.0.0.2\nexample.com.multi.surbl.org A 127.0.0.8`,
  );
  assert.deepEqual(listed, {
    major: 'yes',
    domain: 'yes',
    minor: 1,
    names: { major: ['Spamhaus ZEN'], domain: ['SURBL'], minor: ['PSBL'] },
  });
  const refused = await ask(
    answering.replace('2.0.0.127.zen.spamhaus.org A 127.0.0.2', '2.0.0.127.zen.spamhaus.org A 127.255.255.254'),
  );
  assert.deepEqual([refused.major, refused.domain], ['unknown', 'no']);
  for (const nothing of [await ask(''), await ask(answering, true)])
    assert.deepEqual([nothing.major, nothing.domain, nothing.minor], ['unknown', 'unknown', 0]);
  const { names: _names, ...lists } = listed;
  assert.equal(scoreOf({ ...nothingKnown, lists }).tenths, 100 - 40, 'capped');
});
