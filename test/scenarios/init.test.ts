/** A stranger in the sandbox, who knows nothing but what the program prints: from a name to a published domain that sends signed mail. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { narrateNext } from '../../src/app/sandbox/narrate.ts';
import { plainStyle } from '../../src/entrances/cli/style.ts';
import { type Ended, posthorn } from '../support/command-line.ts';
import { onlyArrival, openScene, type Scene } from '../support/sandbox-scene.ts';
import { tempFolder } from '../support/temp-office.ts';

/** The commands in a text, as a person reads them: lines that begin with the program's name, and go on after a backslash. */
function commandsIn(text: string): string[] {
  const whole = text.replaceAll(/\\\n\s*/g, '');
  return [...whole.matchAll(/^\s*(?:next: )?posthorn (.*)$/gm)].map(([, words = '']) => words.trim());
}

/** As a shell takes it apart. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

/** Carries it out, and looks whether the page fits a terminal; a long name of a folder is nobody's fault. */
async function type(command: string, folder: string): Promise<Ended> {
  const ended = await posthorn(wordsOf(command));
  assert.equal(ended.code, 0, `${command}: ${ended.err}${ended.out}`);
  const long = ended.out.split('\n').filter((line) => line.length > 80 && !line.includes(folder));
  if (command.startsWith('init')) assert.deepEqual(long, []);
  return ended;
}

describe('a stranger in the sandbox', () => {
  let scene: Scene;
  before(async () => {
    scene = await openScene();
  });
  after(() => scene.close());

  test('gets from a name to signed mail by typing what is printed', async () => {
    const told = narrateNext(scene.facts, { style: plainStyle, columns: 80, command: 'posthorn' }, scene.folder);
    const [init = ''] = commandsIn(told).filter((command) => command.startsWith('init '));
    const first = await type(init, scene.folder);
    assert.match(first.out, /Nothing was published\./);
    const [publish = ''] = commandsIn(first.out.slice(first.out.indexOf('\nNext\n')));
    assert.match(publish, /--yes/);
    const second = await type(publish, scene.folder);
    assert.match(second.out, /every name server shows it/);
    assert.match(second.out, /shop\.example is verified: it may send\.\n {2}ph1 and ph2 sign\./);
    const [send = '', show = ''] = commandsIn(second.out.slice(second.out.indexOf('\nNext\n')));
    assert.match((await type(send, scene.folder)).out, /DKIM rsa-sha256, d=shop\.example s=ph1/);
    assert.match((await type(show, scene.folder)).out, /its record was seen/);
    const { mail } = await onlyArrival(scene.world.stage.theirs, 'Hello');
    assert.partialDeepStrictEqual(mail.verdicts, { spf: 'pass', dkim: 'pass', dmarc: 'pass' });
  });

  test('who comes again finds everything done', async () => {
    const again = await posthorn(`init shop.example --yes --json --data ${scene.folder}`);
    const document = JSON.parse(again.out);
    assert.equal(document.verified, true);
    assert.equal(document.publication, undefined, 'there was nothing to publish');
    assert.ok(document.plan.records.every(({ state }: { state: string }) => state === 'present'));
    assert.equal(document.key, undefined);
  });

  test('a policy document that the office serves is published, fetched over HTTPS and believed, from another process', async () => {
    const pushed = await posthorn(`policy push shop.example --data ${scene.folder}`);
    assert.equal(pushed.code, 0, pushed.err);
    assert.match(pushed.out, /\n {2}https:\/\/mx\.example\.com\/\.well-known\/eml-policies\/shop\.example\.json\n/);
    const [publish = ''] = commandsIn(pushed.out);
    assert.equal(publish, `publish shop.example --data ${scene.folder}`);
    assert.equal((await posthorn(`${publish} --yes`)).code, 0);
    const pulled = await posthorn(`policy pull shop.example --json --data ${scene.folder}`);
    assert.equal(pulled.code, 0, pulled.err);
    const { serial, decision, held } = JSON.parse(pulled.out);
    assert.deepEqual([serial, decision], [1, 'take']);
    assert.match(JSON.stringify(held), /ph1/);
    assert.equal((await posthorn(`policy stop shop.example --data ${scene.folder}`)).code, 0);
    const gone = await posthorn(`policy pull shop.example --data ${scene.folder}`);
    assert.match(gone.err, /status 404/);
  });

  test('what is to be decided first is not decided by --yes; a person may have the rest published', async () => {
    const line = `init shop.example --data ${scene.folder}`;
    const waiting = JSON.parse((await posthorn(`${line} --sender own:192.0.2.77 --yes --json`)).out);
    assert.equal(waiting.plan.conflicts.length, 1);
    assert.equal(waiting.publication.state, 'planned');
    const ended = await posthorn(line, { isTerminal: true, input: '\ny\n' });
    assert.equal(ended.code, 0, ended.err);
    assert.match(ended.err, /Senders \[own:ip4=192\.0\.2\.77\]: .*Publish everything else now\? \[y\/N\]: /s);
    assert.match(ended.out, /This server, and own:ip4=192\.0\.2\.77\./);
    const zone = readFileSync(join(scene.folder, 'zones', 'shop.example.zone'), 'utf8');
    assert.match(zone, /"v=spf1 [^"]*ip4:192\.0\.2\.77/);
    assert.match(zone, /posthorn-domain=/);
  });

  test('the office’s first domain is yours to change as well; the other office’s is not', async () => {
    const yours = JSON.parse((await posthorn(`init example.com --yes --json --data ${scene.folder}`)).out);
    assert.equal(yours.publication.state, 'verified');
    assert.equal(yours.verified, true);
    const theirs = await posthorn(`init example.net --data ${scene.folder}`);
    assert.equal(theirs.code, 65);
    assert.match(theirs.err, /belongs to the other office of the sandbox/);
  });

  test('a sender that nobody knows, and what is no domain, are told with what to type', async () => {
    const typo = await posthorn(`init shop.example --sender sendgird --data ${scene.folder}`);
    assert.equal(typo.code, 65);
    assert.match(typo.err, /Did you mean sendgrid\?\n {2}next: posthorn senders list\n/);
    const url = await posthorn(`init https://www.shop.example/ --data ${scene.folder}`);
    assert.equal(url.code, 65);
    assert.match(url.err, /the domain is shop\.example/);
  });
});

