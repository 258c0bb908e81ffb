import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeEntities } from './entities.ts';
import { htmlLimits, readHtml } from './read-html.ts';

test('text, links and pictures of an ordinary mail', () => {
  const html = readHtml(
    `<!DOCTYPE html><html><head><title>not shown</title><style>p{color:red}</style></head><body>
    <p>Dear&nbsp;Ann,<br>here is <b>your</b>self&shy;made <A HREF="https://a.example/?x=1&amp;y=2">the
    <i>offer</i></A>.</p><img src=cid:logo alt='A &amp; B' width="540px" height=20></body></html>`,
  );
  assert.equal(html.text, 'Dear Ann, here is yourselfmade the offer.');
  assert.deepEqual(html.links, [{ href: 'https://a.example/?x=1&y=2', text: 'the offer' }]);
  assert.deepEqual(html.images, [{ src: 'cid:logo', alt: 'A & B', width: 540, height: 20 }]);
  assert.equal(html.complete, true);
});

test('what is hidden by its own style is apart, up to the end tag that fits', () => {
  const html = readHtml(
    '<div style="color:red;Display : none">pre <div>header</div></div><p hidden>more</p>shown<img style="display:none">!',
  );
  assert.equal(html.text, 'shown !');
  assert.equal(html.hiddenText, 'pre header more');
  assert.equal(readHtml('<p style="mso-display:nonesuch">x').text, 'x');
});

test('a link ends at its end tag, at the next link, or with the text; its words include those of its pictures', () => {
  assert.deepEqual(readHtml('<a href=x>one<a href=y>two</a>three<a name=z>four<a href=" w\n ">five').links, [
    { href: 'x', text: 'one' },
    { href: 'y', text: 'two' },
    { href: 'w', text: 'five' },
  ]);
  assert.deepEqual(readHtml('<a href=x><img src=y alt="Shop &lt;now&gt;"></a><area href=z alt=map>').links, [
    { href: 'x', text: 'Shop <now>' },
    { href: 'z', text: 'map' },
  ]);
  assert.deepEqual(readHtml('<a href=x>a<span style="display:none">b</a>c').links, [{ href: 'x', text: 'a' }]);
});

test('HTML §13.2.5: tags, attributes and comments end where a browser ends them', () => {
  assert.deepEqual(readHtml('<a href="x>y" title=\'>\'>z</a>').links, [{ href: 'x>y', text: 'z' }]);
  assert.deepEqual(readHtml('<a/href=x/>z').links, [{ href: 'x/', text: 'z' }]);
  assert.deepEqual(readHtml('<a href = x href=y>z').links, [{ href: 'x', text: 'z' }]);
  assert.deepEqual(readHtml('<a title"href=x">z').links, []);
  assert.deepEqual(readHtml('<a href="x').links, []);
  assert.equal(readHtml('1 < 2 <!-- a > b -->3<!-->4<!--->5<!x>6<?y>7</ z>8').text, '1 < 2 345678');
  assert.equal(readHtml('a<!-- never closed').text, 'a');
  assert.equal(readHtml('<script>"</scriptx>" <a href=x></script >y').text, 'y');
  assert.equal(readHtml('<style>x').text, '');
  assert.equal(readHtml('<plaintext><b>x</b>').text, '<b>x</b>');
});

test('names of elements and attributes in any case, known or not, with whatever letters', () => {
  assert.equal(
    readHtml('<Mark HIDDEN>a</mARK>b<x\u0130 hidden>c</X\u0130>d<constructor hidden>e</constructor>f').text,
    'b d f',
  );
  const html = readHtml('<IMG SRC=a ALT=b Width=" 12px " HEIGHT=123456><TD Background=c ID=d HREF=e>');
  assert.deepEqual(html.images, [{ src: 'a', alt: 'b', width: 12, height: undefined }]);
  assert.deepEqual([html.resources, [...html.anchors], html.links], [['c'], ['d'], []]);
});

test('what is fetched or runs is named', () => {
  const html = readHtml(
    '<base href="https://b.example/"><link rel=stylesheet href=s.css><td background=b.png><iframe src=f></iframe><form name=f><a id=top>',
  );
  assert.deepEqual(html.resources, ['s.css', 'b.png', 'f']);
  assert.deepEqual(html.active, ['iframe', 'form']);
  assert.equal(html.base, 'https://b.example/');
  assert.deepEqual([...html.anchors], ['f', 'top']);
});

test('character references', () => {
  assert.equal(decodeEntities('&amp;&lt;&uuml;&Uuml;&#65;&#x42;&#X43;&copy 1&notit;'), '&<üÜABC© 1&notit;');
  assert.equal(decodeEntities('&#0;&#xd800;&#x110000;&#;&;&unknown;&'), '\ufffd\ufffd\ufffd&#;&;&unknown;&');
});

test('beyond a limit the reading ends and says so', () => {
  assert.deepEqual({ ...readHtml('abc<p>def', { ...htmlLimits, characters: 4 }) }.text, 'abc');
  assert.equal(readHtml('abcd', { ...htmlLimits, characters: 3 }).complete, false);
  const many = readHtml('<a href=x>y</a>'.repeat(3), { ...htmlLimits, things: 2 });
  assert.deepEqual([many.links.length, many.complete], [2, false]);
  assert.equal(readHtml(`<a href=x>${'y'.repeat(9)}`, { ...htmlLimits, words: 4 }).links[0]?.text, 'yyyy');
});

/** What makes naive readers quadratic. */
const hostile = [
  '<',
  '<a',
  '<a href="',
  "<a '",
  '<!--',
  '<!-- --',
  '</',
  '</a',
  '<a href=x>',
  '<script>',
  '<script></',
  '<style></styl',
  '&',
  '&#',
  '&ampampamp',
  ' ',
  '<p style="display:none">',
  '<p hidden></p>',
  '<a =',
  '<img alt="',
  '\u00ad',
  'display:',
];

test('masses of what makes naive readers quadratic are read to their end', () => {
  for (const piece of hostile) {
    const html = readHtml(piece.repeat(100_000 / piece.length));
    assert.ok(html.links.length <= htmlLimits.things);
  }
});

test('property: any text is read, and nothing is made up', () => {
  const pieces = fc.constantFrom(...hostile, '>', '"', "'", '/', '=', 'x', '</script>', '-->', '</a>', '\n', '<b>');
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (all) => {
      const text = all.join('');
      const html = readHtml(text);
      assert.ok(html.complete);
      assert.ok(html.text.length + html.hiddenText.length <= text.length);
      assert.doesNotMatch(html.text, /\s\s|^\s|\s$/);
    }),
    { numRuns: 500 },
  );
});
