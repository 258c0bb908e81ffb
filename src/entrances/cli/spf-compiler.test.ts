import assert from 'node:assert/strict';
import test from 'node:test';
import { cli } from '../../../test/support/fake-cli.ts';
import { makeCatalogue } from '../../services/setup/catalogue/catalogue.ts';

const zone = `
a.test. TXT "v=spf1 include:b.test include:d.test -all"
a.test. A 192.0.2.1
b.test. 300 TXT "v=spf1 ip4:198.51.100.0/25 ip4:198.51.100.128/25 -all"
c.test. TXT "v=spf1 ip4:203.0.113.0/24 ~all"
d.test. TXT "v=spf1 exists:%{i}.d.test -all"
e.test. TXT "v=spf1 ${Array.from({ length: 9 }, (_, at) => `include:e${at}.test`).join(' ')} -all"
${Array.from({ length: 9 }, (_, at) => `e${at}.test. TXT "v=spf1 ip4:10.0.${at}.0/24 -all"`).join('\n')}
`;
const catalogue = async () => makeCatalogue([]);
const files = { zone };
const run = (words: readonly string[], more: Record<string, string> = {}, input?: string) =>
  cli(['spf', ...words, '--zone', 'zone'], {
    files: { ...files, ...more },
    catalogue,
    ...(input !== undefined && { input }),
  });

test('spf merge: one record, whose each term is, what was left out and why', async () => {
  const words = [
    'merge',
    'v=spf1 include:b.test ip4:192.0.2.7 -all',
    'v=spf1 +INCLUDE:B.test include:c.test ip4:192.0.2.0/24 ~all',
  ];
  const { code, out } = await run(words);
  assert.equal(code, 0);
  assert.deepEqual(out.split('\n'), [
    'v=spf1 include:b.test include:c.test ip4:192.0.2.0/24 -all',
    '',
    '2 of 10 lookups, 0 of 2 void ones',
    '  include:b.test    record 1, 2  1 lookup',
    '  include:c.test    record 2  1 lookup',
    '  ip4:192.0.2.0/24  record 2, 1',
    '',
    'Left out',
    '  ip4:192.0.2.7: ip4:192.0.2.0/24 covers it',
    '',
  ]);
  const { record, lookups, void_lookups, terms, dropped, problems } = JSON.parse((await run([...words, '--json'])).out);
  assert.deepEqual([record, lookups, void_lookups, problems], [out.split('\n')[0], 2, 0, []]);
  assert.deepEqual(terms[0], { term: 'include:b.test', from: [1, 2], lookups: 1 });
  assert.deepEqual(dropped, [{ term: 'ip4:192.0.2.7', why: 'ip4:192.0.2.0/24 covers it' }]);
  assert.equal((await run([...words, '--quiet'])).out, `${record}\n`);
});

test('spf merge: records from the standard input, terms alone, a place for each mistake', async () => {
  const { code, out } = await run(
    ['merge', '-'],
    {},
    'v=spf1 a include:b.test inclde:c.test -all\r\n\r\ninclude:c.test\n',
  );
  assert.equal(code, 1);
  const lines = out.split('\n');
  assert.equal(lines[0], 'v=spf1 a include:b.test include:c.test -all');
  const at = lines.indexOf('           v=spf1 a include:b.test inclde:c.test -all');
  assert.equal(lines[at + 1], '                                   ^^^^^^^^^^^^^');
  assert.equal(lines[at + 2], '           perhaps include:c.test is meant');
  assert.match(out, /name it: --domain example\.com/);
  const { problems } = JSON.parse((await run(['merge', 'mx', 'v=spf1 foo -all', '--json'])).out);
  assert.deepEqual([problems[0].record, problems[0].at, problems[0].length], [2, 7, 3]);
});

