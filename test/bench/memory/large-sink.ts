/** A mail server that takes everything and remembers of each message its header and the hash of its text. */
import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';

type Taken = { readonly header: string; readonly textSha256: string };

export type LargeSink = {
  readonly port: number;
  readonly taken: readonly Taken[];
  readonly close: () => Promise<void>;
};

export async function startLargeSink(offers: { readonly chunking: boolean }): Promise<LargeSink> {
  const taken: Taken[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    serve(socket, offers.chunking, taken);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    taken,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const endOfData = Buffer.from('\r\n.\r\n', 'latin1');

function serve(socket: Socket, chunking: boolean, taken: Taken[]): void {
  let parts: Buffer[] = [];
  let mode: 'lines' | 'data' | number = 'lines';
  let isLast = false;
  let tail = Buffer.alloc(0);
  const reply = (text: string) => socket.write(`${text}\r\n`, 'latin1');
  const keep = () => {
    taken.push(describe(Buffer.concat(parts)));
    parts = [];
    mode = 'lines';
    reply('250 2.0.0 taken');
  };
  reply('220 sink.test ESMTP');
  socket.on('data', (heard: Buffer) => {
    let octets = heard;
    while (octets.length > 0) {
      if (mode === 'data') {
        parts.push(octets);
        tail = Buffer.concat([tail, octets.subarray(-endOfData.length)]).subarray(-endOfData.length);
        if (!tail.equals(endOfData)) return;
        parts = [unstuffed(Buffer.concat(parts))];
        return keep();
      }
      if (typeof mode === 'number') {
        const part = octets.subarray(0, mode);
        parts.push(part);
        octets = octets.subarray(part.length);
        mode -= part.length;
        if (mode > 0) return;
        mode = 'lines';
        if (isLast) keep();
        else reply('250 2.0.0 more');
        continue;
      }
      const end = octets.indexOf('\r\n');
      if (end < 0) throw new Error('the office sends whole lines');
      const line = octets.subarray(0, end).toString('latin1');
      octets = octets.subarray(end + 2);
      const chunk = /^BDAT (\d+)( LAST)?$/i.exec(line);
      if (chunk) {
        mode = Number(chunk[1]);
        isLast = chunk[2] !== undefined;
        if (mode === 0) {
          mode = 'lines';
          if (isLast) keep();
        }
      } else if (/^EHLO/i.test(line)) {
        reply(
          `250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME${chunking ? '\r\n250-CHUNKING' : ''}\r\n250 ENHANCEDSTATUSCODES`,
        );
      } else if (/^DATA/i.test(line)) {
        mode = 'data';
        tail = Buffer.from('\r\n', 'latin1');
        reply('354 go on');
      } else if (/^QUIT/i.test(line)) {
        reply('221 2.0.0 bye');
        socket.end();
      } else reply('250 2.0.0 fine');
    }
  });
}

function describe(message: Buffer): Taken {
  const split = message.indexOf('\r\n\r\n');
  return {
    header: message.subarray(0, split + 2).toString('latin1'),
    textSha256: createHash('sha256')
      .update(message.subarray(split + 4))
      .digest('hex'),
  };
}

/** RFC 5321 §4.5.2 */
function unstuffed(data: Buffer): Buffer {
  const text = data.toString('latin1', 0, data.length - 3);
  return Buffer.from(text.replaceAll('\r\n.', '\r\n').replace(/^\./, ''), 'latin1');
}
