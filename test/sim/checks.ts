/** Holds what the offices' records say at the end against what the world outside knows. Everything is quiet by then. */

import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { isReport, type Ledger, type Letter, type LetterRecipient, markOf } from './ledger.ts';
import type { SimOffice } from './office.ts';
import type { Watch } from './watch.ts';

export type Checked = { readonly office: SimOffice; readonly watch: Watch };

type MessageRow = {
  readonly id: string;
  readonly origin: string;
  readonly mail_from: string;
  readonly report_to: string;
  readonly subject: string;
  readonly blob_id: string;
  readonly metadata: string;
};
type DeliveryRow = {
  readonly id: string;
  readonly message_id: string;
  readonly recipient: string;
  readonly state: string;
  readonly settled_at_ms: number | null;
  readonly accepted_at_ms: number;
  readonly unsure_ends: number;
  readonly tries: number;
};
type StoredRow = { readonly recipient: string; readonly envelope_from: string; readonly text: string };

type Books = {
  readonly checked: Checked;
  readonly messages: readonly MessageRow[];
  readonly deliveries: readonly DeliveryRow[];
  readonly stored: readonly StoredRow[];
  /** By the id of their message. */
  readonly of: ReadonlyMap<string, readonly DeliveryRow[]>;
};

export type Circumstances = {
  /** Wall clocks were set during the run: times cannot be compared. */
  readonly clocksWereSet: boolean;
  readonly giveUpAfterMs: number;
};

export function checkAll(offices: readonly Checked[], ledger: Ledger, around: Circumstances): void {
  const books = offices.map((checked) => readBooks(checked, ledger));
  for (const book of books) checkBook(book, ledger, around);
  for (const letter of ledger.letters.values()) checkLetter(letter, books, ledger);
  for (const arrival of ledger.arrivals)
    if (!arrival.isReport && !ledger.letters.has(arrival.mark))
      ledger.fail(`${arrival.host} got what nobody wrote: ${arrival.mark}`);
}

function readBooks(checked: Checked, ledger: Ledger): Books {
  const { database } = checked.watch;
  const all = <Row>(sql: string) => database.prepare(sql).all() as unknown as Row[];
  const deliveries = all<DeliveryRow>('SELECT * FROM outbound_deliveries');
  return {
    checked,
    messages: all<MessageRow>('SELECT * FROM outbound_messages'),
    deliveries,
    of: Map.groupBy(deliveries, (one) => one.message_id),
    stored: all<{ recipient: string; envelope_from: string; blob_id: string }>('SELECT * FROM mailbox_messages').map(
      ({ recipient, envelope_from, blob_id }) => ({
        recipient,
        envelope_from,
        text: bodyOf(database, checked, blob_id, ledger),
      }),
    ),
  };
}

/** Whole and unchanged, or that is a failure. */
function bodyOf(database: DatabaseSync, { office }: Checked, id: string, ledger: Ledger): string {
  const { machine } = office;
  const row = database.prepare('SELECT size, sha256, file, body FROM blobs WHERE id = ?').get(id) as
    | { size: number; sha256: string; file: string | null; body: Uint8Array | null }
    | undefined;
  const file = row?.file;
  const bytes = row?.body ?? [...machine.files].find(([path]) => basename(path) === file)?.[1].content;
  if (!row || !bytes) {
    ledger.fail(`body ${id} of ${machine.name} is gone`);
    return '';
  }
  if (bytes.length !== row.size || createHash('sha256').update(bytes).digest('hex') !== row.sha256)
    ledger.fail(`body ${id} of ${machine.name} is not what was stored`);
  return Buffer.from(bytes).toString('latin1');
}

function checkBook(book: Books, ledger: Ledger, around: Circumstances): void {
  const { office, watch } = book.checked;
  const { database } = watch;
  const who = office.plan.name;
  for (const message of book.messages) {
    bodyOf(database, book.checked, message.blob_id, ledger);
    const about = JSON.parse(message.metadata).about as string | undefined;
    const subject = about && book.messages.find((one) => one.id === about);
    if (message.origin === 'report' && subject && subject.report_to === '')
      ledger.fail(`${who} notified about ${about}, whose sender is nobody's or wants none`);
    if (message.origin === 'last-report' && subject && subject.origin !== 'report')
      ledger.fail(`${who} gave its last word about ${about}, which is no notification`);
    if (message.origin.endsWith('report') && message.mail_from !== '')
      ledger.fail(`${who} notified from ${message.mail_from}`);
    const accepted = database
      .prepare("SELECT count(*) AS n FROM events_log WHERE type = 'email.accepted' AND subject = ?")
      .get(message.id);
    if (accepted?.n !== 1) ledger.fail(`${who} has ${accepted?.n} events email.accepted for ${message.id}`);
  }
  for (const delivery of book.deliveries) checkDelivery(book, delivery, ledger, around);
  for (const local of office.plan.people) checkReceived(book, `${local}@${office.plan.domain}`, ledger);
  for (const { text, recipient } of book.stored) {
    const mark = markOf(text);
    if (mark === undefined || (!isReport(text) && !ledger.letters.has(mark)))
      ledger.fail(`${who} holds mail for ${recipient} that nobody wrote: ${JSON.stringify(text.slice(0, 700))}`);
  }
}

