/** Who a message says it is from, and who says so besides: every rule of the family, in the order of their ids. Pure. */

import type { Finding } from '../../types.ts';
import { asSentence } from '../as-sentence.ts';
import type { MessageFacts } from '../types.ts';
import { alignmentChecks } from './checks.ts';
import { doubledFields } from './doubled-fields.ts';
import { expiredSignature } from './expired-signature.ts';
import { foreignReply } from './foreign-reply.ts';
import { foreignReturnPath } from './foreign-return-path.ts';
import { foreignSignature } from './foreign-signature.ts';
import { nothingAligned } from './nothing-aligned.ts';
import { oneAuthor } from './one-author.ts';
import { partialBody } from './partial-body.ts';
import type { AlignmentRule } from './rule.ts';
import { shownBeside } from './shown-beside.ts';
import { spfAlone } from './spf-alone.ts';
import { uncoveredFields } from './uncovered-fields.ts';

const rules: readonly AlignmentRule[] = [
  nothingAligned,
  foreignSignature,
  foreignReturnPath,
  spfAlone,
  oneAuthor,
  foreignReply,
  shownBeside,
  uncoveredFields,
  partialBody,
  expiredSignature,
  doubledFields,
];

export function judgeAlignment(facts: MessageFacts): readonly Finding[] {
  return rules.map(({ id, judge }) => {
    const { severity, title, why } = alignmentChecks[id];
    const judged = judge(facts);
    return {
      id,
      status: judged.status,
      severity: judged.severity ?? severity,
      subject: judged.subject,
      title,
      meaning: asSentence(judged.meaning),
      why,
      evidence: judged.evidence,
      ...(judged.fix !== undefined && { fix: judged.fix }),
    };
  });
}
