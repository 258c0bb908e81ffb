/** The disk gives back other octets than it was given: found, named, refused, and nothing else is harmed. */
import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { posthorn } from '../support/command.ts';
import { ask, author, type Home, makeHome } from '../support/home.ts';
import { letter, tokenOf } from '../support/letters.ts';
import { OfficeProcess } from '../support/office.ts';
import { type Sink, sinkDomain, startSink } from '../support/sink.ts';
import { SmtpTalk } from '../support/smtp-talk.ts';
import { type Fault, pause, type Trial } from '../support/trial.ts';

const messages = 24;
const large = 300_000;
const pageBytes = 4_096;

type Stored = { readonly id: string; readonly token: string; readonly blob: string; readonly file: string | null };

export const damage: Fault = {
  name: 'damage',
  fault: 'a flipped octet, a lost file, a broken page',
  done: `of ${messages} queued messages: one row and one spool file flipped, one file removed; then a page of the database overwritten`,
  limitSeconds: () => 90,
  run: async (trial) => {
    const sink = await startSink({ random: trial.random });
    trial.later(() => sink.close());
    await flipped(trial, sink);
    await brokenPage(trial, sink);
  },
};

async function queue(trial: Trial, sink: Sink, name: string): Promise<{ home: Home; stored: Stored[] }> {
  const home = await makeHome(`${trial.folder}/${name}`, { routes: { '*.sink.test': `127.0.0.1:${sink.port}` } });
  sink.block = '421 4.3.2 closed';
  const office = await OfficeProcess.start(trial, home);
  const talk = await SmtpTalk.greeted(office.ports.mx);
  for (let nth = 0; nth < messages; nth++) {
    const to = `${name}@${sinkDomain('ok')}`;
    // Of the usual ones, so many that each has pages of its own.
    const token = tokenOf(trial.seed, nth, nth % 6 === 0 ? large : 9_000);
    const { code } = await talk.send(author, [to], letter(token, author, [to]));
    trial.check(code === 250, `taken with ${code}`);
  }
  talk.destroy();
  const sql =
    'SELECT m.id, m.subject AS token, m.blob_id AS blob, b.file FROM outbound_messages m JOIN blobs b ON b.id = m.blob_id ORDER BY m.id';
  const stored = ask(home, sql) as unknown as Stored[];
  await office.stop();
  return { home, stored };
}

async function flipped(trial: Trial, sink: Sink): Promise<void> {
  const { home, stored } = await queue(trial, sink, 'flipped');
  const files = stored.filter(({ file }) => file !== null);
  const row = trial.pick(stored.filter(({ file }) => file === null));
  const [changed, removed] = [files[0], files[1]];
  if (!changed || !removed) throw new Error('there are no spool files');
  flipRow(home, row, trial.between(500, 8_000));
  flipFile(join(home.data, 'spool', String(changed.file)), trial.between(500, large - 500));
  rmSync(join(home.data, 'spool', String(removed.file)));
  const bad = [row, changed, removed];

  const { code, out } = await posthorn('fsck', '--json', '--config', home.config);
  trial.check(code === 1, `fsck ends with ${code}`);
  const named = (JSON.parse(out) as { problems: { kind: string; subject: string; say: string }[] }).problems;
  for (const { blob } of bad)
    trial.check(
      named.some(({ subject }) => subject === blob),
      `fsck does not name ${blob}: ${out}`,
    );
  trial.check(named.length === bad.length, `fsck names more than what is bad: ${out}`);
  trial.figure(`fsck names ${bad.length} of ${bad.length}: ${named.map(({ kind }) => kind).join(', ')}`);

  sink.block = undefined;
  const office = await OfficeProcess.start(trial, home);
  const good = stored.filter((each) => !bad.includes(each));
  const arrived = () => good.filter(({ token }) => sink.copies.some((copy) => copy.token === token)).length;
  await trial.until(20_000, () => arrived() === good.length || undefined);
  trial.check(arrived() === good.length, `${arrived()} of ${good.length} whole messages arrive`);
  for (const each of bad) {
    const raw = await office.api('GET', `/v1/emails/${each.id}/raw`);
    trial.check(
      raw.status === 500 && raw.body.code === 'message_damaged',
      `reading ${each.id} answers ${raw.status} ${raw.body.code}`,
    );
    trial.check(!sink.copies.some((copy) => copy.token === each.token), `${each.token} was sent, damaged as it is`);
    const [delivery] = ask(home, 'SELECT state, last FROM outbound_deliveries WHERE message_id = ?', each.id);
    trial.check(delivery?.state === 'delayed', `${each.id} is ${delivery?.state}`);
    trial.check(/fault on our side/.test(String(delivery?.last)), `${each.id} says: ${delivery?.last}`);
  }
  trial.check(
    sink.copies.every(({ whole }) => whole),
    'a message arrived with octets changed',
  );
  trial.figure(
    `${arrived()} whole messages delivered, ${bad.length} damaged ones kept back; reading them: 500 message_damaged`,
  );
  await office.stop();
}

