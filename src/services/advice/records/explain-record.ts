/**
 * One TXT record in plain words: what kind it is, what each part of it says, and whether receivers can read it, judged by the engine
 * that reads it in the mail. What it costs or leads to in the DNS is the business of `check`. Pure.
 */
import { printable } from '../../../base/printable.ts';
import { parseTagList } from '../../../format/tag-list.ts';
import { parseBimiRecord } from '../../../protocol/bimi/record.ts';
import { parseKeyRecord } from '../../../protocol/dkim/key-record.ts';
import { dkimProblems } from '../../../protocol/dkim/problems.ts';
import { isDmarcRecord, parseDmarcRecord } from '../../../protocol/dmarc/record.ts';
import { parseStsRecord } from '../../../protocol/mta-sts/record.ts';
import { type Directive, isSpfRecord, parseSpfRecord, type Qualifier } from '../../../protocol/spf/record.ts';
import { parseTlsRptRecord } from '../../../protocol/tls-rpt/record.ts';
import type { ExplainedTag, Remark } from '../types.ts';
import { bimiWords, dkimKeyWords, dmarcWords, stsWords, type TagWords, tlsReportWords } from './tag-words.ts';

type RecordKind = 'SPF' | 'DMARC' | 'DKIM key' | 'MTA-STS' | 'TLS-RPT' | 'BIMI';

export type ExplainedRecord = {
  readonly kind: RecordKind;
  /** Where such a record stands. */
  readonly at: string;
  readonly parts: readonly ExplainedTag[];
  /** What receivers make of it: `bad` when they cannot read it, or ignore some of it. */
  readonly remarks: readonly Remark[];
};

/** Far above any record that fits into an answer. */
const textMax = 65_535;
const partsMax = 200;

/** Undefined when the text begins like no record of mail. */
export function explainRecord(given: string): ExplainedRecord | undefined {
  const text = given.slice(0, textMax).trim();
  if (isSpfRecord(text)) return explainSpf(text);
  if (isDmarcRecord(text)) return explainDmarc(text);
  if (/^v=STSv1;/.test(text)) return explainSts(text);
  if (/^v=TLSRPTv1;/.test(text)) return explainTlsReports(text);
  if (/^v=BIMI1;/.test(text)) return explainLogo(text);
  if (/^v=DKIM1\s*;/.test(text) || /^(?:[a-uw-z]=[^;]*;\s*)*p=[A-Za-z0-9+/=\s]*;?$/.test(text)) return explainKey(text);
  return undefined;
}

function explainSpf(text: string): ExplainedRecord {
  const place = { kind: 'SPF', at: 'TXT at the domain itself' } as const;
  const parsed = parseSpfRecord(text);
  if (!parsed.ok) {
    const pointed = `${printable(text.slice(0, parsed.at), 80)} >>> ${printable(text.slice(parsed.at, parsed.at + parsed.length), 80)}`;
    return {
      ...place,
      parts: [],
      remarks: [{ kind: 'bad', say: `no receiver can read it: ${parsed.say}; at ${pointed}` }],
    };
  }
  const { directives, redirect, exp, unknown, hasAll } = parsed.value;
  const modifiers = [
    ...(redirect === undefined ? [] : [part(redirect.text, 'the record of that name decides, if nothing before does')]),
    ...(exp === undefined ? [] : [part(exp.text, 'where the sentence stands that refused senders are told')]),
    ...unknown.map((one) => part(one, 'nobody knows this: it is ignored')),
  ];
  const parts = [...directives.map((one) => part(one.text, spfWords(one))), ...modifiers].slice(0, partsMax);
  const remarks: Remark[] = [];
  const all = directives.find(({ kind }) => kind === 'all');
  if (all?.qualifier === '+') remarks.push({ kind: 'bad', say: 'it lets the whole world send for the domain' });
  if (!hasAll && redirect === undefined)
    remarks.push({
      kind: 'bad',
      say: 'it does not say what holds for everybody else: ~all or -all belongs at its end',
    });
  if (remarks.length === 0) remarks.push({ kind: 'good', say: 'receivers can read it' });
  remarks.push({ kind: 'note', say: 'how many lookups it costs, of the ten that are allowed, says: spf tree DOMAIN' });
  return { ...place, parts, remarks };
}

const ends: Readonly<Record<Qualifier, string>> = {
  '+': 'may send for the domain',
  '-': 'may not: refuse it',
  '~': 'probably may not: take it with doubt',
  '?': 'nothing is said',
};

