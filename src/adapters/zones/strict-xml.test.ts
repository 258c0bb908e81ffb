import assert from 'node:assert/strict';
import test from 'node:test';
import { childOf, parseXml, textIn, xmlText } from './strict-xml.ts';

test('elements, text, entities and what is empty', () => {
  const root = parseXml(
    '<?xml version="1.0"?>\n<A xmlns="https://x/">\n <B>1 &lt; &#x32; &amp; &quot;3&quot;</B><C/><B> x </B>\n</A>\n',
  );
  assert.equal(root?.name, 'A');
  assert.equal(textIn(root, 'B'), '1 < 2 & "3"');
  assert.deepEqual(
    root?.children.map(({ text }) => text),
    ['1 < 2 & "3"', '', ' x '],
  );
  assert.equal(childOf(root, 'D'), undefined);
  assert.equal(textIn(parseXml(`<A><B>${xmlText('a"<&>\'b')}</B></A>`), 'B'), 'a"<&>\'b');
});

test('anything else is refused as a whole', () => {
  const wrong = [
    '',
    'text',
    '<A>',
    '<A></B>',
    '<A></A><B/>',
    '<A></A></A>',
    '<A/>x',
    '<A>&other;</A>',
    '<A>& b</A>',
    '<A>&#x110000;</A>',
    '<A b=c/>',
    '<A',
    '<A><![CDATA[x]]></A>',
    '<A><!-- x --></A>',
    '<!DOCTYPE A [<!ENTITY x "y">]><A>&x;</A>',
    '<A><?php x ?></A>',
    `${'<A>'.repeat(33)}${'</A>'.repeat(33)}`,
  ];
  for (const text of wrong) assert.equal(parseXml(text), undefined, text);
});

test('long input costs its length', () => {
  assert.equal(parseXml(`<A${' b="c"'.repeat(20_000)}`), undefined);
  assert.equal(parseXml(`<A>${'<B>x</B>'.repeat(20_000)}</A>`)?.children.length, 20_000);
});