test('outside the sandbox: settings, a key and the domain are made, and the records are there to be published by hand', async (t) => {
  const folder = tempFolder(t);
  const zone = join(folder, 'empty.zone');
  writeFileSync(zone, 'example.com. MX 1 smtp.google.com.\n');
  const settings = join(folder, 'posthorn.toml');
  const line = `init example.com --data ${join(folder, 'data')} --config ${settings} --zone ${zone}`;
  const first = await posthorn(`${line} --hostname mail.example.com --json`);
  assert.equal(first.code, 0, first.err);
  const document = JSON.parse(first.out);
  assert.match(readFileSync(settings, 'utf8'), /^hostname = "mail\.example\.com"$/m);
  assert.match(document.key.token, /^ph_live_/);
  assert.equal(document.verified, false);
  const mx = document.plan.records.filter(
    ({ type: one, name }: { type: string; name: string }) => one === 'MX' && name === 'example.com',
  );
  assert.deepEqual(
    mx.map(({ value, state }: { value: string; state: string }) => `${value} ${state}`),
    ['1 smtp.google.com present'],
    'mail that goes somewhere stays there',
  );
  assert.deepEqual(document.recognised, ['google-workspace']);
  writeFileSync(settings, `${readFileSync(settings, 'utf8')}# mine\n`);
  const second = await posthorn(line);
  assert.equal(second.code, 0, second.err);
  assert.match(readFileSync(settings, 'utf8'), /# mine/, 'it is not overwritten');
  assert.ok(!second.out.includes(document.key.token));
  assert.match(second.out, /! mail\.example\.com has no address in DNS\./);
  const other = await posthorn(`${line} --hostname other.example.com`);
  assert.equal(other.code, 78);
  assert.match(other.err, /next: write hostname = "other\.example\.com" into/);
});
