/** The story from 2 to 10, with really sent mail: every number, every proof, what programs read, and the page that is made of it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { playStory } from '../../src/app/sandbox/story/run-story.ts';
import type { StoryState } from '../../src/app/sandbox/story/story.ts';
import { storyDocument, tellOpening, tellState } from '../../src/app/sandbox/story/tell-story.ts';
import { plainStyle } from '../../src/entrances/cli/style.ts';
import { storyGuide } from '../../tools/generate-docs.ts';

describe('the story', () => {
  let states: readonly StoryState[] = [];
  let said = '';

  before(async () => {
    const err = (text: string) => {
      said += text;
    };
    states = await playStory({ environment: {}, err, signal: AbortSignal.timeout(60_000) });
  });

  test('the five numbers of the talk, from mail that was sent and from the table alone', () => {
    assert.deepEqual(
      states.map(({ name, ok, problems, result }) => [name, ok, problems, result.score]),
      [
        ['receiving', true, [], 2],
        ['spf', true, [], 5.6],
        ['dkim-dmarc', true, [], 10],
        ['service', true, [], 4.4],
        ['service-authenticated', true, [], 10],
      ],
    );
    assert.equal(said, '');
  });

  test('what costs the points, and what passes for whom', () => {
    const lost = states.map(({ result }) => result.deductions.map(({ check, tenths }) => `${check} ${tenths}`));
    assert.deepEqual(lost, [
      ['ALN-01 32', 'DKM-01 24', 'SPF-01 24'],
      ['DKM-01 24', 'DMA-01 20'],
      [],
      ['ALN-01 32', 'ALN-02 12', 'ALN-03 12'],
      [],
    ]);
    assert.deepEqual(
      states.map(({ verdicts }) => Object.values(verdicts).join(' ')),
      ['none none none', 'pass none none', 'pass pass pass', 'pass pass fail', 'pass pass pass'],
    );
  });

  test('each fix of a chapter is what a later chapter publishes', () => {
    const namesAt = (at: number) => new Set(states[at]?.records.map(({ name, type }) => `${type} ${name}`));
    const last = namesAt(4);
    for (const { result } of states) {
      for (const { fix } of result.deductions) {
        assert.ok(fix.set.length > 0);
        for (const { name, type } of fix.set)
          assert.ok(last.has(`${type} ${name.replace('<label>', 'em1234')}`), `${type} ${name}`);
      }
    }
    assert.deepEqual(
      states.map(({ records }) => records.filter(({ isNew }) => isNew).length),
      [3, 1, 4, 0, 3],
    );
  });

  test('the document has `score` once a state, and the words fit into 80 columns', () => {
    const document = storyDocument(states);
    assert.equal(JSON.stringify(document).match(/"score":/g)?.length, 5);
    assert.equal(document.ok, true);
    const telling = { style: plainStyle, columns: 80, command: 'posthorn' };
    const told = [tellOpening(telling), ...states.map((state, at) => tellState(state, at, telling))].join('');
    for (const line of told.split('\n')) assert.ok(line.length <= 80, line);
    const wrong = states.map((state) => ({ ...state, ok: false, problems: ['it rained'] }));
    assert.equal(storyDocument(wrong).ok, false);
  });

  test('what is left out of a header field leaves the rest as it was', () => {
    const told = tellState(states[2] as StoryState, 2, { style: plainStyle, columns: 400, command: 'posthorn' });
    assert.match(told, /header\.a=rsa-sha256; dmarc=pass/);
  });

  test('the guide is what a run gives', () => {
    const { path, text } = storyGuide(states);
    assert.equal(readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8'), text);
  });
});
