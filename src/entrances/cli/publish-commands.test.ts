import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { domain, set } from '../../../test/contracts/zone-editor.ts';
import { type CliResult, cli, type FakeCli } from '../../../test/support/fake-cli.ts';
import { type HostScript, resolverOf, ScriptedHost } from '../../../test/support/scripted-host.ts';
import { fileJournal } from '../../adapters/journal/file-journal.ts';
import { type Clock, fixedClock, systemClock, type Timers } from '../../base/clock.ts';
import { createIds } from '../../base/id.ts';
import { accept, refuse } from '../../base/outcome.ts';
import { systemRandom } from '../../base/random.ts';
import { createJournal } from '../../services/setup/publish/publication-journal.ts';
import { createPublisher, createWatcher } from '../../services/setup/publish/publish.ts';
import type { RecordSet } from '../../services/setup/types.ts';
import { exits } from './exits.ts';

const zone = domain('a.example');
const start = [
  set(zone, 'NS', ['ns1.host.example']),
  set(zone, 'TXT', ['v=spf1 ip4:192.0.2.1 ~all', 'verification=1'], 300),
];
const beyond = resolverOf([set('_spf.google.com', 'TXT', ['v=spf1 ip4:198.51.100.0/24 ~all'])]);
const google = `publish ${zone} --sender google-workspace --rua d@a.example`;

type Scene = {
  readonly host: ScriptedHost;
  readonly journal: string;
  readonly type: (line: string, more?: FakeCli) => Promise<CliResult>;
};

function scene(
  t: TestContext,
  script: HostScript = {},
  show?: (sets: readonly RecordSet[]) => readonly RecordSet[],
  clock: Clock = systemClock,
): Scene {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-publish-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'journal');
  const host = new ScriptedHost(zone, start, script);
  const authorities = host.authorities(show);
  const journal = createJournal({
    lines: fileJournal(path),
    clock,
    ids: createIds(systemClock, systemRandom),
  });
  const ports = { resolver: beyond, authorities, journal, timers: { ...quickTimers(), nowMs: clock.nowMs } };
  const fake: FakeCli = {
    dns: async () => ({ resolver: beyond, authorities }),
    publisher: async (_, { kind }) => ({
      publisher: async () =>
        kind === 'none'
          ? refuse('no-credentials', 'X_TOKEN is not set: a token')
          : accept(createPublisher({ ...ports, editor: host.editor })),
      watcher: createWatcher(ports),
      remember: async () => accept('the office'),
      forget: async () => accept('the office'),
      [Symbol.asyncDispose]: async () => {},
    }),
  };
  return { host, journal: path, type: (line, more = {}) => cli(line, { ...fake, ...more }) };
}

/** Time that passes only where somebody waits. */
function quickTimers(): Timers {
  let now = 0;
  const sleep = async (ms: number) => {
    now += ms;
  };
  return { ...systemClock, monotonicMs: () => now, sleep };
}

/** Somebody sits there and types this. */
const answers = (text: string) => ({
  stdin: {
    isTerminal: true,
    chunks: async function* () {
      yield Buffer.from(text);
    },
  },
});

const widest = (text: string) => Math.max(...text.split('\n').map((line) => line.length));

test('--dry-run shows what would change and touches neither zone nor journal', async (t) => {
  const { host, journal, type } = scene(t);
  const { code, out } = await type(`${google} --dry-run`);
  assert.equal(code, exits.ok);
  assert.match(out, /^a\.example at scripted: 1 to change, 2 to add\n/);
  assert.match(
    out,
    /\n~ TXT {4}a\.example\n {9}- v=spf1 ip4:192\.0\.2\.1 ~all\n {9}\+ v=spf1 .*include:_spf\.google\.com.*\n {11}verification=1\n/,
  );
  assert.match(out, /\n\+ TXT {4}_dmarc\.a\.example {2}TTL \d+\n {9}\+ v=DMARC1; /);
  assert.ok(widest(out) <= 80, out);
  assert.equal(host.applied, 0);
  assert.equal(existsSync(journal), false);
});

