import assert from 'node:assert/strict';
import test from 'node:test';
import { loadCatalogue } from '../../../app/load-catalogue.ts';
import { invariant } from '../../../base/outcome.ts';
import { parseDomainName } from '../../../format/domain-name.ts';
import { parseDeclaredSender } from './declared-sender.ts';
import { senderWants } from './sender-wants.ts';

const catalogue = await loadCatalogue();

function wants(declared: string, name = 'example.com') {
  const parsed = parseDeclaredSender(catalogue, declared);
  if (!parsed.ok) return parsed;
  const [definition, domain] = [catalogue.find(parsed.value.sender), parseDomainName(name)];
  invariant(definition && domain, declared);
  return senderWants(definition, domain, parsed.value.parameters);
}

test('an own server wants its addresses, its name and its reverse name', () => {
  const answer = wants('own:192.0.2.10,2001:db8::1');
  invariant(answer.ok, 'refused');
  assert.deepEqual(answer.value.spf[0]?.terms, ['ip4:192.0.2.10', 'ip6:2001:db8::1']);
  const ptr = answer.value.records.filter(({ type }) => type === 'PTR');
  assert.deepEqual(
    ptr.map(({ name, value }) => [name.slice(0, 23), value]),
    [
      ['10.2.0.192.in-addr.arpa', 'mail.example.com'],
      ['1.0.0.0.0.0.0.0.0.0.0.0', 'mail.example.com'],
    ],
  );
  assert.deepEqual(answer.value.missing, []);
});
