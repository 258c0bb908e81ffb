import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../../test/support/any-character.ts';
import { isSpfRecord, parseSpfRecord, type SpfRecord } from './record.ts';

function accepted(terms: string): SpfRecord {
  const read = parseSpfRecord(`v=spf1 ${terms}`);
  assert.ok(read.ok, `refused: ${read.ok ? '' : read.say}`);
  return read.value;
}

function refusal(terms: string): string | undefined {
  const read = parseSpfRecord(`v=spf1 ${terms}`);
  return read.ok ? undefined : read.say;
}

test('RFC 7208 §4.5: v=spf1 and then a space or the end, in any case; nothing else is an SPF record', () => {
  for (const text of ['v=spf1', 'v=spf1 ', 'V=SPF1 -all', 'v=spf1  a']) assert.equal(isSpfRecord(text), true, text);
  for (const text of ['v=spf10', ' v=spf1', 'v=spf1\t-all', 'v=spf1,-all', 'v=spf2.0/pra -all', '', 'v = spf1 -all']) {
    assert.equal(isSpfRecord(text), false, text);
  }
});

test('RFC 7208 §4.6.1: terms are set apart by spaces only, one or more, also at the end', () => {
  assert.equal(accepted('a  mx   -all  ').directives.length, 3);
  assert.equal(accepted('').directives.length, 0);
  assert.match(refusal('a\tmx') ?? '', /printable ASCII/);
});

test('RFC 7208 §3.1: an octet beyond ASCII anywhere spoils the record', () => {
  assert.match(refusal('a:example.net -all \x96') ?? '', /printable ASCII/);
  assert.match(refusal('x=\xe4 -all') ?? '', /printable ASCII/);
});

test('RFC 7208 §4.6.2: the qualifier, + when there is none', () => {
  const { directives } = accepted('a -a ~a ?a +a');
  assert.deepEqual(
    directives.map((directive) => directive.qualifier),
    ['+', '-', '~', '?', '+'],
  );
});

test('RFC 7208 §4.6.1: an error after the term that would match is an error all the same', () => {
  assert.match(refusal('+all moo') ?? '', /"moo": no such mechanism/);
});

test('RFC 7208 §12: mechanisms in any case, with exactly the arguments the grammar gives them', () => {
  for (const term of [
    'ALL',
    'Include:a.example',
    'eXists:%{i}.a.example',
    'A',
    'MX/24',
    'Ptr',
    'IP4:192.0.2.1',
    'IP6:::1',
  ]) {
    assert.equal(refusal(term), undefined, term);
  }
  for (const term of [
    ...[
      'all:',
      'all/8',
      'all.',
      'include',
      'include:',
      'include:a.example/24',
      'exists',
      'exists:a.example/24',
      'a:',
      'a/',
      'a/ 24',
    ],
    ...[
      'ptr:',
      'ptr/24',
      'ip4',
      'ip4:',
      'ip6',
      'mx:',
      'a.b',
      '--all',
      '-+all',
      '-',
      ':a',
      '-redirect=a.example',
      'redirect:a.example',
    ],
  ]) {
    assert.notEqual(refusal(term), undefined, term);
  }
});

test('RFC 7208 §5.6: ip4 is four octets without leading zeros and at most /32', () => {
  for (const term of ['ip4:0.0.0.0/0', 'ip4:255.255.255.255/32', 'ip4:192.0.2.1'])
    assert.equal(refusal(term), undefined, term);
  for (const term of [
    ...[
      'ip4:192.0.2',
      'ip4:192.0.2.256',
      'ip4:192.0.02.1',
      'ip4:192.0.2.1/33',
      'ip4:192.0.2.1/024',
      'ip4:192.0.2.1//32',
      'ip4:192.0.2.1/',
    ],
    ...['ip4:192.0.2.1:25', 'ip4:::1', 'ip4:192.0.2.1/24/64', 'ip4:0xc0.0.2.1', 'ip4:192.0.2.1/-1', 'ip4:%{i}'],
  ]) {
    assert.notEqual(refusal(term), undefined, term);
  }
});

test('RFC 7208 §5.6: ip6 is an address without zone and at most /128', () => {
  for (const term of ['ip6:::/0', 'ip6:2001:db8::1/128', 'ip6:::ffff:192.0.2.1', 'ip6:2001:DB8::/32']) {
    assert.equal(refusal(term), undefined, term);
  }
  for (const term of [
    'ip6:fe80::1%eth0',
    'ip6:2001:db8::1/129',
    'ip6:2001:db8::1//64',
    'ip6:1::2::3',
    'ip6:2001:db8::/032',
    'ip6:192.0.2.1',
  ]) {
    assert.notEqual(refusal(term), undefined, term);
  }
});

test('RFC 7208 §5.3: a and mx take one prefix length per family', () => {
  const prefixes = (term: string) => {
    const [directive] = accepted(term).directives;
    assert.ok(directive?.kind === 'a' || directive?.kind === 'mx');
    return [directive.target?.text, directive.prefix4, directive.prefix6];
  };
  assert.deepEqual(prefixes('a'), [undefined, 32, 128]);
  assert.deepEqual(prefixes('mx/24'), [undefined, 24, 128]);
  assert.deepEqual(prefixes('a//64'), [undefined, 32, 64]);
  assert.deepEqual(prefixes('a:b.example/24//64'), ['b.example', 24, 64]);
  assert.deepEqual(prefixes('a:b/c.example/0'), ['b/c.example', 0, 128]);
  assert.deepEqual(prefixes('a:%{d}//0'), ['%{d}', 32, 0]);
  for (const term of ['a/33', 'a//129', 'a/24/64', 'mx/08', 'mx//', 'a:b.example//', 'a///64'])
    assert.notEqual(refusal(term), undefined, term);
});

