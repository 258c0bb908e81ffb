import assert from 'node:assert/strict';
import test from 'node:test';
import { conformanceLedger } from './conformance-ledger.ts';

const ledger = (text: string, tests = '') =>
  conformanceLedger([
    { path: 'src/a.ts', text },
    { path: 'src/a.test.ts', text: tests },
  ]).map(({ source, section, requirement }) => `${source.replace('RFC ', '')} ${section} ${requirement}`.trim());

test('what a comment says is required, behind the section or before it', () => {
  assert.deepEqual(ledger('  const x = 1; // RFC 1111 §2.3: at most one\n'), ['1111 2.3 at most one']);
  assert.deepEqual(ledger('/** One thing. The other is due at once. RFC 1111 §2 */\n'), [
    '1111 2 The other is due at once.',
  ]);
  assert.deepEqual(ledger('/**\n * A line\n * that goes on (RFC 1111 §2, §3).\n */\n'), ['1111 2 A line that goes on']);
  assert.deepEqual(ledger('// RFC 1111 §2: first. RFC 3333 §4: second\n'), ['1111 2 first.', '3333 4 second']);
  assert.deepEqual(ledger('f(); // RFC 1111 §2\n'), ['1111 2']);
  assert.deepEqual(ledger('// dkim2-spec-03 §9.4: a draft. RFC 1111 §2: no draft\n'), [
    '1111 2 no draft',
    'dkim2-spec-03 9.4 a draft.',
  ]);
  assert.deepEqual(ledger('f(); // RFC 1111 §2\n// RFC 1111 §2: said elsewhere\n'), ['1111 2 said elsewhere']);
});

test('tests that name the section stand beside it, and are no place that obeys', () => {
  const rows = conformanceLedger([
    { path: 'src/a.ts', text: '// RFC 1111 §2: x\n' },
    { path: 'src/a.test.ts', text: "test('RFC 1111 §2')" },
    { path: 'test/support/b.ts', text: '// RFC 9999 §9: y\n' },
  ]);
  assert.deepEqual(rows, [
    { source: 'RFC 1111', section: '2', requirement: 'x', where: 'src/a.ts', testedBy: ['src/a.test.ts'] },
  ]);
});
