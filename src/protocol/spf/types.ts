/** What an SPF check is asked and what it answers. RFC 7208; its vocabulary of results is that of §2.6. */

export type SpfSession = {
  /** The client's IP address as text; an IPv4-mapped IPv6 address counts as the IPv4 address. RFC 7208 §5 */
  readonly remoteAddress: string;
  /** What the client said in HELO or EHLO; may be anything, also empty. */
  readonly helo: string;
  /** MAIL FROM without brackets; '' is the null sender. */
  readonly mailFrom: string;
  /** The host that checks, for `%{r}`. */
  readonly receiver?: string;
};

type SpfVerdict = 'none' | 'neutral' | 'pass' | 'fail' | 'softfail' | 'temperror' | 'permerror';

/** Why there is no verdict of the domain's own: one word per cause, the sentence stands in the trace. */
export type SpfReason =
  | 'bad-remote-address'
  | 'bad-domain'
  | 'no-record'
  | 'several-records'
  | 'syntax'
  | 'too-many-lookups'
  | 'too-many-void-lookups'
  | 'too-many-mx'
  | 'include-without-record'
  | 'redirect-without-record'
  | 'dns-timeout'
  | 'dns-failure'
  | 'time-limit';

export type SpfResult = {
  readonly result: SpfVerdict;
  /** The domain that was checked, as A-labels: MAIL FROM's, or HELO's for the null sender; '' when it is not even fit to show. */
  readonly domain: string;
  /** The term that decided, as published: in the record itself, or in the one that `redirect` led to. */
  readonly matched?: string;
  /** What the domain says about its `fail`. Text of strangers in printable ASCII: never put it into a reply or header as it is. */
  readonly explanation?: string;
  /** Terms that needed the DNS, over all records. RFC 7208 §4.6.4 */
  readonly lookups: number;
  /** Those of them for which the DNS had nothing. RFC 7208 §4.6.4 */
  readonly voidLookups: number;
  readonly reason?: SpfReason;
  /** Term by term, indented by record. */
  readonly trace: readonly string[];
};
