/** The five zones of the guide: what the doctor says of them, that its fixes agree and mend, and that the page shows just that. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { loadCatalogue } from '../src/app/load-catalogue.ts';
import type { Finding } from '../src/services/advice/types.ts';
import { zonesGuide } from './generate-docs.ts';
import { type Walked, walkZones } from './zones-guide.ts';

let walked: readonly Walked[] = [];
before(async () => {
  walked = await walkZones(await loadCatalogue());
});

const scoreOf = ({ prediction }: Walked['before']) => prediction.score?.score;
const failing = ({ findings }: Walked['before']) => findings.filter(({ status }) => status === 'fail');
const isMendable = ({ severity, fix }: Finding) => severity !== 'advice' && (fix?.set.length || fix?.delete.length);

test('what mail from each would get, and what once the records of the fixes are published', () => {
  assert.deepEqual(
    walked.map(({ walk, before: was, after }) => [walk.name, scoreOf(was), scoreOf(after)]),
    [
      ['perfect', 10, 10],
      ['start-up', 4.4, 10],
      ['parked', undefined, undefined],
      ['wizards', 7.3, 10],
      ['self-hoster', 8.5, 9.7],
    ],
  );
});

test('nothing fails where everything is right; elsewhere what each guide is about', () => {
  const seen = walked.map(({ before: was }) => new Set<string>(failing(was).map(({ id }) => id)));
  const about: readonly (readonly string[])[] = [
    [],
    ['ALN-01', 'ALN-02', 'ALN-03', 'DKM-01', 'DMA-07', 'SPF-05', 'SPF-15', 'SPF-16'],
    ['DNS-05', 'PRK-01', 'PRK-02', 'PRK-03', 'PRK-04'],
    ['DKM-02', 'DKM-10', 'DMA-03', 'DNS-06', 'DNS-08', 'MX-05', 'SPF-02', 'SPF-04', 'SPF-20'],
    ['DKM-04', 'DKM-05', 'IPR-03', 'IPR-04', 'IPR-05', 'RPT-01', 'SPF-10'],
  ];
  assert.equal(seen[0]?.size, 0);
  for (const [at, ids] of about.entries()) {
    const missing = ids.filter((id) => !seen[at]?.has(id));
    assert.deepEqual(missing, [], `zone ${at + 1}`);
  }
});

test('once they are published, nothing that matters is left that a record could mend', () => {
  for (const { walk, after } of walked)
    assert.deepEqual(
      failing(after)
        .filter(isMendable)
        .map(({ id, meaning }) => `${id} ${meaning}`),
      [],
      walk.name,
    );
});

test('no two fixes put different things into one place', () => {
  for (const { walk, before: was, rounds } of walked) {
    for (const { set } of rounds) {
      const places = set.map(
        ({ name, type, value }) => `${name} ${type} ${type === 'TXT' ? /^v=\w+/.exec(value) : ''}`,
      );
      const twice = places.filter((place, at) => places.indexOf(place) !== at);
      assert.deepEqual(twice, [], walk.name);
    }
    for (const { id, fix } of failing(was))
      for (const { name } of fix?.set ?? []) assert.ok(!name.includes('ph-no-such-name'), `${id} ${name}`);
  }
});

test('the page is what a run gives, and fits a terminal', () => {
  const { path, text } = zonesGuide(walked);
  assert.equal(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'), text);
  for (const [at, block] of text.split('```').entries())
    for (const line of at % 2 === 1 ? block.split('\n') : []) assert.ok(line.length <= 80, line);
});
