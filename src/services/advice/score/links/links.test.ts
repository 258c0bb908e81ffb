/** Which links are followed, and what is made of what they answer. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { createManualTimers } from '../../../../../test/support/manual-timers.ts';
import { utf8 } from '../../../../base/bytes.ts';
import { accept, refuse } from '../../../../base/outcome.ts';
import type { AskWeb, WebAnswer } from '../../../../base/port/web.ts';
import { indexMessage } from '../../../../format/message/message-index.ts';
import { readAuthor } from '../../../../protocol/read-author.ts';
import { judgeContent } from '../content/judge-content.ts';
import { readContent } from '../content/read-content.ts';
import { chooseLinks, looksSecret } from './choose-links.ts';
import { followLinks, linkLimits } from './follow-links.ts';

type Wish = { readonly html?: string; readonly plain?: string; readonly fields?: readonly string[] };

function factsOf({ html, plain = '', fields = [] }: Wish) {
  const type = `Content-Type: text/${html === undefined ? 'plain' : 'html'}; charset=utf-8`;
  const index = indexMessage(utf8(['From: ann@example.com', type, ...fields, '', html ?? plain].join('\r\n')));
  return { index, nowMs: 0, author: readAuthor(index), organizationOf: () => undefined };
}

const contentOf = (wish: Wish) => readContent(factsOf(wish));
const link = (href: string, words = 'Our spring offers') => ({ html: `<p>Hello.</p><a href="${href}">${words}</a>` });
const chosen = (wish: Wish) => chooseLinks(contentOf(wish), linkLimits.linksMax);
const isFollowed = (wish: Wish) => chosen(wish).follow.length > 0;

// ---- choosing

const ordinary: readonly (readonly [string, string?])[] = [
  ['https://example.com/'],
  ['http://example.com/our-spring-offers-2026.html'],
  ['https://example.com/shop?category=bread&page=2&utm_source=news&utm_campaign=spring'],
  ['https://example.com/2026/11/22/the-new-oven', 'here'],
  ['https://example.com/press/', 'Presse'],
  ['https://example.com/documentation/getting-started-with-containers'],
  ['https://u7.ct.sendgrid.net/ls/click?upn=u001.aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3z'],
  ['https://links.example.com/CL0/https:%2F%2Fexample.com%2Fshop/1/0102018f3c2a1b4d/xYz12AbC34dEf56'],
];

test('links that anybody may follow are followed', () => {
  for (const [href, words] of ordinary) assert.ok(isFollowed(link(href, words)), href);
});

const ofTheReader: readonly (readonly [string, string?])[] = [
  // leaving
  ['https://example.com/unsubscribe'],
  ['https://example.com/u/12', 'Unsubscribe'],
  ['https://example.com/u/12', 'Newsletter abbestellen'],
  ['https://example.com/u/12', 'Se désabonner'],
  ['https://example.com/u/12', '配信停止'],
  ['https://unsubscribe.example.com/12'],
  ['https://example.com/unsub/12'],
  ['https://example.com/optOut/12'],
  ['https://example.com/unsUBScribe/12'],
  ['https://example.com/a?do=opt%5Fout'],
  ['https://example.com/a?do=un%73ubscribe'],
  ['https://example.com/un%73ubscribe?sum=100%'],
  ['https://example.com/d%C3%A9sabonner?name=Ren%E9'],
  ['https://example.com/u/12', 'Se de\u0301sabonner'],
  ['https://example.com/u/12', 'Ｕｎｓｕｂｓｃｒｉｂｅ'],
  ['https://us1.list-manage.com/track/click?go=unsubscribe'],
  ['https://example.com/email-preferences/'],
  // acting
  ['https://example.com/verify/12'],
  ['https://example.com/v/12', 'Confirm your address'],
  ['https://example.com/v/12', 'Adresse bestätigen'],
  ['https://example.com/v/12', 'Подтвердить адрес'],
  ['https://example.com/confirmEmail/12'],
  ['https://example.com/account/activate'],
  ['https://example.com/login'],
  ['https://example.com/a/12', 'Sign in'],
  ['https://example.com/a/12', 'Reset password'],
  ['https://example.com/a/12', 'Accept the invitation'],
  ['https://example.com/a/12', 'RSVP'],
  ['https://example.com/a/12', 'Leave this group'],
  ['https://example.com/a/12', 'I don’t want these mails'],
  ['https://example.com/a/12', 'Turn off reminders'],
  ['https://example.com/a/12', 'Yes, I am interested'],
  ['https://example.com/a/12', 'This wasn’t me'],
  ['https://example.com/nps/9', '9'],
  ['https://example.com/list?action=delete'],
  // for one reader
  ['https://example.com/a?token=12'],
  ['https://example.com/a?mc_eid=5f3a'],
  ['https://example.com/a?e=ann@example.com&email=1'],
  ['https://example.com/a?to=ann%40example.com'],
  ['https://example.com/a/ann@example.com'],
  ['https://example.com/x/5f3a8c1e9d7b2a46'],
  ['https://example.com/x?q=2f1d7c9e-8a4b-4c6d-9e0f-1a2b3c4d5e6f'],
  ['https://example.com/x/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln'],
  ['https://example.com/x/bGVhdmUtbGlzdC03LXJlYWRlci00Mg'],
  ['https://example.com/x/123456789012'],
  // silent
  ['https://example.com/a/12', '<img src=x>'],
];

test('links that may do something for their reader never are', () => {
  for (const [href, words] of ofTheReader) assert.ok(!isFollowed(link(href, words)), `${href} ${words ?? ''}`);
});

test('what is said around a link counts: in its sentence, before an empty word, in the lines of plain text', () => {
  const here = 'https://example.com/u/12';
  const html = (text: string) => ({ html: text.replace('LINK', `<a href="${here}">here</a>`) });
  assert.ok(!isFollowed(html('<p>To unsubscribe click LINK.</p>')));
  assert.ok(!isFollowed(html('<p>You want to unsubscribe? Click LINK.</p>')));
  assert.ok(!isFollowed(html('<p>Möchten Sie sich abmelden? LINK</p>')));
  assert.ok(isFollowed(html('<p>The whole story is LINK.</p>')));
  assert.ok(
    !isFollowed({ html: `<p>No wish to hear from us? Opt out: <a href="${here}"><img src=x alt="Click here!"></a>` }),
  );
  const footer = `<a href="https://example.com/imprint">Imprint</a> | <a href="${here}">Unsubscribe</a>`;
  assert.deepEqual(
    chosen({ html: footer }).follow.map(({ href }) => href),
    ['https://example.com/imprint'],
  );
  const list = `<li><a href="https://example.com/bread">Our bread</a><li><a href="${here}">Unsubscribe</a>`;
  assert.deepEqual(
    chosen({ html: list }).follow.map(({ href }) => href),
    ['https://example.com/bread'],
  );
  assert.ok(!isFollowed({ html: `Unsubscribe <a href="${here}">here</a> <a href="mailto:a@b.test">Unsubscribe</a>` }));
  assert.ok(isFollowed({ plain: `All about our bread:\r\n${here}\r\n` }));
  assert.ok(!isFollowed({ plain: `To unsubscribe, go to\r\n\r\n${here}\r\n` }));
  assert.ok(!isFollowed({ plain: `${here} (unsubscribe)\r\n` }));
  assert.ok(!isFollowed({ plain: `Please confirm your address:\r\n${here}\r\n` }));
});

test('the same address under innocent and telling words is left; a part after # does not make it another', () => {
  const twice = (a: string, b: string) => ({
    html: `<a href="https://example.com/u/12${a}">Our news</a><p><a href="https://example.com/u/12${b}">Unsubscribe</a>`,
  });
  assert.ok(!isFollowed(twice('', '')));
  assert.ok(!isFollowed(twice('#a', '#b')));
});

test('where the header sends who wants to leave, nobody is sent for a try', () => {
  const fields = ['List-Unsubscribe: <mailto:a@example.com>, <https://example.com/l/7?x=1>'];
  assert.ok(!isFollowed({ ...link('https://example.com/l/7?x=1'), fields }));
  assert.ok(!isFollowed({ ...link('https://example.com/l/7'), fields }));
  assert.ok(isFollowed({ ...link('https://example.com/l/8'), fields }));
  for (const spelled of ['https://example.com/l/7', '<https://example.com/l\r\n /7>', 'https://example.com/l/7, <x>'])
    assert.ok(!isFollowed({ ...link('https://example.com//L/7/'), fields: [`List-Unsubscribe: ${spelled}`] }), spelled);
  const atRoot = ['List-Unsubscribe: <https://example.com/?x=1>'];
  assert.ok(isFollowed({ ...link('https://example.com/'), fields: atRoot }));
  assert.ok(!isFollowed({ ...link('https://example.com/?x=1'), fields: atRoot }));
});

test('mail, telephone and broken links are none to follow; a base is kept to', () => {
  assert.ok(!isFollowed(link('mailto:ann@example.com')));
  assert.ok(!isFollowed(link('tel:+491234')));
  assert.ok(!isFollowed(link('http://localhost/')));
  const { follow } = chosen({ html: '<base href="https://example.com/a/"><a href="b">Our bread</a>' });
  assert.deepEqual(
    follow.map(({ url }) => url.href),
    ['https://example.com/a/b'],
  );
});

test('a secret is told from a title', () => {
  for (const text of ['5f3a8c1e9d7b2a46', 'aB3dE5fG7hJ9kL1m', '202611221030001', 'bGVhdmUtbGlzdC03LXJlYWRlci00Mg'])
    assert.ok(looksSecret(text), text);
  for (const text of [
    'our-spring-offers-2026',
    'getting_started_with_bread',
    'internationalization',
    'a1b2c3',
    '2026-11-22',
  ])
    assert.ok(!looksSecret(text), text);
});

test('thousands of links with crafted words are chosen from in a moment', () => {
  const many = Array.from({ length: 5_000 }, (_, at) => `<a href="https://example.com/${at}">a a</a> a a `).join('');
  assert.equal(chosen({ html: many }).over.length, 180);
  const digits = Array.from(
    { length: 200 },
    (_, at) => `<a href="https://example.com/${at}">${'1'.repeat(4_000)}x${at}</a>`,
  );
  assert.equal(chosen({ html: digits.join('') }).follow.length, 20);
});

// ---- following

/** `HEAD /a` -> what comes; without a line for HEAD that of GET, else 200. */
type Site = Readonly<Record<string, WebAnswer>>;
const status = (code: number, location?: string): WebAnswer =>
  accept({ status: code, ...(location !== undefined && { location }) });

