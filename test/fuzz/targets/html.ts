/** HTML of strangers: read to its end in linear time, and nothing in what was read that was not in it. */
import assert from 'node:assert/strict';
import { latin1 } from '../../../src/base/bytes.ts';
import { htmlLimits, readHtml } from '../../../src/format/html/read-html.ts';
import { readLinks } from '../../../src/services/advice/score/content/read-links.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

export const html: FuzzTarget = {
  name: 'html',
  seeds: () => [
    '<!DOCTYPE html><html><head><title>t</title><style>p{color:red}</style></head><body><p>Hi&nbsp;you</body></html>',
    '<a href="https://example.com/?a=1&amp;b=2">click <b>he</b>re</a><img src=cid:a alt=\'A "b"\' width=1 height=1px>',
    '<div style="display:none">pre<div>header</div></div><p hidden>x</p>shown <!-- a > b --><!-->y<!--->z',
    '<base href=https://b.example/><a href=/x>1<a href=#a>2<a name=a><area href=mailto:a@b.example alt=c>',
    '<script>if (a</b) "</scriptx>"</script><textarea><a href=x></textarea><plaintext><b>',
    '<table background=x.png><tr><td>&#65;&#x42;&copy&auml;&unknown;&#xd800;</table><form><iframe src=y>',
    '1 < 2 <? php ?> </ x> <a/href=x/ href=y>z</a/ b=c>',
    '<a href="{{url}}">a</a><a href="http://">b</a><a href="http://localhost/">c</a><a href="java\nscript:x">d</a>',
    '<a href="https://xn--bcher-kva.example:8443/">e</a><a href="http://[::1]/">f</a><a href="//b.example/">g</a>',
  ],
  dictionary: [
    ...['<', '>', '</', '/>', '"', "'", '=', '<!--', '-->', '<!', '<?', '--', '<a href=', '</a>', '<img src='],
    ...['<script>', '</script>', '<style>', '</style', '<title>', '<plaintext>', ' hidden', ' style="display:none"'],
    ...[' alt=', ' width=1', '&', '&#', '&#x', '&amp;', '&amp', '&#0;', '&nbsp;', 'http://', 'https://a.example/'],
    ...['mailto:', 'javascript:', '#', '{{', '[[', '\t', '\n', '\r\n', '\u00ad', '\u200b', '\u034f', 'NONE', '\0'],
  ],
  separators: ['<', '>', '"', ' ', '&'],
  open: () => ({ run }),
};

function run(input: Uint8Array): Outcome {
  const text = latin1(input);
  const read = readHtml(text);
  const { links, images, hiddenText, active, anchors, complete } = read;
  for (const shown of [read.text, hiddenText, ...links.map((link) => link.text)])
    assert.doesNotMatch(shown, /\s\s|^\s|\s$/);
  // a reference becomes at most as many characters as it has, and the blanks between elements are not kept
  assert.ok(read.text.length + hiddenText.length <= text.length + 1, 'more text than was there');
  assert.ok(links.length + images.length + active.length + anchors.size <= text.length);
  assert.ok(
    complete || Math.max(links.length, images.length, read.resources.length, active.length) === htmlLimits.things,
  );
  for (const link of readLinks({ html: read })) {
    assert.doesNotMatch(link.href, /[\t\n\r]/);
    assert.equal(link.host === '', !/^https?:$/.test(link.scheme));
    assert.ok(link.trouble === undefined || link.scheme === '' || link.trouble === 'local');
  }
  const some = [links, images, active, [...anchors]].map((all) => Math.min(all.length, 2));
  const troubles = [...new Set(readLinks({ html: read }).map(({ trouble }) => trouble))].slice(0, 2);
  return `${some} ${read.text !== ''} ${hiddenText !== ''} ${troubles}`;
}
