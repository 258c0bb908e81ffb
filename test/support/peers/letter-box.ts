/**
 * Where foreign mail servers deliver what they take in: an LMTP server (RFC 2033) in this process that keeps envelope and octets as
 * they came. `refused...@` is told 550 to RCPT, so that the server that took the message has to return it. Built from nothing of
 * the product.
 */
import { createServer, type Socket } from 'node:net';

export type Letter = {
  /** `<path> PARAMETERS` as said, latin1. */
  readonly from: string;
  readonly to: readonly string[];
  readonly octets: Buffer;
};

export type LetterBox = {
  readonly port: number;
  readonly letters: readonly Letter[];
  /** The first letter of which this is true, now or within the patience of a test. */
  readonly find: (what: string, isIt: (letter: Letter) => boolean) => Promise<Letter>;
  readonly close: () => Promise<void>;
};

const patienceMs = 45_000;
const offers = ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'SIZE 50000000', 'ENHANCEDSTATUSCODES'];
const endMark = Buffer.from('\r\n.\r\n');

export async function openLetterBox(): Promise<LetterBox> {
  const letters: Letter[] = [];
  const sockets = new Set<Socket>();
  const watchers = new Set<() => void>();
  const keep = (letter: Letter) => {
    letters.push(letter);
    for (const watcher of watchers) watcher();
  };
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    new Talk(socket, keep).begin();
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('a server has a port');
  return {
    port: bound.port,
    letters,
    find: (what, isIt) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = letters.find(isIt);
          if (!found) return;
          end();
          resolve(found);
        };
        const timer = setTimeout(() => {
          end();
          const seen = letters.slice(-5).map(({ from, to }) => `${from} -> ${to.slice(0, 3)}`);
          reject(new Error(`waited in vain for ${what}; last seen: ${seen.join(', ')}`));
        }, patienceMs);
        const end = () => {
          clearTimeout(timer);
          watchers.delete(look);
        };
        watchers.add(look);
        look();
      }),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

class Talk {
  readonly #socket: Socket;
  readonly #keep: (letter: Letter) => void;
  #line = Buffer.alloc(0);
  /** Pieces of the message being taken in; undefined between commands. */
  #content: Buffer[] | undefined;
  #from = '';
  #to: string[] = [];

  constructor(socket: Socket, keep: (letter: Letter) => void) {
    this.#socket = socket;
    this.#keep = keep;
  }

  begin(): void {
    this.#socket.on('data', (octets: Buffer) => this.#hear(octets));
    this.#say('220 letter-box.test LMTP');
  }

  #hear(octets: Buffer): void {
    let rest: Buffer | undefined = octets;
    while (rest) rest = this.#content ? this.#hearContent(this.#content, rest) : this.#hearLine(rest);
  }

  #hearLine(octets: Buffer): Buffer | undefined {
    this.#line = Buffer.concat([this.#line, octets]);
    const end = this.#line.indexOf('\r\n');
    if (end < 0) return undefined;
    const line = this.#line.toString('latin1', 0, end);
    const rest = this.#line.subarray(end + 2);
    this.#line = Buffer.alloc(0);
    this.#command(line);
    return rest.length > 0 ? rest : undefined;
  }

  /** The mark may lie across two pieces; the first line may be it (without the CR LF before). */
  #hearContent(content: Buffer[], octets: Buffer): Buffer | undefined {
    const before = content.at(-1) ?? Buffer.alloc(0);
    const tail = before.subarray(Math.max(0, before.length - (endMark.length - 1)));
    const seen = Buffer.concat([tail, octets]);
    const at = seen.indexOf(endMark);
    if (at < 0) {
      // Kept joined with the tail's piece when tiny, so that the tail is never shorter than the mark.
      if (octets.length < endMark.length) content[content.length - 1] = Buffer.concat([before, octets]);
      else content.push(octets);
      return undefined;
    }
    const end = at + endMark.length - tail.length;
    content.push(octets.subarray(0, end));
    this.#content = undefined;
    this.#take(Buffer.concat(content));
    return end < octets.length ? octets.subarray(end) : undefined;
  }

  /** @param raw begins with the CR LF that stands for the end of the DATA line, ends with the mark */
  #take(raw: Buffer): void {
    const whole = raw.subarray(2, raw.length - 3);
    this.#keep({ from: this.#from, to: this.#to, octets: withoutStuffing(whole) });
    for (const path of this.#to) this.#say(`250 2.1.5 ${path} delivered`); // RFC 2033 §4.2: one for each
    this.#reset();
  }

  #command(line: string): void {
    const [verb = ''] = line.toUpperCase().split(/[ :]/);
    this.#say(this.#answer(verb, line));
    if (verb === 'QUIT') this.#socket.end();
  }

  #answer(verb: string, line: string): string {
    switch (verb) {
      case 'LHLO':
        return `${offers.map((offer) => `250-${offer}\r\n`).join('')}250 letter-box.test`;
      case 'MAIL':
        this.#from = line.slice('MAIL FROM:'.length);
        return '250 2.1.0 ok';
      case 'RCPT':
        return this.#recipient(line.slice('RCPT TO:'.length));
      case 'DATA':
        if (this.#to.length === 0) return '503 5.5.1 nobody to take it';
        this.#content = [Buffer.from('\r\n')];
        return '354 go ahead';
      case 'RSET':
        this.#reset();
        return '250 2.0.0 ok';
      default:
        return verb === 'QUIT' || verb === 'NOOP' ? '250 2.0.0 ok' : '500 5.5.2 what?';
    }
  }

  #recipient(path: string): string {
    if (path.startsWith('<refused')) return '550 5.1.1 no such person behind this door';
    this.#to.push(path);
    return '250 2.1.5 ok';
  }

  #reset(): void {
    this.#from = '';
    this.#to = [];
  }

  #say(line: string): void {
    this.#socket.write(`${line}\r\n`, 'latin1');
  }
}

/** RFC 5321 §4.5.2: the first dot of a line that begins with one was added by the client. */
function withoutStuffing(octets: Buffer): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  if (octets[0] === 0x2e) from = 1;
  for (let at = octets.indexOf('\r\n.', from); at >= 0; at = octets.indexOf('\r\n.', from)) {
    parts.push(octets.subarray(from, at + 2));
    from = at + 3;
  }
  parts.push(octets.subarray(from));
  return Buffer.concat(parts);
}
