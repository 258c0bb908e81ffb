/** What a handler answers, before it becomes an HTTP response: JSON, bytes, or a problem from the table. */
import type { ProblemCode } from './problems.ts';
import type { ProblemError } from './schemas/problem.ts';
import type { ScoreRefusal } from './schemas/score.ts';

export type AnswerHeaders = Readonly<Record<string, string>>;

export type JsonAnswer = {
  readonly kind: 'json';
  readonly status: number;
  readonly value: unknown;
  readonly headers: AnswerHeaders;
};

export type BytesAnswer = {
  readonly kind: 'bytes';
  readonly status: number;
  readonly body: Uint8Array | string | ReadableStream<Uint8Array> | null;
  readonly headers: AnswerHeaders;
};

export type ProblemAnswer = {
  readonly kind: 'problem';
  readonly code: ProblemCode;
  /** What happened this time; the title of the problem when there is no more to say. */
  readonly detail: string | undefined;
  readonly errors: readonly ProblemError[];
  /** Of a message that its stream did not find good enough. */
  readonly score: ScoreRefusal | undefined;
  readonly headers: AnswerHeaders;
};

export type Answer = JsonAnswer | BytesAnswer | ProblemAnswer;

export function json(status: number, value: unknown, headers: AnswerHeaders = {}): JsonAnswer {
  return { kind: 'json', status, value, headers };
}

export function bytes(
  status: number,
  body: BytesAnswer['body'],
  headers: AnswerHeaders & { readonly 'Content-Type'?: string },
): BytesAnswer {
  return { kind: 'bytes', status, body, headers };
}

export function problem(
  code: ProblemCode,
  more: {
    readonly detail?: string;
    readonly errors?: readonly ProblemError[];
    readonly score?: ScoreRefusal;
    readonly headers?: AnswerHeaders;
  } = {},
): ProblemAnswer {
  const { detail, errors = [], score, headers = {} } = more;
  return { kind: 'problem', code, detail, errors, score, headers };
}

/** `path` is `''` for the whole, else names and indexes. RFC 6901 §3 */
export function pointerTo(...path: readonly (string | number)[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
