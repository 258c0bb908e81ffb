/** 1,000 connections that have said EHLO and nothing since: at the office, and at a server of node:net that does nothing else. */
import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { makeHome } from '../../faults/support/home.ts';
import { OfficeProcess } from '../../faults/support/office.ts';
import { quantile, type Trial } from '../../faults/support/trial.ts';
import { megabytes, settled } from './process-memory.ts';

const connections = 1_000;
const ratioMost = 1.3;
const rounds = 3;

/**
 * The first thousand of a process bring code and a larger young generation with them, and how much of that is there before depends
 * on chance: 7 to 14 MB for the office, 6 to 9 for node:net. The second thousand, after the first has left, are steady.
 */
type Growth = { readonly first: number; readonly second: number };

const bareServer = fileURLToPath(new URL('./bare-server.ts', import.meta.url));

export async function idleConnections(trial: Trial): Promise<void> {
  const limits = { connections_per_address: 2 * connections };
  const home = await makeHome(`${trial.folder}/data`, { limits, log: { level: 'warn' } });
  const bare: Growth[] = [];
  const ours: Growth[] = [];
  for (let round = 0; round < rounds; round++) {
    const [one, other] = await Promise.all([ofBareServer(trial), ofOffice(trial, home, false)]);
    bare.push(one);
    ours.push(other);
  }
  const secured = await ofOffice(trial, home, true);
  const show = (values: readonly Growth[], which: keyof Growth) =>
    values.map((one) => megabytes(one[which])).join(', ');
  const ratioOf = (which: keyof Growth) =>
    quantile(
      ours.map((one) => one[which]),
      0.5,
    ) /
    quantile(
      bare.map((one) => one[which]),
      0.5,
    );
  for (const which of ['first', 'second'] as const)
    trial.figure(
      `the ${which} ${connections} connections: office ${show(ours, which)} MB, node:net ${show(bare, which)} MB, ratio of the medians ${ratioOf(which).toFixed(2)}`,
    );
  trial.figure(`after STARTTLS: the first ${megabytes(secured.first)} MB, the second ${megabytes(secured.second)} MB`);
  const ratio = ratioOf('second');
  trial.check(ratio <= ratioMost, `${ratio.toFixed(2)} times what node:net needs is more than ${ratioMost}`);
}

async function ofOffice(trial: Trial, home: Parameters<typeof OfficeProcess.start>[1], tls: boolean): Promise<Growth> {
  const office = await OfficeProcess.start(trial, home);
  const grown = await growth(office.pid, office.ports.mx, tls);
  await office.stop();
  return grown;
}

async function ofBareServer(trial: Trial): Promise<Growth> {
  const child = spawn(process.execPath, ['--max-semi-space-size=8', bareServer], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.pid === undefined || !child.stdout) throw new Error('the bare server cannot be started');
  trial.adopt(child.pid);
  const line = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  const grown = await growth(child.pid, Number(line.value), false);
  child.kill('SIGKILL');
  trial.forget(child.pid);
  return grown;
}

async function growth(pid: number, port: number, tls: boolean): Promise<Growth> {
  const first = await growthOnce(pid, port, tls);
  return { first, second: await growthOnce(pid, port, tls) };
}

async function growthOnce(pid: number, port: number, tls: boolean): Promise<number> {
  const idle = await settled(pid);
  const sockets = await openAll(port, connections, tls);
  const grown = (await settled(pid)) - idle;
  for (const socket of sockets) socket.destroy();
  return grown;
}

const together = 50;

async function openAll(port: number, count: number, tls: boolean): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let opened = 0; opened < count; opened += together)
    sockets.push(
      ...(await Promise.all(Array.from({ length: Math.min(together, count - opened) }, () => openOne(port, tls)))),
    );
  return sockets;
}

async function openOne(port: number, tls: boolean): Promise<Socket> {
  const plain = connect({ host: '127.0.0.1', port, noDelay: true });
  await hear(plain);
  await say(plain, 'EHLO client.test');
  if (!tls) return plain;
  await say(plain, 'STARTTLS');
  const secured = connectTls({ socket: plain, rejectUnauthorized: false });
  await new Promise((resolve) => secured.once('secureConnect', resolve));
  await say(secured, 'EHLO client.test');
  return secured;
}

function say(socket: Socket, line: string): Promise<void> {
  const heard = hear(socket);
  socket.write(`${line}\r\n`);
  return heard;
}

/** Until a reply's last line. */
function hear(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (octets: Buffer) => {
      text += octets.toString('latin1');
      if (!/^\d{3} [^\r\n]*\r\n$/m.test(text)) return;
      socket.off('data', onData);
      resolve();
    };
    socket.on('data', onData);
    socket.once('error', reject);
  });
}
