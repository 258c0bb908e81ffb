/** What makes a message one to many, and how it then keeps the rules for such mail. Pure. */
import { fieldText, type MessageIndex } from '../../../../format/message/message-index.ts';
import { messageOf } from '../content/judge-content.ts';
import { skipped } from '../content/judged.ts';
import type { Content } from '../content/types.ts';
import type { MessageJudgement } from '../types.ts';
import { type BulkCheckId, bulkChecks } from './checks.ts';
import { bulkThreshold } from './rules/bulk-threshold.ts';
import { complaintRate } from './rules/complaint-rate.ts';
import { feedbackId } from './rules/feedback-id.ts';
import { oneClick } from './rules/one-click.ts';
import { oneClickWorks } from './rules/one-click-works.ts';
import { ownSubdomain } from './rules/own-subdomain.ts';
import { visibleLink } from './rules/visible-link.ts';
import { warmUp } from './rules/warm-up.ts';
import type { BulkFacts, BulkRule } from './types.ts';

export const bulkRules: readonly BulkRule<BulkCheckId>[] = [
  oneClick,
  oneClickWorks,
  visibleLink,
  complaintRate,
  ownSubdomain,
  feedbackId,
  warmUp,
  bulkThreshold,
];

/** Where nobody said so: it names a list, offers to unsubscribe, or calls itself bulk. */
export function looksLikeBulk(index: MessageIndex): boolean {
  if (fieldText(index, 'list-unsubscribe') !== undefined || fieldText(index, 'list-id') !== undefined) return true;
  return /^(?:bulk|list)$/i.test(fieldText(index, 'precedence') ?? '');
}

export function judgeBulk(facts: BulkFacts, content: Content): MessageJudgement {
  const judged = bulkRules.map(({ id, judge }) =>
    messageOf(id, bulkChecks[id], facts.isBulk ? judge(facts, content) : [notBulk]),
  );
  return {
    findings: judged.flatMap(({ findings }) => findings),
    charges: judged.flatMap(({ charges }) => charges),
  };
}

const notBulk = skipped({ subject: 'message', meaning: 'This is no mail to many.' });
