import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { publicRecordOf } from '../../../protocol/dkim/private-keys.ts';
import { explainRecord } from './explain-record.ts';

const bad = (text: string) =>
  explainRecord(text)
    ?.remarks.filter(({ kind }) => kind === 'bad')
    .map(({ say }) => say)
    .join('; ');

test('each kind is known by its beginning, and a right one has nothing bad said of it', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kinds: Readonly<Record<string, string>> = {
    'v=spf1 include:_spf.example.com ~all': 'SPF',
    'v=DMARC1; p=reject; rua=mailto:a@example.com': 'DMARC',
    'v=STSv1; id=20261122': 'MTA-STS',
    'v=BIMI1; l=https://example.com/logo.svg; a=': 'BIMI',
    'v=TLSRPTv1; rua=mailto:a@example.com': 'TLS-RPT',
    [publicRecordOf(privateKey)]: 'DKIM key',
    'k=rsa; p=': 'DKIM key',
  };
  for (const [text, kind] of Object.entries(kinds)) {
    assert.equal(explainRecord(text)?.kind, kind, text);
    assert.equal(bad(text), '', text);
  }
  for (const other of ['hello', 'google-site-verification=abc', 'v=DMARC2; p=none', '']) {
    assert.equal(explainRecord(other), undefined, other);
  }
});

test('what receivers cannot read, or should not be told, is said', () => {
  assert.match(bad('v=spf1 ip4:1.2.3 ~all') ?? '', /no receiver can read it: .*>>> ip4:1\.2\.3/);
  assert.match(bad('v=spf1 a +all') ?? '', /whole world/);
  assert.match(bad('v=spf1 a') ?? '', /everybody else/);
  assert.equal(bad('v=spf1 redirect=_spf.example.com'), '');
  assert.match(bad('v=DMARC1; p=rejekt') ?? '', /as if there was no record/);
  assert.match(bad('v=DMARC1; p=rejekt; rua=mailto:a@example.com') ?? '', /p=none/);
  assert.match(bad('v=DMARC1; p=none; p=reject') ?? '', /ignore the whole record/);
  assert.match(bad('v=STSv1; id=a-b') ?? '', /senders ignore it/);
  assert.match(bad('v=BIMI1; l=http://example.com/logo.svg') ?? '', /nobody shows a logo by it/);
  assert.match(bad('v=TLSRPTv1; rua=a@example.com') ?? '', /senders ignore it/);
  assert.match(bad('v=DKIM1; p=abc') ?? '', /no signature can be checked/);
});

test('every part is told', () => {
  const record = explainRecord(
    'v=spf1 include:a.example -include:b.example ?mx:c.example ptr exists:%{i}.x.example ~all',
  );
  assert.deepEqual(
    record?.parts.map(({ tag }) => tag),
    ['include:a.example', '-include:b.example', '?mx:c.example', 'ptr', 'exists:%{i}.x.example', '~all'],
  );
  assert.match(record?.parts[1]?.say ?? '', /then may not/);
  assert.match(record?.parts[2]?.say ?? '', /mail servers of that name: nothing is said/);
});

test('any text is explained or is none, in bounded time', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('v=spf1 ', 'v=DMARC1; ', 'v=DKIM1; ', 'v=STSv1; ', 'p='),
      fc.string(),
      (start, rest) => {
        assert.ok((explainRecord(start + rest)?.parts.length ?? 0) <= 200);
      },
    ),
    { numRuns: 300 },
  );
  for (const one of ['v=spf1 a', 'a=b; ', 'p=', ' a:x', ';', 'A']) explainRecord(`v=DMARC1; ${one.repeat(100_000)}`);
  explainRecord('a=b; '.repeat(100_000));
});
