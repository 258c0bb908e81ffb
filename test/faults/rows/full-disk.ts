/** The disk of the data folder fills up: nothing new is taken, everything else goes on, and it ends by itself. */
import { settleAccounts } from '../support/accounts.ts';
import { type DiskKind, fillDisk, freeBytes, makeRoom, megabyte, mountDisk, mountMissing } from '../support/disk.ts';
import { ask, author, makeHome, openDeliveries, resident } from '../support/home.ts';
import { letter, textOf, tokenOf } from '../support/letters.ts';
import { type Entry, Load, strangersFrom } from '../support/load.ts';
import { startNameServer } from '../support/name-server.ts';
import { OfficeProcess } from '../support/office.ts';
import { sinkDomain, startSink } from '../support/sink.ts';
import { SmtpTalk } from '../support/smtp-talk.ts';
import { type Fault, pause, type Trial } from '../support/trial.ts';
import { checkShop } from './kill.ts';

const recoverMs = 10_000;
const to = `a@${sinkDomain('ok')}`;

export const fullDisk: Fault = diskRow('disk', 'tmpfs');
export const fullExt4: Fault = diskRow('disk-ext4', 'ext4');

/** Names of the letters that wait; the load counts its own from 0 and never comes so far, nor does `recovery`, from a million. */
const firstWaiting = 900_000_000;

function diskRow(name: string, kind: DiskKind): Fault {
  return {
    name,
    fault: `the disk is full (${kind})`,
    done: 'below the reserve, then to the last octet, then filled under load again and again; room made each time',
    missing: mountMissing(kind),
    limitSeconds: () => 150,
    run: (trial) => run(trial, kind),
  };
}

async function run(trial: Trial, kind: DiskKind): Promise<void> {
  const disk = mountDisk(trial, kind, { megabytes: 64 });
  const sink = await startSink({ random: trial.random });
  trial.later(() => sink.close());
  const names = await startNameServer('');
  trial.later(() => names.close());
  const home = await makeHome(`${disk}/data`, {
    routes: { '*.sink.test': `127.0.0.1:${sink.port}` },
    dns: { resolvers: [`127.0.0.1:${names.port}`] },
  });
  const office = await OfficeProcess.start(trial, home);
  const say = (what: string) => `${what} (${(freeBytes(disk) / megabyte).toFixed(1)} MB free)`;

  // A queue that waits for a receiver.
  sink.block = '421 4.3.2 closed';
  const waiting: Entry[] = [];
  for (let nth = 0; nth < 40; nth++) {
    const token = tokenOf(trial.seed, firstWaiting + nth, nth % 10 === 0 ? 300_000 : 3_000);
    const code = await relay(office, token);
    trial.check(code === 250, `before all: ${code}`);
    waiting.push({ token, way: 'relay', recipients: [to], outcome: 'acknowledged', code, say: '', tookMs: 0, atMs: 0 });
  }

  // Below the reserve: a quarter of so small a disk.
  fillDisk(disk, 12 * megabyte);
  await pause(700); // the reserve is looked at twice a second
  await checkRefused(trial, office, say('below the reserve'));
  trial.check((await office.api('GET', '/v1/emails?limit=5')).status === 200, 'reading the list goes on');
  const [stored] = ask(home, 'SELECT id FROM outbound_messages LIMIT 1');
  trial.check((await office.api('GET', `/v1/emails/${stored?.id}/raw`)).status === 200, 'reading a message goes on');
  trial.check((await office.api('GET', '/readyz')).status === 503, '/readyz tells that the disk is low');
  sink.block = undefined;
  const drained = await trial.until(30_000, () => openDeliveries(home) === 0 || undefined);
  trial.check(
    drained === true,
    `${openDeliveries(home)} of 40 deliveries are still open: delivering does not go on ${say('below the reserve')}`,
  );
  trial.figure(`below the reserve: 452 4.3.1 and 503, 40 deliveries of 40 made`);

  // To the last octet.
  fillDisk(disk, 0);
  await pause(700);
  await checkRefused(trial, office, say('with nothing left'));
  trial.check((await office.api('GET', '/v1/emails?limit=5')).status === 200, 'reading goes on with nothing left');
  const usage = office.usage();
  await pause(2_000);
  const cpuMs = office.usage().cpuMs - usage.cpuMs;
  trial.check(cpuMs < 1_000, `with nothing left it works ${cpuMs} ms in 2 s without anything to do`);
  trial.figure(`with nothing left: the same, ${cpuMs / 20} % of a core`);
  makeRoom(disk);
  trial.figure(`takes mail again ${await recovery(trial, office)} ms after room is made`);

  // Filled while mail comes in, faster than the reserve can be looked at.
  const load = new Load(trial, home, () => office, {
    clients: { relay: 2, submission: 1, api: 1, stranger: 1 },
    manners: ['ok', 'grey', 'no'],
    octets: [500, 20_000],
    largeShare: 0.1,
    pauseMs: 20,
  });
  load.start();
  for (let round = 0; round < 4 && !trial.signal.aborted; round++) {
    await pause(trial.between(500, 900));
    fillDisk(disk, trial.pick([0, 0, 8_192, 100_000]));
    await pause(trial.between(600, 1_200));
    makeRoom(disk);
  }
  await pause(600);
  await load.stop();
  const last = await recovery(trial, office);
  trial.check(last <= recoverMs, `takes mail again ${last} ms after room is made`);
  const settled = await trial.until(40_000, () => openDeliveries(home) === 0 || undefined);
  trial.check(settled === true, `${openDeliveries(home)} deliveries are still open after room was made`);
  const accounts = settleAccounts(trial, home, [...waiting, ...load.entries], sink.copies, []);
  const no = load.entries.filter(({ outcome }) => outcome === 'refused');
  for (const { code, say: words, way } of no)
    trial.check(code === 452 || code === 503, `${way} under load on a full disk: ${code} ${words}`);
  trial.figure(
    `filled 4 times under load: ${accounts.acknowledged} acknowledged and kept, ${no.length} refused (452, 503)`,
  );
  trial.check(office.said('store.writing_ended').length === 0, 'writing ended, though the disk was only full');
  await checkShop(trial, home, office, /ENOSPC|the disk of the data folder is full/);
}

