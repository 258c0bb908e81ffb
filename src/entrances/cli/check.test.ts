import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, type FakeCli } from '../../../test/support/fake-cli.ts';
import { perfectSenders, perfectZone } from '../../../test/support/perfect-zone.ts';
import { storyStates } from '../../../test/support/story-zones.ts';
import { systemClock } from '../../base/clock.ts';
import { resolverFromZone } from '../../protocol/dns/zone-resolver.ts';
import type { CliHost } from './cli-host.ts';

const [first, , , foreign] = storyStates.map(({ zone }) => zone);
const files = { 'a.zone': first ?? '', 'd.zone': foreign ?? '', 'perfect.zone': perfectZone };
const here: FakeCli = { files };

/** Name servers that say nothing. */
const mute: NonNullable<FakeCli['doctorEyes']> = async () => ({
  resolver: { lookup: async () => ({ kind: 'failed', why: 'timeout' }) },
  isPublicResolver: false,
  probes: {},
});

test('a page of 80 columns: the score and the three worst things with their fix come first', async () => {
  const { code, out, err } = await cli('check example.com --sender sendgrid --zone d.zone', here);
  assert.equal(code, 1);
  assert.equal(err, '');
  const lines = out.split('\n');
  assert.match(lines[0] ?? '', /^example\.com: 4\.4 out of 10 {2}lucky if it reaches an inbox$/);
  const order = ['Mend these 3 first', '1. ', '   Seen', '   Why', '   Fix', '2. ', '3. ', 'Not known', 'Fine'];
  const places = order.map((start) => lines.findIndex((line) => line.startsWith(start)));
  assert.deepEqual(
    places.toSorted((a, b) => a - b),
    places,
    out,
  );
  assert.ok(places.every((place) => place > 0));
  const wide = lines.filter((line) => line.length > 80 && !/^ +\S+$/.test(line));
  assert.deepEqual(wide, []);
  assert.match(out, /ALN-02 .*5\.6 points back/);
  assert.ok(!out.includes('\u001b'));
});

test('the way to 10 names what shows only once others are mended', async () => {
  const { out } = await cli('check example.com --zone a.zone', here);
  assert.match(
    out,
    /\nThe way to 10\n {2}1\. 2\.0 -> 5\.6 {3}ALN-01 {2}.*\n {2}2\. 5\.6 -> 8\.0 {3}SPF-01 {2}Publish TXT example\.com\n {2}3\. 8\.0 -> 10\.0 {2}DMA-01 {2}Publish TXT _dmarc\.example\.com\n\n/,
  );
  const [sender] = JSON.parse((await cli('check example.com --zone a.zone --json', here)).out).senders;
  assert.deepEqual(
    sender.way.map(({ check, to }: { check: string; to: number }) => [check, to]),
    [
      ['ALN-01', 5.6],
      ['SPF-01', 8],
      ['DMA-01', 10],
    ],
  );
});

test('--json is one document with every check; exit 0 when nothing is to be mended', async () => {
  const senders = perfectSenders.flatMap((sender) => ['--sender', sender]);
  const words = ['check', 'example.com', ...senders, '--zone', 'perfect.zone', '--json', '--clock', '2026-11-22'];
  const { code, out } = await cli(words, here);
  const document = JSON.parse(out);
  assert.equal(code, 0);
  assert.partialDeepStrictEqual(document, { domain: 'example.com', checked_at: '2026-11-22T00:00:00.000Z', score: 10 });
  assert.ok(document.findings.length > 80);
  for (const finding of document.findings) {
    assert.match(finding.status, /^(pass|fail|unknown|skip)$/);
    assert.match(finding.severity, /^(critical|error|warn|advice)$/);
    for (const name of ['id', 'subject', 'title', 'meaning', 'why']) assert.ok(finding[name], `${finding.id} ${name}`);
    if (finding.status === 'fail') assert.ok(finding.fix, finding.id);
  }
});

