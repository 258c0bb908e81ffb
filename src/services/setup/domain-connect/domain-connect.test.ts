import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { rsaTestKeyPem } from '../../../../test/support/dkim-test-keys.ts';
import { utf8 } from '../../../base/bytes.ts';
import { accept, Bug, refuse } from '../../../base/outcome.ts';
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import { resolverFromZone } from '../../../protocol/dns/zone-resolver.ts';
import { applyLink, isSignedBy, keyTexts } from './apply-link.ts';
import { delegationTemplate } from './delegation-template.ts';
import { discoverProvider, knowsTemplate } from './discover-provider.ts';

const name = (text: string) => parseDomainName(text) as DomainName;
const resolver = resolverFromZone(`
_domainconnect.example.com TXT "API.host.example/client"
_domainconnect.evil.example TXT "127.0.0.1"
_domainconnect.user.example TXT "user@host.example"
;!SERVFAIL _domainconnect.broken.example
`);
const settings = {
  providerId: 'host.example',
  providerName: 'Host',
  urlSyncUX: 'https://connect.host.example/sync/',
  urlAPI: 'https://api.host.example',
};

function world(pages: Readonly<Record<string, unknown>>) {
  const asked: string[] = [];
  const fetchNamed = async (url: string) => {
    asked.push(url);
    const page = pages[url];
    return page === undefined ? refuse('status', 'status 404') : accept(utf8(JSON.stringify(page)));
  };
  return { ports: { resolver, fetchNamed }, asked };
}

test('the host of a domain is found at the apex of its zone, and tells where people agree', async () => {
  const { ports, asked } = world({ 'https://api.host.example/client/v2/example.com/settings': settings });
  const found = await discoverProvider(ports, name('mail.example.com'));
  assert.deepEqual(found, {
    ok: true,
    value: {
      zone: 'example.com',
      host: 'mail',
      providerName: 'Host',
      urlSyncUX: 'https://connect.host.example/sync',
      urlAPI: 'https://api.host.example',
    },
  });
  assert.deepEqual(asked, ['https://api.host.example/client/v2/example.com/settings']);
});

test('a host that takes no part, one that nobody can ask, and records that lead elsewhere', async () => {
  const codeOf = async (domain: string, page?: unknown) => {
    const { ports, asked } = world(
      page === undefined ? {} : { 'https://api.host.example/client/v2/example.com/settings': page },
    );
    const found = await discoverProvider(ports, name(domain));
    return `${found.ok ? 'found' : found.code} ${asked.length}`;
  };
  assert.equal(await codeOf('other.example'), 'none 0');
  assert.equal(await codeOf('broken.example'), 'unavailable 0');
  assert.equal(await codeOf('evil.example'), 'none 0');
  assert.equal(await codeOf('user.example'), 'none 0');
  assert.equal(await codeOf('example.com'), 'none 1', '404: the zone is not there');
  assert.equal(await codeOf('example.com', { ...settings, urlSyncUX: undefined }), 'none 1');
  for (const url of [
    'http://connect.host.example',
    'https://10.0.0.1/',
    'https://a@b.example',
    'https://b.example/?x=',
    'javascript:alert(1)',
  ])
    assert.equal(await codeOf('example.com', { ...settings, urlSyncUX: url }), 'none 1', url);
  assert.equal(await codeOf('example.com', []), 'none 1');
});

test('whether a host knows a template is its own word', async () => {
  const template = { providerId: 'office.example', serviceId: 'delegation' };
  const provider = { ...settings, zone: name('example.com'), host: '' };
  const url = 'https://api.host.example/v2/domainTemplates/providers/office.example/services/delegation';
  assert.deepEqual(await knowsTemplate(world({ [url]: {} }).ports, provider, template), { ok: true, value: true });
  assert.deepEqual(await knowsTemplate(world({}).ports, provider, template), { ok: true, value: false });
});

const wish = {
  providerId: 'office.example',
  serviceId: 'delegation',
  domain: 'example.com',
  host: 'mail',
  variables: { ns1: 'ns1.office.example', note: 'a b&c=d+e/é' },
  redirectUri: 'https://office.example/back?x=1',
  state: 'x y',
  groups: ['sending', 'receiving'],
};
const key = { name: '_dck1', key: createPrivateKey(rsaTestKeyPem) };

test('the link says what is wished, and is signed over its very query string', () => {
  const link = applyLink('https://connect.host.example/sync', wish, key);
  const [address, query = ''] = link.split('?');
  assert.equal(
    address,
    'https://connect.host.example/sync/v2/domainTemplates/providers/office.example/services/delegation/apply',
  );
  assert.match(
    query,
    /^domain=example\.com&host=mail&ns1=ns1\.office\.example&note=a%20b%26c%3Dd%2Be%2F%C3%A9&redirect_uri=https%3A%2F%2Foffice\.example%2Fback%3Fx%3D1&state=x%20y&groupId=sending%2Creceiving&sig=[A-Za-z0-9%]+&key=_dck1$/,
  );
  const texts = keyTexts(key.key);
  assert.ok(isSignedBy(link, texts));
  assert.ok(isSignedBy(link, texts.toReversed()));
  for (const changed of [
    link.replace('host=mail', 'host=mall'),
    link.replace('domain=example.com&host=mail', 'host=mail&domain=example.com'),
    link.replace(/sig=[^&]+&/, ''),
    link.replace('%20', '+'),
  ])
    assert.ok(!isSignedBy(changed, texts), changed);
});

test('the key stands in texts of at most 255 octets, and a part that is missing is no key', () => {
  const texts = keyTexts(key.key);
  assert.ok(texts.length > 1 && texts.every((text) => text.length <= 255));
  assert.match(texts[0] ?? '', /^p=1,a=RS256,d=MII/);
  const link = applyLink('https://connect.host.example', wish, key);
  for (const wrong of [
    [],
    texts.slice(1),
    texts.slice(0, -1),
    [...texts, texts[0] ?? ''],
    ['p=1,a=RS256,d=AAAA'],
    ['x'],
  ])
    assert.ok(!isSignedBy(link, wrong));
});

test('a variable cannot take the place of a parameter', () => {
  assert.throws(
    () => applyLink('https://connect.host.example', { ...wish, variables: { domain: 'other.example' } }, key),
    Bug,
  );
});

test('the template in docs/ is the one that links are made for', () => {
  const page: { readonly records: readonly { readonly type: string; readonly host: string }[] } = JSON.parse(
    readFileSync(new URL('../../../../docs/domain-connect/office.example.delegation.json', import.meta.url), 'utf8'),
  );
  assert.deepEqual(page, delegationTemplate({ providerId: 'office.example', providerName: 'Example Office' }));
  const outside = page.records.filter(({ type, host }) => type !== 'SPFM' && (host === '@' || host === ''));
  assert.deepEqual(outside, [], 'nothing that stands at the domain itself is replaced');
});
