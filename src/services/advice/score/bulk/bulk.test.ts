import assert from 'node:assert/strict';
import test from 'node:test';
import { utf8 } from '../../../../base/bytes.ts';
import { indexMessage } from '../../../../format/message/message-index.ts';
import { loadPublicSuffixes } from '../../../../protocol/dmarc/public-suffix.ts';
import { resolverFromZone } from '../../../../protocol/dns/zone-resolver.ts';
import { readAuthor } from '../../../../protocol/read-author.ts';
import { readContent } from '../content/read-content.ts';
import { createScorer } from '../score.ts';
import { type BulkCheckId, bulkChecks } from './checks.ts';
import { bulkRules, judgeBulk, looksLikeBulk } from './judge-bulk.ts';
import type { BulkFacts, StreamKnowledge } from './types.ts';

const suffixes = await loadPublicSuffixes();

type Wish = {
  readonly from?: string;
  readonly fields?: readonly string[];
  readonly body?: string;
  readonly covered?: readonly string[];
  readonly source?: BulkFacts['evidence']['source'];
  readonly isBulk?: boolean;
  readonly stream?: StreamKnowledge;
};

const both = [
  'List-Unsubscribe: <mailto:leave@example.com>, <https://example.com/u/1>',
  'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
];
const bothNames = ['list-unsubscribe', 'list-unsubscribe-post'];

function judge({
  from = 'ann@news.example.com',
  fields = [],
  body = 'Hello',
  covered = [],
  source = 'today',
  ...more
}: Wish) {
  const index = indexMessage(utf8([`From: ${from}`, ...fields, '', body].join('\r\n')));
  const author = readAuthor(index);
  const common = {
    index,
    author,
    organizationOf: suffixes.organizationalDomain,
    nowMs: 0,
    ...(author.kind === 'one' && { domain: author.domain }),
  };
  const facts: BulkFacts = {
    ...common,
    covered: new Set(covered),
    evidence: { source, dkim: [] },
    isBulk: more.isBulk ?? true,
    ...(more.stream && { stream: more.stream }),
  };
  return judgeBulk(facts, readContent(common));
}

const html = (text: string): Pick<Wish, 'fields' | 'body'> => ({ fields: ['Content-Type: text/html'], body: text });
const answers = (first: number, second = first): Wish => ({
  stream: { oneClick: { first: { status: first }, second: { status: second } } },
});
const notTried: Wish = { stream: { oneClickNotTried: 'no DKIM signature that holds covers both fields for it' } };
const volume = (perDay: readonly number[]): Wish => ({ stream: { volume: { receiver: 'Gmail', perDay } } });
const complained = (complaints: number, delivered = 100_000): Wish => ({
  stream: { complaints: { receiver: 'Gmail', delivered, complaints } },
});
const growing = Array.from({ length: 14 }, (_, day) => 1_000 + day * 150);

