import assert from 'node:assert/strict';
import test from 'node:test';
import { cli } from '../../../test/support/fake-cli.ts';
import { loadCatalogue } from '../../app/load-catalogue.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { resolverFromZone } from '../../protocol/dns/zone-resolver.ts';
import { senderWants } from '../../services/setup/setup.ts';
import { senderLines } from './render-senders.ts';
import { plainStyle } from './style.ts';

const zone = [
  'example.com. MX 10 smtp.google.com.',
  'example.com. TXT "v=spf1 include:_spf.google.com include:who.test ~all"',
  'k2._domainkey.example.com. CNAME dkim2.mcsv.net.',
  '5.2.0.192.in-addr.arpa. PTR o5.ptr.sendgrid.net.',
  ';!SERVFAIL s1._domainkey.example.com.',
].join('\n');
const dns = { resolver: async () => resolverFromZone(zone) };
const read = (text: string) => JSON.parse(text) as never;

type Listed = {
  readonly id: string;
  readonly name: string;
  readonly receives: boolean;
  readonly sends: boolean;
  readonly aligns: { readonly spf: boolean | null; readonly dkim: boolean | null };
  readonly parameters: readonly string[];
};

test('senders list --json: one document, every sender with what its mail can pass', async () => {
  const { code, out } = await cli('senders list --json');
  const all: readonly Listed[] = read(out);
  assert.equal(code, 0);
  assert.ok(all.length >= 55);
  assert.deepEqual(
    all
      .filter(({ id }) => ['mailchimp', 'proton', 'smtp-relay', 'postmark'].includes(id))
      .map(({ id, aligns }) => [id, aligns]),
    [
      ['mailchimp', { spf: false, dkim: true }],
      ['postmark', { spf: true, dkim: true }],
      ['proton', { spf: true, dkim: true }],
      ['smtp-relay', { spf: null, dkim: null }],
    ],
  );
  assert.deepEqual(
    all.find(({ id }) => id === 'google-workspace'),
    {
      id: 'google-workspace',
      name: 'Google Workspace',
      family: 'mailbox',
      receives: true,
      sends: true,
      aligns: { spf: true, dkim: true },
      parameters: ['key', 'selector', 'token'],
    },
  );
});

test('the list for people fits 80 columns; a word picks from it', async () => {
  const all = await cli('senders', { columns: 80 });
  assert.deepEqual(
    all.out.split('\n').filter((line) => line.length > 80 || line.includes('…')),
    [],
  );
  assert.match((await cli('senders list campaigns')).out, /^klaviyo +Klaviyo +return path +yes$/m);
  assert.equal((await cli('senders list nobody')).code, 65);
});

test('every page of a sender fits 80 columns, and no hole is left open', async () => {
  const page = { domain: 'example.com', style: plainStyle, columns: 80, program: 'posthorn' };
  for (const sender of (await loadCatalogue()).all) {
    const wants = senderWants(sender, 'example.com' as DomainName);
    const lines = wants.ok ? senderLines(wants.value, page) : [];
    assert.ok(lines.length > 5, sender.id);
    const long = lines.filter((line) => line.length > 80 && line.trim().includes(' ')); // a long name stays whole
    assert.deepEqual(long, [], sender.id);
    assert.doesNotMatch(lines.join('\n'), /\{[a-z]/, sender.id);
  }
});

test('senders show fills in what is given, and names what lacks', async () => {
  const { out } = await cli('senders show sendgrid:id=12,server=wl3 --domain shop.example --json');
  const { wants } = read(out) as { readonly wants: { readonly records: object[]; readonly missing: object[] } };
  assert.deepEqual(wants.records[0], {
    name: 's1._domainkey.shop.example',
    type: 'CNAME',
    value: 's1.domainkey.u12.wl3.sendgrid.net',
    purpose: 'dkim',
    needed: 'required',
    why: 'the first of two keys that SendGrid keeps and changes',
  });
  assert.deepEqual(wants.missing, [{ parameter: 'label', records: 1, terms: 0 }]);
});

test('an unknown sender and a wrong value end with the next command', async () => {
  const unknown = await cli('senders show sengrid');
  assert.equal(unknown.code, 65);
  assert.match(unknown.err, /Did you mean sendgrid\?\n {2}next: posthorn senders list/);
  const wrong = await cli(['senders', 'show', 'own:\u001b[31m']);
  assert.match(wrong.err, /own: \\x1b\[31m fits no parameter; it knows .*\n {2}next: posthorn senders show own/);
});

test('senders recognise: names as they stand in records, addresses by their PTR, tokens not at all', async () => {
  const words = [
    'dkim2.mcsv.net',
    'include:spf.mtasv.net',
    '192.0.2.5',
    '<b@em1.sendgrid.net>',
    '10 aspmx.l.google.com.',
  ];
  const good = await cli(['senders', 'recognise', ...words, 'hs1-12._domainkey.example.com', '--json'], dns);
  assert.equal(good.code, 0);
  assert.deepEqual(
    (read(good.out) as { readonly sender: string; readonly by: string }[]).map(({ sender, by }) => `${sender} ${by}`),
    [
      'mailchimp dkim-target',
      'postmark spf-domain',
      'sendgrid host',
      'sendgrid spf-domain',
      'google-workspace mx',
      'hubspot selector',
    ],
  );
  const bad = await cli('senders recognise google-site-verification=abc evilsendgrid.net 192.0.2.6', dns);
  assert.equal(bad.code, 1);
  assert.match(
    bad.out,
    /says nothing of mail\nevilsendgrid\.net {2}nobody in the catalogue\n192\.0\.2\.6 {2}the address has no name/,
  );
});

test('senders recognise --domain: who sends, whom nobody knows, what was not answered, and the plan to ask for', async () => {
  const { code, out } = await cli('senders recognise --domain example.com', { ...dns, columns: 80 });
  assert.equal(code, 0);
  assert.match(out, /^Mailchimp \(mailchimp\)\n {2}where a DKIM key leads: dkim2\.mcsv\.net/);
  assert.match(out, /Not in the catalogue\n {2}SPF, or the return path: who\.test/);
  assert.match(out, /No answer for s1\._domainkey\.example\.com: it may be there/);
  assert.match(out, /posthorn plan example\.com --sender mailchimp --sender google-workspace\n$/);
});

test('senders recognise --domain: a DNS that does not answer is not a domain without senders', async () => {
  const silent = {
    resolver: async () => resolverFromZone(';!TIMEOUT example.com.\nk2._domainkey.example.com. CNAME dkim2.mcsv.net.'),
  };
  const { code, err } = await cli('senders recognise --domain example.com', silent);
  assert.equal(code, 69);
  assert.match(err, /gives no answer for example\.com\.\n {2}next: ask another name server/);
});

test('senders recognise message.eml: by its header alone', async () => {
  const message = 'DKIM-Signature: v=1; d=example.com; s=k3; b=\nFrom: ann@example.com\n\nhello\n';
  const { out } = await cli('senders recognise message.eml --json', { files: { 'message.eml': message } });
  assert.partialDeepStrictEqual(read(out), { author: 'example.com', senders: [{ id: 'mailchimp', by: 'selector' }] });
});
