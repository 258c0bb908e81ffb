/** The commands on a real data folder, and the same ones through the API of an office on the same folder. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { type Ended, type Given, makeHost, posthorn } from '../../test/support/command-line.ts';
import { rsaTestKeyPem } from '../../test/support/dkim-test-keys.ts';
import { tempFolder } from '../../test/support/temp-office.ts';
import { systemClock } from '../base/clock.ts';
import { createIds } from '../base/id.ts';
import { silentSignals } from '../base/port/signals.ts';
import { systemRandom } from '../base/random.ts';
import { runCli } from '../entrances/cli/run-cli.ts';
import { createHttpApp } from '../entrances/http/http-entrance.ts';
import { resolverAsAuthority } from '../protocol/dns/authorities.ts';
import { resolverFromZone } from '../protocol/dns/zone-resolver.ts';

async function ok(line: string | readonly string[], given: Given = {}): Promise<string> {
  const { code, out, err } = await posthorn(line, given);
  assert.equal(code, 0, `${line}: ${err}${out}`);
  return out;
}

/** The same command line on the folder and through the API; both must say the same. */
type BothWays = (line: string | readonly string[], given?: Given) => Promise<Ended>;

async function openBoth(
  t: TestContext,
): Promise<{ readonly folder: string; readonly both: BothWays; readonly here: BothWays }> {
  const folder = tempFolder(t, () => office.close());
  await ok(`domains add example.com --verified --data ${folder}`);
  const key = (await ok(`keys create --scope admin --quiet --data ${folder}`)).trim();
  const office = await makeHost({}).host.openOffice({ data: folder }, { make: false });
  const resolver = resolverFromZone('');
  const eyes = { resolver, authorities: resolverAsAuthority(resolver, 'ns') };
  const app = createHttpApp(
    {
      ...office,
      desk: office.desk(eyes),
      care: office.care(eyes),
      scoreDraft: async () => undefined,
      timers: systemClock,
      ids: createIds(systemClock, systemRandom),
      signals: silentSignals,
      health: async () => [],
      metrics: async () => '',
    },
    { version: '0' },
  );
  t.after(() => app.close());
  const throughApi = ((input: string | URL, init?: RequestInit) => app.fetch(new Request(input, init))) as typeof fetch;
  const words = (line: string | readonly string[]) => (typeof line === 'string' ? line.split(' ') : line);
  const here: BothWays = (line, given) => posthorn([...words(line), '--data', folder], given);
  const there: BothWays = (line, given) =>
    posthorn([...words(line), '--server', 'http://office.test', '--key', key], { ...given, fetch: throughApi });
  const both: BothWays = async (line, given) => {
    const local = await here(line, given);
    const remote = await there(line, given);
    // Commands to type next name the place, each its own.
    const placed = remote.out.replaceAll(' --server http://office.test --key KEY', ` --data ${folder}`);
    const erred = remote.err.replaceAll(' --server http://office.test --key KEY', ` --data ${folder}`);
    assert.deepEqual({ ...remote, out: placed, err: erred }, local, String(line));
    return local;
  };
  return { folder, both, here };
}

test('a command that only looks makes no data folder', async (t) => {
  const folder = join(tempFolder(t), 'none');
  for (const line of ['queue', 'message em_1', 'fsck', 'backup /nowhere', 'users remove ann', 'events', 'mailboxes']) {
    const { code, err } = await posthorn(`${line} --data ${folder}`);
    assert.equal(code, 78, line);
    assert.match(err, /^posthorn: There is no office in .*none\.\n {2}next: posthorn /, line);
  }
  assert.equal(existsSync(folder), false);
});