test('where the DNS does not answer there is no score, and nothing is called perfect that is not', async () => {
  const silent = { files: { z: ';!TIMEOUT example.com.\n' } };
  const { code, out } = await cli('check example.com --zone z', silent);
  assert.equal(code, 1, 'something else is known to be wrong');
  assert.match(
    out,
    /^example\.com: the DNS did not answer, so there is no score\n\n/,
    'a zone file is all there is to ask',
  );
  const doctorEyes = mute;
  const nothing = await cli('check example.com --sender proton --resolver 192.0.2.53', { doctorEyes });
  assert.equal(nothing.code, 75, 'no success: another try may tell');
  assert.match(
    nothing.out,
    /so there is no score\n.*\n {2}posthorn check example\.com --sender proton --resolver 1\.1\.1\.1\n/,
  );
  assert.match(out, /\n {2}\d\d checks could not be made; --json says of each what it lacks\.\n/);
  assert.equal(JSON.parse((await cli('check example.com --zone z --json', silent)).out).score, null);
  assert.equal((await cli('check example.com --zone z --quiet', silent)).out, '-\n');
  const key = { files: { z: `${perfectZone}\nweak._domainkey.example.com. TXT "v=DKIM1; p=AAAA"\n` } };
  const damaged = await cli('check example.com --zone z --selector weak', key);
  assert.equal(damaged.code, 1);
  assert.match(damaged.out, /^example\.com: 10\.0 out of 10 {2}no points lost/);
});

test('the commands at the end repeat what was looked at', async () => {
  const { out } = await cli(['check', 'example.com', '--ip', '192.0.2.9', '--zone', 'my zone'], {
    files: { 'my zone': first ?? '' },
  });
  assert.match(out, /check example\.com --ip 192\.0\.2\.9 --zone 'my zone' --notation zone\n/);
});

test('--save keeps what was seen, and --replay tells the same', async () => {
  const kept: Record<string, string> = {};
  const writeNew = async (path: string, text: string) => {
    if (path in kept) return false;
    kept[path] = text;
    return true;
  };
  const seen = await cli('check example.com --zone a.zone --save look.json', { ...here, writeNew });
  const again = await cli('check --replay look.json', { files: kept });
  const options = / --(?:zone a\.zone|replay look\.json)/g; // the commands to type next name what was looked at
  assert.match(again.out, options);
  assert.deepEqual([again.code, again.out.replace(options, '')], [seen.code, seen.out.replace(options, '')]);
  const twice = await cli('check example.com --zone a.zone --save look.json', { ...here, writeNew });
  assert.equal(twice.code, 65);
  assert.match(
    twice.err,
    /there already[\s\S]*next: posthorn check example\.com --save example\.com-\S+ --zone a\.zone\n/,
  );
  const other = await cli('check example.net --replay look.json', { files: kept });
  assert.match(other.err, /a look at example\.com, not at example\.net/);
  const broken = await cli('check --replay look.json', { files: { 'look.json': '{' } });
  assert.deepEqual([broken.code, /cannot be used: it is no JSON/.test(broken.err)], [65, true]);
});

test('the records that mend it, in the notations of a plan', async () => {
  const zone = await cli('check example.com --zone a.zone --notation zone', here);
  assert.match(zone.out, /^example\.com\. 3600 IN TXT "v=spf1 include:_spf\.protonmail\.ch ~all"$/m);
  const list = JSON.parse((await cli('check example.com --zone a.zone --notation json', here)).out);
  assert.partialDeepStrictEqual(list[0], { action: 'set', record: { name: 'example.com', type: 'TXT' } });
  assert.match((await cli('check example.com --zone a.zone --notation dnscontrol', here)).out, /D_EXTEND/);
  assert.match((await cli('check example.com --zone a.zone --notation terraform', here)).out, /cloudflare_dns_record/);
  assert.match((await cli('check example.com --zone a.zone --notation bind', here)).err, /next: --notation zone/);
});

test('what is no record is a comment of each notation', async () => {
  const look = 'check example.com --sender sendgrid --zone d.zone --notation';
  for (const [notation, mark] of [
    ['zone', ';'],
    ['terraform', '#'],
    ['dnscontrol', '//'],
  ] as const) {
    const { out } = await cli(`${look} ${notation}`, here);
    const [, told = ''] = out.split(`${mark} To be done besides:\n`);
    assert.match(told, /ALN-02, [\s\S]* 1\. In SendGrid open Settings/, out);
    assert.match(told, /\+ s1\._domainkey\.example\.com CNAME s1\.domainkey\.u<id>/);
    for (const line of told.split('\n')) {
      assert.ok(line === '' || line.startsWith(mark), line);
      assert.ok(line.length <= 80 || line.includes(' + '), line);
    }
  }
  const list: readonly { action: string; checks?: string[]; steps?: string[] }[] = JSON.parse(
    (await cli(`${look} json`, here)).out,
  );
  const tasks = list.filter(({ action }) => action === 'do');
  assert.equal(tasks.filter(({ steps }) => /^In SendGrid open/.test(steps?.[0] ?? '')).length, 1, 'told once');
  assert.match(tasks.find(({ checks }) => checks?.includes('ALN-02'))?.steps?.[0] ?? '', /^In SendGrid open/);
  const read = await cli('check example.com --zone fix.zone', {
    files: { 'fix.zone': (await cli(`${look} zone`, here)).out },
  });
  assert.match(read.out, /^example\.com: /, 'it can be read as a zone');
});

