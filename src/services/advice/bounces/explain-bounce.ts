/** What a receiver's refusal means, which checks look at its cause, and what to do. Pure. */

import { knownReplies } from './known-replies.ts';
import type { BouncedReply } from './read-bounce.ts';
import { codeMeanings, type StatusMeaning, statusMeanings, subjectMeanings } from './status-codes.ts';
import type { BounceKind, KnownReply, Receiver, SendAgain } from './types.ts';

export type BounceExplanation = {
  readonly reply: BouncedReply;
  readonly receiver?: Receiver;
  readonly kind: BounceKind;
  readonly meaning: string;
  /** Whether the receiver wants to see the same message again later (4xx). */
  readonly lasts: 'for-now' | 'for-good' | 'unknown';
  readonly again: SendAgain;
  /** In order; commands with what is known filled in. */
  readonly steps: readonly string[];
  /** Ids of checks that look at the cause. */
  readonly checks: readonly string[];
  /** The row of the table, or the status code's own meaning. */
  readonly by: string;
};

export type BounceContext = {
  readonly domain?: string;
  readonly address?: string;
  /** How the program is called here: `posthorn` by default. */
  readonly command?: string;
};

/** Whose words they are, by names in the reply or by the host that said it. */
const signs: readonly (readonly [receiver: Receiver, text: RegExp, host: RegExp])[] = [
  [
    'Gmail',
    /\bgsmtp\b|support\.google\.com|\bgmail (?:has detected|requires)\b|\bsent to gmail\b|\bour system has detected (?:an unusual rate|that this message)/i,
    /(?:^|\.)(?:google|gmail|googlemail)\.com$/i,
  ],
  [
    'Microsoft',
    /outlook\.com|office365?\.com|\bmicrosoft\b|\bRESOLVER\.|\bAS\(\d+\)|hotmail|postmaster\.live\.com|does not pass DMARC verification and has a DMARC policy|\bS31[45]0\b|\bSC-00\d\b|^recipient address rejected: access denied/i,
    /(?:^|\.)(?:outlook|hotmail|office365|microsoft)\.com$|\.mx\.microsoft$/i,
  ],
  ['Yahoo', /yahoo|\baol\b|\[TSS?\d\d\]/i, /(?:^|\.)(?:yahoodns\.net|yahoo\.com|aol\.com)$/i],
  ['Apple', /icloud|apple\.com/i, /(?:^|\.)(?:icloud|apple|me)\.com$/i],
  ['Proton', /proton(?:mail)?\.(?:me|ch|com)/i, /(?:^|\.)protonmail\.ch$/i],
];

export function explainBounce(reply: BouncedReply, context: BounceContext = {}): BounceExplanation {
  const said = receiverOf(reply);
  const row = knownReplies.find((one) => fits(one, reply, said)) ?? ownCode(reply);
  const receiver = said ?? row?.receiver;
  const found: StatusMeaning & { readonly by: string } = row ? { ...row, by: row.id } : byCodes(reply);
  const address = context.address ?? addressIn(reply.text);
  const domain = context.domain ?? domainIn(reply.text);
  const lasts = lastsOf(reply);
  const known = { ...context, ...(address !== undefined && { address }), ...(domain !== undefined && { domain }) };
  return {
    reply,
    ...(receiver !== undefined && { receiver }),
    kind: found.kind,
    meaning: found.meaning,
    lasts,
    again: found.again === 'by-itself' && lasts === 'for-good' ? 'by-hand' : found.again,
    steps: (found.steps ?? []).map((step) => filled(step, known)),
    checks: found.checks ?? [],
    by: found.by,
  };
}

function receiverOf({ text, host }: BouncedReply): Receiver | undefined {
  const [receiver] =
    signs.find(([, , hosts]) => host !== undefined && hosts.test(host)) ??
    signs.find(([, words]) => words.test(text)) ??
    [];
  return receiver;
}

function fits(row: KnownReply, reply: BouncedReply, receiver: Receiver | undefined): boolean {
  if (row.receiver !== undefined && row.receiver !== receiver) return false;
  const detail = reply.enhanced?.slice(2);
  if (row.statuses !== undefined && (detail === undefined || !row.statuses.includes(detail))) return false;
  return row.text === undefined || row.text.test(reply.text);
}

/** A code that only one receiver uses tells whose it is, even without a word beside it. */
function ownCode({ enhanced }: BouncedReply): KnownReply | undefined {
  const detail = enhanced?.slice(2) ?? '';
  if (detail in statusMeanings) return undefined;
  const [row, another] = knownReplies.filter(({ statuses }) => statuses?.includes(detail));
  return another === undefined ? row : undefined;
}

/** Nobody's words that we know: what the codes say by themselves. */
function byCodes({ enhanced, code }: BouncedReply): StatusMeaning & { readonly by: string } {
  const [, subject = '', detail = ''] = enhanced?.split('.') ?? [];
  const status = statusMeanings[`${subject}.${detail}`] ?? subjectMeanings[subject];
  if (status !== undefined) return { ...status, by: `status ${enhanced}` };
  const plain = codeMeanings[String(code)];
  if (plain !== undefined) return { ...plain, by: `code ${code}` };
  return {
    kind: 'trouble',
    meaning:
      code === undefined
        ? 'There is no reply code in this text, so it cannot be told what the receiver means.'
        : 'The receiver gave a code that has no meaning of its own.',
    again: 'ask-recipient',
    by: 'nothing known',
  };
}

function lastsOf({ code, enhanced }: BouncedReply): BounceExplanation['lasts'] {
  const first = code === undefined ? enhanced?.[0] : String(code)[0];
  return first === '4' ? 'for-now' : first === '5' ? 'for-good' : 'unknown';
}

/** Receivers name the address that they refuse. */
function addressIn(text: string): string | undefined {
  return /\[((?:\d{1,3}\.){3}\d{1,3})\]/.exec(text)?.[1] ?? /\b((?:\d{1,3}\.){3}\d{1,3})\b/.exec(text)?.[1];
}

/** And the domain whose mail it is; only what can stand in a command is taken. */
function domainIn(text: string): string | undefined {
  const said = /\b(?:sending domain|e?mail from|SPF) \[?((?:[a-z0-9_][a-z0-9_-]{0,62}\.){1,8}[a-z0-9-]{2,63})\b/i.exec(
    text,
  );
  return said?.[1]?.toLowerCase();
}

function filled(step: string, { domain, address, command = 'posthorn' }: BounceContext): string {
  return step
    .replaceAll(/\bposthorn (?=[a-z])/g, `${command} `)
    .replaceAll('{domain}', domain ?? 'YOUR-DOMAIN')
    .replaceAll('{address}', address ?? 'ADDRESS');
}