test('what the folder says and what the API says is the same', async (t) => {
  const { folder, both, here } = await openBoth(t);
  await ok(`users add hello --from example.com --data ${folder}`);
  await ok(`mailboxes add ann@example.com --data ${folder}`);
  const sent = await ok([
    ...['send', '--from', 'Hello <hello@example.com>', '--to', 'ann@example.com', '--cc', 'bob@example.com'],
    ...['--subject', 'Grüße', '--text', 'It works.', '--header', 'X-Order: 7', '--quiet', '--data', folder],
  ]);
  const id = sent.trim();
  assert.match(id, /^em_/);

  for (const line of [
    'queue --json',
    'queue --jsonl',
    'queue',
    'queue --all --limit 1 --quiet',
    `message ${id} --json`,
    `message ${id}`,
    `message ${id} --raw`,
    'events --json',
    'events --types email.accepted,domain.verified --limit 1',
    `events --subject ${id} --jsonl`,
    'inbox --json',
    'inbox --mailbox ann@example.com',
    'domains --json',
    'domains',
    'domains show example.com --hostname mx.example.com --json',
    'domains records example.com --hostname mx.example.com',
    'domains key list example.com --json',
    'domains key list example.com',
    'users --json',
    'users',
  ]) {
    const { code, err } = await both(line);
    assert.equal(code, 0, line);
    assert.equal(err, '', line);
  }
  for (const [line, code, exit] of [
    ['message em_00000000000000000000000000', 'not_found', 65],
    ['message nonsense', 'not_found', 65],
    ['inbox show msg_1', 'not_found', 65],
    ['keys revoke key_1', 'not_found', 65],
    ['domains show example.org', 'not_found', 65],
    ['domains verify example.org', 'not_found', 65],
    ['domains key rotate example.org', 'not_found', 65],
    ['send --from a@example.org --to b@example.com --text x', 'domain_unknown', 65],
    ['send --from nobody --to b@example.com --text x', 'validation_failed', 65],
    ['send --from a@example.com --to b --to c@example.com --text x', 'validation_failed', 65],
    ['send --from a@example.com --to b@example.com --text x --header From:x', 'validation_failed', 65],
    [`queue retry ${id}`, 'nothing_to_retry', 65],
  ] as const) {
    const { code: exitCode, out } = await both(`${line} --json`);
    assert.equal(exitCode, exit, line);
    assert.equal(JSON.parse(out).error.code, code, line);
  }

  const cancelled = await here(`queue cancel ${id} --json`);
  assert.deepEqual(
    JSON.parse(cancelled.out).recipients.map((one: { state: string }) => one.state),
    ['cancelled', 'cancelled'],
  );
  const late = await both(`queue cancel ${id} --json`);
  assert.equal(JSON.parse(late.out).error.code, 'too_late');
  assert.equal((await both('queue')).out, 'The queue is empty.\n');
});

test('send: the queue takes it, waits for an office, and the message is what was said', async (t) => {
  const { folder, here } = await openBoth(t);
  const files = { note: join(folder, 'note.txt'), page: join(folder, 'page.html'), eml: join(folder, 'a.eml') };
  writeFileSync(files.note, 'two\nlines\n');
  writeFileSync(files.page, '<p>Hi</p>');
  const queued = await here(
    [
      'send',
      '--from',
      'a@example.com',
      '--to',
      'b@example.net',
      '--text-file',
      '-',
      '--html-file',
      files.page,
      '--attach',
      files.note,
    ],
    { input: 'from the pipe\n' },
  );
  assert.equal(queued.code, 0);
  assert.match(
    queued.out,
    /^em_\w+ {2}queued for b@example\.net; it leaves when an office serves this folder\n {2}next: posthorn serve --data \S+\n$/,
  );
  const id = queued.out.slice(0, 29);
  const raw = (await here(`message ${id} --raw`)).out;
  assert.match(raw, /from the pipe\r\n/);
  assert.match(raw, /filename=note\.txt/);
  assert.match(raw, /Content-Type: text\/plain; name=note\.txt/);

  const waited = await here('send --from a@example.com --to b@example.net --text x --wait --timeout 30ms');
  assert.equal(waited.code, 75);
  assert.match(waited.err, /^waiting for an office to serve (\S+): posthorn serve --data \1\n$/);
  assert.match(waited.out, /b@example\.net {2}queued/);

  const whole = 'From: a@example.com\nTo: c@example.net\nSubject: raw\n\nbody\n';
  writeFileSync(files.eml, whole);
  const piped = await here('send --raw - --json', { input: whole });
  assert.deepEqual(
    JSON.parse(piped.out).recipients.map((one: { address: string }) => one.address),
    ['c@example.net'],
  );
  const addressed = await here(
    `send --raw ${files.eml} --from x@example.com --to d@example.net --to e@example.net --json`,
  );
  const document = JSON.parse(addressed.out);
  assert.equal(document.mail_from, 'x@example.com');
  assert.equal(document.recipients.length, 2);
  assert.match((await here(`message ${document.id} --raw`)).out, /Subject: raw\r\n/);

  assert.equal((await here('send --from a@example.com --to b@example.net --text-file /no/such/file')).code, 65);
  assert.equal((await here('send --raw /no/such/file --subject x')).code, 64);
});