test('without a terminal and without --yes nothing is changed; a person who says no changes nothing either', async (t) => {
  const { host, type } = scene(t);
  const alone = await type(google);
  assert.equal(alone.code, exits.usage);
  assert.match(alone.err, /next: posthorn publish a\.example --sender google-workspace --rua d@a\.example --yes\n$/);
  const no = await type(google, answers('n\n'));
  assert.equal(no.code, exits.usage);
  assert.match(no.err, /Publish this\? \[y\/N\]/);
  assert.equal(host.applied, 0);
  const yes = await type(google, answers('y\n'));
  assert.equal(yes.code, exits.ok, yes.err);
  assert.match(yes.out, /^Published: all of it shows at ns1\.host\.example\.\n/);
  assert.equal(host.applied, 1);
});

test('--json is one document: what changed, before and after, and what became of it; then there is nothing to do', async (t) => {
  const { type } = scene(t);
  const { code, out } = await type(`${google} --yes --json`);
  assert.equal(code, exits.ok);
  const document = JSON.parse(out);
  assert.partialDeepStrictEqual(document, {
    domain: zone,
    zone,
    host: 'scripted',
    dry_run: false,
    result: { state: 'verified' },
  });
  const spf = document.changes.find((one: { name: string; type: string }) => one.name === zone && one.type === 'TXT');
  assert.deepEqual(spf.before, { ttl: 300, values: start[1]?.values });
  assert.equal(spf.after.ttl, 300);
  const again = JSON.parse((await type(`${google} --yes --json`)).out);
  assert.deepEqual([again.changes, again.result], [[], undefined]);
});

test('--undo takes the last publication back, once; --history tells of both', async (t) => {
  const { host, type } = scene(t);
  await type(`${google} --yes`);
  const undone = await type(`publish ${zone} --undo --yes`);
  assert.equal(undone.code, exits.ok, undone.err);
  assert.deepEqual(
    new Set(host.sets.map(({ name, type }) => `${name} ${type}`)),
    new Set(start.map(({ name, type }) => `${name} ${type}`)),
  );
  const nothing = await type(`publish ${zone} --undo --yes`);
  assert.equal(nothing.code, exits.badInput);
  assert.match(nothing.err, /nothing to undo for a\.example\.\n {2}next: posthorn publish a\.example --history\n$/);
  const history = JSON.parse((await type(`publish ${zone} --history --json`)).out);
  assert.deepEqual(
    history.map(({ state }: { state: string }) => state),
    ['verified', 'verified'],
  );
  assert.equal(history[0].undoes, history[1].id);
});

const ends: readonly (readonly [string, HostScript, number, RegExp])[] = [
  ['401', { stopAt: { nth: 0, code: 'bad-credentials' } }, exits.noPermission, /Nothing was changed\./],
  [
    '429 in the middle',
    { stopAt: { nth: 1, code: 'rate-limited' } },
    exits.tryAgain,
    /was taken back: the zone is as it was\./,
  ],
  ['500 in the middle', { stopAt: { nth: 2, code: 'unavailable', half: true } }, exits.unavailable, /was taken back/],
  [
    'no answer any more',
    { answersAfter: 'unavailable', silentReads: 9 },
    exits.problems,
    /may stand, in the zone:[\s\S]*next: posthorn publish a\.example --undo pub_/,
  ],
];
for (const [what, script, code, words] of ends) {
  test(`a host that answers ${what}: exit ${code}, and what was done is said`, async (t) => {
    const { type } = scene(t, script);
    const result = await type(`${google} --yes`);
    assert.equal(result.code, code, result.out + result.err);
    assert.match(result.out, words);
    assert.ok(widest(result.out) <= 80, result.out);
  });
}