async function checkRefused(trial: Trial, office: OfficeProcess, when: string): Promise<void> {
  const say = { relay: '', stranger: '', api: '' };
  const talk = await SmtpTalk.greeted(office.ports.mx);
  const relayed = await talk.send(author, [to], letter(tokenOf(trial.seed, 1, 100), author, [to]));
  say.relay = `${relayed.code} ${relayed.text}`;
  talk.destroy();
  const other = await SmtpTalk.greeted(office.ports.mx, { from: '127.0.0.2' });
  const received = await other.send(
    strangersFrom,
    [resident],
    letter(tokenOf(trial.seed, 2, 100), strangersFrom, [resident]),
  );
  say.stranger = `${received.code} ${received.text}`;
  other.destroy();
  const { status, body } = await office.api('POST', '/v1/emails', {
    from: author,
    to: [to],
    subject: 'x',
    text: textOf('z100'),
  });
  say.api = `${status} ${body.code}`;
  trial.check(/^452 4\.3\.1 /.test(say.relay), `relay ${when}: ${say.relay}`);
  trial.check(/^452 4\.3\.1 /.test(say.stranger), `stranger ${when}: ${say.stranger}`);
  trial.check(say.api === '503 storage_full', `API ${when}: ${say.api}`);
}

async function relay(office: OfficeProcess, token: string): Promise<number> {
  try {
    const talk = await SmtpTalk.greeted(office.ports.mx);
    const { code } = await talk.send(author, [to], letter(token, author, [to]));
    talk.destroy();
    return code;
  } catch {
    return 0;
  }
}

/** Milliseconds until it takes mail again over SMTP and HTTP. */
async function recovery(trial: Trial, office: OfficeProcess): Promise<number> {
  const beganMs = performance.now();
  const again = await trial.until(recoverMs, async () => {
    const nth = 1_000_000 + 2 * Math.floor(performance.now());
    const code = await relay(office, tokenOf(trial.seed, nth, 100));
    const token = tokenOf(trial.seed, nth + 1, 100);
    const request = { from: author, to: [to], subject: token, text: textOf(token) };
    return code === 250 && (await office.api('POST', '/v1/emails', request)).status === 202 ? true : undefined;
  });
  trial.check(again === true, 'mail is not taken again within 10 s of room being made');
  return Math.round(performance.now() - beganMs);
}
