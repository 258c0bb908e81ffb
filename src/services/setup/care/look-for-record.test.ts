import assert from 'node:assert/strict';
import test from 'node:test';
import { domain } from '../../../../test/support/temp-office.ts';
import { resolverAsAuthority } from '../../../protocol/dns/authorities.ts';
import { resolverFromZone } from '../../../protocol/dns/zone-resolver.ts';
import { lookForKey, lookForProof } from './look-for-record.ts';

const example = domain('example.com');

function eyesOn(zone: string) {
  const resolver = resolverFromZone(zone);
  return { resolver, authorities: resolverAsAuthority(resolver, 'ns') };
}

test('a key is ours when there is one record with our p=, however it is spelled', async () => {
  const key = { domain: example, selector: 's0', publicRecord: 'v=DKIM1; k=rsa; p=QUJD' };
  const look = async (zone: string) => {
    const { seen, witnesses } = await lookForKey(eyesOn(zone), key, {});
    return `${seen} ${witnesses.map(({ found }) => found)}`;
  };
  const name = 's0._domainkey.example.com.';
  assert.equal(await look(`${name} TXT "v=DKIM1; k=rsa; p=QUJD"`), 'everywhere ours');
  assert.equal(await look(`${name} TXT "p=QU JD; k=rsa"`), 'everywhere ours');
  assert.equal(await look(`${name} TXT "v=DKIM1; p=QUJE"`), 'nowhere another');
  assert.equal(await look(`${name} TXT "v=DKIM1; p="`), 'nowhere another');
  assert.equal(await look(`${name} TXT "v=DKIM1; p=QUJD"\n${name} TXT "v=DKIM1; p=QUJE"`), 'nowhere another');
  assert.equal(await look('example.com. TXT "x"'), 'nowhere none');
  assert.equal(await look(`;!TIMEOUT ${name}`), 'unclear no-answer');
});

test('a proof may stand beside other texts; the one of another office is said to be that', async () => {
  const proof = { name: '_posthorn.example.com', type: 'TXT', value: 'posthorn-domain=abc' } as const;
  const look = async (zone: string) => {
    const { seen, witnesses } = await lookForProof(eyesOn(zone), proof, {});
    return `${seen}: ${witnesses[0]?.say}`;
  };
  const name = `${proof.name}.`;
  assert.equal(await look(`${name} TXT "x"\n${name} TXT "posthorn-domain=abc"`), 'everywhere: it is there');
  assert.equal(
    await look(`${name} TXT "posthorn-domain=xyz"`),
    'nowhere: the token of another office, or of another domain',
  );
  assert.equal(await look(`${name} TXT "x"`), 'nowhere: another text');
});

test('a name too long for the DNS is no failure of ours', async () => {
  const long = { name: `_posthorn.${'a.'.repeat(124)}example`, type: 'TXT', value: 'x' } as const;
  assert.equal((await lookForProof(eyesOn(''), long, {})).witnesses[0]?.say, 'the name is too long for the DNS');
});
