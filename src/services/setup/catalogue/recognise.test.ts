import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { loadCatalogue } from '../../../app/load-catalogue.ts';
import { utf8 } from '../../../base/bytes.ts';
import { invariant } from '../../../base/outcome.ts';
import { parseDomainName } from '../../../format/domain-name.ts';
import { indexMessage } from '../../../format/message/message-index.ts';
import { resolverFromZone } from '../../../protocol/dns/zone-resolver.ts';
import type { SenderSigns } from '../types.ts';
import { gatherSigns } from './gather-signs.ts';
import { recognise } from './recognise.ts';
import { signsOfMessage } from './signs-of-message.ts';
import { signsOfSource } from './signs-of-source.ts';

const catalogue = await loadCatalogue();
const domain = parseDomainName('example.com');
invariant(domain, 'a domain');

const told = (signs: SenderSigns) =>
  recognise(catalogue, signs).senders.map(
    ({ sender, signs: [first] }) => `${sender.id} by ${first?.by} ${first?.pattern}`,
  );

async function ofZone(zone: string) {
  invariant(domain, 'a domain');
  const gathered = await gatherSigns(resolverFromZone(zone.replaceAll(/^ +/gm, '')), catalogue, domain);
  return { ...gathered, ...recognise(catalogue, gathered.signs) };
}
const idsOf = async (zone: string) => (await ofZone(zone)).senders.map(({ sender }) => sender.id);

test('a target says more than a selector, that more than SPF, and the name of a machine least', () => {
  assert.deepEqual(told({ selectors: [{ selector: 's1', target: 'dkim2.mcsv.net' }] }), [
    'mailchimp by dkimTargets .mcsv.net',
  ]);
  assert.deepEqual(told({ selectors: [{ selector: 's1', target: 'key.elsewhere.test' }] }), [
    'sendgrid by selectors s1',
  ]);
  assert.deepEqual(
    told({
      hosts: ['o1.sendgrid.net'],
      spfDomains: ['_spf.google.com'],
      dkimDomains: ['amazonses.com'],
      selectors: [{ selector: 'resend' }],
    }),
    [
      'resend by selectors resend',
      'amazon-ses by dkimDomains .amazonses.com',
      'google-workspace by spfDomains _spf.google.com',
      'sendgrid by hosts .sendgrid.net',
    ],
  );
});

test('names are matched on label boundaries, and the longest pattern wins', () => {
  const by = (name: string) => catalogue.recogniseName('spfDomains', name)?.sender.id;
  assert.equal(by('sendgrid.net'), 'sendgrid');
  assert.equal(by('U1.WL2.SendGrid.net.'), 'sendgrid');
  assert.equal(by('evilsendgrid.net'), undefined);
  assert.equal(by('sendgrid.net.evil.test'), undefined);
  assert.equal(by('custom-email-domain.stripe.com'), 'stripe');
  assert.equal(catalogue.recogniseName('selectors', 'hs1-123')?.sender.id, 'hubspot');
  assert.equal(catalogue.recogniseName('selectors', 'hs1-1.x'), undefined, 'a star stays within a label');
  assert.equal(catalogue.recogniseName('dkimDomains', 'cmail20.com')?.sender.id, 'campaign-monitor');
});

test('a stranger whose name ends like that of a sender is not that sender', () => {
  const ends = catalogue.all.flatMap(({ traces }) =>
    traces.dkimTargets.filter((pattern) => /^\.[^.]+\.[^.]+$/.test(pattern)),
  );
  fc.assert(
    fc.property(fc.constantFrom(...ends), fc.stringMatching(/^[a-z0-9-]{1,20}$/), (pattern, letters) => {
      assert.equal(catalogue.recogniseName('dkimTargets', `${letters}${pattern.slice(1)}`), undefined);
    }),
    { numRuns: 200 },
  );
});

test('a domain is read: MX, its SPF record with the parts of its own, keys, return paths', async () => {
  const { senders, unclaimed, failed } = await ofZone(`
    example.com. MX 10 smtp.google.com.
    example.com. TXT "v=spf1 include:_spf.google.com include:spf2.example.com a:mail.example.com include:who.test ~all"
    spf2.example.com. TXT "v=spf1 include:spf2.example.com include:mail.zendesk.com exists:%{i}._spf.mta.salesforce.com ~all"
    k2._domainkey.example.com. CNAME dkim2.mcsv.net.
    google._domainkey.example.com. TXT "v=DKIM1; p=MIIB"
    default._domainkey.example.com. TXT "p=MIIB"
    s1._domainkey.example.com. TXT "not a key"
    pm-bounces.example.com. CNAME pm.mtasv.net.`);
  assert.deepEqual(
    senders.map(({ sender, signs }) => [sender.id, ...signs.map(({ by }) => by)]),
    [
      ['mailchimp', 'dkimTargets'],
      ['google-workspace', 'selectors', 'spfDomains', 'mx'],
      ['zendesk', 'spfDomains'],
      ['salesforce', 'spfDomains'],
      ['postmark', 'spfDomains'],
    ],
  );
  assert.deepEqual(unclaimed, [
    { by: 'selectors', name: 'default' },
    { by: 'spfDomains', name: 'who.test' },
  ]);
  assert.deepEqual(failed, []);
});

