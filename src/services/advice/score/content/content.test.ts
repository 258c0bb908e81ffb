import assert from 'node:assert/strict';
import test from 'node:test';
import { fromLatin1, latin1, utf8 } from '../../../../base/bytes.ts';
import { indexMessage } from '../../../../format/message/message-index.ts';
import { loadPublicSuffixes } from '../../../../protocol/dmarc/public-suffix.ts';
import { readAuthor } from '../../../../protocol/read-author.ts';
import type { Finding } from '../../types.ts';
import { type ContentCheckId, contentChecks } from './checks.ts';
import { contentRules, judgeContent } from './judge-content.ts';
import type { ContentFacts } from './types.ts';

const suffixes = await loadPublicSuffixes();
const nowMs = Date.UTC(2026, 10, 22, 12);

const goodFields: Readonly<Record<string, string>> = {
  From: 'Ann Example <ann@example.com>',
  To: 'bob@example.net',
  Subject: 'The plan for next week',
  Date: 'Sun, 22 Nov 2026 09:55:06 +0000',
  'Message-ID': '<1@example.com>',
  'MIME-Version': '1.0',
};
type Wish = {
  readonly fields?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
} & Partial<ContentFacts>;

function judge({ fields = {}, body = 'Hello Bob,\r\nsee you on Monday.\r\n', ...more }: Wish) {
  const all = { ...goodFields, ...fields };
  const header = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : value.split('\n').map((one) => `${name}: ${one}\r\n`),
  );
  return judgeBytes(utf8(`${header.join('')}\r\n${body}`), more);
}

function judgeBytes(bytes: Uint8Array, more: Partial<ContentFacts> = {}) {
  const index = indexMessage(bytes);
  const author = readAuthor(index);
  const facts: ContentFacts = {
    index,
    nowMs,
    author,
    ...(author.kind === 'one' && { domain: author.domain }),
    organizationOf: suffixes.organizationalDomain,
    ...more,
  };
  return judgeContent(facts);
}

const html = (text: string): Wish => ({
  fields: { 'Content-Type': 'multipart/alternative; boundary=b' },
  body: `--b\r\nContent-Type: text/plain\r\n\r\nSee the page.\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${text}\r\n--b--\r\n`,
});
const both = (plain: string, text: string): Wish => ({
  fields: { 'Content-Type': 'multipart/alternative; boundary=b' },
  body: `--b\r\nContent-Type: text/plain\r\n\r\n${plain}\r\n--b\r\nContent-Type: text/html\r\n\r\n${text}\r\n--b--\r\n`,
});
const attached = (name: string, octets = 'x'): Wish => ({
  fields: { 'Content-Type': 'multipart/mixed; boundary=b' },
  body: `--b\r\n\r\nHello\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(octets, 'latin1').toString('base64')}\r\n--b--\r\n`,
});
const field = (name: string, value: string | undefined): Wish => ({ fields: { [name]: value } });
const paragraph =
  'Our shop opens again on Monday morning, with fresh bread from nine and coffee for everybody who comes early.';

function outcome(findings: readonly Finding[], id: string): string {
  const statuses = findings.filter((one) => one.id === id).map(({ status }) => status);
  return ['fail', 'unknown', 'pass', 'skip'].find((status) => statuses.includes(status as 'fail')) ?? 'none';
}

type Case = readonly [
  ContentCheckId,
  'fail' | 'pass' | 'skip' | 'unknown',
  Wish,
  { tenths?: number; say?: RegExp; severity?: string }?,
];

const program = `MZ${'\0'.repeat(58)}\x80\0\0\0${'\0'.repeat(64)}PE\0\0`;

