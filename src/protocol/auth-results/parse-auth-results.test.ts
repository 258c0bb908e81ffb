import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseAuthenticationResults } from './parse-auth-results.ts';
import type { ReadAuthResults } from './types.ts';

function parse(body: string | Uint8Array): ReadAuthResults {
  const parsed = parseAuthenticationResults(body);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value;
}

test('RFC 8601 appendix B.1: no authentication done', () => {
  assert.deepEqual(parse(' example.org 1; none'), { authservId: 'example.org', version: 1, results: [], unread: [] });
});

test('RFC 8601 appendix B.4: several results with comments', () => {
  const read = parse(
    ' example.com;\r\n auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n spf=pass smtp.mailfrom=example.net',
  );
  assert.deepEqual(read.results, [
    {
      method: 'auth',
      methodVersion: 1,
      result: 'pass',
      properties: [{ type: 'smtp', name: 'auth', value: 'sender@example.net' }],
      comments: ['cram-md5'],
    },
    {
      method: 'spf',
      methodVersion: 1,
      result: 'pass',
      properties: [{ type: 'smtp', name: 'mailfrom', value: 'example.net' }],
      comments: [],
    },
  ]);
});

test('RFC 8601 appendix B.7: comments and blanks wherever they may stand', () => {
  const read = parse(
    " foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n policy (A dot can go here) . (like that) expired\r\n (this surprised me) = (as I wasn't expecting it) 1362471462",
  );
  assert.equal(read.authservId, 'foo.example.net');
  assert.equal(read.version, 1);
  assert.partialDeepStrictEqual(read.results, [
    {
      method: 'dkim',
      methodVersion: 1,
      result: 'fail',
      properties: [{ type: 'policy', name: 'expired', value: '1362471462' }],
    },
  ]);
  assert.deepEqual(read.unread, []);
});

test('RFC 8601 §2.2: quoted strings hide semicolons and parentheses, quoted pairs are undone', () => {
  const read = parse('"mx; a" 2; dkim=pass reason="a; (b) \\"c\\"" header.i="x y"@example.com; spf=none');
  assert.equal(read.authservId, 'mx; a');
  assert.equal(read.version, 2);
  assert.equal(read.results[0]?.reason, 'a; (b) "c"');
  assert.equal(read.results[0]?.properties[0]?.value, 'x y@example.com');
  assert.equal(read.results[1]?.method, 'spf');
});

test('RFC 5322 §3.2.2: nested and quoted comments, a semicolon in one', () => {
  const read = parse('a (b (c; d) \\) e); spf=pass (x; dkim=pass); dmarc=fail');
  assert.deepEqual(
    read.results.map(({ method, result }) => `${method}=${result}`),
    ['spf=pass', 'dmarc=fail'],
  );
  assert.deepEqual(read.results[0]?.comments, ['x; dkim=pass']);
});

test('what others write without the quotes it needs', () => {
  const read = parse(
    'mx.example; dkim=pass header.b=ab/c+d== header.i=@d.example; iprev=pass policy.iprev=2001:db8::1; dmarc=pass action=none header.from=e.example; ',
  );
  assert.deepEqual(
    read.results.map(({ properties }) => properties.map(({ value }) => value)),
    [['ab/c+d==', '@d.example'], ['2001:db8::1'], ['none', 'e.example']],
  );
  assert.equal(read.results[2]?.properties[0]?.type, '');
  assert.deepEqual(read.unread, []);
});

test('one odd part does not hide the others', () => {
  const read = parse('mx.example; spf; dkim=pass; =x; dmarc=fail "; arc=pass');
  assert.deepEqual(
    read.results.map(({ method }) => method),
    ['dkim'],
  );
  assert.deepEqual(read.unread, ['spf', '=x', 'dmarc=fail "; arc=pass']);
});

test('RFC 8601 §2.2: a field that does not begin with who says so', () => {
  for (const body of [
    '',
    ' ',
    ';',
    'spf=pass',
    '(open',
    '"open',
    'a b; spf=pass',
    'a/1; none',
    'a (',
    'a\0; none',
    '@; none',
  ]) {
    assert.equal(parseAuthenticationResults(body).ok, false, body);
  }
});

test('RFC 8601 §2.2 with RFC 6532 §3: UTF-8 in names; octets that are none', () => {
  assert.equal(parse(Buffer.from('grün.example; none', 'utf8')).authservId, 'grün.example');
  assert.equal(parse(Buffer.from('gr\xfcn.example; none', 'latin1')).authservId, 'gr\xfcn.example');
});

test('deep comments and masses of quotes take linear time', () => {
  const deep = `${'('.repeat(100_000)}${')'.repeat(100_000)}`;
  assert.equal(parse(`a ${deep}; spf=pass ${deep}`).results.length, 1);
  for (const unit of ['(', '"', ';', '=', '\\', 'a.b=', '-', 'a-', '"a', '\r\n ']) {
    parseAuthenticationResults(`a; ${unit.repeat(50_000)}`);
    parseAuthenticationResults(unit.repeat(50_000));
  }
});

test('any text is read or refused, never thrown at', () => {
  const unit = fc.constantFrom(
    'a',
    'spf',
    '=',
    ';',
    '(',
    ')',
    '"',
    '\\',
    ' ',
    '\r\n ',
    '\r',
    '.',
    '/',
    '1',
    'none',
    'reason',
    '\0',
    'é',
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 40 }), (text) => void parseAuthenticationResults(text)),
    { numRuns: 500 },
  );
});
