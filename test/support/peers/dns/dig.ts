/** What dig says of an answer, as values to compare. */
import assert from 'node:assert/strict';
import type { Endpoint } from '../../../../src/base/port/net.ts';
import { run } from '../../sandbox-scene.ts';

export type DigAnswer = {
  readonly status: string;
  readonly flags: string;
  /** Lines with single blanks, sorted: the order of a set means nothing. */
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
  /** All that was printed, blanks joined. */
  readonly text: string;
};

export type DigQuestion = readonly [name: string, type: string];

/** Many questions in one run, so that hundreds of them cost no hundreds of processes. Fails when dig warns of anything. */
export async function digAll(
  at: Endpoint,
  options: readonly string[],
  questions: readonly DigQuestion[],
): Promise<readonly DigAnswer[]> {
  const base = [`@${at.address}`, '-p', String(at.port), '+tries=1', '+time=5', '+nocmd', '+noquestion', '+nosplit'];
  const ran = await run('dig', [...base, ...options, ...questions.flat()]);
  assert.equal(ran.code, 0, ran.out + ran.err);
  const [before = '', ...texts] = ran.out.replaceAll(/[ \t]+/g, ' ').split(/^;; Got answer:\n/m);
  assert.doesNotMatch(before + ran.err, /WARNING|error|timed out/i);
  assert.equal(texts.length, questions.length, ran.out.slice(0, 2_000));
  return texts.map(readAnswer);
}

export async function dig(at: Endpoint, question: DigQuestion, ...options: readonly string[]): Promise<DigAnswer> {
  const [answer] = await digAll(at, ['+norecurse', ...options], [question]);
  assert.ok(answer);
  return answer;
}

function readAnswer(text: string): DigAnswer {
  assert.doesNotMatch(text, /WARNING(?!: recursion requested)|malformed|extra bytes|mismatch/i, text);
  return {
    status: /status: (\w+)/.exec(text)?.[1] ?? 'none',
    flags: /flags: ([a-z ]*);/.exec(text)?.[1] ?? '',
    answer: section(text, 'ANSWER'),
    authority: section(text, 'AUTHORITY'),
    additional: section(text, 'ADDITIONAL'),
    text,
  };
}

function section(text: string, name: string): string[] {
  const lines = new RegExp(`;; ${name} SECTION:\\n((?:[^;\\n].*\\n)*)`).exec(text)?.[1] ?? '';
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}
