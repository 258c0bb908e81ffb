/** BLK-06: Gmail can count complaints by campaign. */
import { fieldText } from '../../../../../format/message/message-index.ts';
import { failed, passed, seen, steps, unknown } from '../../content/judged.ts';
import type { BulkRule } from '../types.ts';

/** Up to three names of one's own and the sender's, 5 to 15 characters, as Gmail's help page describes it. */
const shape = /^(?:[^:\s]{0,100}:){0,3}[^:\s]{5,15}$/;

export const feedbackId: BulkRule<'BLK-06'> = {
  id: 'BLK-06',
  judge: ({ index, covered, evidence: { source } }) => {
    const subject = 'Feedback-ID';
    const id = fieldText(index, 'feedback-id');
    const fix = steps(
      'Add: Feedback-ID: campaign:customer:type:sender, where sender has 5 to 15 characters and never changes.',
      'Have DKIM sign it.',
    );
    if (id === undefined) return [failed({ subject, meaning: 'The message has no Feedback-ID.', fix })];
    const evidence = [seen('header Feedback-ID', id)];
    if (!shape.test(id))
      return [failed({ subject, meaning: 'The Feedback-ID cannot be read by Gmail.', evidence, fix })];
    if (covered.has('feedback-id'))
      return [passed({ subject, meaning: 'Gmail can count complaints by campaign.', evidence })];
    return source === 'none'
      ? [unknown({ subject, meaning: 'Whether a signature covers the field is not known.', evidence })]
      : [
          failed({
            subject,
            meaning: 'No DKIM signature that holds covers the field, so Gmail ignores it.',
            evidence,
            fix,
          }),
        ];
  },
};
