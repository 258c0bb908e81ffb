/** DMA-17: somebody else has changed the record, and it protects less than the one that was planned. */
import { parseDmarcRecord } from '../../../../protocol/dmarc/record.ts';
import { type DmarcDraft, draftOf, draftText, isWeaker, unitedDraft } from '../../../setup/setup.ts';
import { fails, listed, passes, skips } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { replaced } from './mend-record.ts';
import { aboutRecord, unanswered } from './own-record.ts';

export const changedBehindUs: Rule = { id: 'DMA-17', judge: (facts) => [judge(facts)] };

function judge(facts: DomainFacts): Judged {
  const { subject, dmarc } = facts;
  const about = aboutRecord(facts);
  const planned = subject.office?.planned[`TXT ${dmarc.name}`] ?? [];
  const draft = unitedDraft(planned.flatMap((text) => draftOf(text)?.draft ?? []));
  if (draft === undefined)
    return skips({
      ...about,
      meaning: 'No record was published from here, so whether somebody changed it cannot be told.',
    });
  const silent = unanswered(facts);
  if (silent) return silent;
  const weaker = weakenedIn(draft, liveOf(facts));
  if (weaker.length === 0)
    return passes({ ...about, meaning: 'The record protects no less than the one that was published from here.' });
  const meaning = `Somebody changed the DMARC record that was published from here, and it protects less now (${listed(weaker)}): the set-up of a mail service may have overwritten it.`;
  const steps = [
    'Then find out who changed it: set-up pages of mail services offer a DMARC record of their own, which is never needed.',
  ];
  return fails({ ...about, meaning, fix: replaced(facts, restored(draft, facts), steps) });
}

/** Several records count as none. RFC 9989 §4.10 */
function liveOf({ dmarc: { texts } }: DomainFacts): DmarcDraft | undefined {
  const parsed = texts.record && texts.record.usable === 'yes' ? draftOf(texts.record.text) : undefined;
  return parsed?.draft;
}

function weakenedIn(planned: DmarcDraft, live: DmarcDraft | undefined): readonly string[] {
  if (live === undefined) return ['no record counts any more'];
  const below = (draft: DmarcDraft) => draft.sp ?? draft.p;
  const unborn = (draft: DmarcDraft) => draft.np ?? below(draft);
  const lost = planned.rua.filter((uri) => !live.rua.some((one) => one.toLowerCase() === uri.toLowerCase()));
  return [
    ...(isWeaker(live.p, planned.p) ? [`p=${planned.p} became p=${live.p}`] : []),
    ...(isWeaker(below(live), below(planned)) ? [`names below: ${below(planned)} became ${below(live)}`] : []),
    ...(isWeaker(unborn(live), unborn(planned))
      ? [`names that do not exist: ${unborn(planned)} became ${unborn(live)}`]
      : []),
    ...(live.testing && !planned.testing ? ['test mode (t=y) was switched on'] : []),
    ...((live.pct ?? 100) < (planned.pct ?? 100) ? [`only ${live.pct} % of what fails is treated by it`] : []),
    ...lost.map((uri) => `reports no longer go to ${uri}`),
  ];
}

/** As it was planned; what is stronger now, and addresses that were added, stay. */
function restored(planned: DmarcDraft, { dmarc: { texts } }: DomainFacts): string {
  const live = texts.dmarc.flatMap((text) => (parseDmarcRecord(text).ok ? (draftOf(text)?.draft ?? []) : []));
  return draftText(unitedDraft([planned, ...live]) ?? planned);
}
