/** A process that may have little memory: a crowd that wants more than there is costs the crowd its welcome, and nobody his mail. */

import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { settleAccounts } from '../support/accounts.ts';
import { groupMissing, makeGroup } from '../support/control-group.ts';
import { author, login, openDeliveries, resident } from '../support/home.ts';
import { letter, textOf, tokenOf } from '../support/letters.ts';
import { Load } from '../support/load.ts';
import { OfficeProcess } from '../support/office.ts';
import { sinkDomain } from '../support/sink.ts';
import { SmtpTalk } from '../support/smtp-talk.ts';
import { type Fault, pause, type Trial } from '../support/trial.ts';
import { checkShop, killWorld } from './kill.ts';

const megabyte = 1024 * 1024;
const limitMegabytes = 224;
/** Each leaves this much of a message behind and says no more. */
const slowClients = 1_200;
const slowOctets = 250_000;
/** Sessions of TLS from many addresses, of three listeners' worth. */
const sessions = 1_900;
/** Its name server does not answer. */
const mute = 'mute.test';
const recoverMs = 30_000;
const to = `a@${sinkDomain('ok')}`;

export const memory: Fault = {
  name: 'memory',
  fault: `little memory (${limitMegabytes} MB)`,
  done: `a control group; ${slowClients} clients with ${slowOctets / 1_000} KB of a message each, then sessions of TLS until it says no; mail all the while`,
  missing: groupMissing,
  limitSeconds: () => 150,
  run: async (trial) => {
    const group = makeGroup(trial, limitMegabytes * megabyte);
    const { home, sink, names } = await killWorld(trial);
    names.moodOf = (name) => (name.endsWith(mute) ? 'silent' : 'honest');
    const office = await OfficeProcess.start(trial, home, { wrap: group.wrap });
    const calm = await office.usage().residentBytes;
    const load = new Load(trial, home, () => office, {
      clients: { relay: 1, api: 1, stranger: 1 },
      manners: ['ok', 'grey', 'no'],
      octets: [500, 8_000],
      pauseMs: 60,
    });
    load.start();

    const slow = await slowCrowd(trial, office);
    trial.check(!office.isOver, `it died of ${slowClients} slow clients`);
    const held = office.usage().residentBytes;
    for (const socket of slow) socket.write('\r\n.\r\n');
    await pause(3_000);
    trial.check(!office.isOver, `it died of ${slowClients} messages that wait for DNS`);
    const judged = office.isOver ? 0 : office.usage().residentBytes;
    for (const socket of slow) socket.destroy();
    trial.figure(
      `${slowClients} slow clients with ${((slowClients * slowOctets) / megabyte).toFixed(0)} MB in all: ${(calm / megabyte).toFixed(0)} to ${(held / megabyte).toFixed(0)} MB resident; all ended at once, their authors' DNS silent: ${(judged / megabyte).toFixed(0)} MB`,
    );

    const kept = await trial.until(10_000, () => greeted(office));
    if (!kept) throw new Error('after the slow clients nobody is let in');
    const crowd = await tlsCrowd(trial, office);
    trial.check(!office.isOver, `it died of ${crowd.length} sessions of TLS`);
    if (!office.isOver) await checkShort(trial, office, kept);
    const peak = group.peakBytes();
    trial.figure(
      `short after ${crowd.length} sessions of TLS: 421 at the door, 452 4.3.1 at MAIL, 503 with Retry-After; reading goes on${peak === undefined ? '' : `; most ever taken ${(peak / megabyte).toFixed(0)} MB, page cache included`}`,
    );
    for (const socket of crowd) socket.destroy();
    const beganMs = performance.now();
    const again = await trial.until(recoverMs, () => takesMail(trial, office));
    trial.check(again === true, `mail is not taken again within ${recoverMs / 1_000} s of the crowd's leaving`);
    trial.figure(`takes mail again ${((performance.now() - beganMs) / 1_000).toFixed(1)} s after the crowd has left`);
    kept.destroy();

    await load.stop();
    const drained = await trial.until(40_000, () => openDeliveries(home) === 0 || undefined);
    trial.check(drained === true, `${openDeliveries(home)} deliveries stay open`);
    const accounts = settleAccounts(trial, home, load.entries, sink.copies, []);
    for (const { outcome, code, say, way } of load.entries)
      if (outcome === 'refused')
        trial.check([421, 452, 503].includes(code), `${way} while memory is short: ${code} ${say}`);
    trial.figure(
      `${accounts.acknowledged} acknowledged meanwhile, lost ${trial.failures.filter((each) => each.startsWith('LOST')).length}`,
    );
    await checkShop(trial, home, office);
  },
};

/** Many addresses: one alone may hold few connections. */
function addressOf(nth: number): string {
  return `127.0.${2 + (nth % 5)}.${1 + (Math.floor(nth / 5) % 250)}`;
}