async function follow(site: Site, paths: readonly string[]) {
  const asked: string[] = [];
  const web: AskWeb = async (url, { method }) => {
    const key = `${method} ${url.replace('https://example.com', '')}`;
    asked.push(key);
    return site[key] ?? site[key.replace('HEAD', 'GET')] ?? status(200);
  };
  const html = paths.map((path) => `<p><a href="https://example.com${path}">Story ${path}.</a></p>`).join('');
  const facts = factsOf({ html });
  const probes = await followLinks({ web, timers: createManualTimers(0) }, readContent(facts));
  const finding = judgeContent({ ...facts, probes }).findings.find(({ id }) => id === 'MSG-19');
  return { asked, probes, ends: probes.map(({ end }) => end), finding };
}

test('MSG-19: what is gone for everybody is broken, what only we were refused is not known', async () => {
  const site: Site = {
    'GET /gone': status(410),
    'GET /missing': status(404),
    'GET /nowhere': refuse('no-address', 'example.com has no address'),
    'GET /closed': refuse('refused', 'no connection (ECONNREFUSED)'),
    'GET /private': refuse('address', 'leads to no public address'),
    'GET /slow': refuse('too-slow', 'no whole answer within 8 s'),
    'GET /forbidden': status(403),
    'GET /busy': status(429),
    'GET /ill': status(503),
    'GET /cert': refuse('certificate', 'the certificate is not valid'),
  };
  const { ends, finding } = await follow(site, ['/', ...Object.keys(site).map((key) => key.slice(4))]);
  assert.deepEqual(ends.slice(0, 5), ['works', 'broken', 'broken', 'broken', 'broken']);
  assert.deepEqual(new Set(ends.slice(5)), new Set(['unknown']));
  assert.equal(finding?.status, 'fail');
  assert.match(
    finding?.meaning ?? '',
    /^4 links lead nowhere, such as https:\/\/example\.com\/gone: there is nothing at the address \(410\)/,
  );
  const unclear = await follow({ 'GET /busy': status(429) }, ['/', '/busy']);
  assert.equal(unclear.finding?.status, 'unknown');
  assert.match(unclear.finding?.meaning ?? '', /^1 link could not be followed, https:\/\/example\.com\/busy: .*429\.$/);
  assert.equal((await follow({}, ['/', '/b'])).finding?.status, 'pass');
});

