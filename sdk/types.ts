/** The API’s types. Made from its schemas by tools/generate-sdk-types.ts: change them there. */

/** What the office says at a name. */
export type AnsweredSet = {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'MX' | 'NS' | 'TXT' | 'TLSA' | 'SRV' | 'CAA' | 'PTR';
  readonly ttl: number;
  readonly values: readonly string[];
};

/** A file that travels with the message. */
export type Attachment = {
  /** As it is shown to the reader. */
  readonly filename?: string;
  /** The file in base64 (RFC 4648 §4), in one line. */
  readonly content: string;
  /** Default: application/octet-stream. */
  readonly content_type?: string;
  /** For links of the form cid:... in html, without brackets. */
  readonly content_id?: string;
  /** Default: inline with a content_id, else attachment. */
  readonly disposition?: 'attachment' | 'inline';
};

/** The logo. */
export type BimiWish = {
  /** https address of the SVG file. */
  readonly logo: string;
  /** https address of its certificate. */
  readonly evidence?: string;
};

export type CheckEmailQuery = {
  /** Whether its links are followed, to see whether they lead to pages (at most 20, and 20 seconds longer). Those that act for their reader, such as unsubscribing, are left. Default: false. */
  readonly follow_links?: boolean;
};

export type CheckRawEmailQuery = {
  /** The stream it is of, where the field Posthorn-Stream of the message names none. */
  readonly stream?: string;
  /** Whether its links are followed, to see whether they lead to pages (at most 20, and 20 seconds longer). Those that act for their reader, such as unsubscribing, are left. Default: false. */
  readonly follow_links?: boolean;
};

/** A new API key with its text. */
export type CreatedKey = {
  readonly object: 'key';
  /** Names the key; also the account of the messages it sends. */
  readonly id: string;
  readonly name: string;
  readonly mode: 'live' | 'test';
  readonly scopes: readonly ('send' | 'read' | 'domains:write' | 'admin')[];
  readonly domains?: readonly string[];
  /** When it was made. */
  readonly created_at: string;
  /** When it was used last, to the hour. */
  readonly last_used_at?: string;
  /** When it was revoked. */
  readonly revoked_at?: string;
  /** The key itself. It is not stored and cannot be shown again. */
  readonly token: string;
};

/** A new login. */
export type CreatedUser = {
  readonly object: 'user';
  /** Names the login in this API. */
  readonly id: string;
  readonly login: string;
  readonly domains: readonly string[];
  /** When it was made. */
  readonly created_at: string;
  /** The password that was made. It is not stored and cannot be shown again. */
  readonly app_password?: string;
};

/** A DKIM key that no sender brings. */
export type DeclaredKey = {
  /** What stands before ._domainkey. */
  readonly selector: string;
  /** The value of its TXT record. */
  readonly record: string;
};

/** A part of the score that was lost. */
export type Deduction = {
  /** The check that found the fault. */
  readonly check: string;
  readonly category: 'authentication' | 'host' | 'lists' | 'content' | 'bulk';
  /** What it costs. */
  readonly points: number;
  /** What it would cost if its category had no upper limit. */
  readonly full_points: number;
  /** The fault, in words for people. */
  readonly say: string;
  /** What mends a fault. */
  readonly fix: Fix;
  /** What the fix alone gives back. */
  readonly gives_back: number;
};

/** What of a domain the office keeps and answers. */
export type Delegation = {
  readonly object: 'delegation';
  readonly domain: string;
  readonly delegated: boolean;
  /** names: some names lead here. zone: the domain as a whole. */
  readonly kind?: 'names' | 'zone';
  /** Below which the office answers. */
  readonly zone?: string;
  readonly name_servers?: readonly string[];
  readonly mta_sts?: 'testing' | 'enforce' | 'none';
  readonly spf_held: readonly HeldSpf[];
  /** What leads to the office; created once. */
  readonly records: readonly RecordToCreate[];
  /** What stays in the domain’s own zone besides. */
  readonly beside: readonly RecordToCreate[];
  readonly answered: readonly AnsweredSet[];
};

