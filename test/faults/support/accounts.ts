/** Holds the ledger of the clients against the office's own books and against what the world received. */
import { ask, author, type Home, resident } from './home.ts';
import { tokenIn } from './letters.ts';
import type { Entry } from './load.ts';
import { type Copy, sinkDomain } from './sink.ts';
import type { Trial } from './trial.ts';

/** How long after the receiver's yes a death may still undo our knowledge of it: one commit, on a machine that has other work. */
const recordingMs = 1_500;

export type Accounts = {
  readonly acknowledged: number;
  readonly unknown: number;
  /** Taken, though the client never heard so. */
  readonly unheard: number;
  readonly delivered: number;
  readonly bounced: number;
  readonly unsure: number;
  /** Second copies that a death of ours explains. */
  readonly byDeath: number;
  /** Second copies that the receiver asked for, by hanging up on a message it had kept. */
  readonly byReceiver: number;
};

/** @param deaths when the office was killed, in `performance.now()` */
export function settleAccounts(
  trial: Trial,
  home: Home,
  entries: readonly Entry[],
  copies: readonly Copy[],
  deaths: readonly number[],
): Accounts {
  const books = readBooks(home);
  const byPlace = new Map<string, Copy[]>();
  for (const copy of copies) {
    const key = `${copy.token} ${copy.recipient}`;
    byPlace.set(key, [...(byPlace.get(key) ?? []), copy]);
    trial.check(copy.whole, `${copy.token} reached ${copy.recipient} with octets changed`);
  }
  const figures = { delivered: 0, bounced: 0, unsure: 0, unheard: 0 };
  for (const entry of entries) {
    const isInBooks = books.deliveries.has(entry.token) || books.mails.has(`${entry.token} ${resident}`);
    if (entry.outcome === 'unknown' && isInBooks) figures.unheard++;
    if (entry.outcome === 'refused') trial.check(!isInBooks, `${entry.token} was refused (${entry.code}) and kept`);
    for (const recipient of entry.recipients) {
      const state = checkPlace(trial, entry, recipient, books, byPlace.get(`${entry.token} ${recipient}`) ?? []);
      if (state) figures[state]++;
    }
  }
  return {
    acknowledged: entries.filter(({ outcome }) => outcome === 'acknowledged').length,
    unknown: entries.filter(({ outcome }) => outcome === 'unknown').length,
    ...figures,
    ...checkCopies(trial, byPlace, deaths),
  };
}

type Books = {
  /** token -> recipient -> state */
  readonly deliveries: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** `token recipient` -> copies in mailboxes */
  readonly mails: ReadonlyMap<string, number>;
  /** token -> notifications about it in the author's mailbox */
  readonly news: ReadonlyMap<string, number>;
};

function readBooks(home: Home): Books {
  const deliveries = new Map<string, Map<string, string>>();
  const rows = ask(
    home,
    'SELECT m.subject, m.origin, d.recipient, d.state FROM outbound_deliveries d JOIN outbound_messages m ON m.id = d.message_id',
  );
  for (const { subject, origin, recipient, state } of rows) {
    if (origin === 'report') continue;
    const places = deliveries.get(String(subject)) ?? new Map<string, string>();
    deliveries.set(String(subject), places.set(String(recipient), String(state)));
  }
  const mails = new Map<string, number>();
  const news = new Map<string, number>();
  for (const { subject, recipient, body } of ask(
    home,
    'SELECT m.subject, m.recipient, b.body FROM mailbox_messages m JOIN blobs b ON b.id = m.blob_id',
  )) {
    if (recipient === author) {
      const about =
        /^Subject: (s\d+n\d+z\d+)\r?$/m.exec(
          Buffer.from((body ?? '') as unknown as Uint8Array).toString('latin1'),
        )?.[1] ?? tokenIn(String(body));
      if (about) news.set(about, (news.get(about) ?? 0) + 1);
      continue;
    }
    const key = `${subject} ${recipient}`;
    mails.set(key, (mails.get(key) ?? 0) + 1);
  }
  return { deliveries, mails, news };
}

type Counted = 'delivered' | 'bounced' | 'unsure';

function checkPlace(
  trial: Trial,
  entry: Entry,
  recipient: string,
  books: Books,
  copies: readonly Copy[],
): Counted | undefined {
  const mails = books.mails.get(`${entry.token} ${recipient}`) ?? 0;
  const who = `${entry.token} to ${recipient}`;
  trial.check(mails <= 1, `${who} stands in the mailbox ${mails} times`);
  const isAcknowledged = entry.outcome === 'acknowledged';
  if (entry.way === 'stranger') {
    if (isAcknowledged) trial.check(mails === 1, `LOST: ${who} was acknowledged and is in no mailbox`);
    return undefined;
  }
  const state = books.deliveries.get(entry.token)?.get(recipient);
  if (state === undefined) {
    trial.check(!isAcknowledged, `LOST: ${who} was acknowledged and is not in the queue`);
    return undefined;
  }
  if (recipient === resident) {
    trial.check(state === 'delivered' && mails === 1, `LOST: ${who} is ${state} and ${mails} times in the mailbox`);
    return undefined;
  }
  const isRefusing = [sinkDomain('no'), sinkDomain('never')].some((domain) => recipient.endsWith(`@${domain}`));
  switch (state) {
    case 'delivered':
      trial.check(copies.length > 0, `LOST: ${who} is called delivered, and nobody has it`);
      return 'delivered';
    case 'bounced':
      trial.check(isRefusing && copies.length === 0, `${who} bounced where it is not refused`);
      // Mail of programs fails into an event only; whoever sent it by SMTP is told, once for all recipients of a transaction.
      if (entry.way !== 'api')
        trial.check((books.news.get(entry.token) ?? 0) > 0, `LOST: nobody was told that ${who} bounced`);
      return 'bounced';
    case 'unsure':
      return 'unsure';
    default:
      trial.check(false, `LOST: ${who} came to no end: ${state}`);
      return undefined;
  }
}

/** Every copy after the first needs somebody to answer for it: the receiver, or a death while it was being recorded. */
function checkCopies(
  trial: Trial,
  byPlace: ReadonlyMap<string, readonly Copy[]>,
  deaths: readonly number[],
): { byDeath: number; byReceiver: number } {
  let byDeath = 0;
  let byReceiver = 0;
  for (const [place, copies] of byPlace) {
    for (const [nth, copy] of copies.entries()) {
      const next = copies[nth + 1];
      if (!next) break;
      const died = deaths.some(
        (atMs) => atMs >= copy.begunAtMs && atMs <= copy.keptAtMs + recordingMs && atMs <= next.begunAtMs,
      );
      if (copy.unanswered) byReceiver++;
      else if (died) byDeath++;
      else
        trial.check(false, `OUR DUPLICATE: ${place} was sent again though the first copy was answered and nobody died`);
    }
  }
  return { byDeath, byReceiver };
}