test('HEAD first; GET decides where HEAD brings an error', async () => {
  const { asked, ends } = await follow({ 'HEAD /a': status(405), 'HEAD /b': status(404), 'GET /b': status(200) }, [
    '/a',
    '/b',
    '/c',
  ]);
  assert.deepEqual(ends, ['works', 'works', 'works']);
  assert.deepEqual(asked.sort(), ['GET /a', 'GET /b', 'HEAD /a', 'HEAD /b', 'HEAD /c']);
});

test('redirects are followed to their end, so far, and never to what the reader alone may follow', async () => {
  const site: Site = {
    'GET /moved': status(301, '/new'),
    'GET /to-missing': status(302, 'https://example.com/missing'),
    'GET /missing': status(404),
    'GET /tricked': status(302, 'https://example.com/unsubscribe?u=7'),
    'GET /circle': status(307, '/circle'),
    'GET /file': status(302, 'ftp://example.com/'),
  };
  const { asked, probes, ends } = await follow(site, ['/moved', '/to-missing', '/tricked', '/circle', '/file']);
  assert.deepEqual(ends, ['works', 'broken', 'left', 'unknown', 'unknown']);
  assert.match(probes[2]?.say ?? '', /leads on to example\.com, and there/);
  assert.ok(!asked.some((one) => one.includes('unsubscribe')));
  assert.equal(asked.filter((one) => one.endsWith('/circle')).length, linkLimits.redirectsMax + 1);
});