test('servers that lag: exit 75 with what to type next, and watch tells which', async (t) => {
  const shown = { isLate: true };
  const publishedMs = Date.UTC(2026, 10, 22);
  const { type } = scene(t, {}, (sets) => (shown.isLate ? start : sets), fixedClock(publishedMs));
  const late = await type(`${google} --yes --wait 1m`);
  assert.equal(late.code, exits.tryAgain);
  assert.match(late.out, /ns1\.host\.example still shows the old state\n[\s\S]* next: posthorn watch a\.example\n/);
  const before = await type(`watch ${zone} --once --json`);
  assert.equal(before.code, exits.problems);
  assert.partialDeepStrictEqual(JSON.parse(before.out).sets[0].servers, [{ server: 'ns1.host.example', shows: 'old' }]);
  shown.isLate = false;
  const after = await type(`watch ${zone} --once`, {
    timers: { ...systemClock, ...fixedClock(publishedMs + 10_000) },
  });
  assert.equal(after.code, exits.ok);
  assert.match(after.out, /caches may hold the state before for another 5 min\n/);
});

test('a zone that nobody is sent to: who answers for the domain is told', async (t) => {
  const { host, type } = scene(t, {}, () => start);
  host.put(set(zone, 'NS', ['ns.forgotten.example']));
  const late = await type(`${google} --yes --wait 1m`);
  assert.equal(late.code, exits.tryAgain);
  const said = late.out.replaceAll(/\n {2}/g, ' ');
  assert.match(
    said,
    /! a\.example is answered by ns1\.host\.example, and this zone names ns\.forgotten\.example: is it/,
  );
  assert.ok(widest(late.out) <= 80, late.out);
});

test('watch tells changes only, until it is stopped', async (t) => {
  const { host, type } = scene(t);
  await type(`${google} --yes`);
  const stop = new AbortController();
  let looks = 0;
  const sleep = async () => {
    if (++looks === 2) host.put(set(`_dmarc.${zone}`, 'TXT', ['v=DMARC1; p=reject']));
    if (looks === 4) stop.abort();
  };
  const { code, out } = await type(`watch ${zone} --jsonl`, { signal: stop.signal, timers: { ...systemClock, sleep } });
  assert.equal(code, exits.ok);
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const drift = lines.at(-1);
  assert.partialDeepStrictEqual(drift, { name: `_dmarc.${zone}`, servers: [{ shows: 'other' }] });
  assert.equal(lines.filter(({ name }) => name === drift.name).length, 2);
});

test('an undo goes to the host of its publication, or says which that is', async (t) => {
  const { type } = scene(t);
  await type(`${google} --yes`);
  const lost = await type(`publish ${zone} --undo --yes --provider none`);
  assert.equal(lost.code, exits.configuration);
  assert.match(lost.err, /next: posthorn publish a\.example --undo pub_\w+ --provider scripted\n$/);
});

test('a host without credentials, and a domain that was never published, end with what to type next', async (t) => {
  const { type } = scene(t);
  const host = await type(`${google} --provider none`);
  assert.equal(host.code, exits.configuration);
  assert.match(host.err, /X_TOKEN is not set: a token\.\n {2}next: posthorn publish --hosts\n$/);
  const never = await type(`watch ${zone} --once`);
  assert.equal(never.code, exits.badInput);
  assert.match(never.err, /next: posthorn publish a\.example --dry-run\n$/);
});

test('every kind of host is listed with what it wants to be told', async () => {
  const { out } = await cli('publish --hosts');
  for (const kind of ['cloudflare', 'powerdns', 'rfc2136', 'zone-file', 'hosted'])
    assert.ok(out.includes(`\n${kind}  `), kind);
  assert.ok(widest(out) <= 80);
});

test('whoever is asked with --partial sees what is still to be decided, too', async (t) => {
  const { host, type } = scene(t);
  host.put(set(`*.${zone}`, 'MX', ['10 mx.host.example']));
  const line = `publish ${zone} --sender own:ip4=192.0.2.9,subdomain=news --partial`;
  const no = await type(line, answers('n\n'));
  assert.match(no.err, /Decide first\n! A wildcard answers for news\.a\.example[\s\S]*Publish this\? \[y\/N\]/);
  assert.equal(host.applied, 0);
});
