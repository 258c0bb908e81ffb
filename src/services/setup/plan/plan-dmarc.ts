/**
 * The DMARC record: one, merged with what is there, at the stage that is wished; and the word of other domains that they take our
 * reports. A sender's own `_dmarc` never comes in here. Pure. RFC 9989, RFC 9990
 */
import { printable } from '../../../base/printable.ts';
import { isDmarcRecord, parseDmarcRecord } from '../../../protocol/dmarc/record.ts';
import { walkAnswers } from '../../../protocol/dmarc/tree-walk.ts';
import { type DmarcStage, dmarcStages, type Plan, type PlanNote, type PlannedRecord } from '../types.ts';
import { stageMeaning, stageOf, stepsBetween } from './dmarc-ladder.ts';
import { dnsAnswer, look, type Seen } from './facts.ts';
import { type DmarcDraft, draftOf, draftText, emptyDraft, raised, unitedDraft, unitedUris } from './merge-dmarc.ts';
import { type Context, type Part, self, ttlSeconds } from './part.ts';
import { planReportPermits } from './plan-report-permits.ts';

/** As many as our own reader takes; the record has to fit into an answer. (Our choice.) */
const addressesMax = 10;
/** RFC 9990 asks receivers for no more; many serve two. */
const addressesServed = 2;

/** What is there now, as far as it counts. */
type Present = {
  readonly sight: Seen;
  readonly texts: readonly string[];
  readonly base?: DmarcDraft;
  readonly stage?: DmarcStage;
};

export type DmarcPart = Part & { readonly stage: DmarcStage };

export function planDmarc(context: Context): DmarcPart {
  const { domain, facts, declaration } = context;
  const wish = declaration.dmarc ?? {};
  const name = `_dmarc.${domain}`;
  const sight = look(facts, name, 'TXT');
  if (sight.kind === 'unknown') return planBlind(context);
  const present = presentOf(sight);
  if (present.base === undefined && wish.stage === undefined) {
    const inherited = inheritedFrom(context);
    if (inherited !== undefined) return inherited;
  }
  const stage = wish.stage ?? present.stage ?? 'none';
  const { draft: staged, isHeld } = stagedDraft(present, context, stage);
  const all = unitedUris(staged.rua, reportsTo(context, staged.rua));
  const rua = all.slice(0, addressesMax);
  const draft = { ...staged, rua };
  const inForce = isHeld ? (present.stage ?? stage) : stage;
  const parts = [
    recordPart(context, present, { draft, stage: inForce }),
    planReportPermits(context, rua),
    { dropped: tooMany(all) },
    { notes: notesOf(context, present, draft, inForce) },
    isHeld ? { conflicts: [heldConflict(name, stage, present)] } : skippedPart(name, present, stage, wish.stage),
  ];
  return { ...joinParts(parts), stage: inForce };
}

function tooMany(rua: readonly string[]): Plan['dropped'] {
  if (rua.length <= addressesMax) return [];
  const why = `a record with more than ${addressesMax} report addresses has more than receivers read`;
  return [
    { term: `${rua.length - addressesMax} report addresses from ${printable(rua[addressesMax] ?? '', 80)} on`, why },
  ];
}

function joinParts(parts: readonly Part[]): Part {
  return {
    records: parts.flatMap(({ records = [] }) => records),
    conflicts: parts.flatMap(({ conflicts = [] }) => conflicts),
    notes: parts.flatMap(({ notes = [] }) => notes),
    dropped: parts.flatMap(({ dropped = [] }) => dropped),
  };
}

/** DNS did not say what is there: nothing may be merged, so nothing may be published. */
function planBlind(context: Context): DmarcPart {
  const { stage = 'none', rua = [] } = context.declaration.dmarc ?? {};
  const { draft } = raised(undefined, stage, {});
  const value = draftText({ ...draft, rua: unitedUris(rua, reportsTo(context, rua)) });
  const why = 'DMARC: what is published now could not be looked up; ask again before anything is changed';
  return { records: [recordOf(context, { value, state: 'unknown', why })], stage };
}

function presentOf(sight: Seen): Present {
  const texts = sight.values.filter(isDmarcRecord);
  const drafts = texts.flatMap((text) => draftOf(text)?.draft ?? []);
  const united = unitedDraft(drafts);
  if (united === undefined) return { sight, texts };
  const parsed = parseDmarcRecord(draftText(united));
  return { sight, texts, base: united, ...(parsed.ok && { stage: stageOf(parsed.value) }) };
}

