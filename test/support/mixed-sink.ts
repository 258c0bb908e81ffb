/**
 * A mail host that takes most of what comes and tells what it took: after a short while, some of it only at the second try. Written
 * the plain way, on its own; what it answered 250 to the final dot counts as arrived, whether or not anybody lived to read that.
 */
import { createServer, type Socket } from 'node:net';
import type { Random } from '../../src/base/random.ts';

export type MixedSink = {
  readonly port: number;
  /** `<subject> <recipient>` -> how often it was taken. */
  readonly copies: ReadonlyMap<string, number>;
  readonly close: () => Promise<void>;
};

export async function startMixedSink(random: Random): Promise<MixedSink> {
  const copies = new Map<string, number>();
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {}); // the other side was killed
    talk(socket, random, (key) => copies.set(key, (copies.get(key) ?? 0) + 1));
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound ? bound.port : 0,
    copies,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function talk(socket: Socket, random: Random, taken: (key: string) => void): void {
  let held = '';
  let recipients: string[] = [];
  let inData = false;
  let busy = false;
  const say = (text: string) => socket.write(`${text}\r\n`);
  const endOfData = (message: string) => {
    const subject = /^Subject: (.*)\r$/m.exec(message)?.[1] ?? '';
    busy = true;
    setTimeout(() => {
      busy = false;
      const deferred = random.float() < 0.05;
      if (!deferred) for (const recipient of recipients) taken(`${subject} ${recipient}`);
      recipients = [];
      say(deferred ? '451 4.3.0 not now' : '250 2.0.0 taken');
      read();
    }, random.float() * 20);
  };
  const command = (line: string) => {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'EHLO') say('250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES');
    else if (verb === 'RCPT' && random.float() < 0.05) say('450 4.2.0 come again');
    else if (verb === 'RCPT') {
      recipients.push(/<(.*)>/.exec(line)?.[1] ?? '');
      say('250 2.1.5 ok');
    } else if (verb === 'DATA') {
      inData = recipients.length > 0;
      say(inData ? '354 go ahead' : '503 5.5.1 no recipients');
    } else if (verb === 'QUIT') socket.end('221 2.0.0 bye\r\n');
    else {
      if (verb === 'MAIL' || verb === 'RSET') recipients = [];
      say('250 2.0.0 ok');
    }
  };
  const read = () => {
    while (!busy) {
      const end = held.indexOf(inData ? '\r\n.\r\n' : '\r\n');
      if (end < 0) return;
      const text = held.slice(0, end + 2);
      held = held.slice(end + (inData ? 5 : 2));
      if (!inData) command(text.trimEnd());
      else {
        inData = false;
        endOfData(text);
      }
    }
  };
  say('220 sink.test ESMTP');
  socket.on('data', (chunk: Buffer) => {
    held += chunk.toString('latin1');
    read();
  });
}
