import assert from 'node:assert/strict';
import test from 'node:test';
import { cli } from '../../../test/support/fake-cli.ts';
import { accept } from '../../base/outcome.ts';
import type { AskWeb } from '../../base/port/web.ts';
import { resolverFromZone } from '../../protocol/dns/zone-resolver.ts';

const letter = [
  'From: Ann <ann@shop.example>',
  'To: bob@receiver.example',
  `Subject: \u001b[31mred ${'and a long way to go '.repeat(8)}`,
  'Date: Sun, 22 Nov 2026 09:59:59 +0000',
  'Message-ID: <1@shop.example>',
  '',
  'hello',
  '',
].join('\n');
const zone = [
  'shop.example. TXT "v=spf1 ip4:192.0.2.1 -all"',
  'mx.shop.example. A 192.0.2.1',
  '1.2.0.192.in-addr.arpa. PTR mx.shop.example.',
  '',
].join('\n');
const noted = `Authentication-Results: mx.receiver.example; dkim=pass header.d=esp.example; spf=pass smtp.mailfrom=b@esp.example; dmarc=fail (p=NONE) header.from=shop.example\n${letter}`;
const dmarc = '_dmarc.shop.example. TXT "v=DMARC1; p=none"\n';
const files = { 'm.eml': letter, 'noted.eml': noted, 'empty.eml': '', zone, 'more.zone': dmarc };
const told = '--ip 192.0.2.1 --helo mx.shop.example --mail-from ann@shop.example --zone zone --tls 1.3';

test('score: the number first, each lost point with its fix, within 80 columns, and nothing drives the terminal', async () => {
  const { code, out } = await cli(`score m.eml ${told}`, { files });
  assert.equal(code, 1);
  assert.match(out, /^5\.6 out of 10 {2}not bad, but some will refuse it\n/);
  assert.match(out, / -2\.4 {2}DKM-01 {2}Nobody signed it[\s\S]* -2\.0 {2}DMA-01 {2}shop\.example has no DMARC record/);
  assert.match(out, /\+ _dmarc\.shop\.example TXT "v=DMARC1; p=none"/);
  assert.match(out, /\nThe way to 10\n {2}1\. 5\.6 -> 8\.0 /);
  assert.match(out, /2\. 8\.0 -> 10\.0 {2}DMA-01 {2}Publish TXT _dmarc\.shop\.example\n/);
  assert.match(out, /\nFine\n {2}\+ SPF passes for shop\.example\.\n/);
  assert.doesNotMatch(out, /\u001b/);
  assert.deepEqual(
    out.split('\n').filter((line) => line.length > 80),
    [],
  );
});

test('score: points that show only once others are mended are told, with the way', async () => {
  const other = '--ip 198.51.100.9 --helo mx.other.example --mail-from ann@shop.example --zone zone --tls 1.3';
  const { out } = await cli(`score m.eml ${other}`, { files });
  const [, deductions = '', way = ''] =
    /Where the points went\n([\s\S]*?)\n\nThe way to 10\n([\s\S]*?)\n\n/.exec(out) ?? [];
  assert.doesNotMatch(deductions, /-\d\.\d {2}DMA-01/, 'nothing is aligned, and that costs more');
  assert.match(deductions, /\n {2}After that 2\.0 more points are open, which nothing shows now: DMA-01\.$/);
  assert.match(way, / DMA-01 {2}Publish TXT _dmarc\.shop\.example$/m);
  const { way: steps } = JSON.parse((await cli(`score m.eml ${other} --json`, { files })).out);
  assert.match(steps.find(({ check }: { check: string }) => check === 'DMA-01').say, /no DMARC record/);
  assert.doesNotMatch((await cli(`score m.eml ${told}`, { files })).out, /After that/);
});

