import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, type FakeCli } from '../../../test/support/fake-cli.ts';
import { identityOf, makeCertificate, tlsaOf } from '../../../test/support/test-chain.ts';
import { utf8 } from '../../base/bytes.ts';
import { tlsaText } from '../../protocol/dane/tlsa.ts';
import { resolverFromZone } from '../../protocol/dns/zone-resolver.ts';

const policy = (mode: string, ...mx: string[]) =>
  ['version: STSv1', `mode: ${mode}`, ...mx.map((one) => `mx: ${one}`), 'max_age: 604800', ''].join('\n');

const zone = `
example.com. MX 10 mx.example.com.
example.com. MX 20 backup.example.net.
_mta-sts.example.com. TXT "v=STSv1; id=20261122"
_smtp._tls.example.com. TXT "v=TLSRPTv1; rua=mailto:tls@example.com"
bad.test. MX 10 mx.bad.test.
_mta-sts.bad.test. TXT "v=STSv1; id=a-b"
_smtp._tls.bad.test. TXT "v=TLSRPTv1; rua=nowhere"
;!SERVFAIL _mta-sts.broken.test.
`;

const files = {
  z: zone,
  good: policy('enforce', 'mx.example.com', '*.example.net'),
  short: policy('enforce', 'mx.example.com'),
};

/** Every line fits a terminal. */
function fits(text: string): void {
  for (const line of text.split('\n')) assert.ok(line.length <= 80, `${line.length}: ${line}`);
}

async function json(line: string, fake: FakeCli = {}): Promise<{ code: number; document: Record<string, unknown> }> {
  const { code, out, err } = await cli(`${line} --json`, { files, ...fake });
  assert.equal(err, '');
  return { code, document: JSON.parse(out) };
}

// ---- mta-sts ----

test('mta-sts show: record, policy, hosts and reports of a domain', async () => {
  const { code, document } = await json('mta-sts show example.com --zone z --policy good');
  assert.equal(code, 0);
  assert.deepEqual(document, {
    domain: 'example.com',
    applies: 'enforce',
    record: { name: '_mta-sts.example.com', state: 'found', id: '20261122' },
    policy: {
      url: 'https://mta-sts.example.com/.well-known/mta-sts.txt',
      state: 'found',
      mode: 'enforce',
      mx: ['mx.example.com', '*.example.net'],
      max_age: 604_800,
      lines: ['version: STSv1', 'mode: enforce', 'mx: mx.example.com', 'mx: *.example.net', 'max_age: 604800'],
    },
    mx: [
      { host: 'mx.example.com', preference: 10, named: true },
      { host: 'backup.example.net', preference: 20, named: true },
    ],
    tls_reports: { name: '_smtp._tls.example.com', state: 'found', rua: ['mailto:tls@example.com'] },
    problems: [],
  });
  const { out } = await cli('mta-sts show example.com --zone z --policy good', { files, columns: 80 });
  fits(out);
  assert.match(out, /mode enforce, for 7 days/);
});

test('mta-sts show: a host the policy forgets, and other mistakes, with what to do', async () => {
  const forgotten = await json('mta-sts show example.com --zone z --policy short');
  assert.equal(forgotten.code, 1);
  assert.match(
    JSON.stringify(forgotten.document.problems),
    /does not name backup\.example\.net, so senders that ask do not deliver/,
  );
  const { code, out } = await cli('mta-sts show example.com --zone z --policy short', { files, columns: 80 });
  assert.equal(code, 1);
  fits(out);
  assert.match(out, /backup\.example\.net {3}NOT named/);
  const bad = await json('mta-sts show bad.test --zone z --policy good');
  assert.partialDeepStrictEqual(bad, {
    code: 1,
    document: { applies: 'none', record: { state: 'invalid' }, tls_reports: { state: 'invalid' } },
  });
  assert.partialDeepStrictEqual(await json('mta-sts show broken.test --zone z'), {
    code: 1,
    document: { applies: 'unknown', record: { state: 'failed' } },
  });
  const html = await json('mta-sts show example.com --zone z --policy html', { files: { ...files, html: '<html>' } });
  assert.partialDeepStrictEqual(html, { code: 1, document: { applies: 'none', policy: { state: 'invalid' } } });
});

test('mta-sts show: with --zone nothing is fetched; without, the policy is', async () => {
  assert.partialDeepStrictEqual(await json('mta-sts show example.com --zone z'), {
    code: 0,
    document: { applies: 'unknown', policy: { state: 'unknown' } },
  });
  const fetched: string[] = [];
  const world: FakeCli = {
    resolver: async () => resolverFromZone(zone),
    policyFiles: async () => async (domain) => {
      fetched.push(domain);
      return { ok: false, code: 'certificate', say: 'the certificate is not valid' };
    },
  };
  const { code, document } = await json('mta-sts show example.com', world);
  assert.partialDeepStrictEqual(
    { code, document },
    { code: 1, document: { applies: 'none', policy: { state: 'certificate' } } },
  );
  assert.deepEqual(fetched, ['example.com']);
  assert.equal((await cli('mta-sts show not_a..name --zone z', { files })).code, 65);
});

// ---- dane ----