async function brokenPage(trial: Trial, sink: Sink): Promise<void> {
  const { home, stored } = await queue(trial, sink, 'page');
  const page = pageOf(home, trial);
  overwrite(join(home.data, 'posthorn.db'), page);
  const { code, out } = await posthorn('fsck', '--json', '--config', home.config);
  trial.check(code === 1, `fsck of a broken page ends with ${code}: ${out}`);
  const { problems } = JSON.parse(out) as { problems: { kind: string; subject: string; say: string }[] };
  const lost = stored.filter(({ blob }) =>
    problems.some(({ kind, subject }) => kind === 'blob-unreadable' && subject === blob),
  );
  trial.check(lost.length > 0, `fsck names nobody whose body stands on the broken page: ${out}`);
  trial.check(
    problems.some(({ kind }) => kind === 'database'),
    `fsck does not see the broken page: ${out}`,
  );
  trial.figure(`page ${page} overwritten; fsck: "${problems[0]?.say.replaceAll('\n', ' ').slice(0, 90)}"`);
  sink.block = undefined;
  const office = await OfficeProcess.start(trial, home);
  await trial.until(
    10_000,
    () => office.said('store.writing_ended').length > 0 || arrived(stored, sink) >= stored.length - 3 || undefined,
  );
  await pause(1_000);
  const sent = arrived(stored, sink);
  const hasEnded = office.said('store.writing_ended').length > 0;
  trial.check(!office.isOver, `the office died of it: ${office.words}`);
  trial.check(
    hasEnded || sent === stored.length - lost.length,
    `${sent} of ${stored.length} arrive, ${lost.length} stand on the page`,
  );
  trial.check(
    sink.copies.every(({ whole }) => whole),
    'a message arrived with octets changed',
  );
  const ready = await office.api('GET', '/readyz');
  trial.check(!hasEnded || ready.status === 503, `writing has ended and /readyz answers ${ready.status}`);
  trial.figure(
    `${sent} of ${stored.length} delivered${hasEnded ? ', then writing ended: restart needed' : `, the ${lost.length} on the page named and kept back`}`,
  );
  await office.stop();
}

function arrived(stored: readonly Stored[], sink: Sink): number {
  return stored.filter(({ token }) =>
    sink.copies.some((copy) => copy.token === token && copy.recipient.startsWith('page@')),
  ).length;
}

function flipRow(home: Home, { blob }: Stored, at: number): void {
  const database = new DatabaseSync(join(home.data, 'posthorn.db'));
  try {
    const body = Buffer.from(
      (database.prepare('SELECT body FROM blobs WHERE id = ?').get(blob)?.body ?? '') as Uint8Array,
    );
    flip(body, at);
    database.prepare('UPDATE blobs SET body = ? WHERE id = ?').run(body, blob);
  } finally {
    database.close();
  }
}

function flipFile(path: string, at: number): void {
  const body = readFileSync(path);
  flip(body, at);
  writeFileSync(path, body);
}

function flip(body: Buffer, at: number): void {
  body[at] = (body[at] ?? 0) ^ 0x10;
}

/** One that holds rows of stored bodies. */
function pageOf(home: Home, trial: Trial): number {
  const database = new DatabaseSync(join(home.data, 'posthorn.db'), { readOnly: true });
  try {
    const rows = database
      .prepare("SELECT pageno FROM dbstat WHERE name = 'blobs' AND pagetype = 'leaf' AND ncell > 0")
      .all();
    return Number(trial.pick(rows).pageno);
  } finally {
    database.close();
  }
}

function overwrite(file: string, page: number): void {
  const descriptor = openSync(file, 'r+');
  try {
    writeSync(descriptor, Buffer.alloc(pageBytes, 0xa5), 0, pageBytes, (page - 1) * pageBytes);
  } finally {
    closeSync(descriptor);
  }
}
