/**
 * What the large receivers ask of a message, and what a mail program shows beside it. Their published rules for senders, of
 * February 2024 (Gmail, Yahoo) and May 2025 (Microsoft consumer mail); what one message cannot tell is unknown. Pure.
 */
import { fieldsNamed, fieldText, type MessageIndex } from '../../format/message/message-index.ts';
import { partContent, partFilename, partTree } from '../../format/message/part-tree.ts';
import { hopFromOutside } from './explain-hops.ts';
import type { Evidence, ExplainedAlignment, ExplainedHop, ReaderMark, ReceiverView, Requirement } from './types.ts';

export type Known = {
  readonly index: MessageIndex;
  readonly evidence: Evidence;
  readonly alignment: ExplainedAlignment;
  readonly hops: readonly ExplainedHop[];
  readonly hasOneAuthor: boolean;
  /** Names of fields that a signature covers which holds as far as is known, lower case. */
  readonly covered: ReadonlySet<string>;
  /** The connection it came by, where more is known than the header says. */
  readonly connection?: {
    readonly address?: string;
    readonly name?: string;
    readonly isNamed: Requirement['met'];
    readonly isEncrypted: Requirement['met'];
    readonly tls?: string;
  };
  /** It goes to many. */
  readonly isBulk?: boolean;
  /** Octets of the text that is shown, where somebody has read it already. */
  readonly shownOctets?: number;
};

/** Gmail cuts a message there and shows a link. */
const clippedOctets = 102 * 1_024;

export function receiverViews(known: Known): ReceiverView[] {
  const one = (requirement: Requirement) => ({ ...requirement, bulk: false });
  const bulk = (requirement: Requirement) => ({ ...requirement, bulk: true });
  const everyone = [one(wellFormed(known)), one(spfOrDkim(known)), one(policyAllows(known)), one(reverseName(known))];
  const list = [bulk(spfAndDkim(known)), bulk(hasDmarc(known)), bulk(fits(known))];
  const view = (receiver: ReceiverView['receiver'], requirements: ReceiverView['requirements']) => ({
    receiver,
    ...verdictOf(requirements, known.isBulk === true),
    requirements,
  });
  return [
    view('Gmail', [...everyone, one(encrypted(known)), ...list, bulk(oneClick(known)), bulk(notClipped(known))]),
    view('Yahoo', [...everyone, ...list, bulk(oneClick(known))]),
    view('Microsoft', [one(policyAllows(known)), ...list]),
  ];
}

function verdictOf(all: ReceiverView['requirements'], isBulk: boolean): Pick<ReceiverView, 'verdict' | 'say'> {
  const named = (some: readonly Requirement[]) => some.map(({ say }) => say).join('; ');
  const asked = all.filter(({ bulk }) => isBulk || !bulk);
  const missing = asked.filter(({ met }) => met === 'no');
  if (missing.length > 0) return { verdict: 'not-met', say: `what is asked for is not there: ${named(missing)}` };
  const open = asked.filter(({ met }) => met === 'unknown');
  if (open.length > 0) return { verdict: 'unknown', say: `nothing is missing; not known: ${named(open)}` };
  const ofMany = all.filter(({ met }) => met === 'no');
  if (ofMany.length === 0) return { verdict: 'met', say: 'all that is asked for is there' };
  return { verdict: 'met', say: `fine from a small sender; of those who send much more is asked: ${named(ofMany)}` };
}

const passes = (result: string | undefined) => result === 'pass';
const dkimPasses = ({ dkim }: Evidence) => dkim.some(({ result }) => passes(result));
const yes = (is: boolean): Requirement['met'] => (is ? 'yes' : 'no');

function unlessUnknown({ source }: Evidence, requirement: Requirement): Requirement {
  return source === 'none'
    ? { ...requirement, met: 'unknown', why: 'no receiver noted it; --verify finds out' }
    : requirement;
}

function wellFormed({ hasOneAuthor, index }: Known): Requirement {
  const missing = ['date', 'message-id'].filter((name) => fieldsNamed(index, name).length !== 1);
  const say = 'one From, one Date, one Message-ID';
  if (!hasOneAuthor) return { say, met: 'no', why: 'From does not name exactly one author' };
  return {
    say,
    met: yes(missing.length === 0),
    why: missing.length === 0 ? 'all there, once' : `not there exactly once: ${missing.join(', ')}`,
  };
}

