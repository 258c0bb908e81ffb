/**
 * The record once everything is mended that none of the domain's own mail can suffer from. Every fix begins with it, so that fixes
 * taken one after the other never undo each other. Pure.
 */
import { isDmarcRecord, parseDmarcRecord } from '../../../../protocol/dmarc/record.ts';
import { type DmarcDraft, draftOf, unitedDraft, unitedUris } from '../../../setup/setup.ts';
import { isUnused } from '../parked/usage.ts';
import type { DomainFacts } from '../types.ts';
import { rulesNamesBelow } from './own-record.ts';
import { repairedDmarc } from './read-texts.ts';
import { lostTags } from './sender-ways.ts';

/** Undefined where no record stands at the name, nor anything that was meant to be one. */
export function safeDraft(facts: DomainFacts): DmarcDraft | undefined {
  const there = draftThere(facts);
  if (there === undefined) return undefined;
  const { p, sp, np } = there;
  const isOpen = np === undefined && (sp ?? p) !== 'reject' && rulesNamesBelow(facts);
  const lost = lostTags(facts).map((tag) => tag.slice(0, tag.indexOf('=')));
  return {
    ...there,
    ...(isOpen && { np: 'reject' }),
    // What PRK-03 asks for: mail that nobody sends can be refused at once.
    ...(isUnused(facts) && { p: 'reject', sp: 'reject', np: 'reject' }),
    rua: addresses(facts, there.rua),
    others: there.others.filter(([name, value]) => isRead(name, value) && !lost.includes(name)),
  };
}

/** What the texts at the name say together; of broken ones what was probably meant. */
function draftThere({ dmarc: { texts } }: DomainFacts): DmarcDraft | undefined {
  const drafts = texts.dmarc.flatMap((text) => draftOf(text)?.draft ?? draftOfBroken(text) ?? []);
  return unitedDraft(drafts) ?? unitedDraft(texts.broken.flatMap((text) => draftOfBroken(text) ?? []));
}

function draftOfBroken(text: string): DmarcDraft | undefined {
  const repaired = repairedDmarc(text);
  return repaired === undefined ? undefined : draftOf(repaired)?.draft;
}

/** Tags that mean something and have a value that does. */
function isRead(name: string, value: string): boolean {
  const alone = parseDmarcRecord(`v=DMARC1; p=none; ${name}=${value}`);
  return ['adkim', 'aspf', 'psd', 'fo'].includes(name) && alone.ok && alone.value.remarks.length === 0;
}

/** Those that reports reach, and those of records at wrong names; what nothing reaches goes once another is there. */
function addresses(facts: DomainFacts, there: readonly string[]): readonly string[] {
  const { destinations, astray } = facts.dmarc;
  const dead = destinations.filter(({ receives }) => receives === 'no').map(({ uri }) => uri);
  const stray = astray.flatMap(({ answer }) =>
    answer.kind === 'found'
      ? answer.records.filter(isDmarcRecord).flatMap((text) => draftOf(text)?.draft.rua ?? [])
      : [],
  );
  const alive = unitedUris(
    there.filter((uri) => !dead.includes(uri)),
    stray,
  );
  if (alive.length > 0) return alive;
  const instead = reportsTo(facts);
  return instead.length > 0 ? instead : there;
}

/** Where reports can go when nobody said: a mailbox that every domain with mail has. RFC 5321 §4.5.1 */
export function reportsTo({ dmarc: { mail }, subject: { domain, office } }: DomainFacts): readonly string[] {
  const receives = office?.receives || (mail.kind === 'found' && mail.records.some(({ exchange }) => exchange !== ''));
  return receives ? [`mailto:postmaster@${domain}`] : [];
}
