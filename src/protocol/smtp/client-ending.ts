/**
 * How a recipient's part in a dialogue can end, and what that means. Replies are read by first digit and stage; what is about the
 * host or about us is told apart from what is about the recipient, because only the latter may end in a suppression.
 */
import { unreachable } from '../../base/outcome.ts';
import type { ReplyStage } from './client-stages.ts';
import { type Unfit, unfitReasons } from './message-guard.ts';
import type { HeardReply } from './read-reply.ts';

type TroubleKind = 'nonsense' | 'timeout' | 'lost' | 'tls' | 'cancelled';

/** Why a connection is of no further use. */
export type Trouble = {
  readonly what: TroubleKind;
  readonly say: string;
  /** The beginning of what was heard instead of a reply. */
  readonly heard?: string;
  /** What was wrong with TLS, in OpenSSL's word or a policy's. */
  readonly code?: string;
};

/** What the other side does not offer and we cannot do without. */
export type Lacking = 'starttls' | 'smtputf8' | '8bitmime' | 'size' | 'login' | 'safe-login';

type DialogueStage = ReplyStage | 'connect' | 'handshake' | 'content';

export type Ending =
  | {
      readonly kind: 'answered';
      readonly reply: HeardReply;
      readonly stage: ReplyStage;
      /** At RCPT: an earlier recipient of this transaction was taken. */
      readonly afterAccepted?: boolean;
    }
  | { readonly kind: 'trouble'; readonly trouble: Trouble; readonly stage: DialogueStage }
  | { readonly kind: 'lacking'; readonly what: Lacking }
  /** The message itself may not leave: nothing of it was acknowledged, and no host can change that. */
  | { readonly kind: 'unfit'; readonly why: Unfit };

export type Judgement = {
  readonly kind: 'delivered' | 'deferred' | 'refused' | 'unsure';
  readonly scope: 'recipient' | 'message' | 'host' | 'domain' | 'infrastructure';
  /** RFC 3463 */
  readonly enhanced: string;
  /** Another host of the same destination may do better, and trying it cannot make a second copy. */
  readonly tryNextHost: boolean;
};

type Draft = Omit<Judgement, 'enhanced'> & { readonly enhanced?: string };

export function judgeEnding(ending: Ending): Judgement {
  switch (ending.kind) {
    case 'answered':
      return judgeReply(ending);
    case 'trouble':
      return judgeTrouble(ending.trouble, ending.stage);
    case 'lacking':
      return judgeLacking(ending.what);
    case 'unfit':
      return { kind: 'refused', scope: 'message', enhanced: unfitReasons[ending.why].enhanced, tryNextHost: false };
    default:
      return unreachable(ending);
  }
}

/** The other side wants fewer recipients at a time; those left over may follow in a further transaction. RFC 5321 §4.5.3.1.10 */
export function isTooManyRecipients(ending: Ending): boolean {
  if (ending.kind !== 'answered' || ending.stage !== 'rcpt' || !ending.afterAccepted) return false;
  const { code, enhanced } = ending.reply;
  return (code === 452 || code === 552) && (enhanced === undefined || /^[45]\.5\.3$/.test(enhanced));
}

function judgeReply(ending: Ending & { kind: 'answered' }): Judgement {
  const { reply, stage } = ending;
  const draft = draftOf(ending);
  const fits = reply.enhanced !== undefined && draft.kind !== 'unsure' && reply.enhanced[0] === classOf[draft.kind];
  return { ...draft, enhanced: fits ? (reply.enhanced as string) : (draft.enhanced ?? statusOf(draft.kind, stage)) };
}

function draftOf({ reply, stage, afterAccepted }: Ending & { kind: 'answered' }): Draft {
  const first = Math.floor(reply.code / 100);
  if (first === 2 && stage === 'end-of-data') return { kind: 'delivered', scope: 'recipient', tryNextHost: false };
  const beforeDot = stage !== 'end-of-data';
  if (first !== 4 && first !== 5) return { kind: 'deferred', scope: 'host', tryNextHost: beforeDot, enhanced: '4.5.0' };
  if (reply.code === 421) return { kind: 'deferred', scope: 'host', tryNextHost: beforeDot, enhanced: '4.3.2' }; // RFC 5321 §3.8
  if (isBeforeMail(stage))
    return { kind: 'deferred', scope: first === 5 ? 'infrastructure' : 'host', tryNextHost: true };
  // RFC 5321 §4.5.3.1.10: 552 for "too many recipients" is read as 452.
  if (reply.code === 552 && stage === 'rcpt' && afterAccepted)
    return { kind: 'deferred', scope: 'recipient', tryNextHost: false, enhanced: '4.5.3' };
  return first === 4 ? deferredBy(reply, stage) : refusedBy(reply, stage);
}

function isBeforeMail(stage: ReplyStage): boolean {
  return stage === 'greeting' || stage === 'ehlo' || stage === 'starttls' || stage === 'auth';
}

function deferredBy(reply: HeardReply, stage: ReplyStage): Draft {
  const subject = subjectOf(reply);
  // RFC 3463 §3.4: X.3.X is about the mail system itself. Before DATA nothing is lost by asking its neighbour.
  if (subject === 3) return { kind: 'deferred', scope: 'host', tryNextHost: stage === 'mail' };
  if (subject === 7 && stage !== 'rcpt')
    return { kind: 'deferred', scope: 'infrastructure', tryNextHost: stage === 'mail' };
  return { kind: 'deferred', scope: stage === 'rcpt' ? 'recipient' : 'message', tryNextHost: false };
}

