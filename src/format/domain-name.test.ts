import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type DomainName,
  isEqualOrBelow,
  labelsOf,
  parentOf,
  parseDomainName,
  parseQueryName,
  type QueryName,
  toUnicode,
} from './domain-name.ts';

/** Any UTF-16 units, lone surrogates too. */
const anyText = fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)) });

function domain(text: string): DomainName {
  const name = parseDomainName(text);
  assert.ok(name, text);
  return name;
}

test('letters become small, one final dot is dropped', () => {
  assert.equal(parseDomainName('Mail.EXAMPLE.com.'), 'mail.example.com');
  assert.equal(parseDomainName('localhost'), 'localhost');
  assert.equal(parseDomainName('_dmarc.a_b.example'), '_dmarc.a_b.example');
  assert.equal(parseDomainName('r3---sn-4g5e.example'), 'r3---sn-4g5e.example');
  assert.equal(parseDomainName('3com.example'), '3com.example');
});

test('RFC 1035 §2.3.4: lengths', () => {
  const label = 'a'.repeat(63);
  assert.equal(parseDomainName(`${label}.example`), `${label}.example`);
  assert.equal(parseDomainName(`a${label}.example`), undefined);
  const longest = [label, label, label, 'b'.repeat(61)].join('.');
  assert.equal(longest.length, 253);
  assert.equal(parseDomainName(`${longest}.`), longest);
  assert.equal(parseDomainName(`b${longest}`), undefined);
  assert.equal(parseDomainName('a.'.repeat(500_000)), undefined);
});

test('what is no host or mail domain', () => {
  const texts = [
    '',
    '.',
    '..',
    'a..b',
    '.a',
    'a..',
    'a b.test',
    ' a.test',
    'a.test ',
    'a\0.test',
    'a\t.test',
    'a.test\n',
  ];
  texts.push(
    '-a.test',
    'a-.test',
    'a.-',
    'a"b.test',
    'a@b.test',
    'a/b.test',
    'a%41.test',
    'a*b.test',
    '(a).test',
    'a:25',
  );
  for (const text of texts) assert.equal(parseDomainName(text), undefined, JSON.stringify(text));
});

test('what looks like an IP address is none', () => {
  const texts = ['192.0.2.1', '192.0.2', '3221225985', '0x7f.1', 'a.7', 'a.0x1f', 'a.0x', '[192.0.2.1]', '::1', 'a.1.'];
  for (const text of texts) assert.equal(parseDomainName(text), undefined, text);
});

test('RFC 5890 §2.3.2.1: U-labels become A-labels, and back for people', () => {
  const pairs: [string, string, string][] = [
    ['bücher.example', 'xn--bcher-kva.example', 'bücher.example'],
    ['BÜCHER.Example.', 'xn--bcher-kva.example', 'bücher.example'],
    ['bu\u0308cher.example', 'xn--bcher-kva.example', 'bücher.example'], // decomposed
    ['faß.example', 'xn--fa-hia.example', 'faß.example'], // non-transitional
    ['ΣΑΣ.example', 'xn--mxa9ab.example', 'σασ.example'],
    ['σας.example', 'xn--mxa8ab.example', 'σας.example'],
    ['пример.испытание', 'xn--e1afmkfd.xn--80akhbyknj4f', 'пример.испытание'],
    ['例え.テスト', 'xn--r8jz45g.xn--zckzah', '例え.テスト'],
    ['נסיון1.example', 'xn--1-9hclzcg.example', 'נסיון1.example'],
    ['XN--BCHER-KVA.example', 'xn--bcher-kva.example', 'bücher.example'],
    ['example.com', 'example.com', 'example.com'],
  ];
  for (const [written, ascii, unicode] of pairs) {
    assert.equal(parseDomainName(written), ascii);
    assert.equal(toUnicode(domain(ascii)), unicode);
  }
});