function spfOrDkim({ evidence }: Known): Requirement {
  const met = passes(evidence.spf?.result) || dkimPasses(evidence);
  return unlessUnknown(evidence, {
    say: 'SPF or DKIM passes',
    met: yes(met),
    why: met ? 'at least one does' : 'neither does: expect 550 5.7.26',
  });
}

function spfAndDkim({ evidence }: Known): Requirement {
  const [spf, dkim] = [passes(evidence.spf?.result), dkimPasses(evidence)];
  const why = spf && dkim ? 'both do' : spf ? 'DKIM does not' : dkim ? 'SPF does not' : 'neither does';
  return unlessUnknown(evidence, { say: 'SPF and DKIM pass', met: yes(spf && dkim), why });
}

/** RFC 9989 §7.4: what the domain asks for is what most receivers do. */
function policyAllows({ evidence, alignment }: Known): Requirement {
  const { dmarc } = evidence;
  const say = 'the domain in From does not ask to refuse it (DMARC)';
  if (dmarc === undefined) return { say, met: 'unknown', why: 'nobody noted DMARC; --verify finds out' };
  if (dmarc.result !== 'fail' && dmarc.result !== 'permerror')
    return dmarc.result === 'temperror' || dmarc.result === 'unknown'
      ? { say, met: 'unknown', why: 'DMARC could not be judged' }
      : { say, met: 'yes', why: dmarc.result === 'pass' ? 'DMARC passes' : 'it asks for nothing' };
  const asked = evidence.source === 'today' ? (dmarc.disposition ?? dmarc.policy) : dmarc.policy;
  const isHarsh = asked === 'reject' || asked === 'quarantine';
  const of = alignment.domain ?? 'the domain in From';
  return {
    say,
    met: yes(!isHarsh),
    why: isHarsh ? `DMARC fails, and ${of} asks to ${asked} such mail` : `DMARC fails, and ${of} asks for nothing`,
  };
}

function hasDmarc({ evidence }: Known): Requirement {
  const { dmarc } = evidence;
  const say = 'the domain in From has a DMARC record';
  if (dmarc === undefined) return { say, met: 'unknown', why: 'nobody noted DMARC; --verify finds out' };
  if (dmarc.result === 'temperror') return { say, met: 'unknown', why: 'DNS failed when it was looked for' };
  const has = dmarc.result !== 'none' && dmarc.result !== 'bestguesspass';
  return { say, met: yes(has), why: has ? 'it has one' : 'it has none: p=none is enough for this' };
}

function fits({ alignment }: Known): Requirement {
  const met = { aligned: 'yes', 'not-aligned': 'no', unknown: 'unknown' } as const;
  return { say: 'From fits SPF or DKIM', met: met[alignment.verdict], why: alignment.say };
}

function lastHop(hops: readonly ExplainedHop[]): ExplainedHop | undefined {
  return hopFromOutside(hops.toReversed());
}

function encrypted({ hops, connection }: Known): Requirement {
  const say = 'encrypted on the way to the receiver';
  if (connection !== undefined) {
    const why = { yes: connection.tls ?? 'with TLS', no: 'without TLS', unknown: 'nobody said' }[
      connection.isEncrypted
    ];
    return { say, met: connection.isEncrypted, why };
  }
  const hop = lastHop(hops);
  if (hop === undefined) return { say, met: 'unknown', why: 'no hop to a receiver is in the header' };
  return {
    say,
    met: yes(hop.tls !== undefined),
    why:
      hop.tls === undefined
        ? `nothing says so at ${hop.by ?? 'the last hop'}`
        : `${hop.tls} at ${hop.by ?? 'the last hop'}`,
  };
}

function reverseName({ hops, connection }: Known): Requirement {
  const say = 'the sending address has a name that leads back to it';
  if (connection !== undefined) {
    const { address = 'the address', name, isNamed: met } = connection;
    if (met === 'unknown') return { say, met, why: `could not be found out for ${address}` };
    return { say, met, why: met === 'yes' ? `${address} is ${name ?? 'named'}` : `${address} has none` };
  }
  const hop = lastHop(hops);
  if (hop?.address === undefined) return { say, met: 'unknown', why: 'no hop to a receiver is in the header' };
  if (hop.reverseName === undefined) return { say, met: 'unknown', why: `none was noted for ${hop.address}` };
  return { say, met: 'yes', why: `${hop.address} is ${hop.reverseName}` };
}

