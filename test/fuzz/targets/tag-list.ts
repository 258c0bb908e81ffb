/** Tag lists: each tag's place in the text is where its value stands, and no tag comes from nowhere or twice. */
import assert from 'node:assert/strict';
import { latin1 } from '../../../src/base/bytes.ts';
import { parseTagList, withoutBlanks } from '../../../src/format/tag-list.ts';
import { assertSentence, trimmed } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

export const tagList: FuzzTarget = {
  name: 'tag-list',
  seeds: () => [
    'v=1; a=rsa-sha256; d=example.com; s=sel; h=from:to; bh=YWJj; b=YWJj',
    'v=1;\r\n\ta = b c ;\r\n b=\r\n YWJj\r\n ',
    'v=DMARC1; p=none; rua=mailto:a@example.com;',
    'V=DMARC1;p=none;;nonsense;sp=none',
    'a=1; a=2',
    'a=;b=',
    '\xfc=1; d=gr\xfc\xdfe',
  ],
  dictionary: [
    ';',
    '=',
    ' ',
    '\t',
    '\r\n ',
    '\r\n',
    '\r',
    '\n',
    'v=1',
    'b=',
    'a=b;',
    ';;',
    'p=none',
    '_',
    '__proto__=1;',
    'A=1',
  ],
  separators: [';', '='],
  open: () => ({ run }),
};

function run(input: Uint8Array): Outcome {
  const text = latin1(input);
  const outcomes: string[] = [];
  for (const names of ['exact', 'any-case'] as const) {
    for (const broken of ['refuse', 'skip'] as const) {
      const list = parseTagList(text, { names, broken });
      outcomes.push(list.ok ? String(Math.min(list.value.size, 4)) : list.code);
      if (!list.ok) {
        assertSentence(list.say);
        continue;
      }
      assert.ok(list.value.size <= text.split(';').length);
      let before = 0;
      for (const [name, { value, start, end }] of list.value) {
        assert.match(name, /^[A-Za-z][A-Za-z0-9_]*$/);
        assert.ok(before < start && start <= end && end <= text.length, 'a tag lies outside the text');
        assert.equal(trimmed(text.slice(start, end), '\t\r\n '), value);
        assert.equal(text[start - 1], '=');
        assert.ok(end === text.length || text[end] === ';');
        assert.ok(!value.includes(';') && !/[\t\r\n ]/.test(withoutBlanks(value)));
        before = end;
      }
    }
  }
  return outcomes.join(' ');
}
