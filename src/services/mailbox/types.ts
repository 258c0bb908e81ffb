/** Stored mail: a mailbox holds folders, a folder holds messages with growing UIDs. */
import type { Id } from '../../base/id.ts';
import type { Spooled } from '../../base/port/blobs.ts';

export type StoredId = Id<'msg'>;
/** The two folders that exist before anybody makes another. */
export type FolderName = 'INBOX' | 'Junk';

export type NewMail = {
  readonly mailbox: string;
  readonly folder: FolderName;
  /** As it will be read: with exactly one Return-Path and Delivered-To, our trace fields on top. */
  readonly body: Spooled;
  readonly receivedAtMs: number;
  readonly envelopeFrom: string;
  readonly recipient: string;
  /** The very address that was judged; null when there is none to show as the author. */
  readonly headerFrom: string | null;
  readonly subject: string;
  /** The verdicts in one line each, for lists: `{ spf: 'pass', dkim: 'pass', dmarc: 'pass' }`. */
  readonly verdicts: Readonly<Record<string, string>>;
};

export type StoredMail = Omit<NewMail, 'body'> & {
  readonly id: StoredId;
  readonly uid: number;
  readonly sizeBytes: number;
};