/** RFC 8058 §3 and §4: https, the Post field, and both under a valid signature, whoever's it is. */
function oneClick({ index, covered }: Known): Requirement {
  const say = 'newsletters: one-click unsubscribe, signed';
  const link = fieldText(index, 'list-unsubscribe');
  const post = fieldText(index, 'list-unsubscribe-post');
  if (link === undefined && post === undefined)
    return { say, met: 'unknown', why: 'no List-Unsubscribe: right for mail to one person, not for a newsletter' };
  if (link === undefined || !/<https:/i.test(link))
    return { say, met: 'no', why: 'List-Unsubscribe names no https address' };
  if (post?.toLowerCase() !== 'list-unsubscribe=one-click')
    return { say, met: 'no', why: 'List-Unsubscribe-Post is not List-Unsubscribe=One-Click' };
  const isCovered = covered.has('list-unsubscribe') && covered.has('list-unsubscribe-post');
  return {
    say,
    met: yes(isCovered),
    why: isCovered ? 'there, and signed' : 'there, but not covered by a DKIM signature that holds',
  };
}

function notClipped({ index, shownOctets: octets = octetsShown(index) }: Known): Requirement {
  return {
    say: 'text below 102 KB, or Gmail cuts it',
    met: yes(octets <= clippedOctets),
    why: `${Math.ceil(octets / 1_024)} KB`,
  };
}

/** The HTML, or the plain text where there is none: images and attachments do not count. */
function octetsShown(index: MessageIndex): number {
  const texts = partTree(index).parts.filter((part) => part.kind === 'leaf' && partFilename(part) === undefined);
  const html = texts.filter(({ contentType }) => contentType.value === 'text/html');
  const shown = html.length > 0 ? html : texts.filter(({ contentType }) => contentType.value === 'text/plain');
  return shown.reduce((sum, part) => sum + partContent(index, part).length, 0);
}

/** Gmail's marks, which others have in their own form. */
export function readerMarks({ evidence, alignment, hops, hasOneAuthor, connection }: Known): ReaderMark[] {
  const marks: ReaderMark[] = [];
  if (!hasOneAuthor)
    marks.push({ mark: 'warning', say: 'most receivers refuse it or warn: From does not name exactly one author' });
  if (evidence.source !== 'none') marks.push(...identityMarks(evidence, alignment));
  const by = plainTo(hops, connection);
  if (by !== undefined)
    marks.push({ mark: 'open-padlock', say: `a red open padlock: ${by} got it without encryption` });
  return marks.length > 0
    ? marks
    : [
        {
          mark: 'none',
          say:
            evidence.source === 'none'
              ? 'cannot be told from the header alone'
              : 'nothing: the name in From, with a face if it has one',
        },
      ];
}

/** Who got it without encryption. */
function plainTo(hops: readonly ExplainedHop[], connection: Known['connection']): string | undefined {
  if (connection !== undefined) return connection.isEncrypted === 'no' ? 'the receiver' : undefined;
  const hop = lastHop(hops);
  return hop !== undefined && hop.tls === undefined ? (hop.by ?? 'the receiver') : undefined;
}

function identityMarks(evidence: Evidence, alignment: ExplainedAlignment): ReaderMark[] {
  const { dmarc } = evidence;
  if (
    dmarc?.result === 'fail' &&
    (dmarc.policy === 'reject' || dmarc.policy === 'quarantine') &&
    dmarc.disposition !== 'none'
  ) {
    return [
      {
        mark: 'warning',
        say: `Junk, a warning, or no message at all: DMARC failed and ${alignment.domain ?? 'the domain'} asks for p=${dmarc.policy}`,
      },
    ];
  }
  if (alignment.verdict !== 'not-aligned') return [];
  const proven = alignment.lines.filter(({ result }) => result === 'pass');
  if (proven.length === 0)
    return [{ mark: 'question-mark', say: 'a question mark for a face: nothing shows who sent it' }];
  const foreign = proven.find(({ by }) => by === 'dkim') ?? proven[0];
  return foreign === undefined
    ? []
    : [
        {
          mark: 'via',
          say: `"via ${foreign.domain}" beside the name: ${foreign.domain} vouches for it, ${alignment.domain ?? 'From'} does not`,
        },
      ];
}