/** RFC 5321 §4.2.1: 5yz is final, except where it is about us and not about this mail. */
function refusedBy(reply: HeardReply, stage: ReplyStage): Draft {
  // 530 (RFC 4954 §6, RFC 3207 §4) asks for a login or TLS whatever its enhanced code.
  if (stage === 'mail' && (subjectOf(reply) === 7 || reply.code === 530))
    return { kind: 'deferred', scope: 'infrastructure', tryNextHost: true };
  return { kind: 'refused', scope: scopeOfRefusal(reply, stage), tryNextHost: false };
}

function scopeOfRefusal(reply: HeardReply, stage: ReplyStage): Judgement['scope'] {
  switch (subjectOf(reply)) {
    case 1: // RFC 3463 §3.2: X.1.7 and X.1.8 speak of the sender's address
      return /^5\.1\.[78]$/.test(reply.enhanced ?? '') ? 'message' : recipientOr(stage);
    case 2: // X.2.3: the message is too long for this mailbox
      return reply.enhanced === '5.2.3' ? 'message' : recipientOr(stage);
    case 3:
      return reply.enhanced === '5.3.4' ? 'message' : 'infrastructure';
    case 4:
      return 'domain';
    case 5:
    case 6:
      return 'message';
    case 7: // policy: a blocklist, missing PTR, failed authentication, no relaying; never the recipient's fault
      return 'infrastructure';
    default:
      return stage === 'rcpt' ? 'recipient' : 'message';
  }
}

/** A word about the address, said after DATA, is believed as such too: some hosts look recipients up that late. */
function recipientOr(stage: ReplyStage): Judgement['scope'] {
  return stage === 'mail' ? 'message' : 'recipient';
}

function judgeTrouble(trouble: Trouble, stage: DialogueStage): Judgement {
  const afterDot = stage === 'end-of-data';
  switch (trouble.what) {
    case 'nonsense': // something was answered, and it was no acceptance
      return { kind: 'deferred', scope: 'host', enhanced: '4.5.0', tryNextHost: !afterDot };
    case 'cancelled':
      return { kind: afterDot ? 'unsure' : 'deferred', scope: 'infrastructure', enhanced: '4.3.2', tryNextHost: false };
    case 'tls':
      return { kind: 'deferred', scope: 'host', enhanced: '4.7.5', tryNextHost: true };
    case 'timeout':
    case 'lost':
      if (afterDot) return { kind: 'unsure', scope: 'host', enhanced: '4.4.2', tryNextHost: false };
      return { kind: 'deferred', scope: 'host', enhanced: stage === 'connect' ? '4.4.1' : '4.4.2', tryNextHost: true };
    default:
      return unreachable(trouble.what);
  }
}

function judgeLacking(what: Lacking): Judgement {
  switch (what) {
    case 'smtputf8': // RFC 6531 §3.3, RFC 6533: X.6.7
      return { kind: 'refused', scope: 'message', enhanced: '5.6.7', tryNextHost: true };
    case '8bitmime': // RFC 6152 §3: conversion would break signatures
      return { kind: 'refused', scope: 'message', enhanced: '5.6.3', tryNextHost: true };
    case 'size': // RFC 1870 §6.1
      return { kind: 'refused', scope: 'message', enhanced: '5.3.4', tryNextHost: true };
    case 'starttls':
      return { kind: 'deferred', scope: 'host', enhanced: '4.7.4', tryNextHost: true };
    case 'login':
    case 'safe-login':
      return { kind: 'deferred', scope: 'infrastructure', enhanced: '4.7.0', tryNextHost: true };
    default:
      return unreachable(what);
  }
}

const classOf = { delivered: '2', deferred: '4', refused: '5' } as const;

/** Our status where the receiver gave none, or one of another class than we concluded. */
function statusOf(kind: Draft['kind'], stage: ReplyStage): string {
  if (kind === 'delivered') return '2.0.0';
  const digit = kind === 'refused' ? '5' : '4';
  return stage === 'rcpt' ? `${digit}.1.0` : `${digit}.0.0`;
}

/** The middle number of the enhanced code: 1 address, 2 mailbox, 3 system, 4 network, 5 protocol, 6 content, 7 policy. */
function subjectOf(reply: HeardReply): number | undefined {
  return reply.enhanced === undefined ? undefined : Number(reply.enhanced.split('.')[1]);
}

const lackingWords: Readonly<Record<Lacking, string>> = {
  starttls: 'offers no STARTTLS, and mail may go there only encrypted',
  smtputf8: 'does not take internationalised addresses or headers (SMTPUTF8)',
  '8bitmime': 'does not take 8-bit messages (8BITMIME)',
  size: 'does not take messages of this size',
  login: 'offers no login we know (PLAIN, LOGIN)',
  'safe-login': 'would have got our password over a connection that is not proven safe',
};

/** What happened, without the host's name in front. */
export function describeEnding(ending: Ending): string {
  switch (ending.kind) {
    case 'answered': {
      const { code, enhanced, text } = ending.reply;
      return `said: ${[code, enhanced, text].filter((part) => part !== undefined && part !== '').join(' ')}`;
    }
    case 'trouble':
      return ending.trouble.say;
    case 'lacking':
      return lackingWords[ending.what];
    case 'unfit':
      return `would have got a message that may not be sent: ${unfitReasons[ending.why].say}`;
    default:
      return unreachable(ending);
  }
}