test('no name is taken that UTS 46 would have to repair', () => {
  const repaired = {
    'full-width letters': 'ｅxample.test',
    'full-width letter beside others': 'ｅxämple.test',
    'ideographic full stop': 'example。test',
    'full-width full stop': 'example．test',
    'soft hyphen': 'exam\u00adple.test',
    'soft hyphen beside others': 'exäm\u00adple.test',
    ligature: 'ﬁsh.test',
    'kelvin sign': '\u212a.test',
    'kelvin sign beside others': '\u212aä.test',
    'dotted capital I': 'İ.test',
    'circled digit': '①.test',
    'zero width joiner out of place': 'a\u200dä.test',
    'variation selector': '❤\ufe0f.test',
    'greek question mark': 'a\u037e.test',
    'percent sign': 'ä%41.test',
    'path behind the host': 'ä/x.test',
    'lone surrogate': 'ä\ud800.test',
    'replacement character': 'ä\ufffd.test',
    'no-break space': 'ä\u00a0.test',
    'bidi rule': '1א.test',
  };
  for (const [why, text] of Object.entries(repaired)) assert.equal(parseDomainName(text), undefined, why);
});

test('an A-label that encodes no U-label is no label', () => {
  const texts = ['xn--.test', 'xn--a.test', 'xn--zz.test', 'xn--abc-.test', 'xn--example.test', 'xn--ü.test'];
  // what full-width letters, a capital, a decomposed letter, `-ü`, `ü-` and `ab--ü` would encode to
  texts.push(
    'xn--xample-hy68a.test',
    'xn--wca.test',
    'xn--u-ccb.test',
    'xn----eha.test',
    'xn----dha.test',
    'xn--ab---3ra.test',
  );
  texts.push('-ü.test', 'ü-.test', 'ab--ü.test');
  for (const text of texts) assert.equal(parseDomainName(text), undefined, text);
});

test('query names may hold any printable ASCII', () => {
  assert.equal(parseQueryName('A/24._Spf."x".Example.'), 'a/24._spf."x".example');
  assert.equal(parseQueryName('1.2.0.192.in-addr.arpa'), '1.2.0.192.in-addr.arpa');
  for (const text of ['', '.', 'a..b', 'a b', 'a\0b', 'ä.test', 'a\x7f', `${'a'.repeat(64)}.test`, 'a.'.repeat(128)]) {
    assert.equal(parseQueryName(text), undefined, JSON.stringify(text));
  }
});

test('labels, parents and what lies below', () => {
  const name = domain('a.foo.example');
  assert.deepEqual(labelsOf(name), ['a', 'foo', 'example']);
  assert.equal(parentOf(name), 'foo.example');
  assert.equal(parentOf(domain('example')), undefined);
  assert.ok(isEqualOrBelow(name, name));
  assert.ok(isEqualOrBelow(name, domain('foo.example')));
  assert.ok(isEqualOrBelow(name, domain('example')));
  assert.ok(!isEqualOrBelow(domain('evilfoo.example'), domain('foo.example')));
  assert.ok(!isEqualOrBelow(domain('foo.example'), name));
});

function assertDomainRules(name: string): void {
  assert.ok(name.length <= 253);
  for (const label of name.split('.')) assert.match(label, /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/);
}

const nearlyNames = fc.string({
  unit: fc.constantFrom(
    'a',
    'B',
    '1',
    '-',
    '_',
    '.',
    '.',
    'xn--',
    'ü',
    'ß',
    'Σ',
    '。',
    'א',
    '\u200d',
    'ｅ',
    '\u0308',
    ' ',
  ),
  maxLength: 30,
});

test('property: whatever comes in, a domain name keeps its rules and reads back the same in both spellings', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, nearlyNames), (text) => {
      const name = parseDomainName(text);
      if (name === undefined) return;
      assertDomainRules(name);
      assert.equal(parseDomainName(name), name);
      assert.equal(parseDomainName(toUnicode(name)), name);
      assert.equal(parseQueryName(name), name as QueryName);
    }),
    { numRuns: 500 },
  );
});

test('property: ordinary names are all taken', () => {
  fc.assert(
    fc.property(fc.domain(), (text) => {
      // fast-check makes labels like `ab--c` and `xn--...` of chance; those need not stand for anything
      if (text.toLowerCase().includes('xn--')) return;
      assert.equal(parseDomainName(text), text.toLowerCase());
    }),
    { numRuns: 200 },
  );
});

test('property: a query name is safe to send', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.string(), nearlyNames), (text) => {
      const name = parseQueryName(text);
      if (name !== undefined) assert.match(name, /^(?=.{1,253}$)[!-\-/-@[-~]{1,63}(?:\.[!-\-/-@[-~]{1,63})*$/);
    }),
    { numRuns: 300 },
  );
});