/** A key that signs mail of a domain, and the record that publishes it. */
export type DkimKey = {
  readonly selector: string;
  readonly algorithm: string;
  /** pending: not used before every name server shows its record. active: signs. retiring: signs no more, its record stays. retired: its record may go. */
  readonly state: 'pending' | 'active' | 'retiring' | 'retired';
  /** When it came into this state. */
  readonly since: string;
  /** Of a pending key: since when every name server shows its record. */
  readonly seen_since?: string;
  readonly record: {
    readonly name: string;
    readonly type: 'TXT';
    /** As one text, unquoted. */
    readonly value: string;
  };
};

/** What is wished for the DMARC record. */
export type DmarcWish = {
  /** How far the DMARC policy is to go; without it the plan leaves it alone. */
  readonly stage?: 'none' | 'none-np' | 'quarantine-test' | 'quarantine' | 'reject-test' | 'reject';
  readonly rua?: readonly string[];
  /** An old step; only older receivers know it. */
  readonly pct?: number;
  /** The policy may become weaker than the one that is published. */
  readonly loosen?: boolean;
};

/** A domain of this office. */
export type Domain = {
  readonly object: 'domain';
  /** As A-labels. */
  readonly name: string;
  /** As people write it. */
  readonly unicode: string;
  /** When it was added. */
  readonly created_at: string;
  /** Mail to it is received here. */
  readonly receives: boolean;
  /** The record that shows the domain to be yours. It stays: it is looked for every day. */
  readonly proof: {
    readonly name: string;
    readonly type: 'TXT';
    /** As one text, unquoted. */
    readonly value: string;
  };
  readonly verified?: {
    /** When. */
    readonly at: string;
    /** operator: by a person’s word. txt: the record was seen in DNS. */
    readonly by: 'operator' | 'txt';
  };
  /** The record that proved the domain is gone. Sending goes on by itself when it is back. */
  readonly lapse?: {
    /** When the record was missed first. */
    readonly since: string;
    /** When a warning was given that sending stops within a day. */
    readonly warned_at?: string;
    /** Since when nothing is sent for the domain. */
    readonly stopped_at?: string;
  };
  readonly dkim_keys: readonly DkimKey[];
};

/** What a look at a domain in DNS found, and what follows. */
export type DomainCheck = {
  readonly object: 'domain_check';
  /** A domain of this office. */
  readonly domain: Domain;
  /** Whether mail may be sent for it now. */
  readonly sends: boolean;
  /** The proof, unless a person’s word stands for it, and the records of pending DKIM keys. */
  readonly records: readonly RecordSighting[];
};

/** A look at a domain: every check, and a score. */
export type DomainFindings = {
  readonly object: 'domain_findings';
  readonly domain: string;
  /** When. */
  readonly checked_at: string;
  /** As good as the worst of its senders; null for a domain that sends nothing. */
  readonly score: number | null;
  readonly band: ScoreBand | null;
  /** The worst first. */
  readonly senders: readonly SenderScore[];
  readonly findings: readonly Finding[];
};

/** What the plan leaves out, and why. */
export type DroppedTerm = {
  readonly term: string;
  readonly why: string;
};

/** A message and where each of its recipients stands. */
export type Email = {
  readonly object: 'email';
  /** Names the message in this API. */
  readonly id: string;
  /** When it was accepted. */
  readonly created_at: string;
  /** The key or login that sent it. */
  readonly account: string;
  /** The author, as address. */
  readonly from: string;
  /** The envelope sender that was asked for; empty for none. */
  readonly mail_from: string;
  readonly subject: string;
  /** The Message-ID field. */
  readonly message_id: string;
  /** Octets of the message as it is sent. */
  readonly size: number;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Every recipient has an end. */
  readonly settled: boolean;
  readonly recipients: readonly Recipient[];
};

export type EndDelegationQuery = {
  /** Also while names of the domain lead here. */
  readonly force?: boolean;
};

/** Something that happened. docs/EVENTS.md lists the types and their data. */
export type Event = {
  readonly object: 'event';
  /** Give it as after, or as Last-Event-ID, to go on from here. */
  readonly id: string;
  readonly type: string;
  /** When. */
  readonly at: string;
  /** What it happened to: the id of a message, or the name of a domain. */
  readonly subject: string;
  /** Facts, by type. */
  readonly data: Readonly<Record<string, unknown>>;
};

