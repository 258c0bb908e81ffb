import assert from 'node:assert/strict';
import test from 'node:test';
import { fromLatin1 } from '../../base/bytes.ts';
import { parseFromFields } from '../../format/address.ts';
import { resolverFromZone } from '../dns/zone-resolver.ts';
import { evaluateDmarc } from './evaluate-dmarc.ts';

/** `new result/applied | old result/applied org`, `!` where they differ */
async function views(zone: string, from: string, spfPass?: string): Promise<string> {
  const { result, applied, legacy } = await evaluateDmarc(resolverFromZone(zone), {
    author: parseFromFields([fromLatin1(`user@${from}`)]),
    spf: spfPass === undefined ? { result: 'none', domain: '' } : { result: 'pass', domain: spfPass },
    dkim: [],
  });
  assert.ok(legacy);
  const old = `${legacy.result}/${legacy.applied} ${legacy.organizationalDomain ?? '-'}`;
  return `${result}/${applied} | ${old}${legacy.pct === undefined ? '' : ` pct=${legacy.pct}`}${legacy.differs ? ' !' : ''}`;
}

test('RFC 7489 §3.2, §6.6.3: most domains look the same to old and new receivers', async () => {
  const zone = '_dmarc.example.co.uk TXT "v=DMARC1; p=reject; sp=quarantine"';
  assert.equal(await views(zone, 'example.co.uk'), 'fail/reject | fail/reject example.co.uk');
  assert.equal(await views(zone, 'a.b.example.co.uk'), 'fail/quarantine | fail/quarantine example.co.uk');
  assert.equal(await views(zone, 'example.co.uk', 'm.example.co.uk'), 'pass/none | pass/none example.co.uk');
  assert.equal(await views('', 'example.co.uk'), 'none/none | none/none example.co.uk');
});

test('RFC 9989 §4.10.2: where the tree walk and the list part, both are told and the verdict is the walk’s', async () => {
  // psd=n below the organizational domain of the list: what passes at its parent no longer aligns.
  const split = '_dmarc.dept.example.com TXT "v=DMARC1; p=reject; psd=n"\n_dmarc.example.com TXT "v=DMARC1; p=none"';
  assert.equal(await views(split, 'dept.example.com', 'example.com'), 'fail/reject | pass/none example.com !');
  // A private suffix: its customers are strangers to each other by the list, one family by a walk that finds its record alone.
  const hosted = '_dmarc.github.io TXT "v=DMARC1; p=reject"';
  assert.equal(await views(hosted, 'ann.github.io', 'bob.github.io'), 'pass/none | none/none ann.github.io !');
  // np and t say nothing to old receivers.
  const tags = '_dmarc.example.com TXT "v=DMARC1; p=none; np=reject"\n_dmarc.example.org TXT "v=DMARC1; p=reject; t=y"';
  assert.equal(await views(tags, 'ghost.example.com'), 'fail/reject | fail/none example.com !');
  assert.equal(await views(tags, 'example.org'), 'fail/quarantine | fail/reject example.org !');
  // A wrong np spoils the record for one reading only. RFC 9989 §4.10.1
  assert.equal(
    await views('_dmarc.example.com TXT "v=DMARC1; p=reject; np=all"', 'example.com'),
    'none/none | fail/reject example.com !',
  );
});

test('RFC 7489 §6.3: pct counts for old receivers', async () => {
  const zone = (pct: string) => `_dmarc.example.com TXT "v=DMARC1; p=reject; pct=${pct}"`;
  assert.equal(await views(zone('20'), 'example.com'), 'fail/reject | fail/reject example.com pct=20 !');
  assert.equal(await views(zone('100'), 'example.com'), 'fail/reject | fail/reject example.com pct=100');
  assert.equal(await views(zone('20'), 'example.com', 'example.com'), 'pass/none | pass/none example.com pct=20');
  assert.equal(await views(zone('101'), 'example.com'), 'fail/reject | fail/reject example.com');
});

test('RFC 7489 §6.6.3 step 5: several records at the author’s domain end the search', async () => {
  const zone = [
    '_dmarc.a.example.com TXT "v=DMARC1; p=none"',
    '_dmarc.a.example.com TXT "v=DMARC1; p=reject"',
    '_dmarc.example.com TXT "v=DMARC1; p=reject"',
  ].join('\n');
  assert.equal(await views(zone, 'a.example.com'), 'fail/reject | none/none example.com !');
});

test('a public suffix has no organizational domain; a failing DNS leaves the old view open, too', async () => {
  assert.equal(await views('_dmarc.co.uk TXT "v=DMARC1; p=reject; psd=y"', 'co.uk'), 'fail/reject | fail/reject -');
  assert.equal(
    await views(';!SERVFAIL _dmarc.example.com.', 'example.com'),
    'temperror/none | temperror/none example.com',
  );
});
