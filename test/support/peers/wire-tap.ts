/** Passes connections on and writes down what was said on them: in which words, and which of them in one breath. */
import { connect, createServer, type Socket } from 'node:net';

export type Overheard = {
  /** What each side wrote, in the pieces in which it came; latin1. The first part of a long talk. */
  readonly client: string[];
  readonly server: string[];
};

export type WireTap = {
  readonly port: number;
  /** Connections in the order in which they came. */
  readonly talks: readonly Overheard[];
  /** Command lines of all connections that begin with this word. */
  readonly commands: (verb: string) => string[];
  /** What stands in one connection, both sides apart; the first one in which a client wrote this text. */
  readonly talkWith: (text: string) => Overheard | undefined;
  /** Where connections go from now on. */
  leadTo: (port: number) => void;
  readonly close: () => Promise<void>;
};

const keptMax = 400_000;

export async function startWireTap(to = 0): Promise<WireTap> {
  const talks: Overheard[] = [];
  const sockets = new Set<Socket>();
  const target = { port: to };
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
    const talk: Overheard = { client: [], server: [] };
    talks.push(talk);
    // As the address from which it was called: who may relay is known by it.
    const localAddress = near.remoteAddress ?? '127.0.0.1';
    const far = connect({ host: '127.0.0.1', port: target.port, localAddress, noDelay: true, allowHalfOpen: true });
    pass(near, far, talk.client);
    pass(far, near, talk.server);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('a server has a port');
  return {
    port: bound.port,
    talks,
    commands: (verb) =>
      talks.flatMap(({ client }) => client.join('').match(new RegExp(`^${verb}\\b[^\\r\\n]*`, 'gim')) ?? []),
    talkWith: (text) => talks.find(({ client }) => client.join('').includes(text)),
    leadTo: (port) => {
      target.port = port;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function pass(from: Socket, into: Socket, heard: string[]): void {
  let kept = 0;
  from.on('data', (octets: Buffer) => {
    if (kept < keptMax) heard.push(octets.toString('latin1'));
    kept += octets.length;
    if (!into.write(octets)) {
      from.pause();
      into.once('drain', () => from.resume());
    }
  });
  from.on('end', () => into.end());
  from.on('error', () => into.destroy());
  from.on('close', () => into.destroy());
}
