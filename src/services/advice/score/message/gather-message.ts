/**
 * Everything the score reads of a message, in one record: judged afresh where the sending address is known, else as its receiver noted
 * it in the header, else what can be told without either. Looks things up; judges nothing.
 */

import type { Soon } from '../../../../base/soon.ts';
import { type DomainName, parseDomainName } from '../../../../format/domain-name.ts';
import { fieldsNamed, indexMessage, type MessageIndex } from '../../../../format/message/message-index.ts';
import type { Authenticator, AuthReport } from '../../../../protocol/authenticate.ts';
import type { PublicSuffixes } from '../../../../protocol/dmarc/public-suffix.ts';
import { readAuthor } from '../../../../protocol/read-author.ts';
import { isSpfRecord } from '../../../../protocol/spf/record.ts';
import type { SenderWants } from '../../../setup/types.ts';
import { evidenceOfToday } from '../../compare-today.ts';
import { explainAlignment, organizationsBy } from '../../explain-alignment.ts';
import { explainHops } from '../../explain-hops.ts';
import { evidenceOf } from '../../explain-results.ts';
import type { Evidence, ExplainedAlignment, Fix } from '../../types.ts';
import { askScoreLists } from '../ask-score-lists.ts';
import { looksLikeBulk } from '../bulk/judge-bulk.ts';
import { nothingKnown } from '../table.ts';
import type { MessageFacts, ScoreFacts, ScorePorts, ScoreSession } from '../types.ts';
import { dkimFact, dmarcFact, namesOf, type Proven, spfFact } from './authentication-states.ts';
import { findService, returnPathFix, signingFix } from './find-service.ts';
import { heloState, hostStates, hostStatesNoted } from './host-states.ts';
import { coveredNames, signatureFacts } from './signature-facts.ts';
import { spfFix } from './spf-fix.ts';

export type GatherPorts = ScorePorts & {
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly suffixes: () => Soon<PublicSuffixes>;
  readonly nowMs: number;
};

export async function gatherMessage(
  message: Uint8Array,
  session: ScoreSession,
  ports: GatherPorts,
): Promise<MessageFacts> {
  const { report, evidence, index } = await evaluate(message, session, ports);
  const author = report?.author ?? readAuthor(index);
  const domain = author.kind === 'one' ? author.domain : undefined;
  const { organizationalDomain } = await ports.suffixes();
  const organizationOf = organizationsBy(organizationalDomain, report);
  const alignment = withoutSpf(explainAlignment(domain, evidence, organizationOf), evidence);
  const judged = { evidence, alignment, ...(report !== undefined && { report }) };
  const signatures = signatureFacts(index, judged);
  const proven: Proven = { ...judged, signatures, isSigned: fieldsNamed(index, 'dkim-signature').length > 0 };
  const hops = explainHops(index);
  const domains = domain === undefined ? [] : [...new Set([domain, organizationOf(domain) ?? domain])];
  const states = await statesOf(proven, { session, hops, domains }, ports);
  const service = serviceOf(proven, states, domain, ports);
  const fixes = await fixesOf(states, session, service, ports);
  return {
    index,
    nowMs: ports.nowMs,
    author,
    ...(domain !== undefined && { domain }),
    organizationOf,
    ...judged,
    hops,
    signatures,
    covered: coveredNames(signatures),
    isBulk: session.isBulk ?? looksLikeBulk(index),
    ...(service !== undefined && { service }),
    states: { ...states, names: { ...states.names, fixes } },
  };
}

type Evaluated = { readonly index: MessageIndex; readonly evidence: Evidence; readonly report?: AuthReport };

async function evaluate(
  message: Uint8Array,
  { remoteAddress, helo, mailFrom }: ScoreSession,
  { authenticator }: GatherPorts,
): Promise<Evaluated> {
  if (remoteAddress === undefined) {
    const index = indexMessage(message);
    const evidence = evidenceOf(index);
    if (evidence.source !== 'none') return { index, evidence };
  }
  const isSpfAsked = remoteAddress !== undefined && mailFrom !== undefined && (mailFrom !== '' || helo !== undefined);
  const session = { remoteAddress: remoteAddress ?? '', helo: helo ?? '', mailFrom: mailFrom ?? '' };
  const report = await authenticator.authenticate(message, session);
  const evidence = evidenceOfToday(report);
  return {
    index: report.header,
    evidence: isSpfAsked ? evidence : bySignatureAlone(evidence),
    report,
  };
}

