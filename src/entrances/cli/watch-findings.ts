/** `posthorn watch --findings`: the doctor looks again and again, and only what has changed is told, on the page or by mail. */
import type { DomainName } from '../../format/domain-name.ts';
import { checkDomain, compareChecks, type DomainCheck, worldLimits } from '../../services/advice/advice.ts';
import type { Finding } from '../../services/advice/types.ts';
import { jsonLine } from './answer.ts';
import { exitOf } from './check-words.ts';
import { exits } from './exits.ts';
import { readMailbox } from './read-options.ts';
import { visible, wrapped } from './render-timeline.ts';
import type { Run } from './run.ts';

export type WatchWish = {
  readonly domain: DomainName;
  readonly everyMs: number;
  readonly once: boolean;
  /** Who gets the changes by mail, sent by the office. */
  readonly mail?: string;
};

/** Of one look. */
const lookMs = 60_000;
const pageWidth = 80;

export async function watchFindings(run: Run, { domain, everyMs, once, mail }: WatchWish): Promise<number> {
  const { host } = run;
  if (mail !== undefined) {
    readMailbox(mail);
    await run.office(); // said now, not at the first change
  }
  let seen = await look(run, domain);
  let { now } = compareChecks(new Map(), seen.findings);
  tellFirst(run, seen, once ? undefined : everyMs);
  while (!once && !host.signal.aborted) {
    await host.timers.sleep(everyMs, host.signal);
    if (host.signal.aborted) break;
    seen = await look(run, domain);
    const changes = compareChecks(now, seen.findings);
    now = changes.now;
    if (changes.failing.length + changes.mended.length === 0) continue;
    tell(run, seen, changes);
    if (mail !== undefined) await send(run, { domain, to: mail, text: textOf(seen, changes) });
  }
  return once ? exitOf(seen) : exits.ok;
}

async function look(run: Run, domain: DomainName): Promise<DomainCheck> {
  const { host } = run;
  const over = new AbortController();
  const signal = AbortSignal.any([host.signal, over.signal]);
  try {
    const world = { ...(await run.doctorEyes({ probes: true, signal })), nowMs: host.timers.nowMs() };
    const limits = { ...worldLimits, signal: AbortSignal.any([signal, AbortSignal.timeout(lookMs)]) };
    const subject = { domain, declared: [], selectors: [], addresses: [] };
    const checked = await checkDomain({ catalogue: await host.catalogue(), world, limits }, subject);
    if (!checked.ok) throw new Error(checked.say);
    return checked.value;
  } finally {
    over.abort();
  }
}

type Told = { readonly failing: readonly Finding[]; readonly mended: readonly Finding[] };

const scoreOf = ({ prediction }: DomainCheck) => prediction.score?.score ?? null;
const momentOf = ({ checkedAtMs }: DomainCheck) => new Date(checkedAtMs).toISOString();

function tellFirst({ host, format }: Run, seen: DomainCheck, everyMs: number | undefined): void {
  const failing = seen.findings.filter(({ status, severity }) => status === 'fail' && severity !== 'advice');
  const ids = [...new Set(failing.map(({ id }) => id))];
  if (format !== 'text') {
    host.out(jsonLine({ domain: seen.domain, at: momentOf(seen), score: scoreOf(seen), failing: ids }));
    return;
  }
  const score = scoreOf(seen);
  const say = ids.length === 0 ? 'nothing to mend' : `to mend: ${ids.join(' ')}`;
  host.out(`${seen.domain}: ${score === null ? '' : `${score.toFixed(1)} out of 10, `}${say}\n`);
  if (ids.length > 0) host.out(`  more: ${host.command} check ${seen.domain}\n`);
  if (everyMs === undefined) return;
  host.out(`From now on only changes are told, looking every ${spanOf(everyMs)}; Ctrl-C ends.\n`);
}

function spanOf(ms: number): string {
  return ms % 3_600_000 === 0 ? `${ms / 3_600_000} h` : ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1_000} s`;
}

function tell({ host, format }: Run, seen: DomainCheck, changes: Told): void {
  if (format === 'text') {
    host.out(`\n${textOf(seen, changes)}`);
    return;
  }
  const short = ({ id, subject, severity, meaning, fix }: Finding) => ({
    id,
    subject,
    severity,
    meaning,
    ...(fix && { fix }),
  });
  host.out(
    jsonLine({
      domain: seen.domain,
      at: momentOf(seen),
      score: scoreOf(seen),
      failing: changes.failing.map(short),
      mended: changes.mended.map(short),
    }),
  );
}

function textOf(seen: DomainCheck, { failing, mended }: Told): string {
  const score = scoreOf(seen);
  const entry = (mark: string, { id, severity, meaning, fix }: Finding) => [
    ...wrapped(visible(`${mark} ${id} ${severity}: ${meaning}`), pageWidth),
    ...(fix?.steps ?? []).flatMap((step) => wrapped(visible(`    ${step}`), pageWidth)),
    ...(fix?.delete ?? []).map(({ name, type, value }) => visible(`    - ${name} ${type} ${value}`)),
    ...(fix?.set ?? []).map(({ name, type, value }) => visible(`    + ${name} ${type} ${value}`)),
  ];
  return [
    `${momentOf(seen)}  ${seen.domain}${score === null ? '' : `: ${score.toFixed(1)} out of 10`}`,
    ...failing.flatMap((one) => entry('NEW', one)),
    ...mended.map(({ id, subject }) => visible(`mended ${id} ${subject}`)),
    '',
  ].join('\n');
}

type Letter = { readonly domain: DomainName; readonly to: string; readonly text: string };

/** A letter that cannot be sent does not end the watch: the page has told it. */
async function send(run: Run, { domain, to, text }: Letter): Promise<void> {
  try {
    const office = await run.office();
    await office.send({ from: `posthorn@${domain}`, to: [to], subject: `${domain}: what has changed`, text });
  } catch (error) {
    run.note(`not mailed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
