/** What the directory knows: domains, the keys that sign for them, mailboxes, and who may ask the office for something. */
import type { Id } from '../../base/id.ts';
import { refuse } from '../../base/outcome.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { SigningAlgorithm } from '../../protocol/dkim/types.ts';

export type DomainRecord = {
  readonly name: DomainName;
  readonly createdAtMs: number;
  /** Absent while nobody has shown that the domain is this office's to use. */
  readonly verified?: { readonly atMs: number; readonly by: VerifiedBy };
  /** Mail to the domain is received here. False for a domain that only sends from here. */
  readonly receives: boolean;
  /** The record that proved it is gone. */
  readonly lapse?: DomainLapse;
};

export type DomainLapse = {
  readonly sinceMs: number;
  /** People were told that sending ends within a day. */
  readonly warnedAtMs?: number;
  /** The office sends for it no more, until the record is back. */
  readonly stoppedAtMs?: number;
};

/** Whether the office may speak for a domain of its own. `lapsed`: it might, until the proof was gone for too long. */
export type DomainStanding = {
  readonly verified: boolean;
  readonly lapsed?: { readonly sinceMs: number; readonly record: string };
};

/** What was concluded from a look at the proof. `stopsAtMs`: when sending ends if it does not come back. */
export type OwnershipChange =
  | { readonly kind: 'proven' }
  | { readonly kind: 'lapsed' | 'warned' | 'stopped'; readonly stopsAtMs: number };

/** The TXT record that shows whose a domain is; different for every domain and every office. */
export type DomainProof = { readonly name: string; readonly type: 'TXT'; readonly value: string };

/** `operator`: a person's word on the command line. `txt`: the record asked for was seen in DNS. */
export type VerifiedBy = 'operator' | 'txt';

export type KeyId = Id<'key'>;

/**
 * pending: not used before its record was seen. active: signs. retiring: signs no more, its record stays published while
 * messages with its signature are on their way. retired: its record is revoked, the private key is wiped.
 */
export const dkimKeyStates = ['pending', 'active', 'retiring', 'retired'] as const;
export type DkimKeyState = (typeof dkimKeyStates)[number];

export type DkimKeyRecord = {
  readonly id: KeyId;
  readonly domain: DomainName;
  readonly selector: string;
  readonly algorithm: SigningAlgorithm;
  readonly state: DkimKeyState;
  /** Value of the TXT record at `<selector>._domainkey.<domain>`. */
  readonly publicRecord: string;
  readonly createdAtMs: number;
  readonly stateSinceMs: number;
  /** Of a pending key: since when every authoritative server shows its record. */
  readonly seenSinceMs?: number;
  /** Of a pending key: how long caches may remember what stood there before. */
  readonly waitMs: number;
};

export type MailboxId = Id<'mbx'>;

export type LocalMailbox = {
  readonly id: MailboxId;
  /** The address it was made with; `operator` for the operator's. */
  readonly name: string;
  /** The operator's mailbox takes postmaster and abuse of every domain. There is exactly one. */
  readonly role: 'operator' | 'person';
};

/** Where an address leads. `not-ours`: the office receives no mail for the domain. */
export type RecipientAnswer =
  | { readonly kind: 'mailbox'; readonly mailbox: LocalMailbox }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not-ours' };

export const scopes = {
  send: 'Send messages and see what became of them.',
  read: 'Read messages, events and settings.',
  'domains:write': 'Add and change domains.',
  admin: 'Everything, keys and logins included.',
} as const;
export type Scope = keyof typeof scopes;

export type ApiKeyId = Id<'key'>;

export type ApiKeyRecord = {
  readonly id: ApiKeyId;
  readonly name: string;
  /** Mail sent with a test key never leaves the office. */
  readonly mode: 'live' | 'test';
  readonly scopes: readonly Scope[];
  /** Only these From domains; undefined = every verified one of the office. */
  readonly domains?: readonly DomainName[];
  readonly createdAtMs: number;
  /** Coarse: written at most once in `lastUsedGrainMs`. */
  readonly lastUsedAtMs?: number;
  readonly revokedAtMs?: number;
};

export type UserRecord = {
  readonly id: Id<'usr'>;
  readonly login: string;
  /** From domains this login may use. */
  readonly domains: readonly DomainName[];
  readonly createdAtMs: number;
};

export type PasswordRecord = {
  readonly id: Id<'pwd'>;
  readonly kind: 'app' | 'chosen';
  readonly createdAtMs: number;
  readonly lastUsedAtMs?: number;
};

/** Who is asking, proven. */
export type Principal = KeyPrincipal | LoginPrincipal;

export type KeyPrincipal = {
  readonly kind: 'key';
  /** The key's id: lists, quotas and idempotency are per account. */
  readonly account: ApiKeyId;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly domains?: readonly DomainName[];
  readonly test: boolean;
};

export type LoginPrincipal = {
  readonly kind: 'login';
  /** The login's name. */
  readonly account: string;
  readonly domains: readonly DomainName[];
};

export const streamKinds = ['ordinary', 'bulk'] as const;

/** Mail that is kept apart: password mails, receipts, a newsletter. */
export type StreamRecord = {
  readonly name: string;
  /** `bulk`: to many; the rules for newsletters count. */
  readonly kind: (typeof streamKinds)[number];
  /** A message that would be scored lower is refused; in tenths of a point. */
  readonly minScoreTenths?: number;
  /** What becomes of a message whose score could not be told in time. */
  readonly whenUnscored: 'send' | 'refuse';
  /** 0: it was always there. */
  readonly createdAtMs: number;
};

export type StreamChange = {
  readonly kind?: StreamRecord['kind'];
  /** Null takes it away. */
  readonly minScoreTenths?: number | null;
  readonly whenUnscored?: StreamRecord['whenUnscored'];
};

/** Every no of the directory. */
const directoryRefusals = {
  'domain-exists': 'The domain is in the directory already.',
  'domain-unknown': 'The domain is not in the directory.',
  'selector-in-use': 'Another key of the domain has this selector.',
  'bad-selector': 'A selector is one or more DNS labels.',
  'bad-private-key': 'The file is not a private key that can sign mail.',
  'key-unknown': 'There is no such key.',
  'key-revoked': 'The key was revoked.',
  'key-malformed': 'The text is not a key of this office: it was cut off or mistyped.',
  'key-state': 'A key in this state cannot do that.',
  'rotation-under-way': 'New keys of the domain wait for their records already.',
  'address-taken': 'The address leads to a mailbox already.',
  'address-reserved': 'postmaster and abuse always lead to the operator’s mailbox.',
  'mailbox-unknown': 'There is no such mailbox.',
  'scope-missing': 'A key needs at least one scope.',
  'bad-login': 'A login has 1 to 254 characters without blanks and control characters.',
  'bad-password': 'A password has 1 to 1,024 octets without control characters.',
  'login-taken': 'There is a login of this name already.',
  'login-unknown': 'There is no such login.',
  'bad-credentials': 'Login or password is wrong.',
  busy: 'Too many logins are being checked; try again in a moment.',
  'from-not-allowed': 'The account may not use this From domain.',
  'bad-stream': 'This is no name of a stream.',
  'bad-score': 'A score is a number from 0 to 10 with at most one decimal.',
  'too-many-streams': 'There are 1,000 streams already.',
} as const;
export type DirectoryRefusal = keyof typeof directoryRefusals;

/** A refusal with the sentence of the table, where there is nothing more precise to say. */
export function no<Code extends DirectoryRefusal>(code: Code) {
  return refuse(code, directoryRefusals[code]);
}
