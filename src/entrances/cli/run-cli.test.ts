import assert from 'node:assert/strict';
import test from 'node:test';
import { cli } from '../../../test/support/fake-cli.ts';
import { Bug, Fault } from '../../base/outcome.ts';
import { CliError } from './cli-error.ts';

/** Every command with its subcommands, as help lists them. */
async function allCommands(): Promise<string[]> {
  const listed = (help: string) => [...help.matchAll(/^ {2}([a-z-]+) .*/gm)].map((match) => match[1] ?? '');
  const { out } = await cli('--help');
  const top = listed(out.slice(out.indexOf('Start:'))).filter((name) => name !== 'posthorn');
  const deeper = await Promise.all(
    top.map(async (name) => {
      const { out: help } = await cli(`${name} --help`);
      const at = help.indexOf('Commands:');
      return at < 0 ? [name] : [name, ...listed(help.slice(at)).map((sub) => `${name} ${sub}`)];
    }),
  );
  return deeper.flat();
}

test('help fits a terminal of 80 columns, for every command', async () => {
  const commands = await allCommands();
  assert.ok(commands.length > 30, commands.join(', '));
  for (const command of ['', ...commands]) {
    const { code, out, err } = await cli(`${command} --help`);
    assert.equal(code, 0, command);
    assert.equal(err, '', command);
    assert.match(out, /^Usage: posthorn/, command);
    const long = out.split('\n').filter((line) => line.length > 80);
    assert.deepEqual(long, [], command);
  }
});

test('help is also a word, and bare groups show what there is', async () => {
  assert.equal((await cli('help send')).out, (await cli('send --help')).out);
  assert.equal((await cli('help')).out, (await cli('--help')).out);
  const bare = await cli('');
  assert.equal(bare.code, 64);
  assert.equal(bare.out, '');
  assert.match(bare.err, /sandbox/);
  assert.deepEqual(JSON.parse((await cli('--json')).out).error.code, 'missing_command');
});

test('the version', async () => {
  assert.deepEqual(await cli('--version'), { code: 0, out: '1.2.3\n', err: '' });
});

const mistakes: readonly (readonly [line: string, code: string, say: string, next: string])[] = [
  ['sned', 'unknown_command', 'There is no command sned; did you mean send?', 'posthorn send --help'],
  ['frobnicate', 'unknown_command', 'There is no command frobnicate.', 'posthorn --help'],
  ['keys crate', 'unknown_command', 'keys has no command crate; did you mean create?', 'posthorn keys create --help'],
  ['queue lits', 'unknown_command', 'queue has no command lits; did you mean list?', 'posthorn queue list --help'],
  ['send --form a', 'unknown_option', 'send has no option --form; did you mean --from?', 'posthorn send --help'],
  ['send --form=a', 'unknown_option', 'send has no option --form; did you mean --from?', 'posthorn send --help'],
  ['--vresion', 'unknown_option', 'posthorn has no option --vresion; did you mean --version?', 'posthorn --help'],
  ['fsck --server x', 'unknown_option', 'fsck has no option --server.', 'posthorn fsck --help'],
  ['--server x fsck', 'unknown_option', 'fsck has no use for --server.', 'posthorn fsck --help'],
  [
    'serve --listen.htpp x',
    'unknown_option',
    'serve has no option --listen.htpp; did you mean --listen.http?',
    'posthorn serve --help',
  ],
  ['message', 'missing_argument', 'message needs ID.', 'posthorn message --help'],
  ['message a b', 'too_many_arguments', 'message takes 1 argument, not 2.', 'posthorn message --help'],
  ['send --from', 'option_without_value', 'The option --from needs a value.', 'posthorn send --help'],
  ['users add ann', 'missing_option', 'users add needs the option --from.', 'posthorn users add --help'],
  ['queue --key k', 'options_contradict', '--key is of use only together with --server URL.', 'posthorn queue --help'],
  [
    'queue --data d --server s',
    'options_contradict',
    '--server names a running office, --data and --config a folder here: give one of them.',
    'posthorn queue --help',
  ],
  ['auth', 'missing_option', 'auth reads and writes JSON lines.', 'posthorn auth --jsonl < cases.jsonl'],
  [
    'send --to a@b.test',
    'missing_option',
    'send needs the option --from.',
    'posthorn send --from YOU@YOUR-DOMAIN --to SOMEBODY --subject "Hi" --text "It works."',
  ],
];