/** Without the sending address or the return path SPF is not known, and DMARC may still pass by it. */
function bySignatureAlone({ spf: _unknown, dmarc, ...rest }: Evidence): Evidence {
  if (dmarc === undefined) return rest;
  return { ...rest, dmarc: dmarc.result === 'fail' ? { ...dmarc, result: 'unknown', disposition: 'none' } : dmarc };
}

function withoutSpf(alignment: ExplainedAlignment, { spf, source }: Evidence): ExplainedAlignment {
  if (spf !== undefined || source !== 'today' || alignment.verdict !== 'not-aligned') return alignment;
  if (alignment.domain === undefined) return alignment;
  const say = `no signature speaks for ${alignment.domain}; whether SPF does is not known: who sent it was not said`;
  return { ...alignment, verdict: 'unknown', say };
}

type Connection = {
  readonly session: ScoreSession;
  readonly hops: MessageFacts['hops'];
  /** The author's, and the one it was registered as. */
  readonly domains: readonly DomainName[];
};

async function statesOf(
  proven: Proven,
  { session, hops, domains }: Connection,
  { resolver, lists: asked }: GatherPorts,
): Promise<ScoreFacts> {
  const { remoteAddress } = session;
  const fromLists =
    asked && !session.lists ? askScoreLists(resolver, { ...asked, ...session, domains }) : session.lists;
  const iprev = proven.report?.iprev;
  const host =
    remoteAddress === undefined
      ? hostStatesNoted(hops, session)
      : hostStates(
          { ...session, remoteAddress },
          { iprev, hops, helo: await heloState(resolver, session.helo, iprev?.name) },
        );
  const { fact: dkim, at } = dkimFact(proven);
  const { names: listNames, ...lists } = (await fromLists) ?? { ...nothingKnown.lists };
  return {
    ...nothingKnown,
    author: domains.length > 0 ? 'yes' : 'no',
    spf: spfFact(proven),
    dkim,
    dmarc: dmarcFact(proven),
    host: host.host,
    lists,
    names: { ...namesOf(proven, at), ...host.names, ...(listNames !== undefined && { lists: listNames }) },
  };
}

function serviceOf(
  { signatures, alignment }: Proven,
  { names }: ScoreFacts,
  domain: MessageFacts['domain'],
  { catalogue }: GatherPorts,
): SenderWants | undefined {
  if (catalogue === undefined || domain === undefined) return undefined;
  const host = parseDomainName(names.reverseName ?? ''); // HELO anybody can say
  return findService(catalogue, domain, {
    author: parseDomainName(alignment.organizationalDomain ?? '') ?? domain,
    signatures: signatures.filter(({ domain: by, selector }) => by !== '' && selector !== ''),
    mailFrom: names.returnPath === undefined ? [] : [names.returnPath],
    hosts: host === undefined ? [] : [host],
  });
}

const refusing = ['softfail', 'fail', 'neutral'];

/** Fixes with the very records, where they can be known. */
async function fixesOf(
  { spf, names }: ScoreFacts,
  { remoteAddress }: ScoreSession,
  service: SenderWants | undefined,
  ports: GatherPorts,
): Promise<Readonly<Record<string, Fix>>> {
  const fixes: Record<string, Fix> = {};
  if (service !== undefined) {
    const signing = signingFix(service);
    for (const check of ['ALN-01', 'ALN-02', 'ALN-04', 'DKM-01']) fixes[check] = signing;
    fixes['ALN-03'] = returnPathFix(service);
  }
  if (remoteAddress === undefined || names.returnPath === undefined) return fixes;
  const about = { domain: names.returnPath, address: remoteAddress, ...(service !== undefined && { service }) };
  if (spf.result === 'none') {
    const fix = spfFix(about);
    if (fix !== undefined) fixes['SPF-01'] = fix;
  } else if (refusing.includes(spf.result)) {
    const record = await publishedSpf(names.returnPath, ports);
    const fix = record === undefined ? undefined : spfFix({ ...about, record });
    if (fix !== undefined) fixes['SPF-14'] = fix;
  }
  return fixes;
}

async function publishedSpf(domain: string, { resolver }: GatherPorts): Promise<string | undefined> {
  const name = parseDomainName(domain);
  const answer = name === undefined ? undefined : await resolver.lookup(name, 'TXT');
  if (answer?.kind !== 'found') return undefined;
  const own = answer.records.filter((text) => isSpfRecord(text));
  return own.length === 1 ? own[0] : undefined;
}
