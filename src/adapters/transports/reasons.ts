/** What was learnt about the way of a recipient's mail, in the words of an attempt: verdict, the receiver's reply, one sentence. Pure. */
import type { Fault } from '../../base/outcome.ts';
import {
  describeEnding,
  type Ending,
  type Judgement,
  judgeEnding,
  type Trouble,
} from '../../protocol/smtp/client-ending.ts';
import type { NoWay } from '../../protocol/smtp/client-mx.ts';
import type { ConnectionFacts } from '../../services/outbound/transport.ts';
import type { RemoteReply } from '../../services/outbound/types.ts';

export type Reason = {
  readonly judgement: Judgement;
  readonly say: string;
  readonly reply?: RemoteReply;
  readonly via?: ConnectionFacts;
  readonly afterFinalDot: boolean;
};

export function reasonOfEnding(ending: Ending, via: ConnectionFacts): Reason {
  const reply = replyIn(ending);
  return {
    judgement: judgeEnding(ending),
    say: `${via.host} ${describeEnding(ending)}`,
    ...(reply ? { reply } : {}),
    via,
    afterFinalDot: (ending.kind === 'answered' || ending.kind === 'trouble') && ending.stage === 'end-of-data',
  };
}

function replyIn(ending: Ending): RemoteReply | undefined {
  if (ending.kind === 'answered') {
    const { code, enhanced, text } = ending.reply;
    return { code, ...(enhanced === undefined ? {} : { enhanced }), text, stage: ending.stage };
  }
  const heard = ending.kind === 'trouble' ? ending.trouble.heard : undefined;
  return ending.kind === 'trouble' && heard !== undefined ? { code: 0, text: heard, stage: ending.stage } : undefined;
}

/** No connection could be made. */
export function reasonOfNoConnection(
  trouble: Trouble,
  at: { readonly host: string; readonly address: string },
): Reason {
  const judgement = judgeEnding({ kind: 'trouble', trouble, stage: 'connect' });
  return { judgement, say: `${at.host} [${at.address}] ${trouble.say}`, afterFinalDot: false };
}

export function reasonOfNoWay(way: NoWay): Reason {
  return ours(
    { kind: way.final ? 'refused' : 'deferred', scope: 'domain', enhanced: way.enhanced, ends: true },
    way.say,
  );
}

/** @param implicit the domain itself is the host, because it has no MX */
export function reasonOfNoAddress(
  host: string,
  found: { readonly failed?: string; readonly implicit: boolean },
): Reason {
  if (found.failed !== undefined)
    return ours(
      { kind: 'deferred', scope: 'domain', enhanced: '4.4.3' },
      `the address of ${host} could not be looked up (${found.failed})`,
    );
  // RFC 5321 §5.1: an MX without address is a mistake of its owner, mostly one of today; no MX and no address is no mail host.
  return found.implicit
    ? ours(
        { kind: 'refused', scope: 'domain', enhanced: '5.1.2' },
        `${host} has neither MX nor address: it takes no mail`,
      )
    : ours({ kind: 'deferred', scope: 'domain', enhanced: '4.4.4' }, `${host} has no address`);
}

export function reasonOfLoop(host: string): Reason {
  const say = `${host} points to loopback or a private network: mail would come back to ourselves`;
  return ours({ kind: 'refused', scope: 'domain', enhanced: '5.4.6' }, say);
}

/** A policy forbids this host, or could not be learnt. */
export function reasonOfSkip(host: string, because: string): Reason {
  return ours({ kind: 'deferred', scope: 'host', enhanced: '4.7.5' }, `${host} was not used: ${because}`);
}

export function reasonOfPath(whose: 'sender' | 'recipient'): Reason {
  const say = `the ${whose} address cannot be written in SMTP`;
  return whose === 'sender'
    ? ours({ kind: 'refused', scope: 'message', enhanced: '5.1.7', ends: true }, say)
    : ours({ kind: 'refused', scope: 'recipient', enhanced: '5.1.3', ends: true }, say);
}

export function reasonOfStop(): Reason {
  return ours(
    { kind: 'deferred', scope: 'infrastructure', enhanced: '4.3.2' },
    'this delivery was stopped before it was done',
  );
}

/** Before the final dot, so nothing was sent. */
export function reasonOfOurFault(fault: Fault): Reason {
  return ours(
    { kind: 'deferred', scope: 'infrastructure', enhanced: '4.3.0' },
    `Not sent, for a fault on our side: ${fault.message}`,
  );
}

type OurJudgement = Omit<Judgement, 'tryNextHost'> & {
  /** No host can change it. */
  readonly ends?: true;
};

function ours({ ends, ...judgement }: OurJudgement, say: string): Reason {
  return { judgement: { ...judgement, tryNextHost: !ends }, say, afterFinalDot: false };
}