for (const [line, , say, next] of mistakes) {
  test(`posthorn ${line}: 64, what is wrong and what to type`, async () => {
    assert.deepEqual(await cli(line), { code: 64, out: '', err: `posthorn: ${say}\n  next: ${next}\n` });
  });
}

test('with --json a no is a document on stdout, and nothing else is said', async () => {
  for (const [line, code, say, next] of mistakes.filter(([, one]) => one !== 'option_without_value')) {
    if (line === 'auth') continue; // it has lines only
    const { code: exit, out, err } = await cli(`${line} --json`);
    assert.equal(exit, 64, line);
    assert.equal(err, '', line);
    assert.deepEqual(JSON.parse(out), { error: { code, say, next } }, line);
  }
  const lines = await cli('queue lits --jsonl');
  assert.equal(lines.out.split('\n').length, 2);
  assert.equal(JSON.parse(lines.out).error.code, 'unknown_command');
});

test('an endless list is not one JSON document', async () => {
  const { code, out } = await cli('events --follow --json');
  assert.equal(code, 64);
  assert.equal(JSON.parse(out).error.next, 'posthorn events --follow --jsonl');
});

test('what a stranger typed cannot drive the terminal', async () => {
  const { err } = await cli(['\u001b[2Jsned']);
  assert.doesNotMatch(err, /\u001b/);
});

const faults: readonly (readonly [fault: Fault, exit: number, next: RegExp])[] = [
  [new Fault('STORE_IN_USE', 'the data folder d is in use (office) by process 7'), 75, /--server URL --key KEY/],
  [new Fault('STORE_NEWER', 'the data folder was written by a newer version'), 78, /update Posthorn/],
  [new Fault('STORE_BROKEN', 'the file is not a database of Posthorn'), 69, /posthorn fsck --data d$/],
  [new Fault('STORE_IO', 'the disk of the data folder failed'), 69, /posthorn fsck --data d$/],
  [new Fault('STORE_BUSY', 'another process holds the database for too long'), 75, /posthorn queue --data d$/],
  [new Fault('ENOSPC', 'the disk of the data folder is full'), 75, /df -h/],
  [new Fault('EACCES', 'the database cannot be opened or written'), 77, /ls -ld/],
  [
    new Fault('SECRET_KEY_EXPOSED', 'd/secret.key can be read by everybody: chmod 600 d/secret.key'),
    78,
    /chmod 600 d\/secret\.key && posthorn queue --data d$/,
  ],
  [new Fault('SECRET_KEY_BAD', 'secret.key is not a secret key'), 78, /secret\.key/],
  [new Fault('SECRET_UNREADABLE', 'the sealed value cannot be opened'), 78, /secret\.key/],
  [new Fault('BLOB_DAMAGED', 'the body is not what was stored'), 69, /posthorn fsck/],
];

for (const [fault, exit, next] of faults) {
  test(`${fault.code} ends with ${exit}, one sentence and the next command`, async () => {
    const fail = { openOffice: () => Promise.reject(fault) };
    const { code, out, err } = await cli('queue --data d', fail);
    assert.equal(code, exit);
    assert.equal(out, '');
    const [first, second, ...rest] = err.split('\n');
    assert.match(first ?? '', /^posthorn: \S.*\.$/);
    assert.match(second ?? '', /^ {2}next: /);
    assert.match(second ?? '', next);
    assert.deepEqual(rest, ['']);
    const inJson = await cli('queue --data d --json', fail);
    assert.equal(inJson.code, exit);
    assert.equal(JSON.parse(inJson.out).error.code, fault.code.toLowerCase());
  });
}

