import assert from 'node:assert/strict';
import test from 'node:test';
import { tempOffice } from '../../../test/support/temp-office.ts';

test('the default stream is always there, sends everything and can be changed', async (t) => {
  const office = await tempOffice(t);
  const { streams } = office.directory;
  assert.deepEqual(await streams.all(), [{ name: 'default', kind: 'ordinary', whenUnscored: 'send', createdAtMs: 0 }]);
  assert.equal(await streams.find('news'), undefined);
  await streams.set('default', { minScoreTenths: 80 });
  assert.equal((await streams.find('default'))?.minScoreTenths, 80);
  await streams.set('default', { whenUnscored: 'refuse' });
  assert.partialDeepStrictEqual(await streams.find('default'), { minScoreTenths: 80, whenUnscored: 'refuse' });
  await streams.set('default', { minScoreTenths: null });
  assert.equal((await streams.find('default'))?.minScoreTenths, undefined);
  assert.equal(await streams.remove('default'), true);
  assert.partialDeepStrictEqual(await streams.find('default'), { whenUnscored: 'send' });
});

test('streams are made by setting them, and go', async (t) => {
  const office = await tempOffice(t);
  const { streams } = office.directory;
  assert.equal((await streams.set('news', { kind: 'bulk', minScoreTenths: 85 })).ok, true);
  await streams.set('a', {});
  assert.deepEqual(
    (await streams.all()).map(({ name }) => name),
    ['default', 'a', 'news'],
  );
  assert.partialDeepStrictEqual(await streams.find('news'), { kind: 'bulk', minScoreTenths: 85 });
  assert.equal(await streams.remove('news'), true);
  assert.equal(await streams.remove('news'), false);
  assert.equal(await streams.find('news'), undefined);
});

test('names and scores that are none are refused', async (t) => {
  const office = await tempOffice(t);
  const { streams } = office.directory;
  for (const name of ['', 'News', '-a', 'a-', 'a b', 'x'.repeat(65), 'ä'])
    assert.partialDeepStrictEqual(await streams.set(name, {}), { code: 'bad-stream' });
  for (const minScoreTenths of [-1, 101, 0.5, Number.NaN])
    assert.partialDeepStrictEqual(await streams.set('a', { minScoreTenths }), { code: 'bad-score' });
});
