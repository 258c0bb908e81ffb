import assert from 'node:assert/strict';
import test from 'node:test';
import { realCatalogue } from '../../../../test/support/planning.ts';
import { domain } from '../../../../test/support/temp-office.ts';
import { senderWants } from '../catalogue/sender-wants.ts';
import { hostedRecords } from './hosted-records.ts';

test('a whole zone: of two services that could take the mail of a name one gets it', () => {
  const [zone, hostname, catalogue] = [domain('a.example'), domain('mx.office.example'), realCatalogue()];
  const wants = [
    ['google-workspace', {}],
    ['fastmail', {}],
    ['fastmail', { subdomain: 'team' }],
  ] as const;
  const filled = wants.map(([id, parameters]) => {
    const definition = catalogue.find(id);
    const want = definition && senderWants(definition, zone, parameters);
    assert.ok(want?.ok);
    return want.value;
  });
  const mx = (inbound?: string) => {
    const declaration = { domain: zone, senders: [], ...(inbound !== undefined && { inbound }) };
    const delegation = { kind: 'zone', zone, nameServers: [domain('ns1.office.example')] } as const;
    const office = { hostname, receives: false, keys: [] };
    const sets = hostedRecords({ declaration, delegation, office, wants: filled, stsMode: 'testing' });
    return sets.flatMap(({ name, type, values }) =>
      type === 'MX' && !name.startsWith('bounce.') ? [[name, ...values]] : [],
    );
  };
  const fastmail = ['10 in1-smtp.messagingengine.com', '20 in2-smtp.messagingengine.com'];
  const team = ['team.a.example', ...fastmail];
  assert.deepEqual(mx(), [['a.example', '1 smtp.google.com'], team]);
  assert.deepEqual(mx('fastmail'), [['a.example', ...fastmail], team]);
});

test('a whole zone has the keys that are declared, each beside no other', () => {
  const [zone, hostname] = [domain('a.example'), domain('mx.office.example')];
  const own = 'v=DKIM1; k=rsa; p=AAAA';
  const keys = ['ph1', 's1'].map((selector) => ({ selector, record: 'v=DKIM1; k=rsa; p=BBBB' }));
  const office = { hostname, receives: false, keys: [{ selector: 'ph1', record: own, retired: false }] };
  const delegation = { kind: 'zone', zone, nameServers: [domain('ns1.office.example')] } as const;
  const declaration = { domain: zone, senders: [], keys };
  const sets = hostedRecords({ declaration, delegation, office, wants: [], stsMode: 'testing' });
  assert.deepEqual(
    sets.filter(({ name }) => name.includes('_domainkey')).map(({ name, values }) => [name, ...values]),
    [
      ['ph1._domainkey.a.example', own],
      ['s1._domainkey.a.example', 'v=DKIM1; k=rsa; p=BBBB'],
    ],
  );
});
