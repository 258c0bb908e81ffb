/** What costs nothing, in a line each: what is fine, and what could not be found out, so that nobody takes the one for the other. Pure. */

import type { Evidence } from '../../types.ts';
import { asSentence } from '../as-sentence.ts';
import type { QuietFact, ScoreFacts, ScoreSession } from '../types.ts';

export function quietFacts(facts: ScoreFacts, source: Evidence['source'], session: ScoreSession): readonly QuietFact[] {
  const { spf, dkim, dmarc, names } = facts;
  const domain = names.domain ?? 'the domain in From';
  const of = (name: string | undefined) => (name === undefined ? '' : ` for ${name}`);
  const isVouched = (one: { result: string; aligned: string }) => one.result === 'pass' && one.aligned === 'yes';
  return [
    fine(isVouched(spf) || (spf.result === 'pass' && isVouched(dkim)), `SPF passes${of(names.returnPath)}`),
    unknown(spf.result === 'unknown', `SPF: ${whySpfUnknown(source, session)}`),
    fine(isVouched(dkim), `the DKIM signature of ${names.signer ?? domain} holds`),
    unknown(dkim.result === 'unknown', 'DKIM: the signature could not be checked'),
    fine(dmarc === 'none' || dmarc === 'quarantine' || dmarc === 'reject', `${domain} has a DMARC record`),
    unknown(dmarc === 'unknown' && facts.author === 'yes', `DMARC: what ${domain} asks for is not known`),
    ...hostFacts(facts),
    ...listFacts(facts),
  ].filter((one) => one !== undefined);
}

function whySpfUnknown(source: Evidence['source'], { remoteAddress, mailFrom }: ScoreSession): string {
  if (source === 'header') return 'the receiver did not note it';
  if (remoteAddress === undefined) return 'who sent it was not said';
  return mailFrom === undefined ? 'the return path was not said' : 'DNS did not answer';
}

function hostFacts({ host, names }: ScoreFacts): readonly (QuietFact | undefined)[] {
  const address = names.address ?? 'the sending address';
  return [
    fine(host.reverseName === 'confirmed', `${address} is called ${names.reverseName ?? 'by a name that leads back'}`),
    unknown(host.reverseName === 'unknown', `the name of ${address}`),
    fine(host.helo === 'good', `the server calls itself ${names.helo ?? 'by a name'}, which leads somewhere`),
    unknown(host.helo === 'unknown', 'what the server calls itself (HELO), or where that leads'),
    fine(host.encrypted === 'yes', 'it came encrypted (TLS)'),
    unknown(host.encrypted === 'unknown', 'whether it came encrypted (TLS)'),
  ];
}

function listFacts({ lists }: ScoreFacts): readonly (QuietFact | undefined)[] {
  return [
    fine(lists.major === 'no', 'the address is on no large block list'),
    fine(lists.domain === 'no', 'no domain of the message is on a block list'),
    unknown(lists.major === 'unknown' || lists.domain === 'unknown', 'block lists'),
  ];
}

const fine = (is: boolean, say: string): QuietFact | undefined =>
  is ? { state: 'fine', say: asSentence(say) } : undefined;
const unknown = (is: boolean, say: string): QuietFact | undefined =>
  is ? { state: 'unknown', say: asSentence(say) } : undefined;