function stagedDraft({ base, stage: there }: Present, { declaration: { dmarc = {} } }: Context, stage: DmarcStage) {
  const isAsked = dmarc.stage !== undefined && (dmarc.stage !== there || dmarc.pct !== undefined);
  if (base !== undefined && !isAsked) return { draft: base, isHeld: false };
  return raised(base, stage, dmarc);
}

/** Addresses that are wished; without any at all the postmaster's, where mail to it arrives at this office. */
function reportsTo({ domain, declaration, office }: Context, there: readonly string[]): readonly string[] {
  const wished = declaration.dmarc?.rua ?? [];
  if (wished.length > 0 || there.length > 0 || !office?.receives) return wished;
  return [`mailto:postmaster@${domain}`];
}

function recordPart(
  context: Context,
  { sight, texts, base }: Present,
  { draft, stage }: { readonly draft: DmarcDraft; readonly stage: DmarcStage },
): Part {
  const [text] = texts;
  const isSame = base !== undefined && texts.length === 1 && draftText(base) === draftText(draft);
  const why = `DMARC: ${stageMeaning[stage]}${pctMeaning(draft)}`;
  if (isSame && text !== undefined) return { records: [recordOf(context, { value: text, state: 'present', why })] };
  const value = draftText(draft);
  const dropped = texts.flatMap((one) => draftOf(one)?.dropped ?? []);
  const name = `_dmarc.${context.domain}`;
  if (sight.alias !== undefined)
    return {
      conflicts: [
        {
          code: 'dmarc-delegated',
          name,
          say: `${name} is a CNAME to ${sight.alias}: the record is kept there, not in this zone.`,
          fix: `Have it changed there, or remove the CNAME and publish: ${name} TXT "${value}"`,
        },
      ],
    };
  const there = sight.isWild ? [] : [...texts, ...brokenIn(sight)];
  if (there.length === 0) return { records: [recordOf(context, { value, state: 'missing', why })], dropped };
  return { records: [recordOf(context, { value, state: 'wrong', why, replaces: there })], dropped };
}

type Shown = Pick<PlannedRecord, 'value' | 'state' | 'why'> & { readonly replaces?: readonly string[] };

function recordOf({ domain }: Context, { replaces, ...shown }: Shown): PlannedRecord {
  const base = { name: `_dmarc.${domain}`, type: 'TXT', ttl: ttlSeconds, needed: 'required', sender: self } as const;
  return { ...base, ...shown, ...(replaces && { replaces }) };
}

/** RFC 9989 App. A.6: who knows `t` ignores `pct`, and the other way round. */
function pctMeaning({ pct, testing }: DmarcDraft): string {
  if (pct === undefined || testing) return '';
  return `. pct=${pct} holds only receivers of RFC 7489 back to ${pct} % of what fails; those of RFC 9989 ignore it and act on all of it`;
}

/** Meant to be DMARC and read by nobody: `V=dmarc1`, a policy without a version. RFC 9989 §4.8 */
function brokenIn({ values }: Seen): readonly string[] {
  return values.filter(
    (text) => !isDmarcRecord(text) && /^\s*"?\s*(?:v\s*=\s*dmarc|p\s*=\s*(?:none|quarantine|reject)\b)/i.test(text),
  );
}

/** A sub-domain without a record of its own follows the one above it. RFC 9989 §4.10 */
function inheritedFrom({ domain, facts }: Context): DmarcPart | undefined {
  const walk = walkAnswers(domain, (above) => dnsAnswer(facts, `_dmarc.${above}`, 'TXT'));
  const found = walk.steps.find((step) => step.domain !== domain && step.found.kind === 'record');
  if (found?.found.kind !== 'record' || found.found.record.usable === 'no') return undefined;
  const { record } = found.found;
  const stage = stageOf({ ...record, p: record.sp ?? record.p ?? 'none' });
  const say = `${domain} follows the DMARC record of ${found.domain} (${record.sp ?? record.p ?? 'none'}); --dmarc STAGE gives it one of its own.`;
  return { notes: [{ code: 'dmarc-inherited', name: `_dmarc.${found.domain}`, say }], stage };
}

function heldConflict(name: string, stage: DmarcStage, { stage: there }: Present) {
  return {
    code: 'dmarc-weaker',
    name,
    say: `The policy there (${there ?? 'unknown'}) is stronger than the stage asked for (${stage}); it stays as it is.`,
    fix: 'Ask for no stage, or say that it may become weaker: --loosen',
  };
}

