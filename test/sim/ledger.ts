/**
 * The truth outside the office: which letters were sent, what the office answered to them, and what arrived where. The office's own
 * records are held against it (`checks.ts`).
 */

/** What is known to become of a recipient, once nothing is broken any more. */
type RecipientKind =
  /** Its host takes the mail, sooner or later. */
  | 'takes'
  /** Its host refuses it for good. */
  | 'refuses'
  /** Its host never takes it: time runs out. */
  | 'never'
  /** Its host takes it and returns it by mail. */
  | 'returns';

export type Notify = 'default' | 'never' | 'failure' | 'success' | 'all';

export type LetterRecipient = { readonly address: string; readonly kind: RecipientKind; readonly notify: Notify };

export type Letter = {
  /** Stands in its subject: `sim-17`. */
  readonly mark: string;
  readonly by: 'api' | 'submission' | 'stranger';
  /** The office it was handed to. */
  readonly office: string;
  /** Envelope sender, '' is the null sender. */
  readonly from: string;
  readonly recipients: readonly LetterRecipient[];
  readonly octets: number;
  /** Ids the office named in its yes. */
  readonly acknowledged: Set<string>;
  /** A yes without an id (mail that came in). */
  yes: number;
  /** Handed over, and no answer was heard. */
  unknown: number;
  refused: boolean;
  cancelled: boolean;
};

/** A message that a foreign host has kept. */
export type Arrival = {
  readonly mark: string;
  readonly isReport: boolean;
  readonly host: string;
  readonly from: string;
  readonly recipient: string;
  readonly atMs: number;
  /** The host said so, and nothing happened to the connection since. */
  readonly wasTold: () => boolean;
};

export type Refusal = { readonly recipient: string; readonly mark: string | undefined };

export class Ledger {
  readonly letters = new Map<string, Letter>();
  readonly arrivals: Arrival[] = [];
  readonly refusals: Refusal[] = [];
  /** Recipients of marks that a foreign host has returned by mail, and the office has taken the news of. */
  readonly returned = new Set<string>();
  readonly violations: string[] = [];

  fail(what: string): void {
    if (this.violations.length < 20) this.violations.push(what);
  }

  write(letter: Omit<Letter, 'mark' | 'acknowledged' | 'yes' | 'unknown' | 'refused' | 'cancelled'>): Letter {
    const mark = `sim-${this.letters.size + 1}`;
    const written = {
      ...letter,
      mark,
      acknowledged: new Set<string>(),
      yes: 0,
      unknown: 0,
      refused: false,
      cancelled: false,
    };
    this.letters.set(mark, written);
    return written;
  }
}

/** The mark of a message, or of the one a notification is about. */
export function markOf(text: string): string | undefined {
  return /^Subject: [^\r\n]*(sim-\d+)\b/m.exec(text)?.[1];
}

export function isReport(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  return /^Content-Type: multipart\/report/im.test(text.slice(0, end < 0 ? undefined : end));
}

export function textOf(
  letter: Letter,
  header: { readonly from: string; readonly dateMs: number; readonly filler: string },
): string {
  return [
    `From: <${header.from}>`,
    `To: <${letter.recipients[0]?.address}>`,
    `Subject: letter ${letter.mark}`,
    `Date: ${new Date(header.dateMs).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${letter.mark}@letters.test>`,
    '',
    `Greetings from ${letter.mark}.`,
    header.filler,
    '',
  ].join('\r\n');
}

/** Lines of ordinary length, dots among them. */
export function fillerOf(octets: number): string {
  const line = '.Dots come first in this line, and then come seventy-two octets more.\r\n';
  return line.repeat(Math.max(0, Math.floor(octets / line.length))).trimEnd();
}
