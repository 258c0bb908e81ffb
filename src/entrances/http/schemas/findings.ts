/** Findings of the doctor and of the score, with what mends them. */
import { Type } from 'typebox';
import { answerOf } from './common.ts';

const FixRecord = answerOf('FixRecord', 'A DNS record.', {
  name: Type.String({ description: 'Absolute, without the final dot.', examples: ['_dmarc.example.com'] }),
  type: Type.String({ examples: ['TXT'] }),
  value: Type.String({ description: 'A TXT value in one piece, without quotes.' }),
  ttl: Type.Optional(Type.Integer({ description: 'Seconds.' })),
});

export const Fix = answerOf('Fix', 'What mends a fault.', {
  delete: Type.Array(FixRecord, { description: 'Records to take away.' }),
  set: Type.Array(FixRecord, { description: 'Records to set.' }),
  steps: Type.Optional(Type.Array(Type.String(), { description: 'What is to be done elsewhere, in order.' })),
});

const FindingEvidence = answerOf('FindingEvidence', 'What was asked, and what came back.', {
  query: Type.String({ examples: ['TXT _dmarc.example.com', 'header From'] }),
  answer: Type.String({ description: 'As it came. Data of strangers: escape before showing.' }),
  ttl: Type.Optional(Type.Integer({ description: 'Seconds.' })),
  server: Type.Optional(Type.String({ description: 'Who answered, where that is known.' })),
});

export const Finding = answerOf('Finding', 'What one check says.', {
  id: Type.String({ description: 'Names the check.', examples: ['SPF-05'] }),
  status: Type.Enum(['pass', 'fail', 'unknown', 'skip'], {
    description:
      'unknown: it could not be found out, which is neither pass nor fail. skip: the question does not arise.',
  }),
  severity: Type.Enum(['critical', 'error', 'warn', 'advice'], { description: 'Of a failure.' }),
  subject: Type.String({ description: 'What it is about: a name, a host, a header field.' }),
  title: Type.String(),
  meaning: Type.String({ description: 'What was found, in a sentence for people who know no RFC.' }),
  why: Type.String({ description: 'Why it matters.' }),
  evidence: Type.Array(FindingEvidence),
  fix: Type.Optional(Fix),
  points: Type.Optional(Type.Number({ description: 'Of a failure: what the score gains once it is mended.' })),
});
