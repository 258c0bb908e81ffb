import assert from 'node:assert/strict';
import test from 'node:test';
import { changeOf, domain, set } from '../../../../test/contracts/zone-editor.ts';
import { resolverOf } from '../../../../test/support/scripted-host.ts';
import { resolverAsAuthority } from '../../../protocol/dns/authorities.ts';
import type { RecordSet } from '../types.ts';
import { viewChanges } from './view-changes.ts';

const zone = domain('a.example');

async function shown(there: readonly RecordSet[], before: RecordSet | undefined, after: RecordSet | undefined) {
  const authorities = resolverAsAuthority(resolverOf(there), 'ns');
  const [view] = await viewChanges(authorities, [changeOf(before, after)], {});
  return view?.servers.map(({ shows }) => shows).join();
}

const samples = [
  set(zone, 'A', ['192.0.2.1', '192.0.2.2']),
  set(zone, 'AAAA', ['2001:db8::1']),
  set(`w.${zone}`, 'CNAME', ['x.example']),
  set(zone, 'MX', ['10 mx.a.example', '0 .']),
  set(`d.${zone}`, 'NS', ['ns.b.example']),
  set(zone, 'TXT', ['with "quotes" \\ and \xff', '']),
  set(`_25._tcp.${zone}`, 'TLSA', [`3 1 1 ${'ab'.repeat(32)}`]),
  set(`_imap._tcp.${zone}`, 'SRV', ['0 0 0 .', '1 2 143 i.a.example']),
  set(zone, 'CAA', ['0 issue "ca.example; policy=\\"x\\""', '128 iodef "mailto:a@b.example"']),
];
for (const one of samples) {
  test(`${one.type}: the new state, the old one, and another are told apart`, async () => {
    const [first = ''] = one.values;
    const other = { ...one, values: [...one.values, { A: '192.0.2.9', TXT: 'x' }[one.type as 'A' | 'TXT'] ?? first] };
    assert.equal(await shown([one], undefined, one), 'new');
    assert.equal(await shown([], undefined, one), 'old');
    assert.equal(await shown([one], one, undefined), 'old');
    assert.equal(await shown([], one, undefined), 'new');
    if (other.values.at(-1) !== first) assert.equal(await shown([other], undefined, one), 'other');
  });
}

test('where only the TTL changes, the TTL tells', async () => {
  const at = (ttl: number) => set(zone, 'TXT', ['x'], ttl);
  assert.equal(await shown([at(300)], at(3_600), at(300)), 'new');
  assert.equal(await shown([at(3_600)], at(3_600), at(300)), 'old');
  assert.equal(await shown([at(300)], at(300), at(3_600)), 'old');
  assert.equal(await shown([at(3_600)], at(300), at(3_600)), 'new');
});

test('what stands at the end of an alias is not what was published at the name', async () => {
  const text = set(`s.${zone}`, 'TXT', ['v=DKIM1; p=']);
  const there = [set(text.name, 'CNAME', ['t.example']), { ...text, name: 't.example' }];
  assert.equal(await shown(there, undefined, text), 'old');
  assert.equal(await shown(there, text, undefined), 'new');
});