test('a domain that is not verified may not send; its published records verify it', async (t) => {
  const folder = tempFolder(t);
  const added = JSON.parse(await ok(`domains add example.org --json --data ${folder}`));
  assert.equal(added.verified, undefined);
  const refused = await posthorn(`send --from a@example.org --to b@example.net --text x --data ${folder}`);
  assert.equal(refused.code, 77);
  assert.match(refused.err, /posthorn domains show example\.org/);

  const zone = join(folder, 'zone.txt');
  writeFileSync(zone, 'example.org. TXT "nothing yet"\n');
  const early = await posthorn(`domains verify example.org --zone ${zone} --json --data ${folder}`);
  assert.equal(early.code, 1);
  assert.deepEqual(
    JSON.parse(early.out).records.map((one: { found: string }) => one.found),
    ['none', 'none', 'none'],
  );
  writeFileSync(zone, ';!SERVFAIL _posthorn.example.org.\n');
  assert.equal((await posthorn(`domains verify example.org --zone ${zone} --data ${folder}`)).code, 75);

  writeFileSync(zone, await ok(`domains records example.org --hostname mx.example.org --data ${folder}`));
  await ok(`domains verify example.org --zone ${zone} --data ${folder}`);
  await ok(`send --from a@example.org --to b@example.net --text x --data ${folder}`);
  const shown = await ok(`domains show example.org --data ${folder}`);
  assert.match(shown, /its record was seen/);
  assert.match(shown, /ph1 {2}rsa-sha256 {2}active/);

  await ok(`domains add example.net --send-only --data ${folder}`);
  await ok(`domains verify example.net --by-my-word --data ${folder}`);
  const sendOnly = await ok(`domains records example.net --hostname mx.example.org --json --data ${folder}`);
  const names = JSON.parse(sendOnly).data.map((one: { type: string; name: string }) => `${one.type} ${one.name}`);
  assert.equal(names.includes('MX example.net'), false);
  assert.equal(names.includes('MX bounce.example.net'), true);
});

test('keys are replaced once the new ones are published, and not twice at a time', async (t) => {
  const folder = tempFolder(t);
  const zone = join(folder, 'zone.txt');
  await ok(`domains add example.com --verified --data ${folder}`);
  const made = JSON.parse(await ok(`domains key rotate example.com --json --data ${folder}`)).data;
  assert.deepEqual(
    made.map(({ selector, state }: { selector: string; state: string }) => `${selector} ${state}`),
    ['ph3 pending', 'ph4 pending'],
  );
  const again = await posthorn(`domains key rotate example.com --data ${folder}`);
  assert.equal(again.code, 75);
  assert.match(again.err, /ph3, ph4\.\n {2}next: posthorn domains verify example\.com --data \S+\n$/);
  writeFileSync(zone, await ok(`domains records example.com --data ${folder}`));
  const seen = await ok(`domains verify example.com --zone ${zone} --data ${folder}`);
  assert.match(seen, /ph1 and ph2 sign; ph3 and ph4 will, once caches have forgotten what was there before\./);
  assert.match(await ok(`domains key list example.com --data ${folder}`), /ph3 .* seen everywhere/);
});

test('a DKIM key from elsewhere goes on signing', async (t) => {
  const folder = tempFolder(t);
  await ok(`domains add example.com --verified --data ${folder}`);
  const file = join(folder, 'old.pem');
  writeFileSync(file, rsaTestKeyPem);
  const imported = JSON.parse(
    await ok(`domains key import example.com ${file} --selector S2019 --json --data ${folder}`),
  );
  assert.equal(imported.selector, 's2019');
  assert.equal(imported.state, 'active');
  assert.equal(imported.record.name, 's2019._domainkey.example.com');
  const again = await posthorn(`domains key import example.com ${file} --selector s2019 --data ${folder}`);
  assert.equal(again.code, 65);
  writeFileSync(file, 'not a key');
  const broken = await posthorn(`domains key import example.com ${file} --selector s2 --data ${folder}`);
  assert.equal(broken.code, 65);
  assert.match(broken.err, /openssl/);
});