/** What lies in a mailbox, and the events that tell of its coming. */
function checkReceived({ checked, stored }: Books, address: string, ledger: Ledger): void {
  const row = checked.watch.database
    .prepare(
      `SELECT count(*) AS n FROM events_log e, json_each(e.data, '$.recipients') r WHERE e.type = 'email.received'
       AND json_extract(e.data, '$.disposition') IN ('accept', 'junk') AND r.value = ?`,
    )
    .get(address);
  const mails = stored.filter(({ recipient }) => recipient === address).length;
  if (row?.n !== mails) ledger.fail(`${address} has ${mails} mails, and events tell of ${row?.n}`);
}

function checkDelivery(book: Books, delivery: DeliveryRow, ledger: Ledger, around: Circumstances): void {
  const { office, watch } = book.checked;
  const who = `${delivery.id} of ${office.plan.name} to ${delivery.recipient}`;
  const isOpen = delivery.state === 'queued' || delivery.state === 'delayed';
  if (isOpen || delivery.settled_at_ms === null) {
    ledger.fail(`${who} never ended: ${delivery.state}`);
    return;
  }
  const told = watch.endOf.get(delivery.id);
  if (told !== `email.${delivery.state}`) ledger.fail(`${who} is ${delivery.state}, and its last event is ${told}`);
  if (delivery.state === 'unsure' && delivery.unsure_ends === 0) ledger.fail(`${who} is unsure of nothing`);
  const lived = delivery.settled_at_ms - delivery.accepted_at_ms;
  if (delivery.state === 'failed' && !around.clocksWereSet && lived < around.giveUpAfterMs)
    ledger.fail(`${who} was given up after ${lived} ms`);
}

function checkLetter(letter: Letter, books: readonly Books[], ledger: Ledger): void {
  const own = books.find(({ checked }) => checked.office.plan.name === letter.office);
  if (!own) return;
  if (letter.by === 'stranger') {
    checkStranger(letter, own, ledger);
    return;
  }
  const messages = own.messages.filter(
    ({ origin, subject }) => !origin.endsWith('report') && hasMark(subject, letter.mark),
  );
  for (const id of letter.acknowledged)
    if (!messages.some((one) => one.id === id)) ledger.fail(`${letter.mark} was acknowledged as ${id}, and is lost`);
  const most = letter.acknowledged.size + letter.unknown;
  if (messages.length > most) ledger.fail(`${letter.mark} was taken ${messages.length} times for ${most} answers`);
  for (const recipient of letter.recipients) {
    const deliveries = messages
      .flatMap(({ id }) => own.of.get(id) ?? [])
      .filter((one) => one.recipient === recipient.address);
    if (deliveries.length !== messages.length)
      ledger.fail(
        `${letter.mark} has ${deliveries.length} deliveries to ${recipient.address} in ${messages.length} messages`,
      );
    checkFate(letter, recipient, { deliveries, own, books }, ledger);
  }
}

function hasMark(subject: string, mark: string): boolean {
  return new RegExp(`\\b${mark}\\b`).test(subject);
}

