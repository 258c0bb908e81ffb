import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { loadCatalogue } from '../../../app/load-catalogue.ts';
import { invariant } from '../../../base/outcome.ts';
import { parseDomainName, parseQueryName } from '../../../format/domain-name.ts';
import { isSpfRecord, parseSpfRecord } from '../../../protocol/spf/record.ts';
import type { SenderWants } from '../types.ts';
import { parseDeclaredSender } from './declared-sender.ts';
import { senderWants } from './sender-wants.ts';

const catalogue = await loadCatalogue();

function answerTo(declared: string, name = 'example.com') {
  const parsed = parseDeclaredSender(catalogue, declared);
  if (!parsed.ok) return parsed;
  const [definition, domain] = [catalogue.find(parsed.value.sender), parseDomainName(name)];
  invariant(definition && domain, declared);
  return senderWants(definition, domain, parsed.value.parameters);
}

function wants(declared: string, name?: string): SenderWants {
  const answer = answerTo(declared, name);
  invariant(answer.ok, answer.ok ? '' : answer.say);
  return answer.value;
}

function refusal(declared: string, name?: string): string {
  const answer = answerTo(declared, name);
  return answer.ok ? 'accepted' : `${answer.code}: ${answer.say}`;
}

const recordsOf = (declared: string, name?: string) =>
  wants(declared, name).records.map((record) => `${record.name} ${record.type} ${record.value}`);
const missingOf = (declared: string) =>
  wants(declared).missing.map(({ parameter, records, terms }) => [parameter.name, records.length, terms.length]);

test('holes are filled: the domain, the domain with dashes, parameters, and what they fall back to', () => {
  assert.deepEqual(
    recordsOf('microsoft-365', 'a-b.example.co.uk').filter((record) => record.includes(' MX ')),
    ['a-b.example.co.uk MX 0 a-b-example-co-uk.mail.protection.outlook.com'],
  );
  assert.deepEqual(recordsOf('sendgrid:id=12,server=wl3,label=em9'), [
    's1._domainkey.example.com CNAME s1.domainkey.u12.wl3.sendgrid.net',
    's2._domainkey.example.com CNAME s2.domainkey.u12.wl3.sendgrid.net',
    'em9.example.com CNAME u12.wl3.sendgrid.net',
  ]);
  assert.deepEqual(wants('zoho-mail:region=eu').spf[0]?.terms, ['include:zohomail.eu']);
  assert.match(wants('zoho-mail').steps.join('\n'), /name zmail/);
});

test('every sender can send for a name below the domain; some do so unless told otherwise', () => {
  assert.deepEqual(recordsOf('postmark:key=aaaa,selector=20260101pm,subdomain=news'.replace('aaaa', key)), [
    `20260101pm._domainkey.news.example.com TXT k=rsa; p=${key}`,
    'pm-bounces.news.example.com CNAME pm.mtasv.net',
  ]);
  assert.equal(wants('mailgun').spf[0]?.name, 'mg.example.com');
  assert.equal(wants('mailgun:subdomain=a.b').domain, 'a.b.example.com');
});

const key = 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAt0pS0kzyqZ0TzHf17uG1Qw==';

test('an own server wants its addresses, its name and its reverse name', () => {
  const { spf, records, missing } = wants('own:192.0.2.10,2001:db8::1');
  assert.deepEqual(spf[0]?.terms, ['ip4:192.0.2.10', 'ip6:2001:db8::1']);
  assert.deepEqual(
    records.filter(({ type }) => type === 'PTR').map(({ name, value }) => [name.slice(0, 23), value]),
    [
      ['10.2.0.192.in-addr.arpa', 'mail.example.com'],
      ['1.0.0.0.0.0.0.0.0.0.0.0', 'mail.example.com'],
    ],
  );
  assert.deepEqual(missing, []);
});

test('a network has no reverse name, and no host has it for an address', () => {
  const { spf, records } = wants('own:192.0.2.17/28');
  assert.deepEqual(spf[0]?.terms, ['ip4:192.0.2.16/28']);
  assert.deepEqual(
    records.filter(({ type }) => type === 'PTR' || type === 'A'),
    [],
  );
});

test('what lacks a value is named with what it stops; of two that stand for each other, the first', () => {
  assert.deepEqual(missingOf('own'), [['ip4', 2, 2]]);
  assert.deepEqual(missingOf('own:2001:db8::1'), []);
  assert.deepEqual(missingOf('sendgrid:id=1'), [
    ['server', 3, 0],
    ['label', 1, 0],
  ]);
  assert.deepEqual(missingOf('mailgun'), [
    ['target1', 1, 0],
    ['target2', 1, 0],
  ]);
  assert.deepEqual(missingOf(`mailgun:${key}`), [['selector', 1, 0]]);
  assert.deepEqual(missingOf('customer-io').slice(0, 1), [['label', 3, 1]]); // the name of its SPF record
  assert.deepEqual(wants('customer-io').spf, []);
  assert.deepEqual(missingOf('google-workspace'), [['key', 1, 0]]); // the token of ownership is optional
});