test('logins: an app password is made and shown once, or a chosen one is read', async (t) => {
  const folder = tempFolder(t);
  const password = await ok(`users add hello --from example.com --quiet --data ${folder}`);
  assert.match(password, /^ph_app_\w+\n$/);
  const chosen = await posthorn(`users add Bob --password-stdin --from example.com --data ${folder}`, {
    input: 'se cret\n',
  });
  assert.equal(chosen.code, 0);
  assert.equal(chosen.out.includes('ph_app_'), false);
  const next = `posthorn domains add example.com --data ${folder}`;
  assert.equal(chosen.err, `example.com is no domain of this office yet: ${next}\n`);
  const none = await posthorn(`users add eve --password-stdin --from example.com --data ${folder}`, { input: '\n' });
  assert.equal(none.code, 65);
  assert.equal((await posthorn(`users add hello --from example.com --data ${folder}`)).code, 65);
  assert.notEqual(await ok(`users app-password hello --quiet --data ${folder}`), password);
  await ok(`users remove hello --data ${folder}`);
  assert.equal(await ok(`users --quiet --data ${folder}`), 'bob\n');
  assert.equal((await posthorn(`users remove hello --data ${folder}`)).code, 65);

  const { host } = makeHost({});
  const office = await host.openOffice({ data: folder }, { make: false });
  assert.equal((await office.directory.accounts.authenticate('bob', 'se cret')).ok, true);
  await office.close();
});

test('keys: scopes by comma or several times, for some domains, for tests', async (t) => {
  const folder = tempFolder(t);
  const line = `keys create --scope send,read --scope read --domain Example.COM --test --name shop --json --data ${folder}`;
  const made = JSON.parse(await ok(line));
  assert.match(made.token, /^ph_test_/);
  assert.deepEqual([made.scopes, made.domains, made.name], [['send', 'read'], ['example.com'], 'shop']);
  const wrong = await posthorn(`keys create --scope snd --data ${folder}`);
  assert.equal(wrong.code, 65);
  assert.match(wrong.err, /snd is no scope; did you mean send\?/);
  await ok(`keys revoke ${made.id} --data ${folder}`);
  assert.match(await ok(`keys --data ${folder}`), /revoked \d{4}-/);
  assert.equal((await posthorn(`keys revoke ${made.id} --data ${folder}`)).code, 65);
});

test('fsck and backup', async (t) => {
  const folder = tempFolder(t);
  await ok(`domains add example.com --verified --data ${folder}`);
  await ok(`send --from a@example.com --to b@example.net --text x --data ${folder}`);
  const copy = join(folder, 'copy');
  assert.deepEqual(JSON.parse(await ok(`backup ${copy} --json --data ${folder}`)), { folder, to: copy, files: 0 });
  assert.match(readFileSync(join(copy, 'backup.json'), 'utf8'), /^\{"made_at":"\d{4}-\d\d-\d\dT[\d:.]+Z"\}\n$/);
  const again = await posthorn(`backup ${copy} --data ${folder}`);
  assert.equal(again.code, 65);
  assert.match(again.err, /a backup never overwrites/);
  const checked = JSON.parse(await ok(`fsck --json --data ${copy}`));
  assert.deepEqual([checked.ok, checked.bodies, checked.problems], [true, 1, []]);
  assert.equal(existsSync(join(copy, 'secret.key')), false, 'looking at a backup makes no key for it');

  const file = join(copy, 'posthorn.db');
  const bytes = readFileSync(file);
  bytes.fill(0x55, 0, 200);
  writeFileSync(file, bytes);
  for (const name of readdirSync(copy).filter((one) => /-(wal|shm)$/.test(one))) writeFileSync(join(copy, name), '');
  const damaged = await posthorn(`fsck --data ${copy}`);
  assert.equal(damaged.code, 1);
  assert.match(damaged.out, /database/);
  const keyless = await posthorn(`queue --data ${copy}`);
  assert.equal(keyless.code, 78, 'a restored backup wants the key it was sealed with');
  assert.match(keyless.err, /secret\.key is missing/);
  copyFileSync(join(folder, 'secret.key'), join(copy, 'secret.key'));
  const broken = await posthorn(`queue --data ${copy}`);
  assert.equal(broken.code, 69);
  assert.match(broken.err, /next: posthorn fsck --data /);
  assert.doesNotMatch(broken.err, /^ +at /m);
});

test('a bad configuration ends with 78, file, line, key and what is allowed', async (t) => {
  const folder = tempFolder(t);
  const file = join(folder, 'posthorn.toml');
  writeFileSync(file, 'data = "x"\n[listen]\nhttp = "here"\nmxx = "127.0.0.1:25"\n');
  const { code, err } = await posthorn(`config explain --config ${file}`);
  assert.equal(code, 78);
  assert.deepEqual(err.split('\n').slice(0, 2), [
    `posthorn: ${file}:4: listen.mxx: is not a setting; did you mean listen.mx?`,
    `${file}:3: listen.http: must be an address and port like "127.0.0.1:8025" or "[::1]:8025"`,
  ]);
  writeFileSync(file, 'data = \n');
  assert.match((await posthorn(`queue --config ${file}`)).err, /posthorn\.toml:1: is not valid TOML/);
  const none = await posthorn(`queue --config ${file}x --json`);
  assert.equal(none.code, 78);
  assert.equal(JSON.parse(none.out).error.code, 'bad_config');
});

