/** The published suites in the form of `posthorn auth --jsonl`, piped through the command itself. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { cli } from '../support/fake-cli.ts';

const suites = new URL('../../../shared/suites/jsonl/', import.meta.url);

type Answer = {
  readonly id: string;
  readonly spf: { readonly result: string; readonly explanation?: string };
  readonly arc?: { readonly result: string };
  readonly error?: string;
};
type Expected = {
  readonly id: string;
  readonly kind: 'spf' | 'arc';
  readonly results?: readonly string[];
  readonly result?: string;
  readonly explanation?: string;
};

function readLines<T>(text: string): T[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));
}

/** What is wrong with an answer, if anything. */
function judge(answer: Answer, expected: Expected): string | undefined {
  const { spf, arc, error } = answer;
  if (answer.id !== expected.id) return 'answered out of order';
  if (error !== undefined) return error;
  if (expected.kind === 'arc')
    return arc?.result === expected.result ? undefined : `arc ${arc?.result}, not ${expected.result}`;
  if (!expected.results?.includes(spf.result)) return `${spf.result}, not ${expected.results}`;
  if (expected.explanation === undefined) return undefined;
  const wanted = expected.explanation === 'DEFAULT' ? undefined : expected.explanation.toLowerCase();
  return spf.explanation?.toLowerCase() === wanted ? undefined : `explained as ${spf.explanation}`;
}

for (const [name, cases, explanations] of [
  ['spf-rfc7208', 203, 22],
  ['spf-rfc4408', 191, 22],
  ['arc-valimail', 171, 0],
] as const) {
  const input = new URL(`${name}.in.jsonl`, suites);
  const skip = existsSync(input) ? false : `../shared/suites/jsonl/${name} is not here`;

  test(`auth --jsonl < ${name}: every line, in order`, { skip }, async () => {
    const { code, out, err } = await cli('auth --jsonl', { input: readFileSync(input) });
    const expected = readLines<Expected>(readFileSync(new URL(`${name}.expect.jsonl`, suites), 'utf8'));
    const answers = readLines<Answer>(out);
    assert.equal(err, '');
    assert.equal(code, 0);
    assert.equal(answers.length, cases);
    assert.equal(expected.filter(({ explanation }) => explanation !== undefined).length, explanations);
    const wrong = answers.flatMap((answer, index) => {
      const problem = judge(answer, expected[index] as Expected);
      return problem === undefined ? [] : [`${answer.id}: ${problem}`];
    });
    assert.deepEqual(wrong, []);
  });
}