const inUse =
  '127.0.0.1:8025 is in use already. Choose another with POSTHORN_LISTEN_HTTP=127.0.0.1:PORT, or listen.http in posthorn.toml.';

test('a port in use names the setting that moves it, and the command with another one', async () => {
  const fault = new Fault('EADDRINUSE', inUse);
  for (const line of ['serve --data d', 'serve --data d --listen.http 127.0.0.1:8025']) {
    const { code, err } = await cli(line, { serve: () => Promise.reject(fault) });
    assert.equal(code, 69);
    assert.equal(err, `posthorn: ${inUse}\n  next: posthorn serve --data d --listen.http 127.0.0.1:8026\n`);
  }
  const { err } = await cli('sandbox', { sandbox: () => Promise.reject(fault) });
  assert.match(err, /\n {2}next: POSTHORN_LISTEN_HTTP=127\.0\.0\.1:8026 posthorn sandbox\n$/);
  const fixed = new Fault('EADDRINUSE', 'cannot listen on 127.0.0.1:1053: another program listens there already');
  assert.match((await cli('sandbox', { sandbox: () => Promise.reject(fixed) })).err, /lsof -i :1053\n$/);
});

test('a port that this user may not open moves above 1024', async () => {
  const say =
    'this user may not listen on [::1]:25. Choose another with POSTHORN_LISTEN_MX=::1:PORT, or listen.mx in posthorn.toml.';
  const { code, err } = await cli('serve', { serve: () => Promise.reject(new Fault('EACCES', say)) });
  assert.equal(code, 77);
  assert.match(err, /next: posthorn serve --listen\.mx '\[::1\]:8025'\n$/);
});

test('a bug ends with 70 and how to report it, never with a stack trace', async () => {
  const fail = { openOffice: () => Promise.reject(new Bug('two and two are five')) };
  const { code, err } = await cli(['queue', '--data', 'my folder'], fail);
  assert.equal(code, 70);
  assert.equal(
    err,
    "posthorn: This is a bug in Posthorn: two and two are five.\n  next: report what this prints, as CONTRIBUTING.md says: POSTHORN_STACK=1 posthorn queue --data 'my folder'\n",
  );
  const asked = await cli('queue', { ...fail, environment: { POSTHORN_STACK: '1' } });
  assert.match(asked.err, /run-cli\.test\.ts/);
  const strange = await cli('queue', { openOffice: () => Promise.reject(new TypeError('x is undefined')) });
  assert.equal(strange.code, 70);
});

test('several mistakes of a configuration come line by line, with 78', async () => {
  const say = 'posthorn.toml:3: listen.http: must be an address\nposthorn.toml:4: hostnam: is not a setting';
  const wrong = new CliError({ exit: 78, code: 'bad_config', say, next: 'posthorn config explain' });
  const { code, err } = await cli('config explain', { settings: () => Promise.reject(wrong) });
  assert.equal(code, 78);
  assert.equal(err, `posthorn: ${say}\n  next: posthorn config explain\n`);
});

test('shared options may stand before the command, and serve takes every setting', async () => {
  const asked: unknown[] = [];
  const serve = async (...given: unknown[]) => {
    asked.push(...given);
    return 0;
  };
  const { code } = await cli('--data d serve --config c --listen.http 127.0.0.1:1 --retry.delays 1m,5m', { serve });
  assert.equal(code, 0);
  assert.deepEqual(asked, [
    { config: 'c', data: 'd' },
    new Map([
      ['listen.http', '127.0.0.1:1'],
      ['retry.delays', '1m,5m'],
    ]),
  ]);
});

test('the sandbox gets its options and gives its exit code', async () => {
  const asked: unknown[] = [];
  const sandbox = async (options: unknown) => {
    asked.push(options);
    return 1;
  };
  assert.equal((await cli('sandbox --once --json', { sandbox })).code, 1);
  assert.equal((await cli('sandbox --data d', { sandbox })).code, 1);
  assert.deepEqual(asked, [
    { once: true, json: true, place: {} },
    { once: false, json: false, place: { data: 'd' } },
  ]);
});