const cases: readonly Case[] = [
  ['MSG-01', 'pass', {}],
  ['MSG-01', 'fail', field('Date', undefined), { tenths: 8, say: /when it was written/ }],
  ['MSG-01', 'fail', field('Message-ID', undefined), { tenths: 8, say: /no id/ }],
  ['MSG-01', 'fail', { fields: { Date: undefined, 'Message-ID': undefined } }, { tenths: 8 }],
  ['MSG-01', 'fail', field('Date', 'yesterday'), { tenths: 0, say: /cannot be read/ }],
  ['MSG-01', 'fail', field('Date', 'Tue, 24 Nov 2026 09:55:06 +0000'), { tenths: 0, say: /future/ }],
  [
    'MSG-01',
    'fail',
    field('Date', 'Sun, 22 Nov 2026 09:55:06 +0000\nSun, 22 Nov 2026 09:55:06 +0000'),
    { say: /2 dates/ },
  ],
  ['MSG-01', 'fail', field('Message-ID', 'abc'), { tenths: 0 }],
  ['MSG-01', 'fail', { fields: { 'Content-Type': 'multipart/mixed' } }, { say: /not how they are told apart/ }],
  [
    'MSG-01',
    'fail',
    { fields: { 'Content-Type': 'multipart/mixed; boundary=b' }, body: '--b\r\n\r\nx\r\n' },
    { say: /cut off/ },
  ],
  ['MSG-01', 'fail', field('Content-Transfer-Encoding', 'x-uuencode'), { say: /encoded in a way/ }],
  ['MSG-01', 'fail', { fields: { 'MIME-Version': undefined, 'Content-Type': 'text/plain' } }, { severity: 'warn' }],
  ['MSG-02', 'pass', { body: `${'x'.repeat(998)}\r\n` }],
  ['MSG-02', 'fail', { body: `${'x'.repeat(999)}\r\n` }, { say: /999 characters/ }],
  ['MSG-03', 'pass', {}],
  ['MSG-03', 'fail', { body: 'a\nb\r\n' }, { say: /LF without CR/ }],
  ['MSG-03', 'fail', { body: 'a\rb\r\n' }, { say: /CR without LF/ }],
  ['MSG-04', 'pass', {}],
  ['MSG-04', 'pass', html(paragraph)],
  ['MSG-04', 'fail', { fields: { 'Content-Type': 'text/html' }, body: `<p>${paragraph}` }, { tenths: 5 }],
  ['MSG-04', 'fail', both(' ', paragraph), { tenths: 5, say: /empty/ }],
  ['MSG-04', 'skip', { fields: { 'Content-Type': 'image/png' }, body: '' }],
  ['MSG-05', 'skip', {}],
  ['MSG-05', 'pass', both(`${paragraph}\r\nhttps://example.com/a`, `<h1>News</h1><p>${paragraph}</p>`)],
  ['MSG-05', 'pass', both('Ä ö ü', '<p>Ä ö ü')],
  [
    'MSG-05',
    'fail',
    both('Your program shows no HTML.', `<p>${paragraph}</p>`),
    { tenths: 5, say: /Most of what the HTML says/ },
  ],
  [
    'MSG-05',
    'fail',
    both(
      `${paragraph} cheap pills viagra casino winner lottery million dollars transfer urgent bank account prince kingdom gold inheritance lawyer wire money`,
      '<p>Our shop opens.',
    ),
    { tenths: 5, say: /plain text says/ },
  ],
  ['MSG-06', 'skip', html(paragraph)],
  ['MSG-06', 'skip', html('<img src=x width=1 height=1>')],
  ['MSG-06', 'pass', html(`<img src=x alt=y>${paragraph}`)],
  [
    'MSG-06',
    'fail',
    html(`<img src=x alt=y><div style="display:none">${paragraph}</div>`),
    { say: /1 picture and next to no words/ },
  ],
  ['MSG-07', 'pass', html('<img src=x alt=""><img src=pixel width=1 height=1>')],
  ['MSG-07', 'fail', html('<img src=x><img src=y alt=y>'), { say: /1 picture of 2 has no/ }],
  ['MSG-08', 'pass', html('<a href="https://example.com/">x</a>')],
  ['MSG-08', 'fail', html('<a href="https://bit.ly/3x">x</a>'), { tenths: 5, say: /bit\.ly/ }],
  ['MSG-08', 'fail', { body: 'see https://www.tinyurl.com/abc.\r\n' }, { tenths: 5 }],
  ['MSG-08', 'pass', html('<a href="https://notbit.ly/3x">x</a>')],
  [
    'MSG-09',
    'pass',
    html(
      '<a href="https://click.example.com/?u=1">www.example.com/offer</a> <a href="https://other.example.net/">report.pdf</a> <a href="https://other.example.net/">read more.</a>',
    ),
  ],
  [
    'MSG-09',
    'fail',
    html('<a href="https://evil.example.net/">https://bank.example.org/login</a>'),
    { say: /bank\.example\.org is written, evil\.example\.net/ },
  ],
  ['MSG-09', 'fail', html('<a href="https://bank.example.org@evil.example.net/"><b>bank.example.org</b></a>')],
  ['MSG-10', 'pass', html('<a href="https://example.com/">x</a>')],
  ['MSG-10', 'fail', html('<a href="http://example.com/">x</a>')],
  ['MSG-10', 'fail', html('<img src="http://example.com/x.png">')],
  ['MSG-10', 'skip', {}],
  [
    'MSG-11',
    'pass',
    html('<a href="https://links.example.com/ct/1">x</a><img src="https://links.example.com/o" width=1 height=1>'),
  ],
  ['MSG-11', 'fail', html('<a href="https://u1.ct.sendgrid.net/ls/click">x</a>'), { say: /u1\.ct\.sendgrid\.net/ }],
  ['MSG-11', 'fail', html('<img src="https://pixel.example.net/o" width="1" height="1">')],
  ['MSG-12', 'skip', {}],
  ['MSG-12', 'pass', attached('plan.pdf')],
  ['MSG-12', 'fail', attached('invoice.pdf.exe'), { say: /looks like a \.pdf/ }],
  ['MSG-12', 'fail', attached('photo.jpg', program), { say: /Windows program/ }],
  ['MSG-12', 'fail', attached('x\u202egpj.doc'), { say: /look like another/ }],
  ['MSG-12', 'fail', attached('list.xlsm'), { severity: 'warn', say: /macros/ }],
  ['MSG-13', 'pass', html(paragraph)],
  ['MSG-13', 'fail', html(`<p>${`${'x'.repeat(70)}\r\n`.repeat(1_500)}`), { say: /106 KB/ }],
  ['MSG-14', 'pass', {}],
  ['MSG-14', 'fail', field('Subject', 'BUY NOW OR CRY LATER')],
  ['MSG-14', 'skip', field('Subject', 'RE: IBM AG')],
  ['MSG-15', 'pass', field('Subject', '=?utf-8?q?Gr=C3=BC=C3=9Fe?=')],
  ['MSG-15', 'fail', field('Subject', undefined), { say: /no subject/ }],
  ['MSG-15', 'fail', field('Subject', 'Grüße'), { say: /not encoded/ }],
  ['MSG-15', 'fail', field('Subject', '=?utf-8?b?***?='), { say: /damaged/ }],
  ['MSG-15', 'fail', field('Subject', '=?utf-8?q?a=FFb?='), { say: /cannot be shown/ }],
  ['MSG-15', 'fail', field('Subject', 'a\nb'), { say: /2 subjects/ }],
  ['MSG-16', 'pass', {}],
  ['MSG-16', 'pass', { fields: { To: undefined, Cc: 'bob@example.net' } }],
  ['MSG-16', 'fail', field('To', undefined), { severity: 'warn' }],
  ['MSG-16', 'fail', field('To', 'undisclosed-recipients:;'), { severity: 'advice' }],
  ['MSG-17', 'pass', {}],
  ['MSG-17', 'skip', field('From', 'ann@example.com')],
  ['MSG-17', 'pass', field('From', '"ann@mail.example.com" <ann@example.com>')],
  [
    'MSG-17',
    'fail',
    field('From', '"ann@bank.example.org" <ann@example.com>'),
    { severity: 'error', say: /bank\.example\.org/ },
  ],
  ['MSG-17', 'fail', field('From', 'PayPal Service <ann@example.com>'), { severity: 'warn', say: /PayPal/ }],
  ['MSG-17', 'fail', field('From', '=?utf-8?q?P=C3=A1yPal?= <ann@example.com>'), { say: /PayPal/ }],
  ['MSG-17', 'pass', field('From', 'PayPal <service@intl.paypal.com>')],
  ['MSG-17', 'pass', field('From', 'Googleberry Farm <ann@example.com>')],
  ['MSG-18', 'skip', {}],
  ['MSG-18', 'pass', field('List-Id', 'News of Example <news.example.com>')],
  ['MSG-18', 'fail', field('List-Id', 'news.example.com')],
  ['MSG-18', 'fail', field('List-Id', 'News <news>')],
  ['MSG-18', 'fail', field('List-Id', '<a.example.com>\n<b.example.com>'), { say: /2 lists/ }],
  ['MSG-19', 'skip', {}],
  ['MSG-19', 'unknown', html('<a href="https://example.com/">x</a>')],
  ['MSG-19', 'pass', html('<a href="mailto:ann@example.com">x</a><a href="#a">y</a><p id=a>')],
  ['MSG-19', 'fail', html('<a href="{{url}}">x</a>'), { tenths: 3, say: /not filled in/ }],
  [
    'MSG-19',
    'fail',
    html('<a href="">x</a><a href="#b">y</a><a href="http://">z</a><a href="http://localhost/">w</a>'),
    { tenths: 10, say: /4 links/ },
  ],
  ['MSG-19', 'fail', html('<a href="/offer">x</a>'), { tenths: 3, say: /on which site/ }],
  ['MSG-19', 'fail', html('<a href="javascript:alert(1)">x</a>'), { say: /scripts/ }],
  ['MSG-19', 'fail', html('<a href="https://192.168.1.4/x">x</a>'), { say: /own computer or network/ }],
  ['MSG-19', 'fail', html('<a href="https:example.com/x">x</a>'), { say: /names no site/ }],
  ['MSG-19', 'unknown', html('<base href="https://example.com/"><a href="/offer">x</a>')],
  [
    'MSG-19',
    'pass',
    {
      ...html('<a href="https://example.com/">x</a>'),
      probes: [{ href: 'https://example.com/', end: 'works', say: '200' }],
    },
  ],
  [
    'MSG-19',
    'fail',
    {
      ...html('<a href="https://example.com/">x</a>'),
      probes: [{ href: 'https://example.com/', end: 'broken', say: '404' }],
    },
    { tenths: 3 },
  ],
  [
    'MSG-19',
    'unknown',
    {
      ...html('<a href="https://example.com/">x</a>'),
      probes: [{ href: 'https://example.com/', end: 'unknown', say: 'no answer' }],
    },
  ],
  ['MSG-20', 'skip', {}],
  ['MSG-20', 'pass', { filters: [{ name: 'rspamd', points: -1.2, symbols: [] }] }],
  [
    'MSG-20',
    'unknown',
    { filters: [{ name: 'rspamd', points: undefined, symbols: [], problem: 'no answer in time' }] },
  ],
  [
    'MSG-20',
    'fail',
    {
      filters: [
        {
          name: 'rspamd',
          points: 2.3,
          spamFrom: 6,
          symbols: [
            { name: 'R_BAD', points: 2.5, say: 'bad' },
            { name: 'R_GOOD', points: -0.2 },
          ],
        },
      ],
    },
    { tenths: 9, severity: 'warn', say: /2\.3 points/ },
  ],
  [
    'MSG-20',
    'fail',
    {
      filters: [
        { name: 'a', points: 2, symbols: [] },
        { name: 'b', points: 7, spamFrom: 5, symbols: [] },
      ],
    },
    { tenths: 28 },
  ],
];

