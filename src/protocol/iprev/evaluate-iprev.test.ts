import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../../test/support/any-character.ts';
import { resolverFromZone } from '../dns/zone-resolver.ts';
import { evaluateIprev } from './evaluate-iprev.ts';

const reverse = '1.2.0.192.in-addr.arpa PTR';

async function iprev(zone: string, ip = '192.0.2.1'): Promise<string> {
  const { result, name } = await evaluateIprev(resolverFromZone(zone), ip);
  return name === undefined ? result : `${result} ${name}`;
}

test('RFC 8601 §3: a name that points back is a pass, in either family', async () => {
  assert.equal(await iprev(`${reverse} Mail.example.com\nmail.example.com A 192.0.2.1`), 'pass mail.example.com');
  const six = `1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa PTR mail.example.com\nmail.example.com AAAA 2001:db8::1`;
  assert.equal(await iprev(six, '2001:DB8:0::1'), 'pass mail.example.com');
  assert.equal(
    await iprev(`${reverse} mail.example.com\nmail.example.com A 192.0.2.1`, '::ffff:192.0.2.1'),
    'pass mail.example.com',
  );
});

test('RFC 8601 §3: the first name that is confirmed, whatever the others are', async () => {
  const zone = `${reverse} a.example\n${reverse} b.example\n${reverse} c.example\n;!SERVFAIL a.example\nb.example A 192.0.2.1\nc.example A 192.0.2.1`;
  assert.equal(await iprev(zone), 'pass b.example');
});

test('RFC 8601 §2.7.3: names that do not point back are a fail', async () => {
  assert.equal(await iprev(`${reverse} mail.example.com\nmail.example.com A 192.0.2.2`), 'fail');
  assert.equal(await iprev(`${reverse} mail.example.com`), 'fail');
  assert.equal(await iprev(`${reverse} mail.example.com\nmail.example.com AAAA 2001:db8::1`), 'fail');
});

test('RFC 8601 §2.7.3: no PTR record is a permerror, a failure of the DNS a temperror', async () => {
  assert.equal(await iprev('x.example A 192.0.2.1'), 'permerror');
  assert.equal(await iprev('', 'not an address'), 'permerror');
  assert.equal(await iprev(';!TIMEOUT 1.2.0.192.in-addr.arpa'), 'temperror');
  assert.equal(await iprev(`${reverse} mail.example.com\n;!SERVFAIL mail.example.com`), 'temperror');
});

test('a name that is no host name is never asked for and never shown', async () => {
  const asked: string[] = [];
  const inner = resolverFromZone(
    `${reverse} bad\\032name.example\n${reverse} x\\013\\010y.example\n${reverse} 192.0.2.1`,
  );
  const result = await evaluateIprev(
    {
      lookup: (name, type) => {
        asked.push(name);
        return inner.lookup(name, type);
      },
    },
    '192.0.2.1',
  );
  assert.deepEqual([result, asked], [{ result: 'fail' }, ['1.2.0.192.in-addr.arpa']]);
});

test('only the first ten names are looked at', async () => {
  const zone = (place: number) =>
    `right.example A 192.0.2.1\n${Array.from({ length: 12 }, (_, i) => `${reverse} ${i === place ? 'right' : `w${i}`}.example`).join('\n')}`;
  assert.equal(await iprev(zone(9)), 'pass right.example');
  assert.equal(await iprev(zone(10)), 'fail');
});

test('whatever the DNS says, it is one of the four results, with a name only on a pass', async () => {
  const text = fc.oneof(
    fc.constantFrom('a.example', '192.0.2.1', ''),
    fc.string({ unit: anyCharacter, maxLength: 20 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(text), fc.array(text), fc.ipV4(), async (names, addresses, ip) => {
      const lookup = async (_: string, type: string) => {
        const records = (type === 'PTR' ? names : addresses) as never[];
        return records.length === 0
          ? ({ kind: 'none', why: 'nodata', ttlSeconds: 1, secure: false } as const)
          : ({ kind: 'found', records, ttlSeconds: 1, secure: false } as const);
      };
      const { result, name } = await evaluateIprev({ lookup }, ip);
      assert.ok(['pass', 'fail', 'temperror', 'permerror'].includes(result));
      assert.equal(name !== undefined, result === 'pass');
    }),
    { numRuns: 200 },
  );
});
