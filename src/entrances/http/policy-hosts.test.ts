/** What is fetched at `mta-sts.<domain>`, over TLS with the certificate of that name. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import test from 'node:test';
import type { TLSSocket } from 'node:tls';
import { makeTestAuthority } from '../../../test/support/test-certificate.ts';
import { serveHttp } from '../../adapters/http/serve-http.ts';
import { systemClock } from '../../base/clock.ts';
import { silentSignals } from '../../base/port/signals.ts';
import { parseDomainName } from '../../format/domain-name.ts';
import { withPolicyHosts } from './policy-hosts.ts';

const own = parseDomainName('mta-sts.office.example') ?? assert.fail();
const policyOf = async (domain: string) => (domain === 'example.com' ? 'version: STSv1\r\n' : undefined);
const documentOf = async (domain: string) => (domain === 'example.com' ? '{"payload":""}' : undefined);
const fetch = withPolicyHosts(async () => new Response('the API'), { own, policyOf, documentOf });
const caller = { clientAddress: '192.0.2.1' };

test('a policy at its name and path, nothing else at such a name, and the API everywhere else', async () => {
  const said = async (url: string, method = 'GET') => {
    const answer = await fetch(new Request(url, { method }), caller);
    return `${answer.status} ${(await answer.text()).trimEnd()}`.trimEnd();
  };
  const path = '/.well-known/mta-sts.txt';
  assert.equal(await said(`https://mta-sts.example.com${path}`), '200 version: STSv1');
  assert.equal(await said(`http://MTA-STS.Example.COM:8080${path}?x`), '200 version: STSv1');
  assert.equal(await said(`https://mta-sts.example.com${path}`, 'HEAD'), '200');
  assert.equal(await said(`https://mta-sts.example.com${path}`, 'POST'), '405');
  assert.equal(await said('https://mta-sts.example.com/v1/domains'), '404');
  assert.equal(await said(`https://mta-sts.example.net${path}`), '404');
  assert.equal(await said(`https://mta-sts.a_b${path}`), '404');
  assert.equal(await said(`https://mail.office.example${path}`), '200 the API');
  assert.equal(await said('https://mta-sts.office.example/v1/domains'), '200 the API');
  const type = (await fetch(new Request(`https://mta-sts.example.com${path}`), caller)).headers.get('content-type');
  assert.match(type ?? '', /^text\/plain/);
});

test('a policy document at its path of the office’s own names, nothing of it at the name of an MTA-STS policy', async () => {
  const said = async (url: string, method = 'GET') => {
    const answer = await fetch(new Request(url, { method }), caller);
    return `${answer.status} ${answer.headers.get('content-type')} ${await answer.text()}`.trimEnd();
  };
  const path = '/.well-known/eml-policies';
  const found = '200 application/json {"payload":""}';
  assert.equal(await said(`https://mail.office.example${path}/example.com.json`), found);
  assert.equal(await said(`https://mta-sts.office.example${path}/Example.COM.json`), found);
  assert.equal(await said(`https://mail.office.example${path}/example.com.json`, 'HEAD'), '200 application/json');
  assert.equal(await said(`https://mail.office.example${path}/example.com.json`, 'DELETE'), '405 null');
  for (const other of ['example.net.json', 'example.com', '.json', '', '../../v1/domains', 'a/b.json', '%2e%2e.json'])
    assert.match(
      await said(`https://mail.office.example${path}/${other}`),
      other.startsWith('..') ? /the API$/ : /^404/,
    );
  assert.match(await said(`https://mta-sts.example.com${path}/example.com.json`), /^404/);
});

test('over TLS each name has its certificate, a renewed one is shown at once, and who names nobody sees the server’s own', async (t) => {
  const authority = await makeTestAuthority('HTTPS');
  const issue = (name: string) => authority.issue({ names: [name], addresses: [] });
  const [mine, theirs, renewed] = await Promise.all(
    ['office.example', 'mta-sts.example.com', 'office.example'].map(issue),
  );
  assert.ok(mine && theirs && renewed);
  let office = mine;
  const identityOf = (name: string) => (name === 'mta-sts.example.com' ? theirs : office);
  const ports = { at: { address: '127.0.0.1', port: 0 }, timers: systemClock, signals: silentSignals };
  const listening = await serveHttp(fetch, { ...ports, identityOf });
  t.after(() => listening.close());
  const { port } = listening.endpoint;
  const get = (servername: string) =>
    new Promise<string>((resolve, reject) => {
      const headers = { Host: servername || 'x' };
      const options = {
        host: '127.0.0.1',
        port,
        servername,
        headers,
        agent: false,
        rejectUnauthorized: false,
      } as const;
      request({ ...options, ca: authority.certificatePem, path: '/.well-known/mta-sts.txt' }, (answer) => {
        const { socket } = answer as unknown as { socket: TLSSocket };
        const certificate = socket.getPeerCertificate();
        answer.resume().on('end', () => resolve(`${answer.statusCode} ${certificate.serialNumber}`));
      })
        .on('error', reject)
        .end();
    });
  const serial = (pem: string) => new X509Certificate(pem).serialNumber;
  assert.equal(await get('mta-sts.example.com'), `200 ${serial(theirs.certificatePem)}`);
  assert.equal(await get('office.example'), `200 ${serial(mine.certificatePem)}`);
  assert.equal(await get(''), `200 ${serial(mine.certificatePem)}`);
  office = renewed;
  assert.equal(await get(''), `200 ${serial(renewed.certificatePem)}`);
  assert.equal(await get('office.example'), `200 ${serial(renewed.certificatePem)}`);
});
