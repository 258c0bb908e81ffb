/**
 * Ports for servers that are not ours and cannot be asked for port 0. They lie outside the range that the kernel takes the ports of
 * outgoing connections from: one of that range may be taken between our look and the server's bind, by anybody's connection. Among
 * the processes of a test run each number is handed out once: whoever has it holds a name that the kernel frees when he ends.
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer, type ListenOptions, type Server } from 'node:net';

const address = '127.0.0.1';
/** Below are the ports of services that machines run for other reasons. */
const least = 10_000;
const most = 65_535;
const triesMax = 1_000;
/** Linux's own choice, where its setting cannot be read. */
const usualOutgoing = [32_768, 60_999] as const;

/** Ports that nobody listens on, neither by TCP nor by UDP, and that nobody else is given while this process lives. */
export async function ownPorts(count: number): Promise<number[]> {
  const span = outgoingRange();
  const found: number[] = [];
  for (let tried = 0; found.length < count; tried++) {
    if (tried === triesMax) throw new Error(`no free port outside ${span.join('-')} in ${triesMax} tries`);
    const port = least + Math.floor(Math.random() * (most - least + 1));
    const isOutgoing = port >= span[0] && port <= span[1];
    if (!isOutgoing && (await isFree(port)) && (await claim(port))) found.push(port);
  }
  return found;
}

export async function ownPort(): Promise<number> {
  const [port] = await ownPorts(1);
  if (port === undefined) throw new Error('one port was asked for');
  return port;
}

function outgoingRange(): readonly [number, number] {
  try {
    const [from, to] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/).map(Number);
    return from && to ? [from, to] : usualOutgoing;
  } catch {
    return usualOutgoing;
  }
}

/** An abstract name of the kernel's: nothing lies in a folder, and it goes with the process. */
async function claim(port: number): Promise<boolean> {
  const server = createServer();
  const isOurs = await listens(server, { path: `\0posthorn-test-port-${port}` });
  server.unref();
  return isOurs;
}

async function isFree(port: number): Promise<boolean> {
  const tcp = createServer();
  if (!(await listens(tcp, { host: address, port }))) return false;
  const udp = createSocket('udp4');
  const isFree = await new Promise<boolean>((resolve) => {
    udp.once('error', () => resolve(false)).bind(port, address, () => resolve(true));
  });
  await new Promise<void>((resolve) => udp.close(resolve));
  await new Promise((resolve) => tcp.close(resolve));
  return isFree;
}

function listens(server: Server, at: ListenOptions): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false)).listen(at, () => resolve(true));
  });
}