const cases: readonly (readonly [
  BulkCheckId,
  'pass' | 'fail' | 'unknown' | 'skip',
  Wish,
  { tenths?: number; say?: RegExp; severity?: string }?,
])[] = [
  ['BLK-01', 'pass', { fields: both, covered: bothNames }],
  ['BLK-01', 'fail', {}, { tenths: 10, say: /no List-Unsubscribe/ }],
  [
    'BLK-01',
    'fail',
    { fields: ['List-Unsubscribe: <mailto:a@example.com>', both[1] as string] },
    { tenths: 10, say: /no https/ },
  ],
  [
    'BLK-01',
    'fail',
    { fields: ['List-Unsubscribe: <http://example.com/u>', both[1] as string] },
    { tenths: 10, say: /no https/ },
  ],
  ['BLK-01', 'fail', { fields: [both[0] as string] }, { tenths: 10, say: /Post is missing/ }],
  [
    'BLK-01',
    'fail',
    { fields: [both[0] as string, 'List-Unsubscribe-Post: yes'] },
    { tenths: 10, say: /does not say/ },
  ],
  [
    'BLK-01',
    'fail',
    { fields: both, covered: ['list-unsubscribe'] },
    { tenths: 5, say: /no DKIM signature that holds/ },
  ],
  ['BLK-01', 'unknown', { fields: both, source: 'none' }],
  ['BLK-01', 'skip', { isBulk: false }],
  ['BLK-02', 'skip', {}],
  ['BLK-02', 'pass', answers(200, 202)],
  ['BLK-02', 'fail', answers(302), { say: /elsewhere/ }],
  ['BLK-02', 'fail', answers(401), { say: /login/ }],
  ['BLK-02', 'fail', answers(404), { say: /nothing/ }],
  ['BLK-02', 'fail', answers(405), { say: /no POST/ }],
  ['BLK-02', 'fail', answers(200, 410), { say: /second click/ }],
  ['BLK-02', 'unknown', answers(0)],
  ['BLK-02', 'unknown', answers(200, 0), { say: /second time/ }],
  ['BLK-02', 'unknown', notTried, { say: /^One-click unsubscribe was not tried: no DKIM signature/ }],
  ['BLK-03', 'pass', html('<a href="https://example.com/x">Click here to <b>unsub</b>scribe</a>')],
  ['BLK-03', 'pass', html('<a href="https://example.com/abmelden?x">hier</a>')],
  ['BLK-03', 'pass', { fields: [...both, 'Content-Type: text/html'], body: '<a href="https://example.com/u/1">x</a>' }],
  ['BLK-03', 'pass', { body: 'Bye\r\n\r\nTo unsubscribe:\r\nhttps://example.com/u' }],
  ['BLK-03', 'fail', { body: 'To unsubscribe, call us.' }, { tenths: 5 }],
  ['BLK-03', 'fail', html('<a href="https://example.com/x">Shop</a> unsubscribe'), { tenths: 5 }],
  ['BLK-03', 'fail', html('<a href="{{unsubscribe}}">Unsubscribe</a>'), { tenths: 5 }],
  ['BLK-04', 'skip', {}],
  ['BLK-04', 'pass', complained(99)],
  ['BLK-04', 'fail', complained(100), { severity: 'warn', say: /0\.10 %/ }],
  ['BLK-04', 'fail', complained(300), { severity: 'critical', say: /0\.30 %/ }],
  ['BLK-04', 'unknown', complained(3, 999)],
  ['BLK-05', 'pass', {}],
  ['BLK-05', 'fail', { from: 'ann@example.com' }, { say: /domain of all other mail/ }],
  ['BLK-05', 'fail', { stream: { ordinaryDomains: ['news.example.com' as never] } }],
  ['BLK-05', 'pass', { from: 'ann@example.co.uk', stream: { ordinaryDomains: ['mail.example.co.uk'] } }],
  ['BLK-06', 'pass', { fields: ['Feedback-ID: a:b:c:sender1'], covered: ['feedback-id'] }],
  ['BLK-06', 'fail', {}, { say: /no Feedback-ID/ }],
  ['BLK-06', 'fail', { fields: ['Feedback-ID: a:b:c:x'] }, { say: /cannot be read/ }],
  ['BLK-06', 'fail', { fields: ['Feedback-ID: a:b:c:sender1'] }, { say: /No DKIM/ }],
  ['BLK-06', 'unknown', { fields: ['Feedback-ID: a:b:c:sender1'], source: 'none' }],
  ['BLK-07', 'skip', {}],
  ['BLK-07', 'pass', { stream: { warmUp: { sentToday: 500, mayToday: 500 } } }],
  ['BLK-07', 'fail', { stream: { warmUp: { sentToday: 501, mayToday: 500 } } }],
  ['BLK-08', 'skip', {}],
  ['BLK-08', 'pass', volume([100, 200, 100])],
  ['BLK-08', 'pass', volume(growing.toReversed())],
  ['BLK-08', 'fail', volume([3_999, 4_000]), { severity: 'warn', say: /bulk sender/ }],
  ['BLK-08', 'fail', volume(growing), { severity: 'advice', say: /in about 14 days/ }],
];

for (const [id, expected, wish, { tenths = 0, say, severity } = {}] of cases) {
  test(`${id} ${expected}: ${say?.source ?? JSON.stringify(wish).slice(0, 80)}`, () => {
    const { findings, charges } = judge(wish);
    const [found, ...more] = findings.filter((one) => one.id === id);
    assert.deepEqual(more, []);
    assert.equal(found?.status, expected);
    if (say) assert.match(found?.meaning ?? '', say);
    if (severity) assert.equal(found?.severity, severity);
    assert.equal(
      charges.filter(({ check }) => check === id).reduce((sum, one) => sum + one.tenths, 0),
      tenths,
    );
    if (expected === 'fail') assert.ok((found?.fix?.steps?.length ?? 0) > 0, 'a fault comes with what mends it');
  });
}

test('every check can fail and can pass, and there is a rule for each', () => {
  const ids = Object.keys(bulkChecks);
  assert.deepEqual(
    bulkRules.map(({ id }) => id),
    ids,
  );
  for (const id of ids)
    for (const status of ['fail', 'pass'])
      assert.ok(
        cases.some(([of, is]) => of === id && is === status),
        `${id} ${status}`,
      );
});

test('what is no mail to many is charged nothing for it', () => {
  const { findings, charges } = judge({ isBulk: false, from: 'ann@example.com' });
  assert.deepEqual(charges, []);
  assert.ok(findings.every(({ status }) => status === 'skip'));
});

test('what looks like mail to many', () => {
  const looks = (field: string) => looksLikeBulk(indexMessage(utf8(`${field}\r\n\r\n`)));
  assert.ok(looks('List-Unsubscribe: <https://example.com/>'));
  assert.ok(looks('List-Id: <a.example.com>'));
  assert.ok(looks('Precedence: Bulk'));
  assert.ok(!looks('Precedence: first-class'));
  assert.ok(!looks('Subject: list-id'));
});

test('the header tells where nobody said, and what somebody says counts more', async () => {
  const { scoreMessage } = createScorer({ resolver: resolverFromZone('') });
  const statusOf = async (fields: string, isBulk?: boolean) => {
    const session = isBulk === undefined ? {} : { isBulk };
    const { findings } = await scoreMessage(utf8(`From: ann@example.com\r\n${fields}\r\nHello\r\n`), session);
    return findings.find(({ id }) => id === 'BLK-01')?.status;
  };
  assert.equal(await statusOf(''), 'skip');
  assert.equal(await statusOf('', true), 'fail');
  assert.equal(await statusOf('List-Id: <a.example.com>\r\n'), 'fail');
  assert.equal(await statusOf('List-Id: <a.example.com>\r\n', false), 'skip');
});
