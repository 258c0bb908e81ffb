import assert from 'node:assert/strict';
import test from 'node:test';
import { Places } from './places.ts';

const ada = { lane: 'ada', domain: 'b.test' };
const ben = { lane: 'ben', domain: 'b.test' };

test('a place at its site is free with the answer, one of all only when that is stored', () => {
  const places = new Places({ concurrency: 2, perDomain: 10 });
  const taken = [places.take(ada), places.take(ben)];
  assert.equal(places.free, 0);
  for (const place of taken) place.leaveSite();
  assert.equal(places.free, 2);
  const further = [places.take(ada), places.take(ben)];
  for (const place of further) place.leaveSite();
  assert.equal(places.free, 0, 'four ends wait to be stored');
  for (const place of [...taken, ...taken, ...further]) place.leave(); // to leave twice is to leave
  assert.equal(places.free, 2);
});

test('the last place at a site is for a lane that holds none; domains with the same hosts are one site', () => {
  const places = new Places({ concurrency: 20, perDomain: 3 });
  places.take(ada);
  const second = places.take({ lane: 'ada', domain: 'c.test' });
  assert.ok(places.hasRoomFor(ada), 'two sites, as far as anybody knows');
  places.learn('b.test', [{ host: 'mx1.large.test' }, { host: 'mx2.large.test' }]);
  places.learn('c.test', [{ host: 'mx2.large.test' }, { host: 'mx1.large.test' }]);
  assert.ok(!places.hasRoomFor(ada));
  assert.ok(places.hasRoomFor(ben));
  assert.deepEqual(places.share([ada, ben]), [{ ...ben, slots: 1 }]);
  second.leaveSite();
  assert.ok(places.hasRoomFor(ada));
});