test('RFC 7208 §7.1: a domain ends in a toplabel or an expansion', () => {
  for (const name of [
    'a.example',
    'a.example.',
    '%{d}',
    'x.%{d2}',
    '%%',
    '.example',
    'a..example',
    'a.xn--p1ai',
    'a_b.example',
    'foo:bar/baz.example',
  ]) {
    assert.equal(refusal(`exists:${name}`), undefined, name);
  }
  for (const name of [
    'example',
    'example.',
    'a.-example',
    'a.example-',
    'a.123',
    '192.0.2.1',
    'a.ex_ample',
    '%{d}x',
    'a.example..',
    '%',
    'a%b.example',
  ]) {
    assert.notEqual(refusal(`exists:${name}`), undefined, name);
  }
  assert.match(refusal('a:192.0.2.1') ?? '', /ip4:/);
});

test('RFC 7208 §6: redirect and exp at most once, with a domain; unknown modifiers are kept aside', () => {
  assert.equal(accepted('redirect=a.example').redirect?.target.text, 'a.example');
  assert.equal(accepted('EXP=a.example -all').exp?.text, 'EXP=a.example');
  assert.deepEqual(accepted('moo.cow-far_out=man:dog/cat default=+ moo= -all').unknown.length, 3);
  assert.match(refusal('redirect=a.example redirect=a.example') ?? '', /twice/);
  assert.match(refusal('exp=a.example EXP=b.example') ?? '', /twice/);
  for (const term of ['redirect=', 'exp=', 'redirect=-all', 'exp=%{r}.example', '=a', '1up=foo', 'x=%abc', 'moo/x=y']) {
    assert.notEqual(refusal(term), undefined, term);
  }
});

test('RFC 7208 §7.2: c, r and t belong to explanations; 0 is no number of labels', () => {
  for (const macro of [
    '%{c}',
    '%{r}',
    '%{t}',
    '%{C}',
    '%{d0}',
    '%{d00}',
    '%{a}',
    '%{d',
    '%{}',
    '%{dr2}',
    '%{d2rr}',
    '%{d:}',
  ]) {
    assert.notEqual(refusal(`exists:${macro}.example`), undefined, macro);
  }
  for (const macro of [
    '%{s}',
    '%{L}',
    '%{d2r}',
    '%{D127R}',
    '%{l1r.-+,/_=}',
    '%{d999999999999999999999}',
    '%%',
    '%_',
    '%-',
  ]) {
    assert.equal(refusal(`exists:${macro}.example`), undefined, macro);
  }
});

const name = fc.constantFrom('a.example', '%{i}.b.example', '%{d2}', '_spf.c.example.', 'x', 'd.1', '');
const cidr = fc.constantFrom('', '/0', '/24', '//64', '/24//64', '/33', '//129', '/024');
test('a refusal says where in the text the mistake is', () => {
  const marked = (text: string) => {
    const read = parseSpfRecord(text);
    return read.ok ? 'read' : [text.slice(0, read.at), text.slice(read.at, read.at + read.length)];
  };
  assert.deepEqual(marked('v=spf1 ipv4:192.0.2.1 -all'), ['v=spf1 ', 'ipv4:192.0.2.1']);
  assert.deepEqual(marked('v=spf1   mx  include:  ~all'), ['v=spf1   mx  ', 'include:']);
  assert.deepEqual(marked('v=spf1 redirect=a.example redirect=b.example'), [
    'v=spf1 redirect=a.example ',
    'redirect=b.example',
  ]);
  assert.deepEqual(marked('v=spf1 mx\u00a0-all'), ['v=spf1 mx', '\u00a0']);
  assert.deepEqual(marked('"v=spf1 -all"'), ['', '"v=spf']);
  assert.equal(marked('v=spf1 mx -all'), 'read');
});

const term = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('', '+', '-', '~', '?'),
      fc.constantFrom('a', 'mx', 'ptr', 'include', 'exists', 'all', 'moo'),
      fc.constantFrom('', ':'),
      name,
      cidr,
    )
    .map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('redirect=', 'exp=', 'x-y='), name).map((parts) => parts.join('')),
  fc
    .tuple(
      fc.constantFrom('ip4:', 'ip6:'),
      fc.constantFrom('192.0.2.1', '2001:db8::', '::ffff:192.0.2.1', '10.0.0'),
      cidr,
    )
    .map((parts) => parts.join('')),
);

test('any text is read without throwing, and a record is made of its own words', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: anyCharacter }),
        fc.array(term).map((terms) => terms.join(' ')),
      ),
      (text) => {
        const read = parseSpfRecord(`v=spf1 ${text}`);
        if (!read.ok) {
          assert.ok(read.length > 0 && read.at + read.length <= `v=spf1 ${text}`.length);
          return assert.match(read.say, /^[\x20-\x7e]+$/);
        }
        const { directives, redirect, exp, unknown } = read.value;
        const terms = [...directives.map((one) => one.text), ...unknown, redirect?.text ?? '', exp?.text ?? ''].filter(
          Boolean,
        );
        assert.deepEqual(terms.sort(), text.split(' ').filter(Boolean).sort());
      },
    ),
    { numRuns: 300 },
  );
});