test('no more links than the limit, each address once; those left are told apart', async () => {
  const paths = Array.from({ length: linkLimits.linksMax + 3 }, (_, at) => `/story-${at}`);
  const { asked, ends, finding } = await follow({}, [...paths, '/story-0', '/unsubscribe']);
  assert.equal(asked.length, linkLimits.linksMax);
  assert.deepEqual(ends.slice(linkLimits.linksMax), ['unknown', 'unknown', 'unknown', 'left']);
  assert.equal(finding?.status, 'unknown');
  const usual = await follow({}, ['/', '/unsubscribe']);
  assert.equal(usual.finding?.status, 'pass');
  assert.match(usual.finding?.meaning ?? '', /1 link was left to the reader/);
  const none = await follow({}, ['/unsubscribe']);
  assert.deepEqual([none.finding?.status, none.asked.length], ['unknown', 0]);
});

test('not more at once than allowed, and none after the time is up', async () => {
  const timers = createManualTimers(0);
  const waiting: (() => void)[] = [];
  const web: AskWeb = (_url, { signal }) =>
    new Promise((resolve) => {
      const late = () => resolve(refuse('too-slow', 'no whole answer'));
      waiting.push(late);
      signal?.addEventListener('abort', late);
    });
  const html = Array.from({ length: 12 }, (_, at) => `<p><a href="https://example.com/${at}">Story ${at}.</a>`).join(
    '',
  );
  const followed = followLinks({ web, timers }, contentOf({ html }));
  await timers.pass(linkLimits.allMs - 1);
  assert.equal(waiting.length, linkLimits.atOnce);
  await timers.pass(1);
  const probes = await followed;
  assert.equal(waiting.length, linkLimits.atOnce);
  assert.equal(probes.filter(({ end }) => end === 'unknown').length, 12);
});