/** What a spam filter said. */
export type FilterOpinion = {
  readonly name: string;
  /** The more, the worse; null when it did not answer. */
  readonly points: number | null;
  /** From here on it calls a message spam. */
  readonly spam_from: number | null;
  /** Why it did not answer. */
  readonly problem?: string;
  /** The rules of the filter that fitted. */
  readonly symbols: readonly {
    readonly name: string;
    readonly points: number;
    readonly say?: string;
  }[];
};

/** What one check says. */
export type Finding = {
  /** Names the check. */
  readonly id: string;
  /** unknown: it could not be found out, which is neither pass nor fail. skip: the question does not arise. */
  readonly status: 'pass' | 'fail' | 'unknown' | 'skip';
  /** Of a failure. */
  readonly severity: 'critical' | 'error' | 'warn' | 'advice';
  /** What it is about: a name, a host, a header field. */
  readonly subject: string;
  readonly title: string;
  /** What was found, in a sentence for people who know no RFC. */
  readonly meaning: string;
  /** Why it matters. */
  readonly why: string;
  readonly evidence: readonly FindingEvidence[];
  /** What mends a fault. */
  readonly fix?: Fix;
  /** Of a failure: what the score gains once it is mended. */
  readonly points?: number;
};

/** What was asked, and what came back. */
export type FindingEvidence = {
  readonly query: string;
  /** As it came. Data of strangers: escape before showing. */
  readonly answer: string;
  /** Seconds. */
  readonly ttl?: number;
  /** Who answered, where that is known. */
  readonly server?: string;
};

/** What mends a fault. */
export type Fix = {
  /** Records to take away. */
  readonly delete: readonly FixRecord[];
  /** Records to set. */
  readonly set: readonly FixRecord[];
  /** What is to be done elsewhere, in order. */
  readonly steps?: readonly string[];
};

/** A DNS record. */
export type FixRecord = {
  /** Absolute, without the final dot. */
  readonly name: string;
  readonly type: string;
  /** A TXT value in one piece, without quotes. */
  readonly value: string;
  /** Seconds. */
  readonly ttl?: number;
};

export type GetEmailQuery = {
  /** When to answer. accepted: at once. settled: when every recipient has an end. delivered: when all of them have got it, or one cannot get it any more. */
  readonly wait?: 'accepted' | 'settled' | 'delivered';
  /** Longest wait; more than a minute counts as a minute. Then the answer tells how things stand. */
  readonly timeout?: string;
};

export type GetTestQuery = {
  /** Waits for a message at most so long, a minute at most. Default: answers at once. */
  readonly timeout?: string;
};

/** An SPF record that is wanted and not answered. */
export type HeldSpf = {
  /** Whose mail it is about: the domain, or the return path of a sender. */
  readonly name: string;
  /** broken: receivers would give up on it. unknown: the DNS did not say. */
  readonly why: 'broken' | 'unknown';
  readonly say: string;
  /** What is answered instead; empty: no record. */
  readonly terms: readonly string[];
};

/** An API key. Its text was shown once, when it was made. */
export type Key = {
  readonly object: 'key';
  /** Names the key; also the account of the messages it sends. */
  readonly id: string;
  readonly name: string;
  readonly mode: 'live' | 'test';
  readonly scopes: readonly ('send' | 'read' | 'domains:write' | 'admin')[];
  readonly domains?: readonly string[];
  /** When it was made. */
  readonly created_at: string;
  /** When it was used last, to the hour. */
  readonly last_used_at?: string;
  /** When it was revoked. */
  readonly revoked_at?: string;
};

export type ListEmailEventsQuery = {
  /** Entries on a page. */
  readonly limit?: number;
  /** next_cursor of the page before. */
  readonly cursor?: string;
};

export type ListEmailsQuery = {
  /** Entries on a page. */
  readonly limit?: number;
  /** next_cursor of the page before. */
  readonly cursor?: string;
  /** Only messages that are still on their way. */
  readonly open?: boolean;
};

