import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { utf8 } from '../base/bytes.ts';
import { systemClock } from '../base/clock.ts';
import { openFilters } from './preflight.ts';

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
