/**
 * What this service says: findings of the doctor and of the score, and what `explainMessage` tells of a message. Facts, each with a
 * sentence for people who know no RFC.
 */
import type { AuthReport } from '../../protocol/authenticate.ts';

// ---- Findings: of a domain (`check`) and of a message (`score`)

/** pass, fail: looked, and this is how it is. unknown: it could not be found out, which is neither. skip: the question does not arise here. */
export type FindingStatus = 'pass' | 'fail' | 'unknown' | 'skip';
/** critical: mail is lost or forged now. error: receivers refuse or junk some of it. warn: it will. advice: it could be better. */
export type Severity = 'critical' | 'error' | 'warn' | 'advice';

/** What was asked, and what came back. */
export type FindingEvidence = {
  /** `TXT _dmarc.example.com`, `SMTP mx.example.com:25`, `header From` */
  readonly query: string;
  /** As it came, text of strangers included; `NXDOMAIN`, `no data`, `timeout` where there was none. */
  readonly answer: string;
  /** Seconds. */
  readonly ttl?: number;
  /** Who answered, where that is known. */
  readonly server?: string;
};

/** Name absolute without the final dot; a TXT value joined and unquoted. */
export type FixRecord = {
  readonly name: string;
  readonly type: string;
  readonly value: string;
  readonly ttl?: number;
};
/** Records to take away, records to set, and what is to be done elsewhere, in order. */
export type Fix = {
  readonly delete: readonly FixRecord[];
  readonly set: readonly FixRecord[];
  readonly steps?: readonly string[];
};

export type Finding = {
  /** `SPF-05` */
  readonly id: string;
  readonly status: FindingStatus;
  readonly severity: Severity;
  /** What it is about: a name, a host, an address, a header field. */
  readonly subject: string;
  readonly title: string;
  /** One sentence on what was found, for people who know no RFC. */
  readonly meaning: string;
  /** Why it matters: a section of an RFC, or a receiver's rule. */
  readonly why: string;
  readonly evidence: readonly FindingEvidence[];
  readonly fix?: Fix;
  /** Of a failure: what the score gains once it is mended, where it costs any. */
  readonly points?: number;
};

// ---- A message explained

export type RemarkKind = 'good' | 'bad' | 'note';

/** One line of an explanation. `say` never repeats text of strangers without quoting it as such. */
export type Remark = { readonly kind: RemarkKind; readonly say: string };

export type ExplainedHop = {
  readonly from?: string;
  readonly reverseName?: string;
  readonly address?: string;
  readonly by?: string;
  readonly with?: string;
  readonly tls?: string;
  readonly atMs?: number;
  /** Since the hop before; negative when clocks differ. */
  readonly delayMs?: number;
  readonly remarks: readonly Remark[];
};

export type ExplainedTag = { readonly tag: string; readonly value: string; readonly say: string };

export type ExplainedSignature = {
  readonly domain: string;
  readonly selector: string;
  readonly keyName?: string;
  readonly tags: readonly ExplainedTag[];
  /** Names of fields that are there and not covered. */
  readonly uncovered: readonly string[];
  /** Whether the body is still what was signed; undefined when the field does not let us say. */
  readonly bodyIntact?: boolean;
  readonly remarks: readonly Remark[];
};

export type ExplainedResult = {
  readonly method: string;
  readonly result: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly say: string;
};

export type ExplainedResults = {
  readonly field: 'Authentication-Results' | 'ARC-Authentication-Results' | 'Received-SPF';
  /** Who says so. */
  readonly by: string;
  readonly instance?: number;
  readonly results: readonly ExplainedResult[];
  readonly remarks: readonly Remark[];
};

/** What is known of who sent it: from the top Authentication-Results field, or evaluated today. */
export type Evidence = {
  readonly source: 'header' | 'today' | 'none';
  readonly by?: string;
  readonly spf?: { readonly result: string; readonly domain: string };
  readonly dkim: readonly { readonly result: string; readonly domain: string }[];
  readonly dmarc?: { readonly result: string; readonly policy?: string; readonly disposition?: string };
  /** Which of the two fitted, by the modes of the record (adkim, aspf); only an evaluation of today tells. */
  readonly aligned?: Readonly<Record<'spf' | 'dkim', boolean>>;
};

export type AlignmentLine = {
  readonly by: 'spf' | 'dkim';
  readonly result: string;
  readonly domain: string;
  readonly fit: 'same' | 'organizational' | 'foreign';
  /** Proven and fitting. */
  readonly counts: boolean;
  readonly say: string;
};

export type ExplainedAlignment = {
  readonly evidence: Evidence['source'];
  readonly by?: string;
  /** The domain in From. */
  readonly domain?: string;
  readonly organizationalDomain?: string;
  readonly lines: readonly AlignmentLine[];
  readonly verdict: 'aligned' | 'not-aligned' | 'unknown';
  readonly say: string;
};

export type Requirement = { readonly say: string; readonly met: 'yes' | 'no' | 'unknown'; readonly why: string };
export type ReceiverView = {
  readonly receiver: 'Gmail' | 'Yahoo' | 'Microsoft';
  /** Over what it asks of a message of this kind; unknown where something that counts is not known and nothing is missing. */
  readonly verdict: 'met' | 'not-met' | 'unknown';
  readonly say: string;
  /** What a message of this kind has to meet there; `bulk` ones only from bulk senders. */
  readonly requirements: readonly (Requirement & { readonly bulk: boolean })[];
};

/** What a mail program shows beside the message, and why. */
export type ReaderMark = {
  readonly mark: 'via' | 'question-mark' | 'open-padlock' | 'warning' | 'none';
  readonly say: string;
};

export type Difference = { readonly what: string; readonly header: string; readonly today: string };

export type Explanation = {
  readonly from: {
    readonly shown: string;
    readonly address?: string;
    readonly domain?: string;
    readonly problem?: string;
  };
  readonly returnPath?: string;
  readonly subject?: string;
  readonly atMs?: number;
  readonly hops: readonly ExplainedHop[];
  readonly signatures: readonly ExplainedSignature[];
  readonly results: readonly ExplainedResults[];
  readonly alignment: ExplainedAlignment;
  readonly receivers: readonly ReceiverView[];
  readonly reader: readonly ReaderMark[];
  /** With an evaluation of today: the report, and where it says something else than the header. */
  readonly today?: { readonly report: AuthReport; readonly differences: readonly Difference[] };
};