test('tokens of sign-ins are no signs of mail', async () => {
  const zone = ['google-site-verification=x', 'MS=ms1', 'stripe-verification=x', 'atlassian-domain-verification=x'].map(
    (text) => `example.com. TXT "${text}"`,
  );
  assert.deepEqual(await idsOf(zone.join('\n')), []);
});

test('where every key answers, keys prove nothing; what gets no answer is said', async () => {
  const wildcard = await ofZone(`
    *._domainkey.example.com. TXT "p=MIIB"
    k2._domainkey.example.com. CNAME dkim2.mcsv.net.`);
  assert.equal(wildcard.hasWildcardKeys, true);
  assert.deepEqual(
    wildcard.senders.map(({ sender }) => sender.id),
    ['mailchimp'],
  );
  const failing = await ofZone(';!SERVFAIL example.com\nk2._domainkey.example.com. CNAME dkim2.mcsv.net.');
  assert.deepEqual(failing.failed, ['example.com']);
  assert.equal(failing.senders.length, 1);
});

test('a row of a report tells who sent it, and an alias of its selector more', () => {
  const row = {
    author: 'News.Example.com',
    signatures: [
      { domain: 'example.com', selector: 'S1', target: 's1.domainkey.u1.wl2.sendgrid.net' },
      { domain: 'klaviyomail.com', selector: 'x' },
    ],
    mailFrom: ['send.news.example.com', 'bounces.klaviyomail.com'],
    hosts: ['o1.ptr.sendgrid.net', 'mail.news.example.com'],
  };
  const { senders, unclaimed } = recognise(catalogue, signsOfSource(row));
  assert.deepEqual(
    senders.map(({ sender, signs }) => [sender.id, ...signs.map(({ by }) => by)]),
    [
      ['sendgrid', 'dkimTargets', 'hosts'],
      ['klaviyo', 'dkimDomains', 'spfDomains'],
    ],
  );
  assert.deepEqual(unclaimed, []);
});

test('keys at selectors that nobody guesses are known to be there', async () => {
  const other = async (zone: string) => (await ofZone(zone)).hasOtherKeys;
  assert.equal(await other('x7q._domainkey.example.com. TXT "p=MIIB"'), true);
  assert.equal(await other('k2._domainkey.example.com. CNAME dkim2.mcsv.net.'), false);
  assert.equal(await other('example.com. MX 1 mx.who.test.'), false);
});

test('a zone of thousands of names ends', async () => {
  const many = Array.from({ length: 3_000 }, (_, at) => `example.com. MX 1 mx${at}.who.test.`);
  const includes = Array.from({ length: 400 }, (_, at) => `include:n${at}.who.test`).join(' ');
  const { unclaimed } = await ofZone(
    [...many, `example.com. TXT "v=spf1 ${includes} -all"`].join('\n').replaceAll(/(.{250}) /g, '$1 " "'),
  );
  assert.equal(unclaimed.length, 400);
});

test('a message tells by its header: own signatures by selector, those of others by d=', () => {
  const message = [
    'Return-Path: <bounces+1@em1.example.com>',
    'Received: from o1.ptr.sendgrid.net (o1.ptr.sendgrid.net [192.0.2.1]) by mx.test; Sun, 22 Nov 2026 06:00:00 +0000',
    'DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=K3; h=from; bh=; b=',
    'DKIM-Signature: v=1; a=rsa-sha256; d=sendgrid.info; s=smtpapi; h=from; bh=; b=',
    'DKIM-Signature: nonsense',
    'From: Ann <ann@example.com>',
    '',
    'hello',
  ].join('\r\n');
  const { author, ...signs } = signsOfMessage(indexMessage(utf8(message)));
  assert.equal(author, 'example.com');
  assert.deepEqual(told(signs), ['mailchimp by selectors k3', 'sendgrid by dkimDomains sendgrid.info']);
  assert.deepEqual(signs.spfDomains, []); // below the domain: a return path of its own
});
