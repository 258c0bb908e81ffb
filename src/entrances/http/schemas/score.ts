/** The score of a message, 0 to 10, and what came of it when a stream asks for a lowest one. */
import { type Static, Type } from 'typebox';
import { answerOf } from './common.ts';
import { Finding, Fix } from './findings.ts';

const points = (description: string) => Type.Number({ description });

const Deduction = answerOf('Deduction', 'A part of the score that was lost.', {
  check: Type.String({ description: 'The check that found the fault.', examples: ['MSG-04'] }),
  category: Type.Enum(['authentication', 'host', 'lists', 'content', 'bulk']),
  points: points('What it costs.'),
  full_points: points('What it would cost if its category had no upper limit.'),
  say: Type.String({ description: 'The fault, in words for people.' }),
  fix: Fix,
  gives_back: points('What the fix alone gives back.'),
});

const FilterOpinion = answerOf('FilterOpinion', 'What a spam filter said.', {
  name: Type.String({ examples: ['rspamd'] }),
  points: Type.Union([Type.Number(), Type.Null()], {
    description: 'The more, the worse; null when it did not answer.',
  }),
  spam_from: Type.Union([Type.Number(), Type.Null()], { description: 'From here on it calls a message spam.' }),
  problem: Type.Optional(Type.String({ description: 'Why it did not answer.' })),
  symbols: Type.Array(Type.Object({ name: Type.String(), points: Type.Number(), say: Type.Optional(Type.String()) }), {
    description: 'The rules of the filter that fitted.',
  }),
});

export const ScoreResult = answerOf('ScoreResult', 'What receivers will make of a message.', {
  score: points('From 0 to 10.'),
  band: Type.Object({ name: Type.String(), say: Type.String() }, { description: 'The score in words.' }),
  deductions: Type.Array(Deduction, { description: 'The dearest of each category first.' }),
  way: Type.Array(
    Type.Object({ check: Type.String(), say: Type.String(), fix: Fix, from: Type.Number(), to: Type.Number() }),
    {
      description:
        'What to mend in which order, with the score before and after; a fault may show only once others are mended.',
    },
  ),
  findings: Type.Array(Finding, { description: 'What every check says, passes included.' }),
  quiet: Type.Array(Type.Object({ state: Type.Enum(['fine', 'unknown']), say: Type.String() }), {
    description: 'What costs nothing: it is fine, or not known.',
  }),
  receivers: Type.Array(
    Type.Object({
      receiver: Type.String({ examples: ['Gmail'] }),
      requirements: Type.Array(
        Type.Object({
          say: Type.String(),
          met: Type.Enum(['yes', 'no', 'unknown']),
          why: Type.String(),
          bulk: Type.Boolean({ description: 'Asked of bulk senders only.' }),
        }),
      ),
    }),
    { description: 'What the large receivers ask of it.' },
  ),
  reader: Type.Array(Type.Object({ mark: Type.String(), say: Type.String() }), {
    description: 'What a mail program shows beside it.',
  }),
  evidence: Type.Object({ source: Type.String(), by: Type.Optional(Type.String()) }),
  filters: Type.Array(FilterOpinion),
  authentication: Type.Unsafe<object | null>({
    type: ['object', 'null'],
    additionalProperties: {},
    description: 'SPF, DKIM, DMARC and ARC as they would be judged now.',
  }),
});

/** Of a refusal. */
export const ScoreRefusal = answerOf('ScoreRefusal', 'Why a message was not good enough for its stream.', {
  stream: Type.String(),
  score: Type.Union([Type.Number(), Type.Null()], { description: 'From 0 to 10; null when it could not be told.' }),
  min_score: Type.Number({ description: 'What the stream asks for.' }),
  deductions: Type.Array(
    Type.Object({
      check: Type.String(),
      points: Type.Number(),
      say: Type.String(),
      fix: Type.Array(Type.String(), { description: 'What to do, in order.' }),
    }),
  ),
});
export type ScoreRefusal = Static<typeof ScoreRefusal>;