test('what people paste instead of a domain is understood, or refused with the nearest right command', async () => {
  const cases: readonly (readonly [words: string, say: RegExp])[] = [
    ['ann@example.com', /the domain is example\.com[\s\S]*next: posthorn check example\.com/],
    ['https://www.example.com/x?y', /the domain is example\.com[\s\S]*next: posthorn check example\.com/],
    ['com', /single label/],
    ['192.0.2.1', /IP address[\s\S]*next: posthorn blocklists 192\.0\.2\.1 /],
    ['[2001:db8::1]', /IP address[\s\S]*next: posthorn blocklists 2001:db8::1 /],
    ['<ann@shop.example>', /the domain is shop\.example[\s\S]*next: posthorn check shop\.example /],
    ['*.example.com', /check the domain itself: example\.com/],
    ['example..com', /no domain name/],
    ['example.com --sender sendgird', /sendgrid[\s\S]*next: posthorn senders list/],
    ['example.com --selector a..b', /no selector/],
    ['example.com --ip 192.0.2.300', /no IP address/],
    ['example.com --timeout soon', /no duration/],
  ];
  for (const [words, say] of cases) {
    const { code, err } = await cli(`check ${words} --zone a.zone`, here);
    assert.equal(code, 65, words);
    assert.match(err, say);
  }
  assert.equal((await cli('check', here)).code, 64);
  for (const name of ['EXAMPLE.com.', 'example.com'])
    assert.match((await cli(`check ${name} --zone a.zone`, here)).out, /^example\.com: 2\.0/);
  const gone = await cli('check bücher.example --zone a.zone', here);
  assert.deepEqual([gone.code, /^xn--bcher-kva\.example does not exist/.test(gone.out)], [1, true]);
});

test('a zone that was made to fill the screen fills some of it', async () => {
  const long = Array.from({ length: 250 }, () => `"${'A'.repeat(250)}"`).join(' ');
  const hosts = Array.from({ length: 1_500 }, (_, n) => `example.com. MX ${n} m${n}.example.com.\n`).join('');
  const zone = `${hosts}example.com. TXT "v=spf1 " ${long}\n_mta-sts.example.com. TXT "v=STSv1; id=" ${long}\n`;
  const { out, code } = await cli('check example.com --zone z --sender google-workspace', { files: { z: zone } });
  assert.equal(code, 1);
  assert.ok(out.length < 100_000, String(out.length));
  assert.match(out, /… and \d+ characters more \(--json has them\)/);
  assert.match(out, /"mx: HOST" for each of the 1500 mail hosts/);
});

