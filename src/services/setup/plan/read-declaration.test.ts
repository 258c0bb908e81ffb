import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { realCatalogue } from '../../../../test/support/planning.ts';
import { readDeclaration, readPlannedDomain } from './read-declaration.ts';

const catalogue = realCatalogue();

function said(text: string): string {
  const read = readPlannedDomain(text);
  return read.ok ? `ok ${read.value}` : read.say;
}

test('a domain, or what was given instead of one', () => {
  assert.equal(said('Example.COM.'), 'ok example.com');
  assert.equal(said('bücher.example'), 'ok xn--bcher-kva.example');
  assert.match(said('https://www.example.com/contact?x=1'), /web address; the domain is example\.com/);
  assert.match(said('example.com/mail'), /web address; the domain is example\.com/);
  assert.match(said('Ann <ann@example.com'), /e-mail address; the domain is example\.com/);
  assert.match(said('192.0.2.1'), /IP address/);
  assert.match(said('*.example.com'), /wildcard/);
  assert.match(said('google._domainkey.example.com'), /name of a record; the domain is example\.com/);
  assert.match(said('localhost'), /single label/);
  for (const text of [
    '',
    ' ',
    '..',
    'a..b',
    'exa mple.com',
    '-a.com',
    'a\u0000.com',
    `${'a'.repeat(64)}.com`,
    '@',
    '://',
  ])
    assert.doesNotMatch(said(text), /^ok/, text);
});

function refused(value: unknown): string {
  const read = readDeclaration(catalogue, value);
  return read.ok ? 'ok' : `${read.code}: ${read.say}`;
}

test('a declaration in a file: everything in it is known, and what is not is named', () => {
  const base = { domain: 'example.com' };
  const read = readDeclaration(catalogue, {
    ...base,
    senders: ['google-workspace', { sender: 'sendgrid', subdomain: 'news', per_week: 5000 }],
    dmarc: { stage: 'none-np', rua: 'd@example.com' },
    inbound: 'google-workspace',
    spf: 'flatten',
    mta_sts: 'enforce',
    keys: [{ selector: 'S1', record: 'v=DKIM1; p=AAAA' }],
  });
  assert.ok(read.ok);
  assert.deepEqual(read.value, {
    domain: 'example.com',
    senders: [
      { sender: 'google-workspace', parameters: {} },
      { sender: 'sendgrid', parameters: { subdomain: 'news' }, perWeek: 5000 },
    ],
    dmarc: { stage: 'none-np', rua: ['mailto:d@example.com'] },
    inbound: 'google-workspace',
    spf: ['flatten'],
    mtaSts: 'enforce',
    keys: [{ selector: 's1', record: 'v=DKIM1; p=AAAA' }],
  });
  assert.deepEqual(readDeclaration(catalogue, JSON.parse(JSON.stringify(read.value))), read);
  assert.match(refused({ ...base, sendres: [] }), /sendres is not known; senders is/);
  assert.match(refused({ ...base, senders: ['gogle-workspace'] }), /unknown-sender.*Did you mean google-workspace/);
  assert.match(refused({ ...base, senders: ['proton', 'proton'] }), /twice/);
  assert.match(refused({ ...base, dmarc: { stage: 'rejct' } }), /bad-stage.*Did you mean reject/);
  const table: object = Object.create(null); // as TOML gives one: it cannot even be made a text
  assert.match(refused({ ...base, dmarc: { stage: table } }), /A table or a list is no stage/);
  assert.match(refused({ ...base, dmarc: { rua: [table] } }), /A table or a list is no address for reports/);
  assert.match(
    refused({ ...base, mta_sts: 'always' }),
    /always is no mode of MTA-STS; they are none, testing, enforce/,
  );
  const key = { selector: 's1', record: 'p=AAAA' };
  assert.match(refused({ ...base, keys: [key, key] }), /s1 is there twice/);
  assert.match(refused({ ...base, keys: [{ ...key, record: 'hello' }] }), /s1 has no record/);
  assert.match(refused({ ...base, keys: [{ ...key, selector: 'a b' }] }), /a table with selector and record/);
  assert.match(refused({ ...base, dmarc: { rua: 'nobody' } }), /bad-report-address/);
  assert.match(refused({ ...base, dmarc: { pct: 10 } }), /stages quarantine and reject only/);
  assert.match(refused({ ...base, parked: true, senders: ['proton'] }), /parked domain has no senders/);
  assert.match(refused({ ...base, inbound: 'proton' }), /not among the senders/);
  assert.match(refused({ ...base, bimi: { logo: 'javascript:x' } }), /https address/);
  assert.match(refused({ ...base, senders: [{ sender: 'sendgrid', id: 'a,label=b' }] }), /comma/);
  assert.match(refused({ senders: [] }), /domain is missing/);
  assert.match(refused({ ...base, senders: Array.from({ length: 101 }, () => 'proton') }), /more than 100/);
});

test('whatever is given is a declaration or a refusal', () => {
  fc.assert(
    fc.property(
      fc.anything({ maxDepth: 3 }),
      fc.dictionary(fc.constantFrom('domain', 'senders', 'dmarc', 'spf', 'bimi'), fc.anything()),
      (any, some) => {
        for (const value of [any, { domain: 'example.com', ...some }])
          assert.equal(typeof readDeclaration(catalogue, value).ok, 'boolean');
      },
    ),
    { numRuns: 100 },
  );
});