test('config explain: the value in force, as it would be written, and where it comes from', async (t) => {
  const folder = tempFolder(t);
  const file = join(folder, 'posthorn.toml');
  writeFileSync(
    file,
    [
      'retry = { delays = ["90s", "2h"], test = true }',
      'routes = { "*.sink.test" = "127.0.0.1:2599" }',
      '[relay]',
      'allow = ["10.0.0.0/8"]',
      '[listen]',
      'mx = ["[::1]:25", { at = "127.0.0.1:26", proxy_protocol_from = ["10.0.0.5/32"] }]',
    ].join('\n'),
  );
  const given = { env: { POSTHORN_LOG_LEVEL: 'debug' } };
  const { data } = JSON.parse(await ok(`config explain --config ${file} --data d --json`, given));
  const facts = new Map<string, { value: unknown; origin: string }>(
    data.map((one: { name: string }) => [one.name, one]),
  );
  const at = (name: string) => [facts.get(name)?.value, facts.get(name)?.origin];
  assert.deepEqual(at('retry.delays'), [['90s', '2h'], `${file}:1`]);
  assert.deepEqual(at('routes'), [{ '*.sink.test': '127.0.0.1:2599' }, `${file}:2`]);
  assert.deepEqual(at('relay.allow'), [['10.0.0.0/8'], `${file}:4`]);
  assert.deepEqual(at('listen.mx'), [
    ['[::1]:25', { at: '127.0.0.1:26', proxy_protocol_from: ['10.0.0.5/32'] }],
    `${file}:6`,
  ]);
  assert.deepEqual(at('log.level'), ['debug', 'POSTHORN_LOG_LEVEL']);
  assert.deepEqual(at('data'), ['d', '--data']);
  assert.deepEqual(at('listen.http'), ['127.0.0.1:8025', 'default']);
  assert.match(await ok('config explain retry.give_up_after'), /POSTHORN_RETRY_GIVE_UP_AFTER/);
  const unknown = await posthorn('config explain listne');
  assert.equal(unknown.code, 64);
  assert.match(unknown.err, /did you mean listen\?\n {2}next: posthorn config explain listen\n/);
});

test('events --follow prints what happens from now on, and ends when it is asked to', async (t) => {
  const { folder } = await openBoth(t);
  const stop = new AbortController();
  const { host, ended } = makeHost({});
  const followed = Promise.withResolvers<void>();
  const following = runCli(
    ['events', '--follow', '--jsonl', '--types', 'key.rotated,email.accepted', '--data', folder],
    {
      ...host,
      signal: stop.signal,
      openOffice: async (...place) => {
        const office = await host.openOffice(...place);
        const follow: typeof office.events.follow = (wanted) => {
          followed.resolve();
          return office.events.follow(wanted);
        };
        return {
          ...office,
          events: Object.assign(Object.create(office.events), {
            follow,
            lastSequence: office.events.lastSequence.bind(office.events),
          }),
        };
      },
      out: (output) => {
        host.out(output);
        stop.abort();
      },
    },
  );
  await followed.promise;
  await ok(`send --from a@example.com --to b@example.net --text x --data ${folder}`);
  assert.equal(await following, 0);
  const { out } = ended(0);
  assert.equal(JSON.parse(out).type, 'email.accepted');
});

test('streams: set and listed in the folder as through the API; a message below the lowest score is not taken', async (t) => {
  const { both, here } = await openBoth(t);
  const set = await both('streams set default --min-score 8.5 --when-unscored refuse --json');
  assert.partialDeepStrictEqual(JSON.parse(set.out), { name: 'default', min_score: 8.5, when_unscored: 'refuse' });
  assert.match((await both('streams')).out, /^stream .*\ndefault {2}ordinary {2}8\.5 +refuse\n$/);
  for (const line of ['streams set Big', 'streams set a --min-score 11', 'streams set a --min-score 8.55'])
    assert.equal((await here(line)).code, 65, line);
  const sent = await here(['send', '--from', 'a@example.com', '--to', 'b@b.test', '--text', 'x', '--stream', 'none']);
  assert.equal(sent.code, 65);
  assert.match(sent.err, /no stream none\. See: \S+ streams list --data \S+\n$/);
  assert.equal((await here('streams remove default')).code, 0);
  assert.match((await both('streams remove news')).err, /There is no stream news here\./);
});
