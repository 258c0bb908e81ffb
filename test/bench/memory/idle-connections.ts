/** 1,000 connections that have said EHLO and nothing since: at the office, and at a server of node:net that does nothing else. */
import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { makeHome } from '../../faults/support/home.ts';
import { OfficeProcess } from '../../faults/support/office.ts';
import { quantile, type Trial } from '../../faults/support/trial.ts';
import { megabytes, residentOf, settled } from './process-memory.ts';

const connections = 1_000;
const ratioMost = 1.3;
const rounds = 3;
/** Opened and closed before, so that code and buffers of the first connections are not counted. */
const before = 50;

const bareServer = fileURLToPath(new URL('./bare-server.ts', import.meta.url));

export async function idleConnections(trial: Trial): Promise<void> {
  const limits = { connections_per_address: connections + before };
  const home = await makeHome(`${trial.folder}/data`, { limits, log: { level: 'warn' } });
  const bare: number[] = [];
  const ours: number[] = [];
  const secured: number[] = [];
  for (let round = 0; round < rounds; round++) {
    bare.push(await ofBareServer(trial));
    ours.push(await ofOffice(trial, home, false));
  }
  secured.push(await ofOffice(trial, home, true));
  const show = (values: readonly number[]) => values.map((value) => megabytes(value)).join(', ');
  const ratio = quantile(ours, 0.5) / quantile(bare, 0.5);
  trial.figure(
    `${connections} idle connections, above the process without them: office ${show(ours)} MB, node:net ${show(bare)} MB`,
  );
  trial.figure(`ratio of the medians ${ratio.toFixed(2)}; after STARTTLS ${show(secured)} MB`);
  trial.check(ratio <= ratioMost, `${ratio.toFixed(2)} times what node:net needs is more than ${ratioMost}`);
}

async function ofOffice(trial: Trial, home: Parameters<typeof OfficeProcess.start>[1], tls: boolean): Promise<number> {
  const office = await OfficeProcess.start(trial, home);
  const grown = await growth(office.pid, office.ports.mx, tls);
  await office.stop();
  return grown;
}

async function ofBareServer(trial: Trial): Promise<number> {
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

async function growth(pid: number, port: number, tls: boolean): Promise<number> {
  for (const socket of await openAll(port, before, tls)) socket.destroy();
  const idle = await settled(pid);
  const sockets = await openAll(port, connections, tls);
  await settled(pid);
  const grown = residentOf(pid) - idle;
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
