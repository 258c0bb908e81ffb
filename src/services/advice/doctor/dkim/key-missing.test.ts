/** When a key is missing, and when it only was not found. (DKM-01) */
import assert from 'node:assert/strict';
import test from 'node:test';
import { good, key, mailchimp, oneOf, set } from '../../../../../test/support/dkim-scenes.ts';
import { factsOf, findingsFor, theFinding } from '../../../../../test/support/doctor.ts';
import { findingsOf } from '../judge-domain.ts';
import { dkimRules } from './rules.ts';

test('DKM-01: of a sender that was only recognised, a key under its usual name is not proven to be missing', async () => {
  const judged = async (zone: string) => {
    const facts = await factsOf({ zone, senders: ['mailchimp'] });
    const senders = facts.subject.senders.map((one) => ({ ...one, isDeclared: false }));
    const [rule] = dkimRules;
    assert.ok(rule);
    return findingsOf(rule, { ...facts, subject: { ...facts.subject, senders } });
  };
  assert.deepEqual(
    (await judged(key('a-name-nobody-guesses', good))).map(({ status }) => status),
    ['unknown', 'unknown'],
  );
  const [none, ...others] = await judged('example.com. A 192.0.2.1');
  assert.partialDeepStrictEqual(none, { status: 'fail', severity: 'warn', subject: '_domainkey.example.com' });
  assert.deepEqual(
    none?.fix?.set.map(({ name }) => name),
    ['k2._domainkey.example.com', 'k3._domainkey.example.com'],
  );
  assert.deepEqual(others, [], 'said once for both keys');
  const half = await judged(mailchimp.split('\n').slice(1).join('\n'));
  assert.deepEqual(
    half.map(({ status, severity }) => [status, severity]),
    [
      ['fail', 'warn'],
      ['pass', 'error'],
    ],
  );
  assert.deepEqual(half[0]?.fix?.set, [set('k2', 'dkim2.mcsv.net', 'CNAME')]);
});

test('DKM-01: a declared sender whose account is not known lacks nothing for sure, unless there is no key at all', async () => {
  const { meaning, fix } = await oneOf('DKM-01', 'unknown', {
    zone: key('a-name-nobody-guesses', good),
    senders: ['amazon-ses'],
  });
  assert.match(meaning, /not proven/);
  assert.match(fix?.steps?.join() ?? '', /--sender amazon-ses:/);
  const none = await theFinding('DKM-01', 'fail', { zone: 'example.com. A 192.0.2.1', senders: ['amazon-ses'] });
  assert.match(none.meaning, /^Amazon SES cannot sign mail as example\.com: there is no DKIM key at all/);
  assert.ok((none.fix?.set.length ?? 0) > 0);
});

test('DKM-01: a sender that signs in one of two ways is not said to lack the other', async () => {
  const findings = await findingsFor('DKM-01', { zone: 'example.com. A 192.0.2.1', senders: ['mailgun'] });
  assert.deepEqual([...new Set(findings.map(({ status }) => status))], ['unknown']);
});

test('DKM-01: a key whose record has two holes is missed once, and both are asked for', async () => {
  const findings = await findingsFor('DKM-01', { zone: 'example.com. TXT "v=spf1 -all"', senders: ['sendgrid'] });
  assert.deepEqual(
    findings.map(({ subject }) => subject),
    ['s1._domainkey.example.com', 's2._domainkey.example.com'],
  );
  for (const { fix } of findings) assert.match(fix?.steps?.[0] ?? '', /number of your account.*; .*wl123/);
});

test('a name that exists only because of a wildcard beside it is no proof of a key', async () => {
  const zone = 'example.com. MX 10 mx.example.com.\n*.example.com. MX 10 mx.example.com.';
  assert.match((await theFinding('DKM-01', 'unknown', { zone })).meaning, /^Something may stand below _domainkey/);
});