function spfWords(directive: Directive): string {
  const { kind, qualifier } = directive;
  const target = 'target' in directive && directive.target !== undefined ? 'that name' : 'the domain';
  const who = {
    all: 'everybody who was not named before',
    include: 'whoever the record of that name permits',
    exists: 'whoever makes that name exist',
    a: `the addresses of ${target}`,
    mx: `the mail servers of ${target}`,
    ptr: `hosts whose name is below ${target} (slow, and many receivers ignore it: replace it)`,
    ip4: 'this address or network',
    ip6: 'this address or network',
  }[kind];
  return kind === 'include' && qualifier !== '+' ? `${who}: then ${ends[qualifier]}` : `${who}: ${ends[qualifier]}`;
}

function explainDmarc(text: string): ExplainedRecord {
  const place = { kind: 'DMARC', at: 'TXT at _dmarc.DOMAIN' } as const;
  const parsed = parseDmarcRecord(text);
  const parts = tagParts(text, dmarcWords);
  if (!parsed.ok)
    return { ...place, parts, remarks: [{ kind: 'bad', say: `receivers ignore the whole record: ${parsed.say}` }] };
  const { usable, obsolete, remarks: ignored, rua } = parsed.value;
  return {
    ...place,
    parts,
    remarks: [
      usability[usable],
      ...ignored.map((say): Remark => ({ kind: 'bad', say })),
      ...(obsolete.length === 0
        ? []
        : [note(`of the old standard, and ignored by new receivers: ${obsolete.join(', ')}`)]),
      ...(rua.length > 0 ? [] : [note('without rua= nobody tells you who sends as you')]),
    ],
  };
}

const usability: Readonly<Record<'yes' | 'as-none' | 'no', Remark>> = {
  yes: { kind: 'good', say: 'receivers can read it' },
  'as-none': { kind: 'bad', say: 'its policy cannot be read, so receivers take it for p=none and send reports' },
  no: {
    kind: 'bad',
    say: 'its policy cannot be read and no reports are wanted, so receivers act as if there was no record',
  },
};

function explainKey(text: string): ExplainedRecord {
  const key = parseKeyRecord(text);
  const remark: Remark =
    typeof key !== 'string'
      ? {
          kind: 'good',
          say: `a ${key.type === 'rsa' ? `RSA key of ${key.bits} bits` : 'Ed25519 key'} that receivers can use`,
        }
      : key === 'key-revoked'
        ? { kind: 'note', say: 'the key was withdrawn: what it signed proves nothing any more' }
        : { kind: 'bad', say: `no signature can be checked with it: ${dkimProblems[key].say}` };
  const weak = typeof key !== 'string' && key.type === 'rsa' && key.bits < 2_048;
  return {
    kind: 'DKIM key',
    at: 'TXT at SELECTOR._domainkey.DOMAIN',
    parts: tagParts(text, dkimKeyWords),
    remarks: [remark, ...(weak ? [note('2048 bits are usual today')] : [])],
  };
}

function explainSts(text: string): ExplainedRecord {
  const read = parseStsRecord([text]);
  return {
    kind: 'MTA-STS',
    at: 'TXT at _mta-sts.DOMAIN',
    parts: tagParts(text, stsWords),
    remarks: [readable(read), note('the policy itself is a file at https://mta-sts.DOMAIN/.well-known/mta-sts.txt')],
  };
}

function explainTlsReports(text: string): ExplainedRecord {
  const read = parseTlsRptRecord([text]);
  return {
    kind: 'TLS-RPT',
    at: 'TXT at _smtp._tls.DOMAIN',
    parts: tagParts(text, tlsReportWords),
    remarks: [readable(read)],
  };
}

function explainLogo(text: string): ExplainedRecord {
  const read = parseBimiRecord([text]);
  const remark: Remark =
    read.kind === 'invalid'
      ? { kind: 'bad', say: `nobody shows a logo by it: ${read.why}` }
      : read.kind === 'declined'
        ? note('the domain wants no logo')
        : { kind: 'good', say: 'mail programs can read it' };
  return {
    kind: 'BIMI',
    at: 'TXT at default._bimi.DOMAIN',
    parts: tagParts(text, bimiWords),
    remarks: [remark, note('a logo is shown only where DMARC says quarantine or reject: check DOMAIN looks at both')],
  };
}

function readable(
  read: { readonly kind: 'found' | 'none' } | { readonly kind: 'invalid'; readonly why: string },
): Remark {
  return read.kind === 'invalid'
    ? { kind: 'bad', say: `senders ignore it: ${read.why}` }
    : { kind: 'good', say: 'senders can read it' };
}

function tagParts(text: string, words: TagWords): ExplainedTag[] {
  const list = parseTagList(text, { broken: 'skip' });
  if (!list.ok) return [];
  return [...list.value].slice(0, partsMax).map(([tag, { value }]) => ({
    tag,
    value,
    say: words.get(tag)?.(value) ?? 'nobody knows this: it is ignored',
  }));
}

function part(tag: string, say: string): ExplainedTag {
  return { tag, value: '', say };
}

function note(say: string): Remark {
  return { kind: 'note', say };
}