export type ListEventsQuery = {
  /** Entries on a page. */
  readonly limit?: number;
  /** next_cursor of the page before. */
  readonly cursor?: string;
  /** Only events of these types; may be repeated, or separated by commas. */
  readonly types?: readonly string[];
  /** Only what happened to this: the id of a message, or the name of a domain. */
  readonly subject?: string;
  /** Only what happened after this event. */
  readonly after?: string;
  /** Which end of the log comes first. */
  readonly order?: 'oldest' | 'newest';
};

export type ListInboxQuery = {
  /** Entries on a page. */
  readonly limit?: number;
  /** next_cursor of the page before. */
  readonly cursor?: string;
  /** Only mail in the mailbox that this address leads to. */
  readonly mailbox?: string;
  /** Only mail in this folder. */
  readonly folder?: 'INBOX' | 'Junk';
};

/** How the office is to keep the records of a domain. */
export type NewDelegation = {
  /** The domain is a zone of the office: only its NS records lead there. */
  readonly whole?: boolean;
  /** What the MTA-STS policy asks for. */
  readonly mta_sts?: 'testing' | 'enforce' | 'none';
};

/** A domain to be added. */
export type NewDomain = {
  /** The domain, as people write it or as A-labels. */
  readonly name: string;
  /** Mail to it is received here. false: it only sends from here. */
  readonly receives?: boolean;
};

/** An API key to be made. */
export type NewKey = {
  /** For people: which program uses it. */
  readonly name: string;
  /** Mail sent with a test key never leaves the office. */
  readonly mode?: 'live' | 'test';
  /** send: Send messages and see what became of them. read: Read messages, events and settings. domains:write: Add and change domains. admin: Everything, keys and logins included. */
  readonly scopes: readonly ('send' | 'read' | 'domains:write' | 'admin')[];
  /** Only From addresses at these domains, and nothing that is about the whole office. */
  readonly domains?: readonly string[];
};

/** How the plan is to be published. */
export type NewPublication = {
  /** Only show what would be changed. */
  readonly dry_run?: boolean;
  /** Publish records too that are only nice to have. */
  readonly optional?: boolean;
  /** Publish what can be, though something is to be decided first. */
  readonly partial?: boolean;
};

/** One who sends. */
export type NewSender = {
  /** Its id in the catalogue. */
  readonly sender: string;
  /** What the catalogue asks for. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** How many messages, where somebody knows. */
  readonly per_week?: number;
};

/** Who sends for a domain; it takes the place of what was declared before. */
export type NewSenders = {
  readonly senders: readonly NewSender[];
  /** What is wished for the DMARC record. */
  readonly dmarc?: DmarcWish;
  /** The logo. */
  readonly bimi?: BimiWish;
  readonly keys?: readonly DeclaredKey[];
  /** Nothing is ever sent or received. */
  readonly parked?: boolean;
  /** Which of the senders receives; or posthorn. */
  readonly inbound?: string;
  /** Ways out of too many SPF lookups that may be taken. */
  readonly spf?: readonly ('remove' | 'move' | 'host' | 'flatten')[];
  /** What MTA-STS asks of those who deliver to the domain, where its mail comes here; testing when left out. */
  readonly mta_sts?: 'none' | 'testing' | 'enforce';
};

/** A test address that is wanted. */
export type NewTest = {
  /** One whose mail comes to this office. Default: the first there is. */
  readonly domain?: string;
};

/** A login for submission (SMTP). */
export type NewUser = {
  /** Any name; often an address. */
  readonly login: string;
  /** From domains that the login may use. */
  readonly domains: readonly string[];
  /** Chosen by a person. Left out, an app password is made and shown once. */
  readonly password?: string;
};

/** What keeps a record from being published. */
export type Obstacle = {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'MX' | 'NS' | 'TXT' | 'TLSA' | 'SRV' | 'CAA' | 'PTR';
  readonly say: string;
};

/** One plan of records for everyone who sends for the domain. */
export type Plan = {
  readonly object: 'plan';
  readonly domain: string;
  readonly records: readonly PlannedRecord[];
  readonly conflicts: readonly PlanConflict[];
  readonly notes: readonly PlanNote[];
  readonly dropped: readonly DroppedTerm[];
  readonly steps: readonly PlanStep[];
};

