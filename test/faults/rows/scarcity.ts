/** No inodes, few descriptors: the machine is short of something that is no octets. */
import { connect, type Socket } from 'node:net';
import { giveInodes, mountDisk, mountMissing, takeInodes } from '../support/disk.ts';
import { author, makeHome, openDeliveries } from '../support/home.ts';
import { letter, tokenOf } from '../support/letters.ts';
import { startNameServer } from '../support/name-server.ts';
import { NotServing, OfficeProcess } from '../support/office.ts';
import { sinkDomain, startSink } from '../support/sink.ts';
import { SmtpTalk } from '../support/smtp-talk.ts';
import { type Fault, pause, type Trial } from '../support/trial.ts';
import { checkShop, reportErrors } from './kill.ts';

const to = `a@${sinkDomain('ok')}`;

async function relay(office: OfficeProcess, trial: Trial, nth: number, octets: number): Promise<string> {
  const token = tokenOf(trial.seed, nth, octets);
  try {
    const talk = await SmtpTalk.greeted(office.ports.mx);
    const { code, text } = await talk.send(author, [to], letter(token, author, [to]));
    talk.destroy();
    return `${code} ${text}`;
  } catch (error) {
    return String(error);
  }
}

export const inodes: Fault = {
  name: 'inodes',
  fault: 'no inodes',
  done: 'every inode of a small disk taken: messages of both sizes, a restart, and room made again',
  missing: mountMissing('tmpfs'),
  limitSeconds: () => 60,
  run: async (trial) => {
    const disk = mountDisk(trial, 'tmpfs', { megabytes: 128, inodes: 64 });
    const sink = await startSink({ random: trial.random });
    trial.later(() => sink.close());
    const home = await makeHome(`${disk}/data`, { routes: { '*.sink.test': `127.0.0.1:${sink.port}` } });
    let office = await OfficeProcess.start(trial, home);
    takeInodes(disk);
    const small = await relay(office, trial, 1, 1_000);
    trial.check(small.startsWith('250 '), `a message that needs no file: ${small}`);
    const large = await relay(office, trial, 2, 300_000);
    trial.check(large.startsWith('452 4.3.1'), `a message that needs a file: ${large}`);
    const before = office.usage().cpuMs;
    await pause(1_500);
    trial.check(office.usage().cpuMs - before < 750, `it spins: ${office.usage().cpuMs - before} ms of 1,500`);
    giveInodes(disk);
    const again = await relay(office, trial, 3, 300_000);
    trial.check(again.startsWith('250 '), `after inodes were given back: ${again}`);
    trial.figure(`small 250, large 452 4.3.1, large 250 again as soon as there are inodes`);
    await trial.until(10_000, () => openDeliveries(home) === 0 || undefined);
    trial.check(openDeliveries(home) === 0, 'deliveries stay open');
    await office.stop();
    takeInodes(disk);
    try {
      office = await OfficeProcess.start(trial, home);
      trial.check(false, 'it starts without an inode for its log');
    } catch (error) {
      if (!(error instanceof NotServing)) throw error;
      trial.check(/no room for another file/.test(error.words), `a start without inodes says: ${error.words}`);
      trial.check(!/\n\s+at /.test(error.words), `a start without inodes shows its stack: ${error.words}`);
      trial.figure(`a start without inodes: "${error.words.split('\n')[0]}"`);
    }
    giveInodes(disk);
    office = await OfficeProcess.start(trial, home);
    await checkShop(trial, home, office);
  },
};

export const descriptors: Fault = {
  name: 'descriptors',
  fault: 'few descriptors (64, 256)',
  done: 'ulimit -n; three times as many connections held at MX and API; mail before, during and after',
  limitSeconds: () => 90,
  run: async (trial) => {
    for (const most of [64, 256]) await withFew(trial, most);
  },
};

async function withFew(trial: Trial, most: number): Promise<void> {
  const sink = await startSink({ random: trial.random });
  trial.later(() => sink.close());
  const names = await startNameServer('');
  trial.later(() => names.close());
  const home = await makeHome(`${trial.folder}/data${most}`, {
    routes: { '*.sink.test': `127.0.0.1:${sink.port}` },
    dns: { resolvers: [`127.0.0.1:${names.port}`] },
  });
  const office = await OfficeProcess.start(trial, home, { wrap: ['sh', '-c', `ulimit -n ${most}; exec "$@"`, 'sh'] });
  const calm = await relay(office, trial, most, 300_000);
  trial.check(calm.startsWith('250 '), `with ${most} descriptors and nobody else: ${calm}`);
  const crowd = await hold(office, most * 3);
  await pause(500);
  const { cpuMs, descriptors: held } = office.usage();
  const during = await relay(office, trial, most + 1, 1_000);
  trial.check(/^250 |: 421 /.test(during), `during the crowd: ${during}`);
  trial.check(held < most, `the crowd takes all of ${most} descriptors`);
  await pause(2_000);
  const usage = office.usage();
  trial.check(!office.isOver, `it died of ${most} descriptors: ${office.words}`);
  trial.check(usage.cpuMs - cpuMs < 1_000, `it spins: ${usage.cpuMs - cpuMs} ms of 2,000`);
  for (const socket of crowd) socket.destroy();
  await pause(300);
  const after = await trial.until(5_000, async () => {
    const answer = await relay(office, trial, most + 2, 300_000);
    return answer.startsWith('250 ') ? answer : undefined;
  });
  trial.check(after !== undefined, 'after the crowd no message is taken within 5 s');
  const list = await office.api('GET', '/v1/emails?limit=1');
  trial.check(list.status === 200, `after the crowd the API answers ${list.status}`);
  const drained = await trial.until(15_000, () => openDeliveries(home) === 0 || undefined);
  trial.check(drained === true, `${openDeliveries(home)} deliveries stay open`);
  trial.figure(
    `${most}: ${held} open under ${most * 3} connections, ${((usage.cpuMs - cpuMs) / 20).toFixed(0)} % of a core; a message then: "${during.slice(0, 60)}"`,
  );
  reportErrors(trial, office);
  await office.stop();
}

/** Connections from many addresses, which say nothing. */
async function hold(office: OfficeProcess, most: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let nth = 0; nth < most; nth++) {
    const port = nth % 3 === 0 ? office.ports.http : nth % 3 === 1 ? office.ports.mx : office.ports.submission;
    const socket = connect({ host: '127.0.0.1', port, localAddress: `127.0.1.${1 + (nth % 250)}` });
    socket.on('error', () => {});
    sockets.push(socket);
    if (nth % 20 === 0) await pause(5);
  }
  return sockets;
}
