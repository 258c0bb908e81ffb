import assert from 'node:assert/strict';
import test from 'node:test';
import { domain, set } from '../../../test/contracts/zone-editor.ts';
import { cli, type FakeCli } from '../../../test/support/fake-cli.ts';
import { resolverOf, ScriptedHost } from '../../../test/support/scripted-host.ts';
import { systemClock } from '../../base/clock.ts';
import { accept } from '../../base/outcome.ts';
import { createPublisher, createWatcher } from '../../services/setup/publish/publish.ts';
import { exits } from './exits.ts';

const zone = domain('a.example');
const template = {
  providerName: 'Mailer',
  serviceName: 'Mail',
  records: [
    { type: 'TXT', host: '@', data: 'v=spf1 include:mailer.example -all', txtConflictMatchingMode: 'All' },
    { type: 'CNAME', host: 'bounce', pointsTo: '%id%.bounce.mailer.example', ttl: 3600 },
  ],
};
const dmarc = { type: 'TXT', host: '_dmarc', data: 'v=DMARC1; p=none', txtConflictMatchingMode: 'All' };

function scene() {
  const host = new ScriptedHost(zone, [
    set(zone, 'NS', ['ns1.host.example']),
    set(zone, 'TXT', ['v=spf1 ip4:192.0.2.1 ~all', 'verification=1']),
    set(`_dmarc.${zone}`, 'TXT', ['v=DMARC1; p=reject']),
  ]);
  const authorities = host.authorities();
  const journal = { where: 'nowhere', begin: async () => 'pub_1', note: async () => {}, list: async () => [] };
  const ports = { resolver: resolverOf([]), authorities, journal, timers: systemClock };
  const fake: FakeCli = {
    files: {
      't.json': JSON.stringify(template),
      'd.json': JSON.stringify({ ...template, records: [...template.records, dmarc] }),
      'x.json': '{',
    },
    dns: async () => ({ resolver: ports.resolver, authorities }),
    publisher: async () => ({
      publisher: async () => accept(createPublisher({ ...ports, editor: host.editor })),
      watcher: createWatcher(ports),
      remember: async () => accept('the office'),
      forget: async () => accept('the office'),
      [Symbol.asyncDispose]: async () => {},
    }),
  };
  return { host, type: (rest: string) => cli(`publish ${zone} ${rest}`, fake) };
}
const textsOf = async ({ editor }: ScriptedHost) => {
  const read = await editor.read(zone);
  return read.ok
    ? read.value.sets
        .filter(({ type }) => type !== 'NS')
        .map(({ name, values }) => `${name} ${values.join(' | ')}`)
        .toSorted()
    : [];
};

test('a template is published like a plan: SPF joins what is there, the rest comes', async () => {
  const { host, type } = scene();
  const { code, err } = await type('--template t.json --value id=12 --yes --wait 0s');
  assert.equal(code, exits.ok, err);
  assert.deepEqual(await textsOf(host), [
    '_dmarc.a.example v=DMARC1; p=reject',
    'a.example v=spf1 ip4:192.0.2.1 include:mailer.example ~all | verification=1',
    'bounce.a.example 12.bounce.mailer.example',
  ]);
});

test('a policy that the service would weaken is told, and stays even when one goes on', async () => {
  const { host, type } = scene();
  const told = await type('--template d.json --value id=12 --yes --wait 0s');
  assert.equal(told.code, exits.problems);
  assert.match(
    told.out.replaceAll(/\s+/g, ' '),
    /Mailer Mail wants v=DMARC1; p=none in place of the DMARC record that is there, which stays/,
  );
  await type('--template d.json --value id=12 --yes --partial --wait 0s');
  assert.ok((await textsOf(host)).includes('_dmarc.a.example v=DMARC1; p=reject'));
});

test('what is no template, or lacks a value, is said with what to type', async () => {
  const { type } = scene();
  for (const [rest, say] of [
    ['--template t.json', /The template wants to be told id\./],
    ['--template t.json --value id', /--value id is not NAME=VALUE/],
    ['--template x.json', /x\.json: that is no template/i],
  ] as const) {
    const { code, err } = await type(rest);
    assert.equal(code, exits.badInput);
    assert.match(err, say);
    assert.match(err, /next: posthorn publish a\.example --template FILE --value NAME=VALUE --dry-run/);
  }
});