for (const [id, expected, wish, { tenths, say, severity } = {}] of cases) {
  test(`${id} ${expected}: ${say?.source ?? JSON.stringify(wish).slice(0, 80)}`, () => {
    const { findings, charges } = judge(wish);
    assert.equal(outcome(findings, id), expected);
    const wrong = findings.find((one) => one.id === id && one.status === 'fail');
    if (say) assert.match(wrong?.meaning ?? '', say);
    if (severity) assert.equal(wrong?.severity, severity);
    const charged = charges.filter(({ check }) => check === id).reduce((sum, one) => sum + one.tenths, 0);
    assert.equal(charged, tenths ?? (expected === 'fail' ? charged : 0));
    if (wrong) assert.ok((wrong.fix?.steps?.length ?? 0) > 0, 'a fault comes with what mends it');
  });
}

test('every check can fail and can pass, and there is a rule for each', () => {
  const ids = Object.keys(contentChecks);
  assert.deepEqual(
    contentRules.map(({ id }) => id),
    ids,
  );
  for (const id of ids)
    for (const status of ['fail', 'pass'])
      assert.ok(
        cases.some(([of, is]) => of === id && is === status),
        `${id} ${status}`,
      );
});

test('a good message costs nothing, and each rule says something of it', () => {
  const { findings, charges } = judge(both(paragraph, `<p>${paragraph}</p>`));
  assert.deepEqual(charges, []);
  assert.deepEqual([...new Set(findings.map(({ id }) => id))], Object.keys(contentChecks));
  assert.deepEqual(
    findings.filter(({ status }) => status === 'fail'),
    [],
  );
});

test('an attached message is not the message', () => {
  const inner = 'From: x@example.net\r\nContent-Type: text/html\r\n\r\n<a href="https://bit.ly/1">x</a>';
  const { findings } = judge({
    fields: { 'Content-Type': 'multipart/mixed; boundary=b' },
    body: `--b\r\n\r\nHello\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n${inner}\r\n--b--\r\n`,
  });
  assert.equal(outcome(findings, 'MSG-08'), 'skip');
  assert.equal(outcome(findings, 'MSG-04'), 'pass');
});

test('text in any charset is read; what nobody knows is read as it is', () => {
  const iso = judgeBytes(
    fromLatin1(
      `From: a@example.com\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n<a href=x>${latin1(fromLatin1('Grüße'))}</a>`,
    ),
  );
  assert.equal(iso.content.html?.text, 'Grüße');
  const odd = judgeBytes(utf8('From: a@example.com\r\nContent-Type: text/html; charset=x-klingon\r\n\r\nplain'));
  assert.equal(odd.content.html?.text, 'plain');
});
