/** What the content of a message says of it: every rule is asked, in the order of its table. Pure. */
import type { Check } from '../../doctor/types.ts';
import type { Finding } from '../../types.ts';
import type { Charge, MessageJudgement } from '../types.ts';
import { type ContentCheckId, contentChecks } from './checks.ts';
import { steps } from './judged.ts';
import { readContent } from './read-content.ts';
import { attachments } from './rules/attachments.ts';
import { describedPictures } from './rules/described-pictures.ts';
import { displayName } from './rules/display-name.ts';
import { encryptedLinks } from './rules/encrypted-links.ts';
import { fieldsAndParts } from './rules/fields-and-parts.ts';
import { filterPoints } from './rules/filter-points.ts';
import { htmlOnly } from './rules/html-only.ts';
import { imageOnly } from './rules/image-only.ts';
import { lineEnds } from './rules/line-ends.ts';
import { lineLength } from './rules/line-length.ts';
import { linkWords } from './rules/link-words.ts';
import { listId } from './rules/list-id.ts';
import { recipientNamed } from './rules/recipient-named.ts';
import { sameWords } from './rules/same-words.ts';
import { shortenedLinks } from './rules/shortened-links.ts';
import { shouting } from './rules/shouting.ts';
import { subjectField } from './rules/subject-field.ts';
import { textSize } from './rules/text-size.ts';
import { trackingHost } from './rules/tracking-host.ts';
import { workingLinks } from './rules/working-links.ts';
import type { Content, ContentFacts, ContentRule, JudgedContent } from './types.ts';

export const contentRules: readonly ContentRule<ContentCheckId>[] = [
  fieldsAndParts,
  lineLength,
  lineEnds,
  htmlOnly,
  sameWords,
  imageOnly,
  describedPictures,
  shortenedLinks,
  linkWords,
  encryptedLinks,
  trackingHost,
  attachments,
  textSize,
  shouting,
  subjectField,
  recipientNamed,
  displayName,
  listId,
  workingLinks,
  filterPoints,
];

export function judgeContent(facts: ContentFacts): MessageJudgement & { readonly content: Content } {
  const content = readContent(facts);
  const judged = contentRules.map(({ id, judge }) => messageOf(id, contentChecks[id], judge(content)));
  return {
    findings: judged.flatMap(({ findings }) => findings),
    charges: judged.flatMap(({ charges }) => charges),
    content,
  };
}

/** What one rule says, with the words of its line in the table. */
export function messageOf(id: string, check: Check, judged: readonly JudgedContent[]): MessageJudgement {
  return {
    findings: judged.map(({ tenths: _, severity, ...said }): Finding => {
      return { id, severity: severity ?? check.severity, title: check.title, why: check.why, ...said };
    }),
    charges: judged.flatMap(({ tenths = 0, status, meaning, fix }): Charge[] => {
      return status === 'fail' && tenths > 0 ? [{ check: id, tenths, say: meaning, fix: fix ?? steps(check.fix) }] : [];
    }),
  };
}
