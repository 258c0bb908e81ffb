/** Links of strangers' messages: what is followed is a web address of the message that says nothing of unsubscribing; bounded, in linear time. */
import assert from 'node:assert/strict';
import { concat, utf8 } from '../../../src/base/bytes.ts';
import { indexMessage } from '../../../src/format/message/message-index.ts';
import { readContent } from '../../../src/services/advice/score/content/read-content.ts';
import { chooseLinks } from '../../../src/services/advice/score/links/choose-links.ts';
import { type FuzzTarget, headAndRest, type Outcome } from '../target.ts';

export const messageLinks: FuzzTarget = {
  name: 'message-links',
  octetsMax: 16_384,
  seeds: () => [
    '0<p>Our <a href="https://a.example/bread">bread</a>. To unsubscribe click <a href="https://a.example/u/1">here</a>',
    '0<base href="https://a.example/x/"><a href=y>News</a> | <a href="?token=1">Imprint</a> | <a href=z>Unsubscribe</a>',
    '0<a href="https://a.example/5f3a8c1e9d7b2a46"><img src=x alt="a"></a><a href="https://a.example/ls/click?u=aB3dE5fG7hJ9kL1m">b</a>',
    '0<a href="https://a.example/%75nsubscribe">a</a><a href="https://a.example/#x">a</a><a href="https://a.example/">b</a>',
    '1Read:\r\nhttps://a.example/story\r\n\r\nTo leave:\r\n\r\nhttps://a.example/l/7 (abmelden)\r\n',
    '1https://a.example/ann@b.example https://a.example/a.\nhttp://a.example/a',
  ],
  dictionary: [
    ...[
      '<a href="',
      '">',
      '</a>',
      '<p>',
      '<base href=',
      'https://',
      'http://',
      'a.example',
      '/',
      '?',
      '&',
      '=',
      '%',
      '#',
    ],
    ...[
      'here',
      'click',
      'unsubscribe',
      'confirm',
      'Sign in',
      'token',
      '11111111111111111111',
      'aB3d',
      '.',
      '! ',
      ' | ',
      '\n',
    ],
  ],
  separators: ['<', '>', '"', ' ', '/', '\n'],
  open: () => ({ run }),
};

const most = 5;

function run(input: Uint8Array): Outcome {
  const { head, rest } = headAndRest(input);
  const type = head % 2 === 0 ? 'html' : 'plain';
  const header = utf8(
    `From: a@b.example\r\nList-Unsubscribe: <https://a.example/u/1>\r\nContent-Type: text/${type}; charset=utf-8\r\n\r\n`,
  );
  const index = indexMessage(concat([header, rest]));
  const author = { kind: 'none', why: 'absent' } as never;
  const content = readContent({ index, nowMs: 0, author, organizationOf: () => undefined });
  const { follow, left, over } = chooseLinks(content, most);
  assert.ok(follow.length <= most && (over.length === 0 || follow.length === most));
  assert.ok(follow.length + left.length + over.length <= content.webLinks.length);
  const places = follow.map(({ url }) => url.href);
  assert.equal(new Set(places).size, places.length);
  for (const { url } of follow) {
    assert.match(url.protocol, /^https?:$/);
    assert.equal(url.hash, '');
    assert.doesNotMatch(decoded(url), /unsub|@/i);
    assert.ok(url.pathname !== '/u/1' || url.host !== 'a.example');
  }
  return `${type} ${follow.length} ${[...new Set(left.map(({ say }) => say.slice(0, 12)))].slice(0, 2)} ${over.length > 0}`;
}

function decoded({ pathname, search }: URL): string {
  try {
    return decodeURIComponent(pathname + search);
  } catch {
    return pathname + search;
  }
}