test('spf merge: too much, with the ways out; on 80 columns', async () => {
  const words = ['merge', 'v=spf1 a include:e.test -all', 'include:b.test', '--domain', 'a.test'];
  const { code, out } = await cli(['spf', ...words, '--zone', 'zone'], { files, catalogue, columns: 80 });
  assert.equal(code, 1);
  assert.match(out, /^12 of 10 lookups/m);
  assert.match(out, /^ {2}1\. Write the addresses of include:e\.test into one record: 3 lookups\.$/m);
  const { remedies, fit } = JSON.parse((await run([...words, '--json'])).out);
  assert.deepEqual(
    [fit, remedies.length, remedies[0].kind, remedies[0].extra[0].name],
    [false, 1, 'flatten', '_spf1.a.test'],
  );
  const unnamed = await run(words.slice(0, 3));
  assert.match(unnamed.out, /name the domain with --domain/);
  for (const line of out.split('\n')) assert.ok(line.length <= 80 || /v=spf1/.test(line), line);
});

test('spf merge: what is no record is refused with the next command', async () => {
  for (const words of [
    ['merge', 'hello'],
    ['merge', '-'],
  ]) {
    const { code, out, err } = await run(words, {}, '\n');
    assert.deepEqual([code, out], [65, '']);
    assert.match(err, /\n {2}next: posthorn spf merge "v=spf1/);
  }
});

test('spf flatten: the records to publish, what stays, and the fingerprint to look with again', async () => {
  const clock = ['--clock', '2026-11-22T06:00:00Z'];
  const { code, out } = await run(['flatten', 'a.test', ...clock]);
  assert.equal(code, 0);
  assert.deepEqual(out.split('\n').slice(0, 9), [
    '; first: a link of the chain',
    '_spf1.a.test. TXT "v=spf1 ip4:198.51.100.0/24 -all"',
    '; then: the record that includes the chain',
    'a.test. TXT "v=spf1 include:_spf1.a.test include:d.test -all"',
    '',
    '3 of 10 lookups, 3 before',
    'include:d.test stays: exists:%{i}.d.test in the record of d.test asks anew for',
    '  each message',
    '',
  ]);
  assert.match(out, /^Look again by 2026-11-22 06:15 UTC/m);
  const saved = (await run(['flatten', 'a.test', '--json', ...clock])).out;
  const live = `${out
    .split('\n')
    .filter((line) => line.includes(' TXT '))
    .join('\n')}\n${zone.replace(/^a\.test.*$/gm, '')}`;
  const check = (more: string, ...words: readonly string[]) =>
    run(['flatten', 'a.test', '--check', 'spf.json', ...clock, ...words], { 'spf.json': saved, zone: more });
  const same = await check(live);
  assert.deepEqual([same.code, same.out], [0, 'Nothing has changed upstream.\nLook again by 2026-11-22 06:15 UTC.\n']);
  const changed = await check(live.replace(' ip4:198.51.100.128/25', ''));
  assert.equal(changed.code, 1);
  assert.match(
    changed.out,
    /- ip4:198\.51\.100\.128\/25 {2}stays for a day\n {2}look at this: 50 % of its IPv4 addresses are gone\n/,
  );
  assert.match(changed.out, /\n {2}posthorn spf flatten a\.test --check spf\.json --accept --zone zone\n$/);
  const document = JSON.parse((await check(live.replace(' ip4:198.51.100.128/25', ''), '--json')).out);
  assert.deepEqual(
    [document.changed, document.needs_consent, document.fingerprint],
    [true, true, JSON.parse(saved).fingerprint],
  );
  const agreed = JSON.parse((await check(live.replace(' ip4:198.51.100.128/25', ''), '--json', '--accept')).out);
  assert.deepEqual(agreed.fingerprint.leaving, [
    { networks: ['ip4:198.51.100.128/25'], until: '2026-11-23T06:00:00.000Z' },
  ]);
});

test('spf flatten: what cannot be done ends with the next command', async () => {
  for (const [words, next] of [
    [['flatten', 'nobody.test'], 'posthorn spf tree nobody.test --zone zone'],
    [['flatten', 'a.test', '--include', 'x.test'], 'posthorn spf tree a.test --zone zone'],
    [['flatten', 'a.test', '--accept'], 'posthorn spf flatten a.test --check spf.json --accept --zone zone'],
    [['flatten', 'a.test', '--check', 'bad.json'], 'posthorn spf flatten a.test --json --zone zone > bad.json'],
  ] as const) {
    const { code, err } = await run(words, { 'bad.json': '{}' });
    assert.equal(code, 65, err);
    assert.ok(err.endsWith(`next: ${next}\n`), err);
  }
});