const root = await makeCertificate({ name: 'Root', isAuthority: true });
const server = await makeCertificate({ name: 'x', issuer: root, names: ['mx.example.com'] });
const other = await makeCertificate({ name: 'y', issuer: root, names: ['mx.example.com'] });
const daneFiles = {
  z: `mx.example.com. A 192.0.2.1
_25._tcp.mx.example.com. TLSA ${tlsaText(tlsaOf(server, 3, 1, 1))}
_25._tcp.mx.example.com. TLSA ${tlsaText({ ...tlsaOf(server, 3, 1, 1), usage: 1 })}
_2525._tcp.mx.example.com. TLSA ${tlsaText(tlsaOf(root, 2, 0, 1))}
only.test. A 192.0.2.2
_25._tcp.only.test. TLSA ${tlsaText({ ...tlsaOf(server, 3, 1, 1), usage: 0 })}
none.test. A 192.0.2.3
;!SERVFAIL _25._tcp.fails.test.
fails.test. A 192.0.2.4
`,
  'server.pem': identityOf(server, root).certificatePem,
  'other.pem': identityOf(other, root).certificatePem,
};

test('dane check: the records of a host, held against a certificate', async () => {
  const right = await json('dane check mx.example.com --zone z --certificate server.pem', { files: daneFiles });
  assert.partialDeepStrictEqual(right, {
    code: 0,
    document: {
      host: 'mx.example.com',
      port: 25,
      dnssec: 'assumed',
      state: 'dane',
      base: 'mx.example.com',
      certificate: { state: 'right', certificates: 2 },
    },
  });
  const records = right.document.records as readonly {
    readonly usage: number;
    readonly usable: boolean;
    readonly objection?: string;
  }[];
  assert.deepEqual(
    records.map(({ usage, usable }) => [usage, usable]),
    [
      [3, true],
      [1, false],
    ],
  );
  const wrong = await json('dane check mx.example.com --zone z --certificate other.pem', { files: daneFiles });
  assert.partialDeepStrictEqual(wrong, { code: 1, document: { state: 'dane', certificate: { state: 'wrong' } } });
  const authority = await json('dane check mx.example.com --port 2525 --zone z --certificate other.pem', {
    files: daneFiles,
  });
  assert.partialDeepStrictEqual(authority, { code: 0, document: { certificate: { state: 'right' } } });
  const late = await json(
    'dane check mx.example.com --port 2525 --zone z --certificate other.pem --clock 2040-01-01T00:00:00Z',
    { files: daneFiles },
  );
  assert.partialDeepStrictEqual(late, { code: 1, document: { certificate: { state: 'wrong' } } });
  const { out } = await cli('dane check mx.example.com --zone z --certificate other.pem', {
    files: daneFiles,
    columns: 80,
  });
  fits(out);
  assert.match(out, /senders with DANE do not deliver to it/);
});

test('dane check: unusable, none, and a lookup that fails', async () => {
  for (const [host, state] of [
    ['only.test', 'unusable'],
    ['none.test', 'none'],
    ['fails.test', 'failed'],
  ] as const) {
    assert.partialDeepStrictEqual(await json(`dane check ${host} --zone z`, { files: daneFiles }), {
      code: 1,
      document: { state },
    });
    fits((await cli(`dane check ${host} --zone z`, { files: daneFiles, columns: 80 })).out);
  }
});

test('dane check: a resolver that proves nothing protects nothing; the host is asked under the name of its records', async () => {
  const asked: unknown[] = [];
  const plain = resolverFromZone(daneFiles.z);
  const world = (secure: boolean): FakeCli => ({
    resolver: async () => ({
      lookup: async (name, type) => {
        const answer = await plain.lookup(name, type);
        return answer.kind === 'failed' ? answer : { ...answer, secure };
      },
    }),
    shownTls: async ({ serverName, port }) => {
      asked.push([serverName, port]);
      return { kind: 'seen', from: '192.0.2.1', chain: [server.der] };
    },
  });
  assert.partialDeepStrictEqual(await json('dane check mx.example.com', world(false)), {
    code: 1,
    document: { state: 'none' },
  });
  assert.partialDeepStrictEqual(await json('dane check mx.example.com', world(true)), {
    code: 0,
    document: { state: 'dane', certificate: { state: 'right' } },
  });
  const silent: FakeCli = { ...world(true), shownTls: async () => ({ kind: 'failed', why: 'nobody answers' }) };
  assert.partialDeepStrictEqual(await json('dane check mx.example.com', silent), {
    code: 1,
    document: { certificate: { state: 'unknown', why: 'nobody answers' } },
  });
  const mxUnsigned = world(true);
  const { resolver } = mxUnsigned;
  const unsigned = await json('dane check mx.example.com --domain example.com', {
    ...mxUnsigned,
    resolver: async (servers) => {
      const all = await resolver?.(servers);
      assert.ok(all);
      return {
        lookup: async (name, type) => {
          const answer = await all.lookup(name, type);
          return answer.kind === 'failed' || type !== 'MX' ? answer : { ...answer, secure: false };
        },
      };
    },
  });
  assert.partialDeepStrictEqual(unsigned, {
    code: 1,
    document: { state: 'none', why: 'the MX of example.com is not signed' },
  });
  const unseen = await cli('dane check mx.example.com --zone z', { files: daneFiles, columns: 80 });
  assert.equal(unseen.code, 0);
  assert.doesNotMatch(unseen.out, /protected/);
  assert.deepEqual(asked, [['mx.example.com', 25]], 'and only when there is a record to hold it against');
});

test('what cannot be read is named', async () => {
  const files = { ...daneFiles, key: 'PRIVATE', wrong: utf8('x') };
  for (const line of [
    'dane check 192.0.2.1 --zone z',
    'dane check mx.example.com --zone z --port 0',
    'dane check mx.example.com --zone z --certificate key',
    'dane check mx.example.com --zone z --domain a..b',
  ])
    assert.equal((await cli(line, { files })).code, 65, line);
});