/** What waits for a decision. */
export type PlanConflict = {
  readonly code: string;
  readonly name: string;
  readonly say: string;
  readonly fix: string;
};

/** What is worth knowing and blocks nothing. */
export type PlanNote = {
  readonly code: string;
  readonly name: string;
  readonly say: string;
};

/** What people have to do elsewhere, in order. */
export type PlanStep = {
  readonly sender: string;
  readonly say: string;
};

/** A record of the plan, and how it stands. */
export type PlannedRecord = {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'MX' | 'NS' | 'TXT' | 'TLSA' | 'SRV' | 'CAA' | 'PTR';
  /** TXT as one text, unquoted. */
  readonly value: string;
  readonly ttl: number;
  readonly state: 'present' | 'missing' | 'wrong' | 'extra' | 'unknown';
  readonly needed: 'required' | 'recommended' | 'optional';
  readonly why: string;
  /** Who wants it; posthorn for what the domain itself needs. */
  readonly sender: string;
  readonly replaces?: readonly string[];
};

/** Why the request was not carried out. */
export type Problem = {
  /** A page about problems of this kind. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What happened this time, in words for people. */
  readonly detail: string;
  /** For programs; the list is at /problems. */
  readonly code: string;
  /** What to do about it. */
  readonly fix?: string;
  readonly errors?: readonly ProblemError[];
  /** Why a message was not good enough for its stream. */
  readonly score?: ScoreRefusal;
  /** Also in the X-Request-Id header and in the log of the office. */
  readonly request_id: string;
};

/** One thing that is wrong, and where. */
export type ProblemError = {
  /** JSON pointer (RFC 6901) into the body. */
  readonly pointer?: string;
  /** Name of a query parameter or header. */
  readonly parameter?: string;
  /** What is wrong with it. */
  readonly detail: string;
};

/** What is changed in the zone, and what became of it. */
export type Publication = {
  readonly object: 'publication';
  readonly domain: string;
  readonly zone: string;
  /** The DNS host that holds the zone. */
  readonly host: string;
  /** planned: a dry run. verified: every authoritative server shows it. made: the host holds it, not every server shows it yet. refused: nothing was changed. undone: what was changed was taken back. broken: some of it stands; say has more. */
  readonly state: 'planned' | 'nothing_to_do' | 'verified' | 'made' | 'refused' | 'undone' | 'broken';
  /** Names it in the journal. */
  readonly id?: string;
  readonly say?: string;
  readonly changes: readonly RecordChange[];
  /** The host keeps no shorter TTL: shorter ones of the plan are raised to it. */
  readonly raised_ttl?: number;
  /** Planned, and not in this zone: somebody else has to set them. */
  readonly elsewhere: readonly PlannedRecord[];
  /** What waits for a decision, and is not among the changes. */
  readonly conflicts: readonly PlanConflict[];
  readonly obstacles: readonly Obstacle[];
};

/** A message in a mailbox of this office. */
export type ReceivedEmail = {
  readonly object: 'received_email';
  /** Names it in this API. */
  readonly id: string;
  readonly mailbox_id: string;
  readonly folder: 'INBOX' | 'Junk';
  /** Its number in the folder. */
  readonly uid: number;
  /** When it arrived. */
  readonly received_at: string;
  /** Envelope sender; empty for none. */
  readonly mail_from: string;
  /** The address it was sent to. */
  readonly recipient: string;
  /** The author whose authentication was judged; null when the message does not name exactly one. */
  readonly from: string | null;
  /** Data of strangers: escape before showing. */
  readonly subject: string;
  /** Octets. */
  readonly size: number;
  /** What authentication said. */
  readonly verdicts: Readonly<Record<string, string>>;
};

