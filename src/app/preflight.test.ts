import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { utf8 } from '../base/bytes.ts';
import { systemClock } from '../base/clock.ts';
import { type DomainName, parseDomainName } from '../format/domain-name.ts';
import { resolverFromZone } from '../protocol/dns/zone-resolver.ts';
import { createScorer } from '../services/advice/advice.ts';
import { openFilters, openPreflight } from './preflight.ts';

test('a filter of the configuration is asked where the office runs, whatever world its mail goes through', async () => {
  const server = createServer((socket) => {
    socket.on('data', () =>
      socket.end('SPAMD/1.1 0 EX_OK\r\nContent-length: 8\r\nSpam: False ; 1.5 / 5.0\r\n\r\nBAYES_50'),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const place = server.address();
    assert.ok(place !== null && typeof place === 'object');
    const [filter, ...more] = openFilters(
      { 'filters.rspamd': undefined, 'filters.spamd': { address: '127.0.0.1', port: place.port } },
      { timers: systemClock },
    );
    assert.deepEqual(more, []);
    const verdict = await filter?.judge(utf8('From: a@example.com\r\n\r\nhello\r\n'), {});
    assert.partialDeepStrictEqual(verdict, { name: 'SpamAssassin', points: 1.5 });
  } finally {
    server.close();
  }
});

test('BLK-08: what the whole domain has brought to Gmail is known when its mail is scored', async () => {
  const domain = (text: string) => parseDomainName(text) as DomainName;
  const resolver = resolverFromZone('');
  const scorer = createScorer({ resolver, timers: systemClock });
  const of = async (perDay: readonly number[]) => {
    const asked: string[] = [];
    const volumeToGmail = async (name: DomainName) => {
      asked.push(name);
      return perDay;
    };
    const world = { resolver, timers: systemClock, volumeToGmail };
    const { score } = openPreflight(async () => scorer, domain('mx.example.com'), world);
    const message = utf8('From: ann@news.example.com\r\nSubject: News\r\n\r\nhello\r\n');
    const draft = { message, domain: domain('news.example.com'), returnPath: '', isBulk: true };
    const finding = (await score(draft))?.findings.find(({ id }) => id === 'BLK-08');
    return { asked, finding };
  };
  const { asked, finding } = await of([900, 4_200, 300]);
  assert.deepEqual(asked, ['example.com']);
  assert.equal(finding?.status, 'fail');
  assert.match(finding?.meaning ?? '', /4200 messages to Gmail in one day/);
  assert.equal((await of([900, 30])).finding?.status, 'pass');
  assert.equal((await of([])).finding?.status, 'skip');
});
