/** What the doctor says of a domain. */
import { Type } from 'typebox';
import { answerOf, moment } from './common.ts';
import { Finding } from './findings.ts';

const SenderDeduction = answerOf('SenderDeduction', 'What costs mail of a sender points.', {
  check: Type.String({ examples: ['SPF-01'] }),
  points: Type.Number(),
  say: Type.String(),
  gives_back: Type.Number({ description: 'What its fix alone gives back.' }),
});

const SenderScore = answerOf('SenderScore', 'What a message of one sender would get today.', {
  sender: Type.Union([Type.String(), Type.Null()], {
    description: 'Its id in the catalogue, as it was declared; null for whoever sends, where nobody is known.',
  }),
  name: Type.String(),
  declared: Type.Boolean({ description: 'false: recognised by what it left in the DNS.' }),
  score: Type.Number({ minimum: 0, maximum: 10 }),
  deductions: Type.Array(SenderDeduction),
  way: Type.Array(Type.Object({ check: Type.String(), say: Type.String(), from: Type.Number(), to: Type.Number() }), {
    description: 'What to mend in which order; a fault may show only once others are mended.',
  }),
});

export const DomainFindings = answerOf('DomainFindings', 'A look at a domain: every check, and a score.', {
  object: Type.Literal('domain_findings'),
  domain: Type.String(),
  checked_at: moment('When.'),
  score: Type.Union([Type.Number({ minimum: 0, maximum: 10 }), Type.Null()], {
    description: 'As good as the worst of its senders; null for a domain that sends nothing.',
  }),
  band: Type.Union([
    answerOf('ScoreBand', 'The score in words.', { name: Type.String({ examples: ['good'] }), say: Type.String() }),
    Type.Null(),
  ]),
  senders: Type.Array(SenderScore, { description: 'The worst first.' }),
  findings: Type.Array(Finding),
});