/** One recipient of a message. */
export type Recipient = {
  /** The delivery: this message to this recipient. */
  readonly delivery_id: string;
  readonly address: string;
  /** queued: not tried yet. delayed: tried, and tried again at next_try_at. delivered: the receiving server took it. bounced: it refused for good. failed: given up. unsure: handed over, no answer. cancelled: called off. */
  readonly state: 'queued' | 'delayed' | 'delivered' | 'bounced' | 'failed' | 'unsure' | 'cancelled';
  /** How often it was tried so far. */
  readonly tries: number;
  /** When it is tried again. */
  readonly next_try_at?: string;
  /** When it came to its end. */
  readonly settled_at?: string;
  /** The server that answered. */
  readonly host?: string;
  /** What the receiving server said. */
  readonly reply?: Reply;
  /** What the words of a receiver mean. */
  readonly refusal?: Refusal;
  /** One sentence for people, with the words of the receiver where it answered. */
  readonly say: string;
};

/** A change of a set of records: before empty, it is new; after empty, it goes. */
export type RecordChange = {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'MX' | 'NS' | 'TXT' | 'TLSA' | 'SRV' | 'CAA' | 'PTR';
  /** All records of one name and type. */
  readonly before?: RecordValues;
  /** All records of one name and type. */
  readonly after?: RecordValues;
};

/** A record the office waits for, and what DNS shows of it. */
export type RecordSighting = {
  readonly name: string;
  readonly type: 'TXT';
  /** As one text, unquoted. */
  readonly value: string;
  /** everywhere: at every authoritative server. unclear: no server answered. */
  readonly seen: 'everywhere' | 'somewhere' | 'nowhere' | 'unclear';
  readonly servers: readonly Witness[];
};

/** A record that the owner of the domain creates. */
export type RecordToCreate = {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'MX' | 'NS' | 'TXT' | 'TLSA' | 'SRV' | 'CAA' | 'PTR';
  /** TXT as one text, unquoted. */
  readonly value: string;
  readonly why: string;
};

/** All records of one name and type. */
export type RecordValues = {
  readonly ttl: number;
  readonly values: readonly string[];
};

/** What the words of a receiver mean. */
export type Refusal = {
  /** Whose words they are, where that is known. */
  readonly receiver?: string;
  /** authentication, address, mailbox, content, reputation, rate, host, encryption, setup, permission or trouble. */
  readonly kind: string;
  /** In a sentence, for people who know no RFC. */
  readonly meaning: string;
  /** What to do, in order. */
  readonly steps: readonly string[];
  /** Checks of the domain doctor that look at the cause. */
  readonly checks: readonly string[];
  /** Whether to send it again: by-itself (the queue does), by-hand, once-mended, never or ask-recipient. */
  readonly again: string;
};

/** What the receiving server said. */
export type Reply = {
  /** SMTP reply code; 0 when the answer was no SMTP reply. */
  readonly code: number;
  /** Enhanced status code (RFC 3463). */
  readonly enhanced?: string;
  /** Its own words. Data of strangers: escape before showing. */
  readonly text: string;
  /** What it was asked: connect, greeting, ehlo, starttls, mail, rcpt, data ... */
  readonly stage: string;
};

/** The score in words. */
export type ScoreBand = {
  readonly name: string;
  readonly say: string;
};

/** Why a message was not good enough for its stream. */
export type ScoreRefusal = {
  readonly stream: string;
  /** From 0 to 10; null when it could not be told. */
  readonly score: number | null;
  /** What the stream asks for. */
  readonly min_score: number;
  readonly deductions: readonly {
    readonly check: string;
    readonly points: number;
    readonly say: string;
    /** What to do, in order. */
    readonly fix: readonly string[];
  }[];
};

/** What receivers will make of a message. */
export type ScoreResult = {
  /** From 0 to 10. */
  readonly score: number;
  /** The score in words. */
  readonly band: {
    readonly name: string;
    readonly say: string;
  };
  /** The dearest of each category first. */
  readonly deductions: readonly Deduction[];
  /** What to mend in which order, with the score before and after; a fault may show only once others are mended. */
  readonly way: readonly {
    readonly check: string;
    readonly say: string;
    /** What mends a fault. */
    readonly fix: Fix;
    readonly from: number;
    readonly to: number;
  }[];
  /** What every check says, passes included. */
  readonly findings: readonly Finding[];
  /** What costs nothing: it is fine, or not known. */
  readonly quiet: readonly {
    readonly state: 'fine' | 'unknown';
    readonly say: string;
  }[];
  /** What the large receivers ask of it. */
  readonly receivers: readonly {
    readonly receiver: string;
    readonly requirements: readonly {
      readonly say: string;
      readonly met: 'yes' | 'no' | 'unknown';
      readonly why: string;
      /** Asked of bulk senders only. */
      readonly bulk: boolean;
    }[];
  }[];
  /** What a mail program shows beside it. */
  readonly reader: readonly {
    readonly mark: string;
    readonly say: string;
  }[];
  readonly evidence: {
    readonly source: string;
    readonly by?: string;
  };
  readonly filters: readonly FilterOpinion[];
  /** SPF, DKIM, DMARC and ARC as they would be judged now. */
  readonly authentication: Readonly<Record<string, unknown>> | null;
};

