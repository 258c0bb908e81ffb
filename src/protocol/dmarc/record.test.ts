import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../../test/support/any-character.ts';
import { type DmarcRecord, isDmarcRecord, parseDmarcRecord } from './record.ts';
import { parseReportUri } from './report-uri.ts';

function read(tags: string): DmarcRecord {
  const parsed = parseDmarcRecord(`v=DMARC1;${tags}`);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.say);
  return parsed.value;
}

test('RFC 9989 §4.8: v=DMARC1 comes first and is written exactly so; blanks around = are fine', () => {
  for (const text of ['v=DMARC1', 'v=DMARC1;p=none', 'v = DMARC1 ; p=none', 'V=DMARC1; p=none', 'v\t=\tDMARC1;']) {
    assert.equal(isDmarcRecord(text), true, text);
  }
  for (const text of [
    'v=dmarc1; p=none',
    'v=DMARC2',
    'v=DMARC1 p=none',
    'p=none; v=DMARC1',
    ' v=DMARC1',
    'v=DMARC11;',
    'DMARC1',
    '',
    'v=DMARC1,p=none',
  ]) {
    assert.equal(isDmarcRecord(text), false, text);
    assert.equal(parseDmarcRecord(text).ok, false, text);
  }
});

test('RFC 9989 §4.7: every tag, values in any case', () => {
  const record = read(
    ' p=Reject; sp=QUARANTINE; np=none; adkim=S; aspf=r; psd=N; t=Y; fo=1:d:s; rua=mailto:a@b.example; ruf=mailto:c@d.example ;',
  );
  assert.deepEqual(
    { ...record, text: '', rua: record.rua.map((one) => one.uri), ruf: record.ruf.map((one) => one.mailbox?.local) },
    {
      text: '',
      usable: 'yes',
      usableByOldRule: 'yes',
      ...{ p: 'reject', sp: 'quarantine', np: 'none', adkim: 'strict', aspf: 'relaxed', psd: 'n', testing: true },
      ...{ rua: ['mailto:a@b.example'], ruf: ['c'], fo: ['1', 'd', 's'], obsolete: [], remarks: [] },
    },
  );
});

test('RFC 9989 §4.7: the defaults', () => {
  const { adkim, aspf, psd, testing, fo, rua, ruf, sp, np } = read('p=none');
  assert.deepEqual(
    [adkim, aspf, psd, testing, fo, rua, ruf, sp, np],
    ['relaxed', 'relaxed', 'u', false, ['0'], [], [], undefined, undefined],
  );
});

test('RFC 9989 §4.8: unknown tags and broken values give way to defaults, and are listed', () => {
  const record = read('p=reject; foo=bar; adkim=x; psd=maybe; t=yes; fo=0:1; =; novalue');
  assert.deepEqual(
    [record.usable, record.adkim, record.psd, record.testing, record.fo],
    ['yes', 'relaxed', 'u', false, ['0']],
  );
  assert.equal(record.remarks.length, 5);
});

test('RFC 6376 §3.2: tag names are lower case; what a lenient reader would have taken is remarked', () => {
  const record = read('P=reject; p=none; RUA=mailto:a@b.example');
  assert.deepEqual([record.p, record.rua], ['none', []]);
  assert.deepEqual(record.remarks, [
    'P= is not known, tag names are lower case',
    'RUA= is not known, tag names are lower case',
  ]);
  assert.equal(parseDmarcRecord('V=DMARC1; p=none').ok, true);
});

test('RFC 9989 App. A.6: pct means nothing any more and is shown as such', () => {
  const record = read('p=reject; pct=0; rf=afrf; ri=86400');
  assert.deepEqual(
    [record.p, record.usable, record.obsolete, record.remarks],
    ['reject', 'yes', ['pct=0', 'rf=afrf', 'ri=86400'], []],
  );
});

test('RFC 9989 §4.10.1: a missing or wrong p, or a wrong sp or np, is p=none with a report address and no DMARC without', () => {
  for (const tags of ['', 'p=', 'p=block', 'p=reject; sp=x', 'p=reject; np=', 'sp=reject']) {
    assert.equal(read(tags).usable, 'no', tags);
    assert.equal(read(`${tags}; rua=mailto:a@b.example`).usable, 'as-none', tags);
    assert.equal(read(`${tags}; rua=nobody@example.com`).usable, 'no', tags);
  }
});

test('RFC 6376 §3.2: a tag that stands twice spoils the record', () => {
  for (const tags of ['p=none; p=reject', 'p=none; x=1; x=2', 'v=DMARC1; p=none']) {
    const parsed = parseDmarcRecord(`v=DMARC1; ${tags}`);
    assert.equal(parsed.ok ? '' : parsed.code, 'duplicate-tag', tags);
  }
});

test('RFC 9989 §4.8: report addresses; the size is obsolete and ignored', () => {
  const { rua, remarks } = read(
    'p=none; rua=mailto:a@b.example!10m , mailto:c%2Bd@e.example?subject=x,https://f.example/r,nonsense, mailto:',
  );
  assert.deepEqual(
    rua.map((one) => one.uri),
    ['mailto:a@b.example', 'mailto:c%2Bd@e.example?subject=x', 'https://f.example/r', 'mailto:'],
  );
  assert.equal(rua[1]?.mailbox?.local, 'c+d');
  assert.equal(remarks.length, 3);
});

test('RFC 3986 §3: what is no URI is no report address', () => {
  for (const uri of [
    'mailto:a@b.example!',
    'mailto:a@b c.example',
    'a@b.example',
    'mailto:a%4@b.example',
    'nonsense',
    '',
    ':x',
  ]) {
    assert.equal(parseReportUri(uri), undefined, uri);
  }
});

test('RFC 6068 §2: a mailto URI has a mailbox when it names exactly one', () => {
  assert.equal(parseReportUri('MAILTO:a@B.example')?.mailbox?.domain, 'b.example');
  for (const to of [
    '',
    'a',
    '@b.example',
    'a%0d%0ab@c.example',
    'a%2Cb@c.example%2Cd@e.example',
    'a%ff@b.example',
    '%3Ca@b.example%3E',
    'a@192.0.2.1',
  ]) {
    const uri = parseReportUri(`mailto:${to}`);
    assert.ok(uri && uri.mailbox === undefined, to);
  }
});

test('only the first ten report addresses count', () => {
  const value = Array.from({ length: 5_000 }, (_, i) => `mailto:a${i}@b.example`).join(',');
  const record = read(`p=none; rua=${value}`);
  assert.equal(record.rua.length, 10);
  assert.ok(record.remarks.length <= 11);
});

const piece = fc.constantFrom(
  'p=reject',
  'p = none',
  'sp=',
  'np=quarantine',
  't=y',
  ';',
  ' ',
  '\t',
  'rua=mailto:a@b.example',
  'rua=x',
  'psd=y',
  'fo=1:d',
  '=',
  'pct=7',
  'v=DMARC1',
  '\r\n',
  '\u00e4',
);

test('any text is read without throwing, and remarks are fit to print', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: anyCharacter }),
        fc.array(piece).map((pieces) => pieces.join(';')),
      ),
      (text) => {
        const parsed = parseDmarcRecord(`v=DMARC1;${text}`);
        if (!parsed.ok) return;
        for (const line of [...parsed.value.remarks, ...parsed.value.obsolete]) assert.match(line, /^[\x20-\x7e]*$/);
        if (parsed.value.usable === 'yes') assert.ok(parsed.value.p);
      },
    ),
    { numRuns: 500 },
  );
});
