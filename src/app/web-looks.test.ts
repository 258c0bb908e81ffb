/** A score that looks at the web: over real HTTPS and HTTP on loopback, with a really signed message. */
import assert from 'node:assert/strict';
import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { rsaTestKeyPem } from '../../test/support/dkim-test-keys.ts';
import { createManualTimers } from '../../test/support/manual-timers.ts';
import { identityOf, makeCertificate } from '../../test/support/test-chain.ts';
import { createGuardedHttp } from '../adapters/http/guarded-http.ts';
import { concat, utf8 } from '../base/bytes.ts';
import { systemClock } from '../base/clock.ts';
import { accept } from '../base/outcome.ts';
import type { AskWeb } from '../base/port/web.ts';
import { importPrivateKey } from '../protocol/dkim/private-keys.ts';
import { resolverFromZone } from '../protocol/dns/zone-resolver.ts';
import { createScorer, type Scorer } from '../services/advice/advice.ts';
import type { ScoreBesides } from '../services/advice/score/types.ts';
import { signDkim } from './library/authentication.ts';
import { scorerOfTests } from './office-scorer.ts';
import { openWebLooks } from './web-looks.ts';

const key = importPrivateKey(rsaTestKeyPem);
assert.ok(key.ok);
const strings = (key.value.publicRecord.match(/.{1,200}/g) ?? []).map((one) => `"${one}"`).join(' ');
const zone = `
s1._domainkey.shop.example. TXT ${strings}
shop.example. A 127.0.0.1
`;
const root = await makeCertificate({ name: 'Root', isAuthority: true });
const shown = await makeCertificate({ name: 'x', issuer: root, names: ['shop.example'] });

const letter = utf8(
  [
    'Date: Sun, 22 Nov 2026 09:59:59 +0000',
    'From: Ann <ann@shop.example>',
    'To: bob@receiver.example',
    'Subject: Our news',
    'Message-ID: <1@shop.example>',
    'List-Unsubscribe: <https://shop.example/u/7>',
    'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
    'Content-Type: text/html; charset=utf-8',
    '',
    '<p><a href="https://shop.example/bread">Our bread</a>',
    '<p><a href="http://shop.example/old">Our cake</a>',
    '<p><a href="https://elsewhere.example/">Our friends</a>',
    '<p><a href="https://shop.example/u/7">Unsubscribe</a>',
    '',
  ].join('\r\n'),
);
const signed = concat([
  await signDkim(letter, [{ domain: 'shop.example', selector: 's1', privateKey: rsaTestKeyPem }]),
  letter,
]);

async function listening(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A site whose `/bread` is there, `/old` (without TLS) leads to `/gone`, and `/u/7` takes a form. */
async function site(t: TestContext, forms: string[]): Promise<AskWeb> {
  const handle: RequestListener = async (request, response) => {
    const { method = '', url = '' } = request;
    const octets = await Array.fromAsync(request as AsyncIterable<Buffer>);
    if (url === '/u/7') {
      assert.equal(method, 'POST', 'nobody follows it as a link');
      const headers = { 'content-type': request.headers['content-type'] ?? '' };
      const form = await new Response(Buffer.concat(octets), { headers }).formData();
      forms.push([...form].map((pair) => pair.join('=')).join('&'));
      response.writeHead(202).end();
    } else if (url === '/old') response.writeHead(301, { location: 'https://shop.example/gone' }).end();
    else response.writeHead(url === '/bread' ? 200 : 404).end('a page');
  };
  const { certificatePem: cert, privateKeyPem } = identityOf(shown);
  const port = await listening(t, createServer({ cert, key: privateKeyPem }, handle));
  const plainPort = await listening(t, createPlainServer(handle));
  const resolver = resolverFromZone(zone);
  return createGuardedHttp({ resolver, timers: systemClock, trust: [root.pem], test: { port, plainPort } }).ask;
}

const scorer = createScorer({ resolver: resolverFromZone(zone), timers: systemClock });
const findingsOf = async (one: Scorer, besides?: ScoreBesides) => {
  const { findings } = await one.scoreMessage(signed, { mailFrom: 'ann@shop.example' }, besides);
  return (id: string) => findings.find((each) => each.id === id);
};

test('MSG-19, BLK-02: links lead nowhere or somewhere, one click works, by real requests', async (t) => {
  const forms: string[] = [];
  const web = await site(t, forms);
  const found = await findingsOf(scorer, { followLinks: web, tryUnsubscribe: web });
  const links = found('MSG-19');
  assert.match(
    links?.meaning ?? '',
    /^2 links lead nowhere, such as http:\/\/shop\.example\/old: there is nothing at the address \(404\)/,
  );
  assert.deepEqual(
    links?.evidence.map(({ query, answer }) => [query, answer]),
    [
      ['http://shop.example/old', 'there is nothing at the address (404)'],
      ['https://elsewhere.example/', 'elsewhere.example has no address'],
    ],
  );
  assert.equal(found('BLK-02')?.status, 'pass');
  assert.deepEqual(forms, ['List-Unsubscribe=One-Click', 'List-Unsubscribe=One-Click']);
});

test('without a wish nothing is asked', async () => {
  const found = await findingsOf(scorer);
  assert.deepEqual([found('MSG-19')?.status, found('BLK-02')?.status], ['unknown', 'skip']);
});

test('an office asks only public hosts', async () => {
  const looks = openWebLooks({ resolver: resolverFromZone(zone), timers: systemClock, trust: [] });
  const found = await findingsOf(scorer, looks({ followLinks: true, tryUnsubscribe: true }));
  assert.equal(found('BLK-02')?.status, 'unknown');
  const answer = found('MSG-19')?.evidence.map((one) => one.answer);
  assert.deepEqual(answer, ['elsewhere.example has no address'], 'a host at home is not called broken');
});

test('what comes to test addresses is looked at as the settings say, and in an hour so often', async () => {
  const asked: string[] = [];
  const web: AskWeb = async (url, { method }) => {
    asked.push(`${method} ${url}`);
    return accept({ status: 200 });
  };
  const timers = createManualTimers(0);
  const webLooks = openWebLooks({ resolver: resolverFromZone(''), timers, trust: [] }, web);
  const of = async (followLinks: boolean, tryUnsubscribe: boolean) => {
    asked.length = 0;
    await findingsOf(await scorerOfTests(async () => scorer, { webLooks, followLinks, tryUnsubscribe })());
    return (
      asked.filter((one) => one.startsWith('POST')).length * 10 + asked.filter((one) => one.startsWith('HEAD')).length
    );
  };
  assert.equal(await of(false, false), 0);
  assert.equal(await of(true, false), 3);
  assert.equal(await of(false, true), 20);
  for (let at = 0; at < 98; at++) webLooks({ followLinks: true, tryUnsubscribe: false });
  assert.equal(await of(true, true), 0);
  await timers.pass(61 * 60_000);
  assert.equal(await of(true, true), 23);
});