/** One message. At least one of to, cc and bcc names a recipient. */
export type SendEmail = {
  /** The author: one address at a verified domain of this office. */
  readonly from: string;
  /** Recipients whom everybody sees. */
  readonly to?: string | readonly string[];
  /** Further recipients whom everybody sees. */
  readonly cc?: string | readonly string[];
  /** Recipients whom nobody sees. */
  readonly bcc?: string | readonly string[];
  /** Where answers go, if not to the author. */
  readonly reply_to?: string | readonly string[];
  /** Subject, in any script. May be empty. */
  readonly subject: string;
  /** The message as plain text. */
  readonly text?: string;
  /** The message as HTML. */
  readonly html?: string;
  /** Further header fields. Those that the office writes itself (From, Date, Message-ID, Received, DKIM-Signature, Content-* ...) are refused. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly attachments?: readonly Attachment[];
  /** The stream it is of, with rules of its own. Default: default. */
  readonly stream?: string;
  /** Labels of yours, for lists and events. Not part of the message. */
  readonly tags?: readonly string[];
  /** Facts of yours, given back with the message. Not part of it. */
  readonly metadata?: Readonly<Record<string, string>>;
};

export type SendEmailQuery = {
  /** When to answer. accepted: at once. settled: when every recipient has an end. delivered: when all of them have got it, or one cannot get it any more. */
  readonly wait?: 'accepted' | 'settled' | 'delivered';
  /** Longest wait; more than a minute counts as a minute. Then the answer tells how things stand. */
  readonly timeout?: string;
};

export type SendRawEmailQuery = {
  /** Envelope sender, empty for none. Default: the author. */
  readonly from?: string;
  /** Envelope recipient; may be repeated. Default: everybody in To, Cc and Bcc. */
  readonly to?: readonly string[];
  /** The stream it is of, where the field Posthorn-Stream of the message names none. */
  readonly stream?: string;
  /** When to answer. accepted: at once. settled: when every recipient has an end. delivered: when all of them have got it, or one cannot get it any more. */
  readonly wait?: 'accepted' | 'settled' | 'delivered';
  /** Longest wait; more than a minute counts as a minute. Then the answer tells how things stand. */
  readonly timeout?: string;
};

/** One who sends. */
export type Sender = {
  /** Its id in the catalogue. */
  readonly sender: string;
  /** What the catalogue asks for. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** How many messages, where somebody knows. */
  readonly per_week?: number;
};

/** What costs mail of a sender points. */
export type SenderDeduction = {
  readonly check: string;
  readonly points: number;
  readonly say: string;
  /** What its fix alone gives back. */
  readonly gives_back: number;
};

/** What a message of one sender would get today. */
export type SenderScore = {
  /** Its id in the catalogue, as it was declared; null for whoever sends, where nobody is known. */
  readonly sender: string | null;
  readonly name: string;
  /** false: recognised by what it left in the DNS. */
  readonly declared: boolean;
  readonly score: number;
  readonly deductions: readonly SenderDeduction[];
  /** What to mend in which order; a fault may show only once others are mended. */
  readonly way: readonly {
    readonly check: string;
    readonly say: string;
    readonly from: number;
    readonly to: number;
  }[];
};

