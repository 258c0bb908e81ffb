import assert from 'node:assert/strict';
import test from 'node:test';
import { utf8 } from '../../base/bytes.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { rdapServersFor } from './find-servers.ts';
import { rdapDomainUrl, registrationEnd } from './registration-end.ts';

const domain = (text: string) => parseDomainName(text) as DomainName;
const json = (value: unknown) => utf8(JSON.stringify(value));
const list = json({
  version: '1.0',
  services: [
    [
      ['net', 'COM'],
      ['http://old.example/', 'https://registry.example/com'],
    ],
    [['co.uk'], ['https://co.example/rdap/']],
    [['uk'], ['https://uk.example/']],
    [['xn--p1ai'], ['https://rf.example/']],
    [['plain'], ['http://plain.example/']],
    ['broken', 7],
    [[7], ['https://x.example/']],
  ],
});

test('RFC 9224 §4: the longest match by labels, over https alone', () => {
  const of = (name: string) => rdapServersFor(list, domain(name));
  assert.deepEqual(of('example.com'), ['https://registry.example/com/']);
  assert.deepEqual(of('shop.co.uk'), ['https://co.example/rdap/']);
  assert.deepEqual(of('taco.uk'), ['https://uk.example/']);
  assert.deepEqual(of('xn--e1afmkfd.xn--p1ai'), ['https://rf.example/']);
  assert.deepEqual(of('example.plain'), []);
  assert.deepEqual(of('example.test'), []);
  assert.deepEqual(of('notcom'), []);
});

test('a list of nothing but slashes takes no time', () => {
  const url = `https://r.example/${'/'.repeat(500_000)}x`;
  assert.equal(
    rdapServersFor(json({ services: [[['com'], [url]]] }), domain('example.com'))?.[0]?.length,
    url.length + 1,
  );
});

test('what is no list of servers is none', () => {
  for (const text of ['', '{', '[]', 'null', '7', '{"services":7}', '{}', '\u0000', '['.repeat(100_000)])
    assert.equal(rdapServersFor(utf8(text), domain('example.com')), undefined, text.slice(0, 20));
  const many = json({ services: [[Array(200_000).fill('com'), ['https://r.example/']]] });
  assert.deepEqual(rdapServersFor(many, domain('example.com')), ['https://r.example/']);
  assert.deepEqual(rdapServersFor(json({ services: [] }), domain('example.com')), []);
});

test('RFC 9082 §3.1.3: where a domain is asked for', () => {
  assert.equal(
    rdapDomainUrl('https://r.example/v1/', domain('example.com')),
    'https://r.example/v1/domain/example.com',
  );
});

const answer = (events: unknown, more: object = {}) =>
  json({ objectClassName: 'domain', ldhName: 'EXAMPLE.COM', events, ...more });
const event = (eventDate: unknown, eventAction: unknown = 'expiration') => ({ eventAction, eventDate });

test('RFC 9083 §4.5: the event "expiration" says until when, the earliest one', () => {
  const of = (events: unknown, more?: object) => {
    const end = registrationEnd(answer(events, more), domain('example.com'));
    return end.ok ? new Date(end.value).toISOString() : end.code;
  };
  assert.equal(of([event('2027-08-13T04:00:00Z')]), '2027-08-13T04:00:00.000Z');
  assert.equal(
    of([event('1995-08-14T04:00:00Z', 'registration'), event('2027-08-13t06:00:00.5+02:00')]),
    '2027-08-13T04:00:00.500Z',
  );
  assert.equal(of([event('2028-01-01T00:00:00Z'), event('2027-01-01T00:00:00Z')]), '2027-01-01T00:00:00.000Z');
  assert.equal(of([event('2027-08-13T04:00:00Z')], { ldhName: 'example.com.' }), '2027-08-13T04:00:00.000Z');
  for (const date of ['2027-08-13', 'soon', 7, null, '2027-13-45T04:00:00Z', '+275760-09-13T00:00:00Z'])
    assert.equal(of([event(date)]), 'no-date', String(date));
  for (const events of [undefined, null, 'x', {}, [], [7], [null], [[event('2027-08-13T04:00:00Z')]]])
    assert.equal(of(events), 'no-date');
  assert.equal(of([...Array(200).fill(event('x')), event('2027-08-13T04:00:00Z')]), 'no-date');
  assert.equal(of([event('2027-08-13T04:00:00Z')], { ldhName: 'example.net' }), 'no-answer');
  assert.equal(of([event('2027-08-13T04:00:00Z')], { objectClassName: 'entity' }), 'no-answer');
});

test('hostile JSON is no answer', () => {
  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '7',
    '"x"',
    '['.repeat(500_000),
    `{"objectClassName":${'{"a":'.repeat(50_000)}`,
  ])
    assert.equal(registrationEnd(utf8(text), domain('example.com')).ok, false, text.slice(0, 20));
  const proto = utf8('{"__proto__":{"objectClassName":"domain"},"events":[]}');
  assert.equal(registrationEnd(proto, domain('example.com')).ok, false);
});