test('steps keep the moment of publishing; a value that is not known yet is a blank', () => {
  const { steps } = wants('own');
  assert.equal(steps.filter((step) => step === '{records}').length, 1);
  assert.match(steps.join('\n'), /PTR\) of <ip4> to mail\.example\.com/);
});

test('a key is taken alone, or as the portal shows it', () => {
  const shown = `v=DKIM1; k=rsa; p="${key.slice(0, 20)}" "${key.slice(20)}"`;
  const expected = `google._domainkey.example.com TXT v=DKIM1; k=rsa; p=${key}`;
  assert.equal(recordsOf(`google-workspace:key=${key}`)[0], expected);
  assert.equal(recordsOf(`google-workspace:${shown}`)[0], expected);
});

test('a value goes to the parameter it is named for, else to the first that it fits', () => {
  const parsed = parseDeclaredSender(catalogue, 'own:2001:DB8:0::1,mail2,192.0.2.1');
  assert.deepEqual(parsed, {
    ok: true,
    value: { sender: 'own', parameters: { ip6: '2001:db8::1', host: 'mail2', ip4: '192.0.2.1' } },
  });
});

test('nonsense is refused with what would be right', () => {
  assert.equal(refusal('sengrid'), 'unknown-sender: The catalogue has no sender sengrid. Did you mean sendgrid?');
  assert.equal(
    refusal('google'),
    'unknown-sender: The catalogue has no sender google. Did you mean google-cloud or google-workspace?',
  );
  assert.equal(refusal(''), 'unknown-sender: The catalogue has no sender without a name.');
  assert.match(refusal('sendgrid:token=1'), /^unknown-parameter: sendgrid has no parameter token; it knows id, server/);
  assert.match(refusal('own:host=a b'), /^bad-parameter: own: host=a b does not fit: it is its name below the domain/);
  assert.match(refusal('own:0.0.0.0/0'), /^bad-parameter/);
  assert.match(refusal('own:ip4=10.0.0.0/8'), /^bad-parameter/);
  assert.match(refusal('own:ip4=2001:db8::1'), /^bad-parameter/);
  assert.match(refusal('own:ip6=::ffff:192.0.2.1'), /^bad-parameter/);
  for (const inward of ['10.0.0.1', 'ip4=127.0.0.1', '::1', 'ip6=fe80::1', '192.168.4.0/24'])
    assert.match(refusal(`own:${inward}`), /^bad-parameter: own: \S+ is no address on the open internet/);
  for (const mistyped of ['999.1.1.1', '1.2.3', '192.0.2']) // no sub-domain either
    assert.match(refusal(`own:${mistyped}`), /^bad-parameter: own: \S+ fits no parameter/);
  assert.equal(refusal('own:ip4=192.0.2.1,ip4=192.0.2.2'), 'bad-declaration: own: ip4 is given twice');
  assert.match(refusal('sendgrid:'.padEnd(5_000, 'x')), /^bad-parameter/);
  assert.match(
    refusal(`google-workspace:key=${'A'.repeat(2_000)}`),
    /^bad-parameter: google-workspace: key=A{20}\.\.\. /,
  );
  assert.match(refusal('sendgrid:id=1,server=wl2,label=em1', `${'a'.repeat(60)}.`.repeat(4).slice(0, -1)), /^bad-name/);
  assert.match(refusal('xero:subdomain=news', `${'a'.repeat(62)}.`.repeat(4).slice(0, -1)), /^bad-name/);
});

test('whatever is given, nothing reaches a record that does not belong there', () => {
  const senders = catalogue.all.filter(({ parameters }) => parameters.length > 0);
  const domain = parseDomainName('example.com');
  invariant(domain, 'a domain');
  const nasty = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'ab0-_.:/;="\\ {}%*@\0\n\r\té\u{202e}ſ。'), maxLength: 40 }),
    fc.constantFrom('..', '-', '_', '*', 'a"b', 'a\nb', '{domain}', '__proto__', '%{i}', '-all', 'x;p=', 'a.b.', '\0'),
    fc.string({ unit: fc.constantFrom(...'abz09._:/+=-'), maxLength: 80 }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...senders), fc.array(nasty, { minLength: 1, maxLength: 4 }), (sender, texts) => {
      const names = [...sender.parameters.map(({ name }) => name), 'subdomain', 'constructor'];
      const given = Object.fromEntries(
        texts.map((text, at) => [names[(text.length + at) % names.length] ?? 'x', text]),
      );
      const answer = senderWants(sender, domain, given);
      if (!answer.ok) return;
      for (const { name, type, value } of answer.value.records) {
        assert.equal(parseQueryName(name), name);
        assert.ok(type === 'TXT' || value === value.toLowerCase(), `${type} ${value}`);
        assert.ok(/^[\x21-\x7e ]+$/.test(value) && !/["\\{}]/.test(value), `${type} ${value}`);
      }
      for (const { terms } of answer.value.spf) {
        const record = `v=spf1 ${terms.join(' ')} -all`;
        assert.ok(isSpfRecord(record) && parseSpfRecord(record).ok, record);
      }
    }),
    { numRuns: 1000 },
  );
});
