/**
 * Scores a message as its receivers will see it, before it leaves: our keys and SPF of our own address as DNS shows them now, and the
 * filters of the configuration. Wired here because advice stands above the queue that asks for it.
 */
import { createRspamdFilter } from '../adapters/filters/rspamd.ts';
import { createSpamdFilter } from '../adapters/filters/spamd.ts';
import { createNodeNet } from '../adapters/net/node-net.ts';
import type { DomainName } from '../format/domain-name.ts';
import { loadPublicSuffixes } from '../protocol/dmarc/public-suffix.ts';
import type { Scorer } from '../services/advice/advice.ts';
import type { StreamKnowledge } from '../services/advice/score/bulk/types.ts';
import type { MessageFilter } from '../services/advice/score/content/types.ts';
import type { MessageScore } from '../services/advice/score/types.ts';
import type { Draft, Preflight } from '../services/outbound/outbound.ts';
import type { World } from './compose.ts';
import type { Config } from './settings.ts';
import type { WebLooks } from './web-looks.ts';

/** The sender waits for it: in SMTP with an open connection, whose patience after the final dot is ten minutes. */
const scoreMs = 10_000;
/** Besides, where links are followed; that ends by itself after 20 s. */
const linksMs = 21_000;
/** A little less, so that a filter that is away costs its own part of the score only. */
const filterMs = 8_000;

/** Undefined: not in time. */
export type ScoreDraft = (draft: Draft, wish?: { readonly followLinks: boolean }) => Promise<MessageScore | undefined>;

type PreflightWorld = Pick<World, 'resolver' | 'timers'> & {
  /** Absent: nothing in the web is looked at. */
  readonly webLooks?: WebLooks;
  /** Messages of a domain to Gmail, day by day. Absent: nobody counts. */
  readonly volumeToGmail?: (domain: DomainName) => Promise<readonly number[]>;
};

export function openPreflight(
  scorer: () => Promise<Scorer>,
  hostname: DomainName,
  world: PreflightWorld,
): { readonly score: ScoreDraft; readonly preflight: Preflight } {
  const score: ScoreDraft = (draft, { followLinks } = { followLinks: false }) =>
    inTime(world, followLinks ? scoreMs + linksMs : scoreMs, async () => {
      const [{ scoreMessage }, remoteAddress, stream] = await Promise.all([
        scorer(),
        ownAddress(world, hostname),
        streamOf(world, draft),
      ]);
      const session = {
        helo: hostname,
        mailFrom: draft.returnPath,
        ...(remoteAddress !== undefined && { remoteAddress }),
        ...(draft.isBulk && { isBulk: true }),
      };
      const web = world.webLooks?.({ followLinks, tryUnsubscribe: false });
      return scoreMessage(draft.message, session, { ...web, stream });
    });
  return { score, preflight: async (draft) => preflightOf(await score(draft)) };
}

/** Those of the configuration. They stand where the office really runs, in the sandbox world, too. */
export function openFilters(
  { 'filters.rspamd': url, 'filters.spamd': at }: Pick<Config, 'filters.rspamd' | 'filters.spamd'>,
  { timers }: Pick<World, 'timers'>,
): readonly MessageFilter[] {
  const common = { timers, timeMs: filterMs };
  return [
    ...(url === undefined ? [] : [createRspamdFilter({ ...common, url })]),
    ...(at === undefined ? [] : [createSpamdFilter({ ...common, net: createNodeNet(), at })]),
  ];
}

/** What the office knows of the mail this message belongs to. */
async function streamOf({ volumeToGmail }: PreflightWorld, { domain }: Draft): Promise<StreamKnowledge> {
  const whole = (await loadPublicSuffixes()).organizationalDomain(domain) ?? domain;
  const perDay = (await volumeToGmail?.(whole)) ?? [];
  return perDay.length === 0 ? {} : { volume: { receiver: 'Gmail', perDay } };
}

/** Where our mail comes from, as far as DNS tells: behind a router this machine does not know it. */
async function ownAddress({ resolver }: PreflightWorld, hostname: DomainName): Promise<string | undefined> {
  const answer = await resolver.lookup(hostname, 'A');
  return answer.kind === 'found' ? answer.records[0] : undefined;
}

function inTime<T>({ timers }: PreflightWorld, timeMs: number, work: () => Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(timeMs, () => resolve(undefined));
    work().then(resolve, reject).finally(cancel);
  });
}

function preflightOf(score: MessageScore | undefined): Awaited<ReturnType<Preflight>> {
  return (
    score && {
      tenths: score.tenths,
      deductions: score.deductions.map(({ check, tenths, say, fix }) => ({ check, tenths, say, steps: stepsOf(fix) })),
    }
  );
}

/** A fix as sentences, its records written out. */
function stepsOf({ delete: gone, set, steps = [] }: MessageScore['deductions'][number]['fix']): readonly string[] {
  const record = ({ name, type, value }: { name: string; type: string; value: string }) => `${name} ${type} ${value}`;
  return [...gone.map((one) => `Delete ${record(one)}`), ...set.map((one) => `Set ${record(one)}`), ...steps];
}