function checkFate(
  letter: Letter,
  recipient: LetterRecipient,
  {
    deliveries,
    own,
    books,
  }: { readonly deliveries: readonly DeliveryRow[]; readonly own: Books; readonly books: readonly Books[] },
  ledger: Ledger,
): void {
  const who = `${letter.mark} to ${recipient.address}`;
  const count = (state: string) => deliveries.filter((one) => one.state === state).length;
  const host = books.find(({ checked }) => recipient.address.endsWith(`@${checked.office.plan.domain}`));
  const copies = host
    ? host.stored.filter(
        (one) => one.recipient === recipient.address && !isReport(one.text) && markOf(one.text) === letter.mark,
      ).length
    : ledger.arrivals.filter((one) => one.mark === letter.mark && one.recipient === recipient.address && !one.isReport)
        .length;
  const unsureEnds = deliveries.reduce((sum, one) => sum + one.unsure_ends, 0);
  const excuses = host ? 0 : unsureEndsOf(letter, recipient, ledger);
  if (copies > deliveries.length + unsureEnds + excuses)
    ledger.fail(`${who}: ${copies} copies for ${deliveries.length} deliveries with ${unsureEnds} unsure ends`);
  if (host === own && copies !== count('delivered'))
    ledger.fail(`${who}: ${copies} copies in the house for ${count('delivered')} delivered`);
  const returned = ledger.returned.has(`${letter.mark} ${recipient.address}`);
  if (count('delivered') > 0 && copies === 0) ledger.fail(`${who}: delivered, and nobody has it`);
  if (copies < count('delivered')) ledger.fail(`${who}: ${copies} copies for ${count('delivered')} delivered`);
  switch (recipient.kind) {
    case 'takes':
      if (count('bounced') > 0) ledger.fail(`${who}: bounced, and nobody refused it`);
      break;
    case 'returns':
      if (count('bounced') > 0 && copies === 0) ledger.fail(`${who}: bounced, and nobody had it`);
      if (returned && count('bounced') === 0 && count('cancelled') < deliveries.length)
        ledger.fail(`${who}: came back by mail, and is not bounced`);
      break;
    case 'refuses':
      if (count('delivered') > 0) ledger.fail(`${who}: delivered to whoever refuses`);
      break;
    case 'never':
      if (count('delivered') > 0 || count('bounced') > 0) ledger.fail(`${who}: ended though nobody answers there`);
      break;
    default:
  }
  if (count('cancelled') > 0 && !letter.cancelled) ledger.fail(`${who}: cancelled by nobody`);
  checkReports(letter, recipient, { deliveries, own }, ledger);
}

/** Nonsense after the final dot counts as put off, and makes a second copy all the same. */
function unsureEndsOf(letter: Letter, recipient: LetterRecipient, ledger: Ledger): number {
  return ledger.arrivals.filter(
    (one) => one.mark === letter.mark && one.recipient === recipient.address && !one.isReport && !one.wasTold(),
  ).length;
}

const failures = new Set(['bounced', 'failed', 'unsure']);

/** Failure always comes back to who sent by SMTP, once, unless it was not wanted; to the API it comes as an event. */
function checkReports(
  letter: Letter,
  recipient: LetterRecipient,
  { deliveries, own }: { readonly deliveries: readonly DeliveryRow[]; readonly own: Books },
  ledger: Ledger,
): void {
  const who = `${letter.mark} to ${recipient.address}`;
  const told = own.stored.filter(
    ({ text, recipient: reader }) =>
      reader === letter.from && isReport(text) && aboutFailure(text, letter.mark, recipient.address),
  ).length;
  const failed = deliveries.filter(({ state }) => failures.has(state)).length;
  const wants =
    letter.by === 'submission' && letter.from !== '' && recipient.notify !== 'never' && recipient.notify !== 'success';
  if (!wants && told > 0) ledger.fail(`${who}: ${told} notifications that nobody wanted`);
  if (!wants) return;
  if (told < failed) ledger.fail(`${who}: ${failed} failed, and ${told} notifications tell of it`);
  // One that was unsure first may be told of, and come back by mail later.
  const twice = deliveries.filter(({ state, unsure_ends }) => state === 'bounced' && unsure_ends > 0).length;
  if (told > failed + twice) ledger.fail(`${who}: ${told} notifications for ${failed} failures`);
}

function aboutFailure(text: string, mark: string, address: string): boolean {
  if (!new RegExp(`\\b${mark}\\b`).test(text)) return false;
  const blocks = text.split(/\r\n\r\n/);
  return blocks.some((block) => /^Action: failed/im.test(block) && block.toLowerCase().includes(`; ${address}`));
}

/** Mail from outside: what was answered yes is in the mailbox, and not oftener than it was sent. */
function checkStranger(letter: Letter, own: Books, ledger: Ledger): void {
  for (const { address, kind } of letter.recipients) {
    const copies = own.stored.filter((one) => one.recipient === address && markOf(one.text) === letter.mark).length;
    if (letter.yes > 0 && kind === 'takes' && copies === 0)
      ledger.fail(`${letter.mark} to ${address} was acknowledged, and is lost`);
    if (copies > letter.yes + letter.unknown)
      ledger.fail(
        `${letter.mark} to ${address}: ${copies} copies for ${letter.yes} times yes and ${letter.unknown} unknown`,
      );
  }
}
