/** `domains delegate` as a person types it: what is created once, that it says the same again, and that its end is not an accident. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { posthorn } from '../../test/support/command-line.ts';
import { tempFolder } from '../../test/support/temp-office.ts';

test('domains delegate: refused until it is set up, then a few records, and no end while names lead here', async (t) => {
  const folder = tempFolder(t);
  const [settings, zone] = [join(folder, 'posthorn.toml'), join(folder, 'world.zone')];
  const write = (dns: string) =>
    writeFileSync(
      settings,
      `data = "${folder}/data"\nhostname = "mx.example.net"\n[listen]\ndns = "127.0.0.1:0"\n${dns}`,
    );
  write('');
  writeFileSync(zone, '_dmarc.example.com TXT "v=DMARC1; p=reject"\n');
  const run = (...words: readonly string[]) => posthorn(['domains', ...words, '--config', settings]);
  const delegate = (...words: readonly string[]) => run('delegate', 'example.com', '--zone', zone, ...words);
  assert.equal((await run('add', 'example.com', '--verified')).code, 0);
  const unset = await delegate();
  assert.equal(unset.code, 78);
  assert.match(unset.err, /set dns\.name_servers\.\n {2}next: \S+ config explain dns --config \S+\n$/);
  write('[dns]\nhosted_zone = "hosted.example.net"\nname_servers = ["ns1.example.net"]\n');
  const made = await delegate('--json');
  assert.equal(made.code, 0, made.err);
  const {
    records,
    zone: where,
    answers,
  } = JSON.parse(made.out) as {
    readonly zone: string;
    readonly answers: boolean;
    readonly records: readonly { readonly name: string; readonly type: string; readonly value: string }[];
  };
  assert.equal(answers, false);
  assert.deepEqual(
    records.map(({ name, type }) => `${type} ${name}`),
    [
      ...['ph1._domainkey', 'ph2._domainkey', 'ph3._domainkey', 'ph4._domainkey', 'bounce', '_dmarc'],
      ...['_mta-sts', 'mta-sts', '_smtp._tls', '_eml'],
    ]
      .map((label) => `CNAME ${label}.example.com`)
      .concat('TXT example.com'),
  );
  const page = await delegate();
  assert.match(
    page.out,
    new RegExp(`hosted\\.example\\.net[^]*CNAME {2}_dmarc\\.example\\.com\n {9}_dmarc\\.${where}\n`),
  );
  assert.deepEqual(
    page.out.split('\n').filter((line) => line.length > 80 && !line.includes(where) && !line.includes(settings)),
    [],
  );
  const rotated = await run('key', 'rotate', 'example.com');
  assert.match(rotated.out, /ph3 and ph4 will sign.*this office publishes them itself\.\n {2}next: /s);
  assert.doesNotMatch(rotated.out, /Publish these/);
  // What the owner creates and what the office answers are told apart, here and as zone lines.
  const shown = await run('show', 'example.com');
  assert.match(
    shown.out,
    /names of it lead to this office.*Create these once.*keep these there.*MX.*This office answers/s,
  );
  assert.doesNotMatch(shown.out, /Publish these/);
  const lines = (await run('records', 'example.com')).out.split('\n').filter((line) => !line.startsWith(';'));
  assert.ok(lines.includes(`_dmarc.example.com. CNAME _dmarc.${where}.`));
  assert.ok(lines.includes('example.com. MX 10 mx.example.net.'));
  assert.ok(!lines.some((line) => line.includes('DKIM1')));
  assert.match((await run('records', 'example.com')).out, new RegExp(`; _spf\\.${where}\\. 300 TXT "v=spf1 a:mx`));
  assert.match((await run('records', 'example.com', '--undelegated')).out, /\nph1\._domainkey\.example\.com\. TXT/);
  writeFileSync(
    zone,
    `_dmarc.example.com CNAME _dmarc.${where}.\nspf.much.example TXT "v=spf1 include:none.example -all"\n`,
  );
  const plan = ['plan', 'example.com', '--sender', 'smtp-relay:include=spf.much.example', '--save', '--zone', zone];
  await posthorn([...plan, '--config', settings]);
  assert.equal((await delegate()).code, 0);
  const held = await run('show', 'example.com');
  assert.match(held.out, /! The SPF record of example\.com is not answered as declared:.*\(a:mx\.example\.net\)/s);
  assert.match((await run('records', 'example.com')).err, /! The SPF record of example\.com/);
  const early = await delegate('--stop');
  assert.equal(early.code, 1);
  assert.match(early.err, /Still leading here: _dmarc\.example\.com\..*next: .*--stop --force/s);
  assert.equal((await delegate('--stop', '--force')).code, 0);
  assert.match((await delegate('--stop')).err, /was not delegated/);
});

test('plan and publish with options know the office that has the domain; taking back a record in use needs a word', async (t) => {
  const folder = tempFolder(t);
  const [settings, zone] = [join(folder, 'posthorn.toml'), join(folder, 'a.zone')];
  writeFileSync(settings, `data = "${folder}/data"\nhostname = "mx.example.net"\n`);
  const written = 'a.example. 300 SOA ns host 1 2 3 4 5\na.example. 300 NS ns.a.example.\n';
  writeFileSync(zone, written);
  const run = (line: string) => posthorn(`${line} --config ${settings}`);
  const looking = `--sender gmail-api --zone ${zone}`;
  const planned = async (domain: string) => {
    const { records } = JSON.parse((await run(`plan ${domain} ${looking} --json`)).out) as {
      readonly records: readonly { readonly name: string }[];
    };
    return records.map(({ name }) => name);
  };
  assert.ok(!(await planned('a.example')).includes('ph1._domainkey.a.example'));
  assert.equal((await run('domains add a.example --verified')).code, 0);
  assert.ok((await planned('a.example')).includes('ph1._domainkey.a.example'));
  assert.ok(!(await planned('b.example')).includes('ph1._domainkey.b.example'));
  const publish = `publish a.example ${looking} --zone-file ${zone} --yes`;
  assert.equal((await run(publish)).code, 0);
  const undo = `publish a.example --undo --zone-file ${zone} --zone ${zone} --yes`;
  const refused = await run(undo);
  assert.equal(refused.code, 1, refused.out);
  assert.match(
    refused.err,
    /ph1\._domainkey\.a\.example TXT: the record of a key.*next: \S+ publish a\.example --zone-file \S+ --yes --undo pub_\w+ --force --config \S+ --zone \S+\n$/s,
  );
  assert.match(readFileSync(zone, 'utf8'), /ph1\._domainkey/);
  assert.equal((await run(`${undo} --dry-run`)).code, 0);
  assert.equal((await run(`${undo} --force`)).code, 0);
  assert.doesNotMatch(readFileSync(zone, 'utf8'), /ph1\._domainkey/);
});

test('options say more than what the office keeps, and take nothing of it away', async (t) => {
  const folder = tempFolder(t);
  const settings = join(folder, 'posthorn.toml');
  writeFileSync(settings, `data = "${folder}/data"\nhostname = "mx.example.net"\n`);
  const zone = join(folder, 'world.zone');
  writeFileSync(zone, '');
  const run = (line: string) => posthorn(`${line} --config ${settings}`);
  assert.equal((await run('domains add a.example --verified')).code, 0);
  const kept = async (options: string) => {
    const saved = await run(`plan a.example ${options} --save --zone ${zone}`);
    assert.ok(saved.code <= 1, saved.err);
    const office = await run(`policy push a.example --json`);
    const { payload } = JSON.parse(office.out).document as { readonly payload: string };
    const { senders, dmarc } = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return [senders.join(' '), dmarc.stage, dmarc.rua.join(' ')];
  };
  const rua = 'mailto:d@a.example';
  assert.deepEqual(
    await kept('--sender gmail-api --sender google-workspace --inbound google-workspace --rua d@a.example'),
    ['gmail-api google-workspace', 'none', rua],
  );
  assert.deepEqual(await kept('--dmarc none-np'), ['gmail-api google-workspace', 'none-np', rua]);
  assert.deepEqual(await kept('--sender gmail-api'), ['gmail-api', 'none-np', rua]);
  const planned = JSON.parse((await run(`plan a.example --dmarc quarantine --json --zone ${zone}`)).out);
  assert.match(JSON.stringify(planned.steps), /gmail-api/);
});
