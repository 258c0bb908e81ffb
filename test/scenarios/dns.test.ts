/** The DNS of the sandbox world, asked by resolvers that are not ours: c-ares (in Node) always, dig where it is installed. */
import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { after, before, describe, test } from 'node:test';
import { missing, openScene, run, type Scene } from '../support/sandbox-scene.ts';

describe('the DNS of the world', () => {
  let scene: Scene;
  let cares: Resolver;
  before(async () => {
    scene = await openScene();
    cares = new Resolver({ timeout: 5_000, tries: 2 });
    cares.setServers([`${scene.facts.dns.host}:${scene.facts.dns.port}`]);
  });
  after(async () => {
    cares.cancel();
    await scene.close();
  });

  describe('c-ares', () => {
    test('finds mail hosts, addresses and reverse names', async () => {
      for (const [domain, host, address] of [
        ['example.com', 'mx.example.com', '192.0.2.10'],
        ['example.net', 'mx.example.net', '198.51.100.20'],
      ] as const) {
        assert.partialDeepStrictEqual(await cares.resolveMx(domain), [{ exchange: host, priority: 10 }]);
        assert.partialDeepStrictEqual(await cares.resolveMx(`bounce.${domain}`), [{ exchange: host, priority: 10 }]);
        assert.deepEqual(await cares.resolve4(host), [address]);
        assert.deepEqual(await cares.reverse(address), [host]);
        assert.deepEqual(await cares.resolveTxt(domain), [[`v=spf1 ip4:${address} -all`]]);
        assert.match(String(await cares.resolveTxt(`_dmarc.${domain}`)), /^v=DMARC1; p=reject; rua=/);
        assert.equal((await cares.resolveSoa(domain)).nsname, host);
      }
    });

    test('joins a DKIM key longer than one string to what the office signs with', async () => {
      const { directory } = scene.world.stage.yours;
      const [domain] = await directory.domains();
      assert.ok(domain);
      const keys = await directory.keysOf(domain.name);
      assert.deepEqual(keys.map(({ algorithm }) => algorithm).sort(), ['ed25519-sha256', 'rsa-sha256']);
      for (const { selector, algorithm, publicRecord } of keys) {
        const [strings, ...more] = await cares.resolveTxt(`${selector}._domainkey.example.com`);
        assert.deepEqual(more, []);
        assert.equal(strings?.join(''), publicRecord);
        assert.ok(strings.every((string) => string.length <= 255)); // RFC 1035 §3.3.14
        assert.equal(strings.length > 1, algorithm === 'rsa-sha256');
      }
    });

    test('tells a name that does not exist from one without such a record', async () => {
      await assert.rejects(cares.resolveMx('nowhere.example.com'), { code: 'ENOTFOUND' });
      await assert.rejects(cares.resolveMx('example.org'), { code: 'ENOTFOUND' });
      await assert.rejects(cares.reverse('203.0.113.66'), { code: 'ENOTFOUND' });
      await assert.rejects(cares.resolveMx('mx.example.com'), { code: 'ENODATA' });
      await assert.rejects(cares.resolve4('_domainkey.example.com'), { code: 'ENODATA' }); // RFC 8020 §2: names lie below it
    });
  });

  describe('dig', { skip: missing('dig', ['-v']) }, () => {
    const dig = async (...args: string[]) => {
      const { host, port } = scene.facts.dns;
      const ran = await run('dig', [`@${host}`, '-p', String(port), '+norecurse', '+tries=2', '+time=5', ...args]);
      assert.equal(ran.code, 0, ran.out);
      assert.doesNotMatch(ran.out, /WARNING|malformed|extra bytes/i); // what dig thinks of an answer
      return ran.out.replaceAll(/[ \t]+/g, ' ');
    };

    test('MX, TXT and PTR, answered with authority', async () => {
      const mx = await dig('example.com', 'MX');
      assert.match(mx, /status: NOERROR/);
      assert.match(mx, /flags: qr aa;/);
      assert.match(mx, /^example\.com\. 300 IN MX 10 mx\.example\.com\.$/m);
      assert.match(await dig('EXAMPLE.net', 'TXT'), /^EXAMPLE\.net\. 300 IN TXT "v=spf1 ip4:198\.51\.100\.20 -all"$/im);
      assert.match(await dig('-x', '192.0.2.10'), /^10\.2\.0\.192\.in-addr\.arpa\. 300 IN PTR mx\.example\.com\.$/m);
    });

    for (const transport of ['+notcp', '+tcp']) {
      test(`${transport}: a DKIM key as strings of at most 255 octets`, async () => {
        const answer = await dig(transport, 'ph1._domainkey.example.net', 'TXT');
        const strings = /IN TXT (".*")$/m.exec(answer)?.[1]?.split('" "') ?? [];
        assert.ok(strings.length > 1, answer);
        assert.match(strings.join(''), /^"v=DKIM1; k=rsa; p=[A-Za-z0-9+/=]{350,}"$/);
        assert.match(answer, transport === '+tcp' ? /\(TCP\)/ : /\(UDP\)/);
      });
    }

    test('RFC 2308 §3: what does not exist is NXDOMAIN with the SOA that says for how long', async () => {
      const inside = await dig('nowhere.example.com', 'A');
      assert.match(inside, /status: NXDOMAIN/);
      assert.match(inside, /ANSWER: 0, AUTHORITY: 1/);
      assert.match(inside, /^example\.com\. \d+ IN SOA mx\.example\.com\. postmaster\.mx\.example\.com\. /m);
      const elsewhere = await dig('www.example.org', 'A');
      assert.match(elsewhere, /status: NXDOMAIN/);
      assert.match(elsewhere, /^\. \d+ IN SOA /m);
      const nothing = await dig('example.com', 'AAAA');
      assert.match(nothing, /status: NOERROR/);
      assert.match(nothing, /ANSWER: 0, AUTHORITY: 1/);
    });

    test('nobody gets the whole zone, nor changes it', async () => {
      const { host, port } = scene.facts.dns;
      const transfer = await run('dig', [`@${host}`, '-p', String(port), '+time=5', 'example.com', 'AXFR']);
      assert.doesNotMatch(transfer.out, /SPF|spf1/i);
      assert.match(await dig('+opcode=UPDATE', 'example.com', 'SOA'), /status: (NOTIMP|REFUSED)/);
    });
  });

  test('no question has led the world into trouble', () => assert.deepEqual(scene.errors, []));
});
