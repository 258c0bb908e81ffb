/** Records at names that bear the domain twice. (DNS-06) */
import assert from 'node:assert/strict';
import test from 'node:test';
import { good, resolverWith } from '../../../../../test/support/dns-scenes.ts';
import { type Scene, theFinding } from '../../../../../test/support/doctor.ts';

test('DNS-06: no text is moved to a name where another finding asks to take it away', async () => {
  const texts = ['hello', 'v=spf1 -all', 'v=STSv1; id=1', 'google-site-verification=1', 'v=DMARC1; p=none'];
  for (const label of ['_dmarc', '_mta-sts', '_smtp._tls', 'default._bimi', 's1._domainkey'])
    for (const text of texts) {
      const name = `${label}.example.com`;
      const found = await theFinding('DNS-06', 'fail', {
        zone: `example.com. MX 10 mx.example.com.\n${name}.example.com. TXT "${text}"`,
        selectors: ['s1'],
        isUnpublished: true,
      });
      assert.deepEqual(
        found.fix?.delete.map(({ value }) => value),
        [text],
      );
      const moved = found.fix?.set.map(({ value }) => value) ?? [];
      const isAtHome = (label === '_dmarc' && /DMARC/.test(text)) || (label === '_mta-sts' && /STSv1/.test(text));
      assert.deepEqual(moved, isAtHome ? [text] : [], `${text} at ${name}`);
      assert.equal(/is not put there/.test(String(found.fix?.steps)), !isAtHome);
    }
});

test('DNS-06: in a run over many domains nothing is asked below a name that is not there', async () => {
  const asked: string[] = [];
  const spying = (zone: string): Scene => ({
    zone,
    isOneOfMany: true,
    world: {
      resolver: resolverWith(zone, (answer, name) => {
        asked.push(name);
        return answer;
      }),
    },
  });
  await theFinding('DNS-06', 'pass', spying(good));
  assert.ok(asked.includes('example.com.example.com'));
  assert.ok(!asked.includes('_mta-sts.example.com.example.com'));
  await theFinding('DNS-06', 'fail', spying(`${good}\n_dmarc.example.com.example.com. TXT "v=DMARC1; p=reject"`));
});
