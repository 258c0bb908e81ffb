import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { resolverFromZone } from '../dns/zone-resolver.ts';
import { createRecordFinder, type Walk, walkNames, walkTree } from './tree-walk.ts';

function domain(text: string): DomainName {
  const name = parseDomainName(text);
  assert.ok(name, text);
  return name;
}

async function walk(start: string, zone: string): Promise<Walk> {
  const resolver = resolverFromZone(zone);
  const walked = await walkTree(domain(start), createRecordFinder(resolver));
  assert.deepEqual(await walkTree(domain(start), createRecordFinder({ lookup: resolver.lookup })), walked);
  return walked;
}

const organizational = async (start: string, zone: string) => (await walk(start, zone)).organizationalDomain;

test('RFC 9989 §4.10: the example of the RFC, thirteen labels and eight queries', () => {
  assert.deepEqual(walkNames(domain('a.b.c.d.e.f.g.h.i.j.mail.example.com')), [
    'a.b.c.d.e.f.g.h.i.j.mail.example.com',
    ...['g.h.i.j.mail.example.com', 'h.i.j.mail.example.com', 'i.j.mail.example.com', 'j.mail.example.com'],
    ...['mail.example.com', 'example.com', 'com'],
  ]);
});

test('RFC 9989 §4.10: up to eight labels every ancestor is asked, from nine on the walk jumps to seven', () => {
  assert.equal(walkNames(domain('com')).length, 1);
  assert.equal(walkNames(domain('a.example.com')).length, 3);
  assert.equal(walkNames(domain('a.b.c.d.e.f.example.com')).length, 8);
  assert.equal(walkNames(domain('a.b.c.d.e.f.g.example.com'))[1], 'c.d.e.f.g.example.com');
});

test('RFC 9989 §4.10.2: the record at the name with the fewest labels is the organizational domain’s', async () => {
  const zone = '_dmarc.mail.example.com TXT "v=DMARC1; p=none"\n_dmarc.example.com TXT "v=DMARC1; p=reject"';
  assert.equal(await organizational('a.mail.example.com', zone), 'example.com');
});

test('RFC 9989 §4.10.2: psd=n ends the walk there', async () => {
  const zone = '_dmarc.mail.example.com TXT "v=DMARC1; p=none; psd=n"\n_dmarc.example.com TXT "v=DMARC1; p=reject"';
  const result = await walk('a.mail.example.com', zone);
  assert.deepEqual([result.organizationalDomain, result.steps.length], ['mail.example.com', 2]);
  assert.equal((await walk('mail.example.com', zone)).steps.length, 1);
});

test('RFC 9989 §4.10.2: one label below a public suffix', async () => {
  const zone = '_dmarc.com TXT "v=DMARC1; p=none; psd=y"';
  assert.equal(await organizational('a.mail.example.com', zone), 'example.com');
  assert.equal(await organizational('example.com', zone), 'example.com');
  assert.equal(await organizational('a.b.c.d.e.f.g.h.example.com', zone), 'example.com');
  const inner = '_dmarc.example.com TXT "v=DMARC1; psd=y"\n_dmarc.com TXT "v=DMARC1; p=none"';
  const result = await walk('a.mail.example.com', inner);
  assert.deepEqual([result.organizationalDomain, result.steps.length], ['mail.example.com', 3]);
});

test('RFC 9989 §4.10.2: a public suffix as the start is its own organizational domain', async () => {
  const result = await walk('bank', '_dmarc.bank TXT "v=DMARC1; p=reject; psd=y"');
  assert.deepEqual([result.organizationalDomain, result.steps.length], ['bank', 1]);
});

test('RFC 9989 §4.10.2: without any record a domain is its own', async () => {
  assert.equal(await organizational('a.mail.example.com', ''), 'a.mail.example.com');
});

test('RFC 9989 §4.10: other TXT records and several DMARC records at a name count as none', async () => {
  const zone = `
_dmarc.example.com TXT "v=spf1 -all"
_dmarc.example.com TXT "v=DMARC1; p=reject"
_dmarc.mail.example.com TXT "v=DMARC1; p=none"
_dmarc.mail.example.com TXT "v=DMARC1; p=reject"
_dmarc.a.mail.example.com TXT "v=DMARC1; p=none; p=none"`;
  const { steps, organizationalDomain } = await walk('a.mail.example.com', zone);
  assert.equal(organizationalDomain, 'example.com');
  assert.deepEqual(
    steps.map(({ found }) => found.kind),
    ['none', 'none', 'record', 'none'],
  );
});

test('a failure of the DNS leaves the organizational domain open', async () => {
  assert.equal(
    await organizational('a.example.com', '_dmarc.a.example.com TXT "v=DMARC1; p=none"\n;!SERVFAIL _dmarc.example.com'),
    undefined,
  );
  assert.equal(
    await organizational(
      'a.example.com',
      '_dmarc.a.example.com TXT "v=DMARC1; p=none; psd=n"\n;!SERVFAIL _dmarc.example.com',
    ),
    'a.example.com',
  );
});

test('several walks of one message ask for each name once', async () => {
  const inner = resolverFromZone('_dmarc.example.com TXT "v=DMARC1; p=none"');
  const asked: string[] = [];
  const find = createRecordFinder({
    lookup: (name, type) => {
      asked.push(name);
      return inner.lookup(name, type);
    },
  });
  await Promise.all(
    ['a.mail.example.com', 'b.mail.example.com', 'example.com'].map((one) => walkTree(domain(one), find)),
  );
  assert.equal(new Set(asked).size, asked.length);
  assert.equal(asked.length, 5);
});

test('RFC 9989 §4.10: whatever the name, at most eight queries, each for the start or one above it, down to one label', () => {
  const label = fc.constantFrom('a', 'mail', 'x1', 'com', 'xn--p1ai');
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 40 }), (labels) => {
      const start = domain(labels.join('.'));
      const names = walkNames(start);
      assert.ok(names.length <= 8 && names.length === Math.min(labels.length, 8));
      assert.equal(names[0], start);
      assert.equal(names.at(-1), labels.at(-1));
      for (const name of names) assert.ok(start === name || start.endsWith(`.${name}`));
    }),
  );
});
