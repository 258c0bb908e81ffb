/** Flattened SPF records, and what has changed upstream since, for people and for programs. Pure. */
import type { SpfCheck, SpfFingerprint, SpfFlattened } from '../../services/setup/spf-compiler/types.ts';
import { zoneLines } from './domain-records.ts';
import { entry, type Page } from './render-spf-proposal.ts';
import { visible } from './render-timeline.ts';

export function flatDocument(flat: SpfFlattened): object {
  const { domain, record, chain, refused, before, lookups, voidLookups, fingerprint } = flat;
  return { domain, record, chain, lookups, lookups_before: before, void_lookups: voidLookups, refused, fingerprint };
}

/** @param again what was typed */
export function flatLines(flat: SpfFlattened, page: Page, again: string): string[] {
  const { domain, before, lookups, refused, fingerprint } = flat;
  const { style, program } = page;
  return [
    ...recordLines(flat),
    '',
    style.good(`${lookups} of 10 lookups, ${before} before`),
    ...refused.flatMap(({ include, why }) => entry(`include:${visible(include)} stays: ${visible(why)}`, 2, page)),
    '',
    ...entry(`Look again by ${moment(fingerprint.lookAgain)}, and keep what you look with:`, 0, page),
    `  ${again} --json > spf.json`,
    `  ${program} spf flatten ${domain} --check spf.json`,
  ];
}

/** As a zone file takes them, the links of the chain first: nobody may be led to what is not there yet. */
function recordLines({ domain, record, chain }: Pick<SpfFlattened, 'domain' | 'record' | 'chain'>): string[] {
  const why = (name: string) =>
    name === domain ? 'then: the record that includes the chain' : 'first: a link of the chain';
  return zoneLines(
    [...chain, { name: domain, value: record }].map(({ name, value }) => ({
      name,
      type: 'TXT',
      value,
      why: why(name),
    })),
  );
}

const moment = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')} UTC`;

export type ShownCheck = {
  readonly check: SpfCheck;
  readonly before: SpfFingerprint;
  /** Whether the change is taken over: it is small, or somebody agreed. */
  readonly isTaken: boolean;
};

export function checkDocument({ check, before, isTaken }: ShownCheck): object {
  const { changes, hasChanged, needsConsent, isDrifted, next } = check;
  return {
    domain: next.domain,
    changed: hasChanged,
    needs_consent: needsConsent,
    drifted: isDrifted,
    changes,
    ...(isTaken ? { record: next.record, chain: next.chain } : { record: before.record, chain: before.chain }),
    fingerprint: isTaken ? next.fingerprint : before,
  };
}

export function checkLines({ check, isTaken }: ShownCheck, file: string, page: Page): string[] {
  const { changes, hasChanged, isDrifted, next } = check;
  const { style, program } = page;
  const again = `${program} spf flatten ${next.domain} --check ${file}`;
  const drifted = isDrifted
    ? entry(
        `${style.bad('What is published')} is not what ${file} says: somebody has changed it, or it is not published yet.`,
        2,
        page,
      )
    : [];
  if (!hasChanged)
    return [
      style.good('Nothing has changed upstream.'),
      ...drifted,
      `Look again by ${moment(next.fingerprint.lookAgain)}.`,
    ];
  const told = changes.flatMap(({ include, added, removed, problem, consent }) => [
    ...(added.length + removed.length === 0 && problem === undefined ? [] : [style.bold(visible(include))]),
    ...added.map((one) => `  ${style.good(`+ ${one}`)}`),
    ...removed.map((one) => `  ${style.bad(`- ${one}`)}  ${style.dim('stays for a day')}`),
    ...(problem === undefined ? [] : entry(`  ${visible(problem)}`, 4, page)),
    ...(consent === undefined ? [] : entry(`  ${style.bad('look at this')}: ${consent}`, 4, page)),
  ]);
  if (!isTaken) return [...told, ...drifted, '', 'Nothing is taken over before you agree:', `  ${again} --accept`];
  return [
    ...told,
    ...drifted,
    '',
    ...recordLines(next),
    '',
    'Publish these, and keep what you look with next time:',
    `  ${again}${check.needsConsent ? ' --accept' : ''} --json > new.json`,
  ];
}
