import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factsOf, type Scene } from '../../../../test/support/doctor.ts';
import { predictScore } from './predict-score.ts';

const zone = `
example.com. TXT "v=spf1 ip4:192.0.2.10 ip4:192.0.2.11 -all"
example.com. MX 10 mail.example.com.
mail.example.com. A 192.0.2.10
_dmarc.example.com. TXT "v=DMARC1; p=none"
`;
const named = '10.2.0.192.in-addr.arpa. PTR mail.example.com.\n';

async function lost(scene: Partial<Scene> & { readonly zone: string }): Promise<readonly string[]> {
  const { score } = predictScore(await factsOf(scene));
  const ofHost = score?.deductions.filter(({ category }) => category !== 'authentication') ?? [];
  return ofHost.map(({ check, tenths }) => `${check} ${tenths}`);
}

test('the name of an own server costs what it costs a message', async () => {
  const senders = ['own:192.0.2.10'];
  assert.deepEqual(await lost({ zone: zone + named, senders }), []);
  assert.deepEqual(await lost({ zone, senders, isUnpublished: false }), ['IPR-01 12']);
  const astray = `${zone}10.2.0.192.in-addr.arpa. PTR other.example.com.\nother.example.com. A 192.0.2.99\n`;
  assert.deepEqual(await lost({ zone: astray, senders }), ['IPR-02 12']);
});

test('of several addresses the worst counts; of a service, and of what DNS does not tell, nothing does', async () => {
  assert.deepEqual(await lost({ zone: zone + named, senders: ['own:192.0.2.10'], addresses: ['192.0.2.11'] }), [
    'IPR-01 12',
  ]);
  assert.deepEqual(await lost({ zone, senders: ['proton'], addresses: ['192.0.2.11'] }), []);
  const silent = `${zone};!SERVFAIL 10.2.0.192.in-addr.arpa.\n`;
  assert.deepEqual(await lost({ zone: silent, senders: ['own:192.0.2.10'] }), []);
});

test('a given address of a domain whose senders nobody knows costs, too', async () => {
  const bare = '_dmarc.example.com. TXT "v=DMARC1; p=none"\nexample.com. TXT "v=spf1 ip4:192.0.2.10 ~all"\n';
  assert.deepEqual(await lost({ zone: bare, addresses: ['192.0.2.10'] }), ['IPR-01 12']);
});