test('many domains: a line each in their order, mistakes among them, and how far it is on stderr', async () => {
  const list = '# ours\nexample.com\n\nann@example.com\nnobody.test\n';
  const many = { files: { ...files, 'list.txt': list } };
  const { code, out, err } = await cli('check --file list.txt --zone a.zone --jsonl', many);
  const rows = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    rows.map(({ domain, score }) => [domain, score]),
    [
      ['example.com', 2],
      ['ann@example.com', undefined],
      ['nobody.test', null],
    ],
  );
  assert.match(rows[1].error, /the domain is example\.com/);
  assert.equal(code, 65);
  assert.match(err, /3 of 3 domains, \d+\/s/);
  const read = await cli('check --file - --zone a.zone', { ...here, input: 'example.com\n' });
  assert.match(read.out, /^ 2\.0 {2}example\.com {2}SPF-01 DKM-01 DMA-01 ALN-01\n$/);
  const bar = await cli('check --file list.txt --zone a.zone', { ...many, errIsTerminal: true });
  assert.match(bar.err, /\r\[#{30}\] 3 of 3 domains/);
  const unanswered = await cli('check --file -', { doctorEyes: mute, input: 'example.com\n' });
  assert.deepEqual([unanswered.code, unanswered.out], [75, '   -  example.com  not known: the DNS did not answer\n']);
});

test('a list without a domain is refused, a file like the standard input', async () => {
  const empty = { files: { ...files, empty: '#\n' }, input: '\n# none\n' };
  for (const [path, says] of [
    ['empty', 'empty names no domain'],
    ['-', 'The standard input names no domain'],
  ]) {
    const refused = await cli(`check --file ${path} --zone a.zone --json`, empty);
    assert.equal(refused.code, 65);
    const { error } = JSON.parse(refused.out);
    assert.deepEqual([error.code, error.say], ['no_domains', `${says}: one a line is wanted.`]);
  }
  const gone = { ...here, input: '', signal: AbortSignal.abort() };
  assert.equal((await cli('check --file - --zone a.zone', gone)).code, 0, 'nobody waits for an answer');
});

test('watch --findings tells what has changed, and nothing else', async () => {
  const looks = [
    perfectZone,
    perfectZone.replace('p=reject; sp', 'p=wrong; sp'),
    `${perfectZone};!SERVFAIL _dmarc.example.com.\n`,
    perfectZone,
  ];
  const over = new AbortController();
  let at = -1;
  const doctorEyes: NonNullable<FakeCli['doctorEyes']> = async () => {
    at++;
    if (at === looks.length - 1) over.abort();
    return { resolver: resolverFromZone(looks[at] ?? ''), isPublicResolver: false, probes: {} };
  };
  const signal = over.signal;
  const timers = { ...systemClock, sleep: async () => {} };
  const { out } = await cli('watch example.com --findings --jsonl', { doctorEyes, timers, signal });
  const rows = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(rows.length, 2, out);
  assert.deepEqual(rows[1].mended, []);
  assert.ok(
    rows[1].failing.some(({ id }: { id: string }) => id === 'DMA-05'),
    out,
  );
});

test('watch --findings --once: what is to be mended, and the command that tells more of it', async () => {
  const { code, out } = await cli('watch example.com --findings --once --zone a.zone', here);
  assert.equal(code, 1);
  assert.equal(
    out,
    'example.com: 2.0 out of 10, to mend: SPF-01 DKM-01 DMA-01 ALN-01\n  more: posthorn check example.com --zone a.zone\n',
  );
});

test('a fix is told once, and what only the service can fill in is published by nobody', async () => {
  const zone = 'example.com. MX 10 mx.example.com.\nmx.example.com. A 192.0.2.1\n';
  const files = { 'a.zone': zone };
  const { out } = await cli('check example.com --zone a.zone --sender sendgrid', { files });
  assert.equal(out.match(/\+ s1\._domainkey\.example\.com CNAME/g)?.length, 1, out);
  assert.match(out, /the one of ALN-01 above/);
  const notation = await cli('check example.com --zone a.zone --sender sendgrid --notation zone', { files });
  assert.match(notation.out, /_dmarc\.example\.com/);
  const published = notation.out.split('\n').filter((line) => !line.startsWith(';'));
  assert.doesNotMatch(published.join('\n'), /[<>]/);
});

test('--registration asks the registry of one domain, over the network; a registry that does not say is no fault', async () => {
  for (const line of ['--file list.txt', '--replay look.json', '--zone a.zone']) {
    const { code, err } = await cli(
      `check ${line === '--zone a.zone' ? 'example.com ' : ''}${line} --registration`,
      here,
    );
    assert.equal(code, 64, line);
    assert.match(err, /give one of them[\s\S]*next: posthorn check example\.com --registration/);
  }
  const wishes: unknown[] = [];
  const doctorEyes: CliHost['doctorEyes'] = async ({ registration }) => {
    wishes.push(registration);
    const asker = {
      registration: async () => ({ kind: 'unknown', why: 'rdap.test answered with status 503' }) as const,
    };
    return { resolver: resolverFromZone(''), isPublicResolver: false, probes: registration ? asker : {} };
  };
  const of = async (option: string) => {
    const { out } = await cli(`check example.com ${option} --json`, { doctorEyes });
    const { findings } = JSON.parse(out) as { findings: { id: string; status: string; meaning: string }[] };
    return findings.find(({ id }) => id === 'DNS-10');
  };
  assert.equal((await of(''))?.status, 'skip');
  const asked = await of('--registration');
  assert.equal(asked?.status, 'unknown');
  assert.match(asked?.meaning ?? '', /could not be found out: rdap\.test answered with status 503\./);
  assert.deepEqual(wishes, [false, true]);
});
