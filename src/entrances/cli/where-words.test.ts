/** What says which office and which DNS are meant comes along into the commands that are printed to be typed next. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli } from '../../../test/support/fake-cli.ts';
import { withWhere } from './where-words.ts';

const where = { data: 'my office', config: 'a.toml', server: 'http://x', key: 'ph_live_1', resolver: ['192.0.2.53'] };

test('every command takes what the table says', async () => {
  const paths = await leafPaths([]);
  assert.ok(paths.length > 50, String(paths.length));
  for (const path of paths) {
    const { out: help } = await cli([...path, '--help']);
    const said = withWhere(`next: posthorn ${path.join(' ')} x`, 'posthorn', where);
    for (const option of ['--data <folder>', '--config <file>', '--server <', '--key <key>', '--resolver <']) {
      const [name] = option.split(' <');
      const isTaken = new RegExp(`^ +${option}`, 'm').test(help);
      assert.equal(`${said} `.includes(` ${name} `), isTaken, `${name}: ${said}\n${help}`);
    }
  }
});

/** Of the commands that have no others below them. */
async function leafPaths(path: readonly string[]): Promise<string[][]> {
  const { out } = await cli([...path, '--help']);
  const start = path.length === 0 ? out.indexOf('Start:') : out.indexOf('Commands:');
  if (start < 0) return [[...path]];
  const names = [...out.slice(start).matchAll(/^ {2}([a-z-]+) .*/gm)].map(([, name = '']) => name);
  const deeper = names.filter((name) => name !== 'posthorn').map((name) => leafPaths([...path, name]));
  return (await Promise.all(deeper)).flat();
}

test('what a line says already is not said twice, and a secret is not repeated', () => {
  const told = (text: string, program = 'posthorn') => withWhere(text, program, where);
  const office = "--data 'my office' --config a.toml --server http://x --key KEY";
  assert.equal(told('  next: posthorn queue list --all'), `  next: posthorn queue list --all ${office}`);
  assert.equal(told('more:  posthorn queue list   (all)\n'), `more:  posthorn queue list ${office}   (all)\n`);
  assert.equal(
    told('try: ./posthorn fsck --data there && posthorn check a \\\n  --resolver ::1 --json\n', './posthorn'),
    'try: ./posthorn fsck --data there --config a.toml && posthorn check a \\\n  --resolver ::1 --json\n',
  );
  assert.equal(told('next: posthorn spf flatten x > f'), 'next: posthorn spf flatten x --resolver 192.0.2.53 > f');
  for (const text of [
    'posthorn.toml of posthorn',
    'next: posthorn senders list',
    'next: posthorn plan --help',
    'as posthorn plan example.com tells',
  ])
    assert.equal(told(text), text);
  assert.equal(withWhere('posthorn plan x', 'posthorn', {}), 'posthorn plan x');
});

test('a command, its remarks and its refusals name where to go on', async () => {
  const zone = { files: { 'a zone': 'example.com. MX 10 mx.example.com.\n' } };
  const flat = await cli(['spf', 'flatten', 'example.com', '--zone', 'a zone'], zone);
  assert.match(flat.err, /next: posthorn spf .* --zone 'a zone'\n/);
  const { err } = await cli(['queue', 'list', '--data', 'nowhere']);
  assert.match(err, /next: posthorn sandbox --data nowhere/);
  const refused = JSON.parse((await cli(['queue', 'list', '--data', 'nowhere', '--json'])).out);
  assert.equal(refused.error.next, 'posthorn sandbox --data nowhere');
});
