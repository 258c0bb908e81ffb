/**
 * Judges a message from outside by what is known of it: deliver, put into Junk, refuse, or ask to come again. Pure; every
 * judgement carries its reasons. What the author's domain asks for (`dmarc.applied`) is one fact among others, not an order.
 */
import type { Judgement } from './types.ts';

export type MessageFacts = {
  readonly dmarc: {
    readonly result: 'none' | 'pass' | 'fail' | 'temperror' | 'permerror';
    readonly applied: 'none' | 'quarantine' | 'reject';
    readonly domain: string | null;
    readonly reason?: string;
  };
  readonly spf: { readonly result: string; readonly domain: string };
  /** Whether the author's own domain says that this client is not its (SPF fail for that very domain). */
  readonly authorSpfFails: boolean;
  /** A DKIM signature of the author's domain is there, be it a broken one. */
  readonly signedByAuthorDomain: boolean;
  /** List-* fields, ARC sets, fields that forwarders leave: words for each that was found. */
  readonly indirectTraces: readonly string[];
  /** The envelope sender's domain has a null MX: it never sends (RFC 7505 §4.2). */
  readonly senderNeverReceives: boolean;
  /** Own Delivered-To already there, or too many Received fields. */
  readonly looping: boolean;
  /** Every recipient is a bounce address of ours, postmaster or abuse: never refused for its author. */
  readonly exemptFromAuthorRules: boolean;
};

export type JudgementPolicy = { readonly onDmarcReject: 'reject' | 'junk' };

export function judgeMessage(facts: MessageFacts, policy: JudgementPolicy): Judgement {
  if (facts.looping) return { disposition: 'reject', because: ['the message goes round in circles'], refusal: '5.4.6' };
  const judgement = judgeSender(facts, policy);
  return facts.exemptFromAuthorRules ? exempted(judgement) : judgement;
}

/** MAIL_RULES 16: what would have been refused is kept, but never shown as written by whom it names. */
function exempted(judgement: Judgement): Judgement {
  if (judgement.disposition === 'accept') return judgement;
  return {
    disposition: 'accept',
    because: ['mail to this address is never refused for its author', ...judgement.because],
    unauthenticated: true,
  };
}

function judgeSender(facts: MessageFacts, policy: JudgementPolicy): Judgement {
  if (facts.senderNeverReceives) {
    return {
      disposition: 'reject',
      because: [`${facts.spf.domain} has a null MX: nothing can come from there (RFC 7505)`],
      refusal: '5.7.27', // RFC 7505 §4.2
    };
  }
  switch (facts.dmarc.result) {
    case 'temperror':
      return {
        disposition: 'later',
        because: ['the DNS of the author’s domain does not answer, and the verdict depends on it'],
      };
    case 'permerror':
      return {
        disposition: 'reject',
        because: [facts.dmarc.reason ?? 'the message does not name exactly one author'],
        refusal: '5.7.1',
      };
    case 'fail':
      return judgeFailure(facts, policy);
    case 'pass':
      return { disposition: 'accept', because: [`DMARC passes for ${facts.dmarc.domain}`] };
    default:
      return judgeWithoutPolicy(facts);
  }
}

/** RFC 9989 §7.4: a message is not refused solely because of p=reject. */
function judgeFailure(facts: MessageFacts, policy: JudgementPolicy): Judgement {
  const { domain, applied } = facts.dmarc;
  const fails = `DMARC fails for ${domain}`;
  if (applied === 'none') return { disposition: 'accept', because: [`${fails}; its policy asks for nothing`] };
  if (applied === 'quarantine') return { disposition: 'junk', because: [`${fails}; its policy is quarantine`] };
  const indirect = [
    ...(facts.signedByAuthorDomain ? [`a signature of ${domain} that no longer fits`] : []),
    ...facts.indirectTraces,
    ...(facts.authorSpfFails ? [] : [`SPF of ${domain} does not rule this client out`]),
  ];
  if (indirect.length > 0) {
    return {
      disposition: 'junk',
      because: [`${fails} under p=reject, but it may have come an indirect way: ${indirect.join(', ')}`],
      override: facts.indirectTraces.some((trace) => trace.startsWith('List-')) ? 'mailing_list' : 'other',
    };
  }
  const alone = [`${fails} under p=reject, SPF fails, and nothing speaks for an indirect way`];
  if (policy.onDmarcReject === 'junk') return { disposition: 'junk', because: alone, override: 'local_policy' };
  return { disposition: 'reject', because: alone, refusal: '5.7.26' }; // RFC 7372 §3.4
}

function judgeWithoutPolicy(facts: MessageFacts): Judgement {
  if (facts.spf.result === 'fail') {
    return { disposition: 'junk', because: [`SPF fails for ${facts.spf.domain}, and no DMARC policy decides`] };
  }
  return { disposition: 'accept', because: ['no DMARC policy'] };
}
