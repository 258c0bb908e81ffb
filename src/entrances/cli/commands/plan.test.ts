import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, type FakeCli } from '../../../../test/support/fake-cli.ts';
import { realCatalogue } from '../../../../test/support/planning.ts';
import { resolverFromZone } from '../../../protocol/dns/zone-resolver.ts';

const zone = 'example.com TXT "v=spf1 mx ~all"\n_spf.google.com TXT "v=spf1 ip4:203.0.113.0/24 ~all"\n';
const catalogue = async () => realCatalogue();

function plan(words: string, fake: FakeCli = {}) {
  return cli(`plan ${words}`, { catalogue, files: { 'a.zone': zone, ...fake.files }, columns: 80, ...fake });
}

const senders = '--sender google-workspace --sender own:192.0.2.10';

test('plan: a page of at most 80 columns, by what is to be done', async () => {
  const { code, out } = await plan(
    `example.com --zone a.zone ${senders} --sender sendgrid:id=12,server=wl34,label=em56`,
  );
  assert.equal(code, 0);
  const titles = ['Change', 'Add', 'Ask for elsewhere', 'Needed from you', 'Good to know', 'Steps for own'];
  const at = titles.map((title) => out.indexOf(`\n${title}\n`));
  assert.ok(
    at.every((place, index) => place > (at[index - 1] ?? 0)),
    out,
  );
  assert.match(out, /instead of {2}v=spf1 mx ~all/);
  assert.deepEqual(
    out.split('\n').filter((line) => line.length > 80),
    [],
  );
});

test('plan: what to type next works as it stands', async () => {
  const { out } = await plan(`example.com --zone a.zone ${senders} --dmarc none-np --format table --data there`);
  const [, next = ''] = /\n {2}next: (posthorn [\s\S]*?[^\\])\n/.exec(out) ?? [];
  const line = next.replaceAll(/ \\\n +/g, ' ');
  assert.equal(
    line,
    'posthorn publish example.com --sender google-workspace --sender own:192.0.2.10 --dmarc none-np --dry-run --data there --zone a.zone',
  );
  const open = await plan(`example.com --zone a.zone ${senders}`, {
    files: { 'a.zone': `${zone};!TIMEOUT _dmarc.example.com.\n` },
  });
  assert.match(open.out, /next: posthorn plan example\.com --sender google-workspace [\s\S]*--zone a\.zone\n/);
});

test('plan --json: one document of the promised shape; exit code 1 where somebody has to decide', async () => {
  const { code, out } = await plan(`example.com --zone a.zone --sender microsoft-365 --json`, {
    files: { 'a.zone': `${zone}example.com MX 1 mx.other.test.\n` },
  });
  assert.equal(code, 1);
  const document = JSON.parse(out);
  assert.deepEqual(Object.keys(document), ['domain', 'records', 'conflicts', 'notes', 'dropped', 'steps']);
  assert.equal(document.conflicts[0].code, 'second-inbound');
  const [record] = document.records;
  for (const member of ['name', 'type', 'value', 'ttl', 'state', 'needed', 'why', 'sender'])
    assert.ok(Object.hasOwn(record, member), member);
});

test('plan --file: the declaration stands in a file, options say more', async () => {
  const files = {
    'a.zone': zone,
    'd.toml': 'domain = "example.com"\nsenders = ["google-workspace"]\n[dmarc]\nrua = ["a@example.com"]\n',
    'd.json': '{"senders": [{"sender": "own", "ip4": "192.0.2.10"}]}',
  };
  const toml = await plan('example.com --zone a.zone --file d.toml --dmarc none-np --sender own:192.0.2.10 --json', {
    files,
  });
  const values = JSON.parse(toml.out).records.map(({ value }: { value: string }) => value);
  assert.ok(values.includes('v=DMARC1; p=none; np=reject; rua=mailto:a@example.com'), values.join('\n'));
  assert.ok(values.includes('v=spf1 mx include:_spf.google.com ip4:192.0.2.10 ~all'), values.join('\n'));
  assert.equal((await plan('example.com --zone a.zone --file d.json', { files })).code, 0);
  const wrong = await plan('other.example --zone a.zone --file d.toml', { files });
  assert.deepEqual([wrong.code, /about example\.com, not about other\.example/.test(wrong.err)], [65, true]);
  const torn = await plan('example.com --zone a.zone --file a.zone', { files });
  assert.equal(torn.code, 65);
});

test('plan --format: notations alone on stdout; an observation that is planned with again asks nobody', async () => {
  const text = await plan(`example.com --zone a.zone ${senders} --format zone`);
  assert.match(text.out, /^example\.com\. 3600 IN TXT "v=spf1 mx include:_spf\.google\.com ip4:192\.0\.2\.10 ~all"$/m);
  const observed = (await plan(`example.com --zone a.zone ${senders} --format observed`)).out;
  const direct = await plan(`example.com --zone a.zone ${senders} --json`);
  const again = await plan(`example.com --observed o.json ${senders} --json`, { files: { 'o.json': observed } });
  assert.equal(again.out, direct.out);
  assert.equal((await plan('example.com --zone a.zone --parked --format yaml')).code, 65);
});

test('plan: a mistake is named with the next command to type', async () => {
  const say = async (words: string) => {
    const { code, err } = await plan(`${words} --zone a.zone`);
    assert.equal(code, 65, words);
    return err;
  };
  assert.match(
    await say('https://example.com/ --parked'),
    /the domain is example\.com\.\n {2}next: posthorn plan example\.com/,
  );
  assert.match(
    await say('example.com --sender nobody-knows'),
    /no sender nobody-knows.*\n {2}next: posthorn senders list/,
  );
  assert.match(await say('example.com --sender sendgrid:foo=1'), /no parameter foo/);
  assert.match(await say('example.com --parked --dmarc rejct'), /Did you mean reject/);
});

test('plan without a declaration looks into the office, and --save keeps one there', async () => {
  const kept: unknown[] = [];
  const declaration = { domain: 'example.com', senders: [{ sender: 'own', parameters: { ip4: '192.0.2.10' } }] };
  const openOffice = (async () => ({
    hostname: 'localhost',
    directory: { domain: async () => undefined },
    setup: async () => {
      const { Setup } = await import('../../../services/setup/setup.ts');
      const { systemClock } = await import('../../../base/clock.ts');
      const setup = new Setup({ resolver: resolverFromZone(zone), timers: systemClock, catalogue: realCatalogue() });
      return Object.assign(setup, {
        declaration: async () => (kept.length > 0 ? declaration : undefined),
        declare: async (one: unknown) => void kept.push(one),
      });
    },
    close: async () => {},
  })) as unknown as NonNullable<FakeCli['openOffice']>;
  const none = await plan('example.com --zone a.zone', { openOffice });
  assert.deepEqual([none.code, /Who sends for example\.com is not known/.test(none.err)], [64, true]);
  await plan('example.com --zone a.zone --save --sender own:192.0.2.10', { openOffice });
  assert.deepEqual(kept, [declaration]);
  const { out } = await plan('example.com --zone a.zone --json', { openOffice });
  assert.ok(JSON.parse(out).records.some(({ sender }: { sender: string }) => sender === 'own'));
});
