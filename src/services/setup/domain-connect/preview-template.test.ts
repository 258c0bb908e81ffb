import assert from 'node:assert/strict';
import test from 'node:test';
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import { parseSpfRecord } from '../../../protocol/spf/record.ts';
import type { RecordSet } from '../types.ts';
import { delegationTemplate } from './delegation-template.ts';
import { previewTemplate, type TemplateUse } from './preview-template.ts';
import { readTemplate } from './read-template.ts';

const zone = parseDomainName('example.com') as DomainName;
const use: TemplateUse = { zone, host: '', variables: {} };
const set = (name: string, type: RecordSet['type'], ...values: string[]): RecordSet => ({
  name,
  type,
  ttl: 3600,
  values,
});

function preview(records: readonly object[], sets: readonly RecordSet[], more: Partial<TemplateUse> = {}) {
  const template = readTemplate({ providerName: 'Mailer', serviceName: 'Mail', records });
  assert.ok(template.ok, template.ok ? '' : template.say);
  const made = previewTemplate(template.value, { ...use, ...more }, sets);
  assert.ok(made.ok, made.ok ? '' : made.say);
  return made.value;
}
const after = (sets: readonly RecordSet[], records: readonly object[]): readonly RecordSet[] => {
  const { changes } = preview(records, sets);
  const untouched = sets.filter((one) => !changes.some(({ name, type }) => name === one.name && type === one.type));
  return [...untouched, ...changes.flatMap((change) => change.after ?? [])];
};
const textsAt = (sets: readonly RecordSet[], name: string) =>
  sets.filter((one) => one.name === name && one.type === 'TXT').flatMap(({ values }) => values);
const termsOf = (record: string) => {
  const read = parseSpfRecord(record);
  return read.ok ? read.value.directives.map(({ text }) => text) : [];
};

test('four services one after the other: no term is lost, by whatever record they bring theirs', () => {
  const services = [
    [{ type: 'SPFM', host: '@', spfRules: 'include:one.example' }],
    [{ type: 'TXT', host: '@', data: 'v=spf1 include:two.example -all', ttl: 3600, txtConflictMatchingMode: 'All' }],
    [{ type: 'SPFM', host: '@', spfRules: 'a mx include:three.example' }],
    [
      {
        type: 'TXT',
        host: '@',
        data: 'v=spf1 ip4:192.0.2.0/24 ~all',
        txtConflictMatchingMode: 'Prefix',
        txtConflictMatchingPrefix: 'v=spf1',
      },
    ],
  ];
  const begin = [set('example.com', 'TXT', 'v=spf1 include:one.example.evil ip4:198.51.100.7 -all', 'verification=1')];
  const end = services.reduce<readonly RecordSet[]>(after, begin);
  const [spf = '', ...others] = textsAt(end, 'example.com');
  assert.deepEqual(others, ['verification=1']);
  assert.deepEqual(
    termsOf(spf).toSorted(),
    [
      '-all',
      'a',
      'include:one.example',
      'include:one.example.evil',
      'include:three.example',
      'include:two.example',
      'ip4:192.0.2.0/24',
      'ip4:198.51.100.7',
      'mx',
    ].toSorted(),
  );
  assert.equal(termsOf(spf).at(-1), '-all', 'what ends the record stays as strict as it was');
  assert.deepEqual(services.reduce<readonly RecordSet[]>(after, end), end, 'once more changes nothing');
});

test('a first SPF record ends softly; one that redirects goes on doing so', () => {
  const rule = [{ type: 'SPFM', host: 'mail', spfRules: 'include:one.example' }];
  assert.deepEqual(textsAt(after([], rule), 'mail.example.com'), ['v=spf1 include:one.example ~all']);
  const redirects = [set('mail.example.com', 'TXT', 'v=spf1 mx redirect=_spf.example.com')];
  assert.deepEqual(textsAt(after(redirects, rule), 'mail.example.com'), [
    'v=spf1 mx include:one.example redirect=_spf.example.com',
  ]);
});

test('two SPF records, or one that nobody can read, are mended first', () => {
  for (const values of [['v=spf1 a -all', 'v=spf1 mx -all'], ['v=spf1 inclde:x.example -all']]) {
    const { changes, conflicts } = preview(
      [{ type: 'SPFM', host: '@', spfRules: 'include:one.example' }],
      [set('example.com', 'TXT', ...values)],
    );
    assert.deepEqual(changes, []);
    assert.equal(conflicts.length, 1);
  }
});

test('a DMARC record that is there stays, whatever the service says gives way', () => {
  const strict = set('_dmarc.example.com', 'TXT', 'v=DMARC1; p=reject; rua=mailto:d@example.com');
  const record = {
    type: 'TXT',
    host: '_dmarc',
    data: 'v=DMARC1; p=none',
    txtConflictMatchingMode: 'Prefix',
    txtConflictMatchingPrefix: 'v=DMARC1',
  };
  const { changes, conflicts } = preview([record], [strict]);
  assert.deepEqual(changes, []);
  assert.deepEqual(conflicts, [
    {
      name: '_dmarc.example.com',
      say: 'Mailer Mail wants v=DMARC1; p=none in place of the DMARC record that is there, which stays',
    },
  ]);
  assert.deepEqual(preview([record], []).changes, [
    { name: '_dmarc.example.com', type: 'TXT', after: set('_dmarc.example.com', 'TXT', 'v=DMARC1; p=none') },
  ]);
});