function skippedPart(name: string, { stage: there }: Present, stage: DmarcStage, asked: DmarcStage | undefined): Part {
  if (asked === undefined) return {};
  const from = there ?? 'none';
  if (stepsBetween(from, stage) < 2) return {};
  const next = dmarcStages[dmarcStages.indexOf(from) + 1] ?? stage;
  const say = `From ${there ?? 'nothing'} to ${stage} skips stages: what breaks is seen only when it is lost. The next one would be ${next}.`;
  return { notes: [{ code: 'dmarc-skips-stages', name, say }] };
}

function notesOf(context: Context, present: Present, draft: DmarcDraft, stage: DmarcStage): readonly PlanNote[] {
  const name = `_dmarc.${context.domain}`;
  const { sight, texts } = present;
  const notes: PlanNote[] = [];
  const note = (code: string, say: string) => notes.push({ code, name, say });
  if (texts.length > 1)
    note(
      'several-dmarc',
      `${texts.length} DMARC records stand there, so none counts; one of them stays, the strongest.`,
    );
  for (const text of sight.isWild ? [] : brokenIn(sight))
    note('dmarc-unreadable', `"${printable(text, 80)}" is read by nobody: a record begins with v=DMARC1, written so.`);
  const foreign = sight.values.filter((text) => !isDmarcRecord(text) && !brokenIn(sight).includes(text)).length;
  if (foreign > 0 && !sight.isWild)
    note('other-text', `${foreign} other TXT record(s) there mean nothing to DMARC; they stay.`);
  if (sight.isWild) note('wildcard', 'A wildcard answers for this name; a record of its own ends that.');
  const removed =
    texts.length === 1 && draftText(draft) === draftText(present.base ?? emptyDraft)
      ? (draftOf(texts[0] ?? '')?.dropped ?? [])
      : [];
  for (const { term, why } of removed)
    note('dmarc-removed-tag', `${term} ${why}. It does no harm; it goes with the next change.`);
  if (draft.rua.length === 0)
    note('no-reports', 'Nobody gets the reports, so nobody sees who sends as you: give an address with --rua.');
  if (draft.rua.length > addressesServed)
    note(
      'many-report-addresses',
      `${draft.rua.length} report addresses: some receivers serve the first ${addressesServed} only.`,
    );
  if (draft.sp === 'none' && draft.p !== 'none')
    note('sub-domains-weaker', 'sp=none: sub-domains may still be used by anybody.');
  if (draft.ruf.length > 0)
    note('failure-reports', 'ruf: failure reports hold personal data of other people; few receivers send any.');
  if (sight.ttl !== undefined && sight.ttl > ttlSeconds && sight.alias === undefined && stage !== 'reject')
    note(
      'dmarc-ttl',
      `Its TTL is ${sight.ttl} s: a step back would take that long to be seen. ${ttlSeconds} or less while staging.`,
    );
  return [...notes, ...senderNotes(context, draft, name)];
}

/** Senders that the record would hurt. */
function senderNotes({ wants }: Context, draft: DmarcDraft, name: string): readonly PlanNote[] {
  const modes = new Map(draft.others.map(([tag, value]) => [tag, value.toLowerCase()]));
  return wants.flatMap(({ sender: { sends, aligns }, label }) => {
    const notes: PlanNote[] = [];
    if (!sends) return notes;
    if (modes.get('aspf') === 's' && aligns.spf === 'with-return-path')
      notes.push({
        code: 'strict-alignment',
        name,
        say: `aspf=s: SPF of ${label} cannot align, its return path is a name below; its DKIM has to carry it.`,
      });
    const isDeaf = aligns.dkim === 'no';
    if (isDeaf && aligns.spf === 'no')
      notes.push({ code: 'sender-never-aligns', name, say: neverAligns(label, draft.p) });
    else if (isDeaf && draft.p !== 'none')
      notes.push({
        code: 'spf-alone', // RFC 9989 §7.4
        name,
        say: `${label} passes by SPF alone: what is forwarded of it fails and is treated as p=${draft.p} says.`,
      });
    return notes;
  });
}

function neverAligns(label: string, policy: string): string {
  const fate = policy === 'none' ? 'a stronger policy would hit all of it' : `p=${policy} hits all of it`;
  return `${label} can send nothing that passes DMARC for this domain: ${fate}. Have it send from an address of its own.`;
}
