import assert from 'node:assert/strict';
import test from 'node:test';
import { loadCatalogue } from '../../../app/load-catalogue.ts';
import { invariant } from '../../../base/outcome.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import { learnParameters } from './learn-parameters.ts';
import { senderWants } from './sender-wants.ts';

const catalogue = await loadCatalogue();
const domain = 'example.com' as DomainName;

function learned(id: string, records: Readonly<Record<string, readonly string[]>>, given: Record<string, string> = {}) {
  const definition = catalogue.find(id);
  invariant(definition, id);
  return learnParameters(definition, domain, given, (name, type) => records[`${name} ${type}`] ?? []);
}

test('what is published already is not asked for again', () => {
  assert.deepEqual(
    learned('sendgrid', { 's1._domainkey.example.com CNAME': ['S1.domainkey.u38641375.wl226.sendgrid.net'] }),
    { id: '38641375', server: 'wl226' },
  );
  const key = 'MIGf'.repeat(20);
  assert.deepEqual(
    learned('google-workspace', {
      'google._domainkey.example.com TXT': [`v=DKIM1;k=rsa; t=s; p=${key}`],
      'example.com TXT': ['v=spf1 -all', `google-site-verification=${'a'.repeat(43)}`],
    }),
    { key, token: 'a'.repeat(43) },
  );
  assert.deepEqual(learned('zoho-mail', { 'example.com MX': ['5 mx.other.test', '10 mx.zoho.com.au'] }), {
    region: 'com.au',
  });
  assert.deepEqual(
    learned('mailgun', { 'pdk1._domainkey.mg.example.com CNAME': ['pdk1._domainkey.c0e6d9.dkim1.us.mgsend.org'] }),
    {
      target1: 'pdk1._domainkey.c0e6d9.dkim1.us.mgsend.org',
    },
  );
});

test('one value leads to the next record', () => {
  const records = {
    'zyr._domainkey.example.com CNAME': ['dkim1.a7c7c47d491c.p825.email.myshopify.com'],
  };
  assert.deepEqual(learned('shopify', records), {}); // nobody knows the name to look at
  assert.deepEqual(learned('shopify', records, { code: 'zyr' }), { target: 'a7c7c47d491c.p825' });
});

test('what a person says stands, and records of others teach nothing', () => {
  const records = { 's1._domainkey.example.com CNAME': ['s1.domainkey.u1.wl2.sendgrid.net'] };
  assert.deepEqual(learned('sendgrid', records, { id: '7' }), {});
  assert.deepEqual(learned('sendgrid', records, { id: '1' }), { server: 'wl2' });
  assert.deepEqual(learned('sendgrid', { 's1._domainkey.example.com CNAME': ['s1.domainkey.u1.evil.test'] }), {});
  assert.deepEqual(
    learned('sendgrid', { 's1._domainkey.example.com CNAME': ['s1.domainkey.ux.wl2.sendgrid.net'] }),
    {},
  );
  assert.deepEqual(
    learned('sendgrid', { 's1._domainkey.news.example.com CNAME': ['s1.domainkey.u1.wl2.sendgrid.net'] }),
    {},
  );
  assert.deepEqual(
    learned(
      'sendgrid',
      { 's1._domainkey.news.example.com CNAME': ['s1.domainkey.u1.wl2.sendgrid.net'] },
      { subdomain: 'news' },
    ),
    {
      id: '1',
      server: 'wl2',
    },
  );
});

test('from its own records every sender learns what they hold, and wants the same again', () => {
  for (const sender of catalogue.all) {
    const examples = Object.fromEntries(sender.parameters.map(({ name, example }) => [name, example]));
    const full = senderWants(sender, domain, examples);
    invariant(full.ok, sender.id);
    const zone = new Map<string, string[]>();
    for (const { name, type, value } of full.value.records)
      zone.set(`${name} ${type}`, [...(zone.get(`${name} ${type}`) ?? []), value]);
    const inNames = Object.fromEntries(
      Object.entries(examples).filter(
        ([name]) =>
          sender.records.some((record) => record.name.includes(`{${name}}`)) ||
          sender.spf.some(({ at, terms }) => `${at} ${terms.join(' ')}`.includes(`{${name}}`)),
      ),
    );
    const told = { ...inNames, ...(examples.subdomain === undefined ? {} : { subdomain: examples.subdomain }) };
    const taught = learnParameters(sender, domain, told, (name, type) => zone.get(`${name} ${type}`) ?? []);
    const again = senderWants(sender, domain, { ...told, ...taught });
    invariant(again.ok, sender.id);
    assert.deepEqual(again.value.records, full.value.records, sender.id);
  }
});