async function slowCrowd(trial: Trial, office: OfficeProcess): Promise<Socket[]> {
  const part = Buffer.from(`From: eve@${mute}\r\nSubject: x\r\n\r\n${textOf(`z${slowOctets}`)}`);
  const sockets: Socket[] = [];
  for (let nth = 0; nth < slowClients && !office.isOver && !trial.signal.aborted; nth++) {
    const socket = connect({ host: '127.0.0.1', port: office.ports.mx, localAddress: addressOf(nth) });
    socket.on('error', () => {});
    let said = 0;
    socket.on('data', (octets: Buffer) => {
      // As the replies come: banner, MAIL, RCPT, 354.
      for (const code of octets.toString('latin1').match(/^\d{3} /gm) ?? []) {
        const next = ['HELO slow.test\r\n', `MAIL FROM:<eve@${mute}>\r\n`, `RCPT TO:<${resident}>\r\n`, 'DATA\r\n'][
          said++
        ];
        if (next !== undefined) socket.write(next);
        else if (code === '354 ') socket.write(part);
      }
    });
    sockets.push(socket);
    if (nth % 20 === 19) await pause(20);
  }
  await pause(2_000);
  return sockets;
}

async function greeted(office: OfficeProcess): Promise<SmtpTalk | undefined> {
  return SmtpTalk.greeted(office.ports.mx, { patienceMs: 60_000 }).catch(() => undefined);
}

/** At this moment, as it says itself. */
function isShort(office: OfficeProcess): boolean {
  return office.said('memory.short').length > office.said('memory.well_again').length;
}

/** It collects every other second while somebody asks: what is short now may be garbage of handshakes. */
const staysShortMs = 5_000;

async function staysShort(trial: Trial, office: OfficeProcess): Promise<boolean> {
  for (const endMs = performance.now() + staysShortMs; performance.now() < endMs; await pause(200)) {
    if (!isShort(office) || office.isOver || trial.signal.aborted) return false;
    await office.api('GET', '/readyz'); // asks it
  }
  return isShort(office);
}

/** Until the office says no and goes on to say it, or all are in. */
async function tlsCrowd(trial: Trial, office: OfficeProcess): Promise<TLSSocket[]> {
  const sockets: TLSSocket[] = [];
  for (let nth = 0; nth < sessions && !office.isOver && !trial.signal.aborted; nth++) {
    const socket = connectTls({
      host: '127.0.0.1',
      port: office.ports.submissions,
      localAddress: addressOf(nth),
      rejectUnauthorized: false,
    } as ConnectionOptions);
    socket.on('error', () => {});
    sockets.push(socket);
    if (nth % 20 !== 19) continue;
    await pause(60);
    if (await staysShort(trial, office)) break;
  }
  await pause(500);
  return sockets;
}

async function checkShort(trial: Trial, office: OfficeProcess, kept: SmtpTalk): Promise<void> {
  trial.check(isShort(office), `${sessions} sessions of TLS do not make memory short`);
  const mail = await kept.ask(`MAIL FROM:<${author}>`);
  trial.check(
    mail.code === 452 && /^4\.3\.1 /.test(mail.text),
    `MAIL while memory is short: ${mail.code} ${mail.text}`,
  );
  const door = await SmtpTalk.open(office.ports.mx).then(
    (talk) => {
      talk.destroy();
      return 'welcome';
    },
    (error: unknown) => String(error),
  );
  trial.check(/421 4\.3\.2/.test(door), `a new connection while memory is short: ${door}`);
  const send = await fetch(`http://127.0.0.1:${office.ports.http}/v1/emails`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${office.home.apiKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ from: author, to: [to], subject: 'x', text: 'x' }),
  });
  trial.check(
    send.status === 503 && send.headers.has('retry-after'),
    `sending by API while memory is short: ${send.status}, Retry-After ${send.headers.get('retry-after')}`,
  );
  await send.text();
  trial.check((await office.api('GET', '/v1/emails?limit=1')).status === 200, 'reading while memory is short');
  trial.check((await office.api('GET', '/readyz')).status === 503, '/readyz while memory is short');
  const before = office.usage().cpuMs;
  await pause(1_500);
  const cpuMs = office.usage().cpuMs - before;
  trial.check(cpuMs < 1_000, `it spins while memory is short: ${cpuMs} ms of 1,500`);
}

async function takesMail(trial: Trial, office: OfficeProcess): Promise<true | undefined> {
  const token = tokenOf(trial.seed, 1_000_000 + Math.floor(performance.now()), 500);
  try {
    const talk = await SmtpTalk.loggedIn(office.ports.submissions, login, office.home.password);
    const { code } = await talk.send(author, [to], letter(token, author, [to]));
    talk.destroy();
    const { status } = await office.api('POST', '/v1/emails', {
      from: author,
      to: [to],
      subject: `${token}0`,
      text: textOf(`${token}0`),
    });
    return code === 250 && status === 202 ? true : undefined;
  } catch {
    await pause(200);
    return undefined;
  }
}
