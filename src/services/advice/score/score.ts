/**
 * The score of a message: 0 to 10, each lost tenth with the fix that gives it back, what the large receivers say to it, what the reader
 * will see, and what is fine. In: the message and what is known of how it came. Never throws for what is in the message or in DNS.
 */
import { systemClock } from '../../../base/clock.ts';
import { answeringInTime, createAuthenticator } from '../../../protocol/authenticate.ts';
import { publicSuffixesOnce } from '../../../protocol/dmarc/public-suffix.ts';
import { readerMarks, receiverViews } from '../receiver-views.ts';
import { judgeAlignment } from './align/judge-alignment.ts';
import { judgeBulk } from './bulk/judge-bulk.ts';
import { tryOneClick } from './bulk/try-one-click.ts';
import type { StreamKnowledge } from './bulk/types.ts';
import { judgeContent } from './content/judge-content.ts';
import { readContent } from './content/read-content.ts';
import type { LinkProbe } from './content/types.ts';
import { followLinks } from './links/follow-links.ts';
import { type GatherPorts, gatherMessage } from './message/gather-message.ts';
import { quietFacts } from './message/quiet-facts.ts';
import { scoreOf, wayToTen } from './table.ts';
import type { HostFacts, MessageFacts, MessageScore, ScoreBesides, ScorePorts, ScoreSession } from './types.ts';

export type Scorer = {
  readonly scoreMessage: (message: Uint8Array, session: ScoreSession, besides?: ScoreBesides) => Promise<MessageScore>;
};

/** For many messages: keys, records and lists are remembered as long as it lives. */
export function createScorer(ports: ScorePorts): Scorer {
  const clock = ports.clock ?? systemClock;
  const resolver = answeringInTime(ports.resolver, ports.timers ?? systemClock);
  const authenticator = createAuthenticator({
    resolver: ports.resolver,
    clock,
    ...(ports.timers && { timers: ports.timers }),
    iprev: true,
  });
  const fixed = { ...ports, resolver, authenticator, suffixes: publicSuffixesOnce() };
  return {
    scoreMessage: (message, session, besides = {}) =>
      score(message, session, { ...fixed, nowMs: clock.nowMs() }, besides),
  };
}

/** One message; whoever has many makes a scorer. */
export function scoreMessage(
  message: Uint8Array,
  session: ScoreSession,
  { besides, ...ports }: ScorePorts & { readonly besides?: ScoreBesides },
): Promise<MessageScore> {
  return createScorer(ports).scoreMessage(message, session, besides);
}

async function score(
  message: Uint8Array,
  session: ScoreSession,
  ports: GatherPorts,
  besides: ScoreBesides,
): Promise<MessageScore> {
  const [facts, filters] = await Promise.all([
    gatherMessage(message, session, ports),
    askFilters(message, session, ports),
  ]);
  const { probes, stream } = await lookBesides(facts, besides, ports);
  const content = judgeContent({ ...facts, ...(filters && { filters }), ...(probes && { probes }) });
  const bulk = judgeBulk({ ...facts, ...(stream && { stream }) }, content.content);
  const states = { ...facts.states, content: content.charges, bulk: facts.isBulk ? bulk.charges : [] };
  const known = { ...knownOf(facts, session), shownOctets: content.content.shownOctets };
  return {
    ...scoreOf(states),
    facts: states,
    findings: [...judgeAlignment(facts), ...content.findings, ...bulk.findings],
    quiet: quietFacts(states, facts.evidence.source, session),
    way: wayToTen(states),
    receivers: receiverViews(known),
    reader: readerMarks(known),
    evidence: facts.evidence,
    ...(filters && { filters }),
    ...(facts.report !== undefined && { report: facts.report }),
  };
}

type Besides = { readonly probes?: readonly LinkProbe[]; readonly stream?: StreamKnowledge };

/** The links first: unsubscribed from, a message may lead elsewhere. */
async function lookBesides(
  facts: MessageFacts,
  { followLinks: web, tryUnsubscribe, stream }: ScoreBesides,
  { timers = systemClock }: ScorePorts,
): Promise<Besides> {
  const probes = web && (await followLinks({ web, timers }, readContent(facts)));
  const tried = tryUnsubscribe && facts.isBulk ? await tryOneClick(tryUnsubscribe, facts) : undefined;
  return { ...(probes && { probes }), ...((stream || tried) && { stream: { ...stream, ...tried } }) };
}

/** All at once: each ends within its own time. */
async function askFilters(message: Uint8Array, session: ScoreSession, { filters = [] }: ScorePorts) {
  if (filters.length === 0) return undefined;
  const { remoteAddress, helo, mailFrom } = session;
  const known = {
    ...(remoteAddress !== undefined && { remoteAddress }),
    ...(helo !== undefined && { helo }),
    ...(mailFrom !== undefined && { mailFrom }),
  };
  return Promise.all(filters.map((filter) => filter.judge(message, known)));
}

function knownOf(facts: MessageFacts, session: ScoreSession): Parameters<typeof receiverViews>[0] {
  const { index, evidence, alignment, hops, covered, isBulk, states } = facts;
  const { host, names } = states;
  const known = { index, evidence, alignment, hops, covered, isBulk, hasOneAuthor: facts.domain !== undefined };
  const address = session.remoteAddress ?? names.address;
  const connection = {
    ...(address !== undefined && { address }),
    ...(names.reverseName !== undefined && { name: names.reverseName }),
    isNamed: named[host.reverseName],
    isEncrypted: host.encrypted,
    ...(session.tls !== undefined &&
      host.encrypted === 'yes' && { tls: `TLS ${session.tls.replace(/^TLS ?v?/i, '')}` }),
  };
  return { ...known, connection };
}

/** A name like a dial-up's leads back, too. */
const named: Readonly<Record<HostFacts['reverseName'], 'yes' | 'no' | 'unknown'>> = {
  confirmed: 'yes',
  generic: 'yes',
  missing: 'no',
  unconfirmed: 'no',
  unknown: 'unknown',
};
