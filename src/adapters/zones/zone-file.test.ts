import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import {
  changeOf,
  contractNameServers,
  contractZone,
  domain,
  set,
  zoneEditorContract,
} from '../../../test/contracts/zone-editor.ts';
import { recordsOfSet } from '../../format/record-set.ts';
import { recordText } from '../../format/zone-file.ts';
import type { RecordSet } from '../../services/setup/types.ts';
import { zoneFileEditor } from './zone-file.ts';

function makeFile(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-zone-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'zone');
  writeFileSync(path, text, 'latin1');
  return path;
}

const foreignLines = [
  '; kept by hand: gr\xfc\xdfe',
  `ssh.${contractZone}. 300 IN SSHFP 4 2 ${'ab'.repeat(32)} ; a key`,
  `ssh.${contractZone}. 300 IN LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m`,
  `odd.${contractZone}. 300 IN TYPE65280 \\# 2 0001`,
];

function linesOf(one: RecordSet): readonly string[] {
  return (recordsOfSet(one) ?? []).map(recordText);
}

zoneEditorContract({
  open: async (t, sets) => {
    const apex = [
      `$TTL 3600`,
      `${contractZone}. IN SOA ns1.host.example. h.host.example. ( 7 ; serial`,
      '  3600 600 86400 300 )',
      ...contractNameServers.map((host) => `\tIN NS ${host}.`),
    ];
    const path = makeFile(t, [...apex, ...foreignLines, ...sets.flatMap(linesOf), ''].join('\n'));
    return {
      editor: zoneFileEditor({ path }),
      meddle: async (one) => {
        const heads = [`${one.name}. ${one.ttl} IN ${one.type} `];
        const kept = readFileSync(path, 'latin1')
          .split('\n')
          .filter((line) => line !== '' && !heads.some((head) => line.startsWith(head)));
        writeFileSync(path, [...kept, ...linesOf(one), ''].join('\n'), 'latin1');
      },
      foreign: async () => {
        const text = readFileSync(path, 'latin1').replace(/\( \d+ ;/, '( ;');
        return [...apex, ...foreignLines].map((line) => text.includes(line.replace(/\( \d+ ;/, '( ;')));
      },
    };
  },
});

async function rewritten(t: TestContext, before: string, ...pairs: Parameters<typeof changeOf>[]): Promise<string> {
  const path = makeFile(t, before);
  const result = await zoneFileEditor({ path }).apply(
    domain('a.example'),
    pairs.map(([from, to]) => changeOf(from, to)),
  );
  assert.deepEqual(result, { ok: true, done: pairs.length });
  return readFileSync(path, 'latin1');
}

test('comments, order and blank lines stay; what is replaced stays in its place with its comment', async (t) => {
  const before = [
    '; our zone \xe9',
    '$ORIGIN a.example.',
    '$TTL 1h',
    '@   IN SOA ns hostmaster 2026112201 1d 2h 4w 1h ; touch the serial',
    '    IN NS  ns',
    '',
    '@   IN TXT "v=spf1 a ; b -all" ; the senders',
    '    IN TXT (',
    '      "two " ; first',
    '      "strings"',
    '    )',
    'ns  IN A   192.0.2.1',
    '',
    '',
  ].join('\n');
  const texts = set('a.example', 'TXT', ['v=spf1 a ; b -all', 'two strings']);
  const after = await rewritten(
    t,
    before,
    [texts, { ...texts, values: ['v=spf1 -all', 'two strings'] }],
    [undefined, set('_dmarc.a.example', 'TXT', ['v=DMARC1; p=none'])],
  );
  const expected = before
    .replace('2026112201', '2026112202')
    .replace('@   IN TXT "v=spf1 a ; b -all"', 'a.example. 3600 IN TXT "v=spf1 -all"')
    .replace('192.0.2.1\n', '192.0.2.1\n_dmarc.a.example. 3600 IN TXT "v=DMARC1; p=none"\n');
  assert.equal(after, expected);
});

test('a line that took its name or its TTL from one that goes gets its own', async (t) => {
  const before =
    'a.example. 300 IN TXT "old"\n\tIN MX 10 mx.a.example. ; theirs\n  IN LOC 1 N 1 E 0m\nb.a.example. IN A 192.0.2.1\n';
  const after = await rewritten(t, before, [set('a.example', 'TXT', ['old'], 300), undefined]);
  assert.equal(
    after,
    'a.example. 300 IN MX 10 mx.a.example. ; theirs\n  IN LOC 1 N 1 E 0m\nb.a.example. IN A 192.0.2.1\n',
  );
});

test('a new TTL is written into the line, and lines behind it keep theirs', async (t) => {
  const before = 'a.example. 300 IN TXT "x" ; c\r\n  TXT "y"\r\nb.a.example. A 192.0.2.1';
  const texts = set('a.example', 'TXT', ['x', 'y'], 300);
  const after = await rewritten(
    t,
    before,
    [texts, { ...texts, ttl: 60 }],
    [undefined, set('c.a.example', 'A', ['192.0.2.2'], 5)],
  );
  assert.equal(
    after,
    'a.example. 60 IN TXT "x" ; c\r\na.example. 60 IN TXT "y"\r\nb.a.example. 300 IN A 192.0.2.1\r\nc.a.example. 5 IN A 192.0.2.2\r\n',
  );
});

test('a file of several zones: each change lands in its own, the serial of the others stays', async (t) => {
  const soa = (name: string) => `${name}. 60 IN SOA n.example. h.example. 1 1 1 1 1\n`;
  const before = `${soa('a.example')}${soa('b.a.example')}x.b.a.example. 60 IN A 192.0.2.1\n`;
  const path = makeFile(t, before);
  const editor = zoneFileEditor({ path });
  const read = await editor.read(domain('x.b.a.example'));
  assert.ok(read.ok && read.value.zone === 'b.a.example' && read.value.sets.length === 1);
  const above = await editor.read(domain('y.a.example'));
  assert.ok(above.ok && above.value.zone === 'a.example' && above.value.sets.length === 0);
  const stray = changeOf(undefined, set('y.a.example', 'A', ['192.0.2.9'], 60));
  assert.deepEqual(await editor.apply(domain('a.example'), [stray]), { ok: true, done: 1 });
  assert.equal(readFileSync(path, 'latin1'), before.replace(' 1 1', ' 2 1').concat('y.a.example. 60 IN A 192.0.2.9\n'));
});

test('RFC 1034 §3.6.2: no alias is written beside anything else, be it the SOA or a record that nobody here can read', async (t) => {
  const apex = ['a.example. IN SOA ns1 h 7 3600 600 86400 300', 'a.example. IN NS ns1.host.example.'];
  const sshfp = `ssh.a.example. 300 IN SSHFP 4 2 ${'ab'.repeat(32)}`;
  const text = ['$TTL 3600', ...apex, sshfp, 'www.a.example. IN CNAME b.example.', ''].join('\n');
  for (const [name, type, value] of [
    ['a.example', 'CNAME', 'b.example'],
    ['ssh.a.example', 'CNAME', 'b.example'],
    ['www.a.example', 'TXT', 'text'],
  ] as const) {
    const path = makeFile(t, text);
    const made = await zoneFileEditor({ path }).apply(domain('a.example'), [
      { name, type, after: set(name, type, [value]) },
    ]);
    assert.partialDeepStrictEqual(made, { ok: false, code: 'not-supported', done: 0 });
    assert.equal(readFileSync(path, 'latin1'), text);
  }
});

test('a byte order mark stays, and names no record', async (t) => {
  const before = '\xef\xbb\xbfa.example. 60 IN A 192.0.2.1\n';
  const after = await rewritten(t, before, [undefined, set('a.example', 'TXT', ['x'], 60)]);
  assert.equal(after, `${before}a.example. 60 IN TXT "x"\n`);
});

test('through a link the file it leads to is changed, and the link stays', async (t) => {
  const path = makeFile(t, 'a.example. 60 IN A 192.0.2.1\n');
  const link = `${path}.link`;
  symlinkSync('zone', link);
  const added = changeOf(undefined, set('a.example', 'TXT', ['x'], 60));
  assert.ok((await zoneFileEditor({ path: link }).apply(domain('a.example'), [added])).ok);
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.match(readFileSync(path, 'latin1'), /TXT "x"/);
});

test('a file that is no zone text is refused with its line, and its mode survives a change', async (t) => {
  const path = makeFile(t, 'a.example. 60 IN A 192.0.2.1\na.example. 60 IN A nonsense\n');
  const editor = zoneFileEditor({ path });
  const read = await editor.read(domain('a.example'));
  assert.ok(!read.ok && read.code === 'refused' && read.say.includes('line 2'));
  writeFileSync(path, 'a.example. 60 IN A 192.0.2.1\n');
  chmodSync(path, 0o640);
  await editor.apply(domain('a.example'), [changeOf(undefined, set('a.example', 'TXT', ['x']))]);
  assert.equal(statSync(path).mode & 0o777, 0o640);
  assert.deepEqual(readdirSync(join(path, '..')), ['zone']);
  assert.partialDeepStrictEqual(await zoneFileEditor({ path: `${path}.none` }).read(domain('a.example')), {
    ok: false,
    code: 'no-such-zone',
  });
});