test('what gives way is what the protocol says, and is told', () => {
  const sets = [
    set('www.example.com', 'CNAME', 'old.example'),
    set('example.com', 'MX', '10 mx.example.com'),
    set('example.com', 'TXT', 'v=spf1 -all', 'mailer=old', 'other=1'),
    set('s1._domainkey.example.com', 'TXT', 'v=DKIM1; p='),
  ];
  const { changes, conflicts } = preview(
    [
      { type: 'A', host: 'www', pointsTo: '192.0.2.1', ttl: '600' },
      { type: 'A', host: 'www', pointsTo: '192.0.2.2', ttl: 600 },
      { type: 'MX', host: '@', pointsTo: 'mx.mailer.example', priority: '5', ttl: 600 },
      {
        type: 'TXT',
        host: '@',
        data: 'mailer=new',
        ttl: 600,
        txtConflictMatchingMode: 'Prefix',
        txtConflictMatchingPrefix: 'mailer=',
      },
      { type: 'NS', host: '_domainkey', pointsTo: 'ns1.mailer.example', ttl: 600 },
      {
        type: 'SRV',
        service: '_imaps',
        protocol: '_tcp',
        name: '@',
        target: 'imap.mailer.example',
        port: 993,
        priority: 0,
        weight: 1,
        ttl: 600,
      },
    ],
    sets,
  );
  const shown = changes
    .map(({ name, type, after: is }) => `${type} ${name} ${is?.values.join(' | ') ?? '-'}`)
    .toSorted();
  assert.deepEqual(shown, [
    'A www.example.com 192.0.2.1 | 192.0.2.2',
    'CNAME www.example.com -',
    'MX example.com 5 mx.mailer.example',
    'NS _domainkey.example.com ns1.mailer.example',
    'SRV _imaps._tcp.example.com 0 1 993 imap.mailer.example',
    'TXT example.com v=spf1 -all | other=1 | mailer=new',
    'TXT s1._domainkey.example.com -',
  ]);
  assert.deepEqual(
    conflicts.map(({ name }) => name),
    ['www.example.com', 'example.com', 'example.com', 's1._domainkey.example.com'],
  );
});

test('our own template leaves what stands at the domain', () => {
  const template = readTemplate(delegationTemplate({ providerId: 'office.example', providerName: 'Office' }));
  assert.ok(template.ok);
  const sets = [set('example.com', 'TXT', 'v=spf1 mx -all'), set('example.com', 'MX', '10 mx.example.com')];
  const made = previewTemplate(template.value, { ...use, variables: { zone: 'abc.dns.office.example' } }, sets);
  assert.ok(made.ok);
  assert.deepEqual(made.value.conflicts, []);
  const labels = ['ph1', 'ph2', 'ph3', 'ph4'].map((selector) => `${selector}._domainkey`);
  assert.deepEqual(
    made.value.changes.map(({ name, type, after: is }) => `${type} ${name} ${is?.values.join(' ')}`),
    [
      'TXT example.com v=spf1 mx include:_spf.abc.dns.office.example -all',
      ...[...labels, 'bounce', '_dmarc', '_mta-sts', 'mta-sts', '_smtp._tls', '_eml'].map(
        (label) => `CNAME ${label}.example.com ${label}.abc.dns.office.example`,
      ),
    ],
  );
});

test('what is no template, or cannot be filled, is refused with its reason', () => {
  for (const wrong of [
    null,
    1,
    {},
    { records: 'x' },
    { records: [1] },
    { records: [{ type: 'REDIR301', host: '@' }] },
    { records: [{ type: 'A', host: 1 }] },
    { records: [{ type: 'A', host: '@', ttl: 'x' }] },
    { records: Array(201).fill({ type: 'A' }) },
  ])
    assert.partialDeepStrictEqual(readTemplate(wrong), { ok: false, code: 'bad-template' });
  const refusals = [
    [{ type: 'A', host: '@', pointsTo: '%ip%' }, 'the template wants to be told ip'],
    [{ type: 'A', host: '@', pointsTo: 'x' }, 'has no value that could stand in a zone'],
    [{ type: 'A', host: 'other.example.', pointsTo: '192.0.2.1' }, 'is no name in example.com'],
  ] as const;
  for (const [record, say] of refusals) {
    const template = readTemplate({ records: [record] });
    const made = template.ok ? previewTemplate(template.value, use, []) : template;
    assert.ok(!made.ok && made.say.includes(say), made.ok ? 'made' : made.say);
  }
});

test('no template takes the whole zone away: neither by an alias at its top nor by name servers', () => {
  const sets = [
    set('example.com', 'NS', 'ns1.host.example'),
    set('example.com', 'MX', '10 mx.host.example'),
    set('www.example.com', 'A', '192.0.2.1'),
  ];
  for (const type of ['CNAME', 'NS']) {
    const { changes, conflicts } = preview([{ type, host: '@', pointsTo: 'x.example', ttl: 3600 }], sets);
    assert.deepEqual(changes, []);
    assert.match(conflicts[0]?.say ?? '', /left out/);
  }
  const below = preview([{ type: 'NS', host: 'send', pointsTo: 'ns.x.example', ttl: 3600 }], sets);
  assert.deepEqual(below.conflicts, []);
  assert.equal(below.changes.length, 1);
});
