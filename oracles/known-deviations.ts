/**
 * Where another implementation is known to differ and the RFC decides for us. Each entry says what it explains as narrowly as it
 * can; whatever none explains is either our bug or a new entry with its sentence.
 */

import type { Wish } from './dkim-cases.ts';
import type { DmarcCase } from './dmarc-cases.ts';
import type { Answer } from './peer.ts';
import type { SpfCase } from './spf-cases.ts';

export type Deviation<Case, Ours> = {
  readonly peer: string;
  readonly rule: string;
  readonly explains: (one: Case, ours: Ours, theirs: Answer) => boolean;
};

type OurSpf = { readonly result: string; readonly reason?: string; readonly trace: readonly string[] };

const records = (one: SpfCase) =>
  Object.values(one.world).flatMap(({ TXT }) => (TXT ?? []).map((strings) => strings.join('').toLowerCase()));
const anyRecord = (one: SpfCase, pattern: RegExp) => records(one).some((text) => pattern.test(text));
const why = (theirs: Answer) => String(theirs.why);

export const spfDeviations: readonly Deviation<SpfCase, OurSpf>[] = [
  {
    peer: 'pyspf',
    rule: 'RFC 5321 §4.1.2: the last unquoted @ parts the address; it takes the first of "a@b"@a.test',
    explains: (one) => one.mail_from.startsWith('"'),
  },
  {
    peer: 'pyspf',
    rule: 'RFC 7208 §4.6.4: an include of the domain itself costs look-ups like any other; it ends the check before terms that match',
    explains: (_, __, theirs) => why(theirs).includes('trivial recursion'),
  },
  {
    peer: 'pyspf',
    rule: 'RFC 7208 §4.6: syntax errors anywhere are found before evaluation; it expands macros only when it gets there',
    explains: (_, ours) => ours.reason === 'syntax',
  },
  {
    peer: 'pyspf',
    rule: 'RFC 7208 §5.5: a DNS error while names are confirmed fails to match, it is not temperror',
    explains: (one, _, theirs) => theirs.result === 'temperror' && anyRecord(one, /ptr|%\{p/),
  },
  {
    peer: 'pyspf',
    rule: 'RFC 7208 §4.6.4 counts terms; it counts each look-up below mx, ptr and %{p} as a void one',
    explains: (one, _, theirs) => why(theirs).includes('Void lookup limit') && anyRecord(one, /mx|ptr|%\{p/),
  },
  {
    peer: 'pyspf',
    rule: 'RFC 7208 §5.4 names no order: it asks for every exchange before it compares the first, and fails at a later one',
    explains: (one, _, theirs) => theirs.result === 'temperror' && anyRecord(one, /mx/),
  },
  {
    peer: 'Mail::SPF',
    rule: 'RFC 7208 §5: an IPv4 client never matches ip6, not even ip6:…/0',
    explains: (one) => !one.ip.includes(':') && anyRecord(one, /ip6:[0-9a-f:]+\/0/),
  },
  {
    peer: 'Mail::SPF',
    rule: 'RFC 7208 §4.6: syntax errors anywhere are found before evaluation; it expands macros only when it gets there',
    explains: (_, ours) => ours.reason === 'syntax',
  },
  {
    peer: 'Mail::SPF',
    rule: 'RFC 7208 §4.3: a name with an empty label is no name; its DNS library throws',
    explains: (_, __, theirs) => why(theirs).includes('empty label'),
  },
  {
    peer: 'Mail::SPF',
    rule: 'RFC 7208 §4.6.4 counts terms; it counts each look-up below mx, ptr and %{p} as a void one',
    explains: (one, _, theirs) => /void DNS look-ups/.test(why(theirs)) && anyRecord(one, /mx|ptr|%\{p/),
  },
  {
    peer: 'Mail::SPF',
    rule: 'RFC 7208 §4.6.4: more than 10 mx names are permerror; it looks at the first 10',
    explains: (_, ours) => ours.reason === 'too-many-mx',
  },
  {
    peer: 'Mail::SPF',
    rule: 'RFC 7208 §4.6.4: an alias that leads to nothing is a void look-up; it counts the alias as an answer',
    explains: (one, ours) =>
      ours.reason === 'too-many-void-lookups' &&
      Object.entries(one.world).some(
        ([name, { CNAME }]) => CNAME !== undefined && ours.trace.join('\n').includes(name),
      ),
  },
  {
    peer: 'Mail::SPF',
    rule: 'RFC 7208 §5: ip6:::ffff:a.b.c.d never matches an IPv4 client',
    explains: (one) => !one.ip.includes(':') && anyRecord(one, /ip6:::ffff:/),
  },
  {
    peer: 'mailauth',
    rule: 'RFC 7208 §4.6.4 counts terms; it counts each look-up below ptr and %{p} as a void one',
    explains: (one, _, theirs) => why(theirs).includes('Too many void') && anyRecord(one, /ptr|%\{p/),
  },
  {
    peer: 'mailauth',
    rule: 'RFC 7208 §4.6.4: more than 10 mx names are permerror; it stops at the first that matches',
    explains: (_, ours) => ours.reason === 'too-many-mx',
  },
];

type OurDmarc = { readonly result: string; readonly trace: readonly string[] };

export const dmarcDeviations: readonly Deviation<DmarcCase, OurDmarc>[] = [
  {
    peer: 'mailauth',
    rule: 'RFC 9989 §4.8: a record begins with v=DMARC1; it takes blanks before',
    explains: (one) => Object.values(one.world).some(({ TXT }) => TXT?.some(([text]) => text?.startsWith(' v='))),
  },
];

/** One signature of a message, as it was made, as we judge it, and what the other says of it. */
export type JudgedSignature = {
  readonly wish: Wish;
  readonly change: string;
  readonly ours: string;
  readonly reason: string;
  readonly theirs: string;
  readonly why: string;
};
type DkimDeviation = {
  readonly peer: string;
  readonly rule: string;
  readonly explains: (one: JudgedSignature) => boolean;
};

const everybody = ['mailauth', 'dkimpy', 'Mail::DKIM', 'libopendkim'];
/** We refuse, they accept. */
const laxer = (peer: string, reason: string, rule: string): DkimDeviation => ({
  peer,
  rule,
  explains: (one) => one.theirs === 'pass' && one.reason.startsWith(reason),
});

export const dkimDeviations: readonly DkimDeviation[] = [
  ...everybody.map((peer) => ({
    peer,
    rule: 'RFC 6376 §3.5: h= never means the field that is being verified; they take it',
    explains: ({ wish, theirs }: JudgedSignature) => wish.h === 'from:dkim-signature' && theirs !== 'pass',
  })),
  ...['mailauth', 'dkimpy', 'Mail::DKIM'].map((peer) =>
    laxer(peer, 'l= counts more', 'RFC 6376 §3.5: l= must not exceed the body; it takes what there is'),
  ),
  ...['dkimpy', 'Mail::DKIM'].map((peer) =>
    laxer(peer, 'h= does not cover', 'RFC 6376 §5.4: From must be covered; it does not look'),
  ),
  ...['dkimpy', 'Mail::DKIM', 'libopendkim'].map((peer) =>
    laxer(
      peer,
      'the record at this selector is not a usable key',
      'RFC 6376 §3.6.1: v= comes first, tags stand once, an Ed25519 key says k=; it does not look',
    ),
  ),
  laxer('dkimpy', 'the key does not allow SHA-256', 'RFC 6376 §3.6.1: h= limits the hashes; it ignores it'),
  laxer('dkimpy', 'the key wants i=', 'RFC 6376 §3.6.1: t=s wants i= to be d=; it ignores it'),
  laxer('dkimpy', 'the key is not meant', 'RFC 6376 §3.6.1: s= must name email; it ignores it'),
  laxer('Mail::DKIM', 'v= is missing', 'RFC 6376 §3.5: v= is required; it takes its absence'),
  laxer('Mail::DKIM', 'l= is not a number', 'RFC 6376 §3.5: l= is a number; it reads -1 as nothing'),
  laxer('Mail::DKIM', 't= or x= is not', 'RFC 6376 §3.5: t= and x= are numbers; it does not look'),
  laxer('libopendkim', 'q= does not offer', 'RFC 6376 §3.5: q= without dns/txt cannot be asked; it asks'),
  {
    peer: 'dkimpy',
    rule: 'RFC 6376 §5.4.2: fields are taken from the bottom, one more From above changes nothing; it refuses two From',
    explains: ({ change, theirs }) => change === 'a from above' && theirs !== 'pass',
  },
  {
    peer: 'dkimpy',
    rule: 'RFC 6376 §3.6.1: t= of a key holds flags, unknown ones are ignored, as are unknown tags; it stumbles over such a record',
    explains: ({ wish, why }) => wish.selector === 'full' && why.includes('UnknownKeyType'),
  },
  {
    peer: 'Mail::DKIM',
    rule: 'RFC 8463: ed25519-sha256; this version does not know it',
    explains: ({ wish, theirs }) => wish.selector.startsWith('ed') && theirs !== 'pass',
  },
  {
    peer: 'Mail::DKIM',
    rule: 'RFC 6376 §3.5: l=0 signs nothing of the body; it reads it as no l=',
    explains: ({ wish }) => (wish.extra.l ?? wish.l) === '0',
  },
  {
    peer: 'libopendkim',
    rule: 'RFC 6376 §6.1: one signature that cannot be read does not end the others; it refuses the message',
    explains: ({ theirs }) => theirs === 'refused',
  },
];