/** Who sends for a domain. */
export type Senders = {
  readonly object: 'senders';
  readonly domain: string;
  readonly senders: readonly Sender[];
  readonly dmarc?: {
    /** How far the DMARC policy is to go; without it the plan leaves it alone. */
    readonly stage?: 'none' | 'none-np' | 'quarantine-test' | 'quarantine' | 'reject-test' | 'reject';
    readonly rua?: readonly string[];
    /** An old step; only older receivers know it. */
    readonly pct?: number;
    /** The policy may become weaker than the one that is published. */
    readonly loosen?: boolean;
  };
  readonly bimi?: {
    /** https address of the SVG file. */
    readonly logo: string;
    /** https address of its certificate. */
    readonly evidence?: string;
  };
  readonly keys?: readonly {
    /** What stands before ._domainkey. */
    readonly selector: string;
    /** The value of its TXT record. */
    readonly record: string;
  }[];
  /** Nothing is ever sent or received. */
  readonly parked?: boolean;
  /** Which of the senders receives; or posthorn. */
  readonly inbound?: string;
  /** Ways out of too many SPF lookups that may be taken. */
  readonly spf?: readonly ('remove' | 'move' | 'host' | 'flatten')[];
  /** What MTA-STS asks of those who deliver to the domain, where its mail comes here; testing when left out. */
  readonly mta_sts?: 'none' | 'testing' | 'enforce';
};

/** What is to change of a stream; the rest stays. */
export type SetStream = {
  /** bulk: to many. The rules of receivers for newsletters count. */
  readonly kind?: 'ordinary' | 'bulk';
  /** A message that would be scored lower is refused; null: none is. At most one decimal. */
  readonly min_score?: number | null;
  /** What becomes of a message whose score could not be told in time. */
  readonly when_unscored?: 'send' | 'refuse';
};

/** A kind of mail that is kept apart. */
export type Stream = {
  readonly object: 'stream';
  /** Messages name it: the member stream, or the header field Posthorn-Stream. */
  readonly name: string;
  /** bulk: to many. The rules of receivers for newsletters count. */
  readonly kind: 'ordinary' | 'bulk';
  /** A message that would be scored lower is refused; null: none is. At most one decimal. */
  readonly min_score: number | null;
  /** What becomes of a message whose score could not be told in time. */
  readonly when_unscored: 'send' | 'refuse';
  /** When it was made; the stream default was always there. */
  readonly created_at?: string;
};

export type StreamEventsQuery = {
  /** Only events of these types; may be repeated, or separated by commas. */
  readonly types?: readonly string[];
  /** Only what happened to this: the id of a message, or the name of a domain. */
  readonly subject?: string;
  /** Only what happened after this event. */
  readonly after?: string;
};

/** An address to send a message to, and what that scored. */
export type Test = {
  readonly object: 'test';
  /** Nobody can guess it; whoever has it may see the result. */
  readonly id: string;
  readonly address: string;
  /** The page that shows the result to people. No key is asked there. */
  readonly url: string;
  /** When it was made. */
  readonly created_at: string;
  /** Until when it takes mail and keeps its result. */
  readonly expires_at: string;
  readonly state: 'waiting' | 'scored';
  /** When the message came; the latest one counts. */
  readonly arrived_at?: string;
  /** Data of strangers: escape before showing. */
  readonly from?: string;
  /** Data of strangers, too. */
  readonly subject?: string;
  readonly session?: {
    readonly remote_address?: string;
    readonly helo?: string;
    /** The version, or none. */
    readonly tls?: string;
    readonly mail_from: string;
  };
  /** What receivers will make of a message. */
  readonly result?: ScoreResult;
};

/** One step in the life of a message. */
export type TimelineStep = {
  /** When. */
  readonly at: string;
  /** accepted, signed, route, connected, tls, reply, retry, settled, bounce. */
  readonly step: string;
  /** Whose delivery it is about; absent when all are meant. */
  readonly recipient?: string;
  /** What happened, in words for people. */
  readonly say: string;
};

/** A login for submission. */
export type User = {
  readonly object: 'user';
  /** Names the login in this API. */
  readonly id: string;
  readonly login: string;
  readonly domains: readonly string[];
  /** When it was made. */
  readonly created_at: string;
};

/** What one authoritative server shows of a record. */
export type Witness = {
  readonly server: string;
  readonly found: 'ours' | 'another' | 'none' | 'no-answer';
  readonly say: string;
};