test('score --json: one document whose deductions account for the score', async () => {
  const { code, out } = await cli(`score m.eml ${told} --zone more.zone --json`, { files });
  const one = JSON.parse(out);
  assert.deepEqual([code, one.score, one.band.name], [1, 7.2, 'fair']);
  assert.deepEqual(
    one.deductions.map(({ check, points }: { check: string; points: number }) => [check, points]),
    [
      ['DKM-01', 2.4],
      ['ALN-04', 0.4],
    ],
  );
  assert.deepEqual(
    one.receivers.map(({ receiver }: { receiver: string }) => receiver),
    ['Gmail', 'Yahoo', 'Microsoft'],
  );
  assert.equal(one.authentication.spf.result, 'pass');
  assert.ok(one.findings.some(({ id }: { id: string }) => id === 'ALN-11'));
  assert.ok(one.findings.some(({ id }: { id: string }) => id === 'BLK-01'));
});

test('score: by what the receiver noted where nobody says more; the value alone for scripts', async () => {
  const { code, out } = await cli('score noted.eml --zone zone', { files });
  assert.equal(code, 1);
  assert.match(out, /^4\.4 out of 10[\s\S]*by what mx\.receiver\.example noted in the header/);
  assert.equal((await cli('score - --zone zone --quiet', { files, input: noted })).out, '4.4\n');
  const bare = await cli('score m.eml --zone zone', { files });
  assert.match(bare.err, /nothing says who sent it, so SPF and the sending host are not judged/);
});

test('score: what is missing or wrong is said with the next step', async () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['score', 64, /score wants a message[\s\S]*next: posthorn score message\.eml/],
    ['score nowhere.eml --zone zone', 65, /no such file/],
    ['score empty.eml --zone zone', 65, /empty\.eml is empty/],
    ['score zone --zone zone', 65, /zone is no message[\s\S]*next: save it with its header/],
    ['score m.eml --ip nonsense --zone zone', 65, /nonsense is no IP address/],
    ['score m.eml --helo mx.shop.example --zone zone', 65, /does not say who sent it/],
    ['score m.eml --tls 7 --zone zone', 65, /--tls 7 is no version of TLS/],
  ];
  for (const [line, exit, says] of cases) {
    const { code, err } = await cli(line, { files });
    assert.equal(code, exit, line);
    assert.match(err, says);
  }
});

test('score: links are followed and a list is left only when somebody says so', async () => {
  const news = letter
    .replace(
      'Message-ID',
      'List-Unsubscribe: <https://shop.example/u/7>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\nMessage-ID',
    )
    .replace('hello', 'Our bread:\nhttps://shop.example/bread\n\nUnsubscribe:\nhttps://shop.example/u/7');
  const asked: string[] = [];
  const web: AskWeb = async (url, { method }) => {
    asked.push(`${method} ${url}`);
    return accept({ status: 404 });
  };
  const world = { files: { 'news.eml': news }, resolver: async () => resolverFromZone(zone), askWeb: async () => web };
  const line = `score news.eml ${told.replace(' --zone zone', '')} --json`;
  const of = async (options: string) => {
    const { out } = await cli(`${line} ${options}`, world);
    const { findings } = JSON.parse(out) as { findings: { id: string; status: string; meaning: string }[] };
    return (id: string) => findings.find((one) => one.id === id);
  };
  const quiet = await of('');
  assert.deepEqual([quiet('MSG-19')?.status, quiet('BLK-02')?.status, asked], ['unknown', 'skip', []]);
  const loud = await of('--follow-links --try-unsubscribe');
  assert.match(
    loud('MSG-19')?.meaning ?? '',
    /^1 link leads nowhere, https:\/\/shop\.example\/bread: there is nothing at the address \(404\)/,
  );
  assert.match(
    loud('BLK-02')?.meaning ?? '',
    /^One-click unsubscribe was not tried: no DKIM signature that holds covers both fields/,
  );
  assert.deepEqual(asked, ['HEAD https://shop.example/bread', 'GET https://shop.example/bread']);
});

test('score: with zone text nothing leaves the machine', async () => {
  for (const option of ['--follow-links', '--try-unsubscribe']) {
    const { code, err } = await cli(`score m.eml ${told} ${option}`, { files });
    assert.equal(code, 64);
    assert.match(err, new RegExp(`--zone nothing leaves this machine, and ${option} asks web sites[\\s\\S]*next: `));
    assert.equal((await cli(`--zone zone score m.eml ${option}`, { files })).code, 64);
  }
});
