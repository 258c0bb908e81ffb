/** Puts what was found out about a message into the plain record that `judge-message.ts` decides on. Pure. */
import type { MessageIndex } from '../../format/message/message-index.ts';
import type { AuthReport } from '../../protocol/authenticate.ts';
import { isOperatorsAddress } from '../directory/directory.ts';
import { findIndirectTraces, isLooping } from './find-traces.ts';
import type { MessageFacts } from './judge-message.ts';
import type { Destination } from './types.ts';

export type Gathered = {
  readonly index: MessageIndex;
  readonly report: AuthReport;
  /** SPF of the author's own domain for this client. */
  readonly authorSpf: string;
  readonly senderNeverReceives: boolean;
  readonly destinations: readonly Destination[];
  /** addr-spec of every recipient. */
  readonly recipients: readonly string[];
};

export function gatherFacts(gathered: Gathered): MessageFacts {
  const { report, index } = gathered;
  const author = report.dmarc.domain;
  return {
    dmarc: {
      result: report.dmarc.result,
      applied: report.dmarc.applied,
      domain: author,
      ...(report.dmarc.reason === undefined ? {} : { reason: report.dmarc.reason }),
    },
    spf: { result: report.spf.result, domain: report.spf.domain },
    authorSpfFails: gathered.authorSpf === 'fail',
    signedByAuthorDomain: author !== null && report.dkim.some(({ domain }) => domain !== '' && related(domain, author)),
    indirectTraces: findIndirectTraces(index),
    senderNeverReceives: gathered.senderNeverReceives,
    looping: isLooping(index, gathered.recipients),
    exemptFromAuthorRules: gathered.destinations.every(isExempt),
  };
}

/** The domain itself, or one above or below it: a broken signature of any of them speaks for a changed original. */
function related(signer: string, author: string): boolean {
  return signer === author || signer.endsWith(`.${author}`) || author.endsWith(`.${signer}`);
}

/**
 * MAIL_RULES 5, 16: never refused for its author. Real notifications have broken Froms; postmaster and abuse must be reachable by
 * everybody. RFC 5321 §4.5.1, RFC 2142 §2. What a test address is for is to tell what is wrong.
 */
export function isExempt(destination: Destination): boolean {
  return destination.kind !== 'mailbox' || isOperatorsAddress(destination.recipient.local);
}
