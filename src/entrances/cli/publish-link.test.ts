import assert from 'node:assert/strict';
import test from 'node:test';
import { rsaTestKeyPem } from '../../../test/support/dkim-test-keys.ts';
import { cli, type FakeCli } from '../../../test/support/fake-cli.ts';
import { utf8 } from '../../base/bytes.ts';
import { accept, refuse } from '../../base/outcome.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { resolverFromZone } from '../../protocol/dns/zone-resolver.ts';
import { isSignedBy } from '../../services/setup/domain-connect/apply-link.ts';
import { CliError } from './cli-error.ts';
import { connectTarget } from './publish-link.ts';
import type { Run } from './run.ts';

const resolver = resolverFromZone('_domainconnect.example.com TXT "api.host.example"');
const environment = { DOMAIN_CONNECT_PROVIDER: 'office.example', DOMAIN_CONNECT_KEY_FILE: 'key.pem' };
const settings = {
  providerName: 'Host',
  urlSyncUX: 'https://connect.host.example',
  urlAPI: 'https://api.host.example',
};
const template = 'https://api.host.example/v2/domainTemplates/providers/office.example/services/delegation';

function world(pages: readonly string[], more: FakeCli = {}): FakeCli {
  return {
    environment,
    files: { 'key.pem': rsaTestKeyPem, 'other.pem': 'x' },
    dns: async () => ({ resolver, authorities: { ask: async () => [] } as never }),
    resolver: async () => resolver,
    fetchNamed: async () => async (url) =>
      url.endsWith('/settings')
        ? accept(utf8(JSON.stringify(settings)))
        : pages.includes(url)
          ? accept(utf8('{}'))
          : refuse('status', '404'),
    ...more,
  };
}
const line = 'publish example.com --domain-connect abc.dns.office.example';

test('the link is printed, signed with the key that the template names', async () => {
  const { code, out, err } = await cli(`${line} --json`, world([template]));
  assert.equal(err, '');
  assert.equal(code, 0);
  const { link, ...document } = JSON.parse(out);
  assert.deepEqual(document, {
    domain: 'example.com',
    zone: 'example.com',
    host: 'Host',
    knows_template: true,
    leads_to: 'abc.dns.office.example',
  });
  assert.match(
    link,
    /^https:\/\/connect\.host\.example\/v2\/.*\/apply\?domain=example\.com&zone=abc\.dns\.office\.example&groupId=sending&sig=.*&key=_dcpubkeyv1$/,
  );
  const { key } = JSON.parse((await cli(`${line} --json`, world([]))).out);
  assert.equal(key.name, '_dcpubkeyv1.office.example');
  assert.ok(isSignedBy(link, key.texts));
  const page = (await cli(line, world([template]))).out.split('\n');
  assert.ok(page.includes(link));
  assert.ok(page.every((text) => text.length <= 80 || text === link));
});

test('a host that does not know the template: what to hand it, and the key to publish', async () => {
  const { code, out } = await cli(line, world([]));
  assert.equal(code, 1);
  assert.match(out, /does not know your template yet/);
  assert.match(out, /"serviceId": "delegation"/);
  assert.match(out, /_dcpubkeyv1\.office\.example\. TXT "p=1,a=RS256,d=MII/);
});

test('what is lacking is said, with what to type', async () => {
  const errOf = async (text: string, fake: FakeCli) => {
    const { code, err } = await cli(text, fake);
    return `${code} ${err}`;
  };
  assert.match(await errOf(line, world([], { environment: {} })), /^78 .*DOMAIN_CONNECT_PROVIDER is not set/s);
  assert.match(
    await errOf(line, world([], { environment: { ...environment, DOMAIN_CONNECT_KEY_FILE: '' } })),
    /^78 .*KEY_FILE is not set/s,
  );
  assert.match(
    await errOf(line, world([], { environment: { ...environment, DOMAIN_CONNECT_KEY_FILE: 'none.pem' } })),
    /^78 .*cannot be read: ENOENT/s,
  );
  assert.match(
    await errOf(line, world([], { environment: { ...environment, DOMAIN_CONNECT_KEY_FILE: 'other.pem' } })),
    /^78 .*no private RSA key/s,
  );
  assert.match(await errOf('publish example.com --domain-connect a..b', world([])), /^64 .*a\.\.b is no zone/s);
  assert.match(
    await errOf(line.replace('example.com', 'example.net'), world([])),
    /^65 .*does not take part in Domain Connect/s,
  );
});

test('without a zone it is the one in which the office keeps the records, with the names of receiving where it receives', () => {
  const zone = parseDomainName('abc.dns.office.example') as DomainName;
  const office = {
    hostname: zone,
    receives: true,
    keys: [],
    delegation: { kind: 'names', zone, nameServers: [] },
  } as const;
  const run = { host: { command: 'posthorn' } } as Run;
  assert.deepEqual(connectTarget(run, zone, true, office), { zone, receives: true });
  assert.deepEqual(connectTarget(run, zone, zone, office), { zone, receives: false });
  const { delegation: _, ...alone } = office;
  assert.throws(() => connectTarget(run, zone, true, alone), CliError);
  assert.throws(() => connectTarget(run, zone, true, undefined), /does not keep the records/);
});
