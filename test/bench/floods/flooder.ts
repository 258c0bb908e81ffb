/**
 * The process of those who mean no good: slow clients, and floods of connections at a steady rate. Told over standard input what to
 * do (`on SHARE-OF-RATES`, `off`), tells once a second what it has done, as JSON lines.
 */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { connect as connectTls } from 'node:tls';
import type { Ports } from '../../faults/support/office.ts';
import { SlowClients } from './slow-clients.ts';

export type Wish = { readonly ports: Ports; readonly apiKey: string; readonly slow: number };

/** Connections a second, of each sort. */
const rates = {
  /** Opened and reset at once: never seen by anybody but the kernel and the listener. */
  reset: 300,
  /** Reset after the banner, with half a command under way. */
  'reset in the dialogue': 100,
  /** Opened and closed. */
  close: 200,
  /** More than one address may hold. */
  'over the limit': 150,
  /** Octets that are no SMTP. */
  noise: 50,
  /** Mail to somebody who is not here, in one breath. */
  guess: 50,
  'HTTP reset': 100,
  /** A whole TLS handshake for nothing. */
  handshake: 20,
} as const;

type Sort = keyof typeof rates;
export type Report = { readonly slow: number; readonly again: number } & Readonly<Record<Sort, number>>;
export const floodRate = Object.values(rates).reduce((sum, rate) => sum + rate, 0);

const turnMs = 20;
const noise = Buffer.from(Array.from({ length: 4_096 }, (_, nth) => (nth * 167 + 13) & 0xff));
const guesses = `EHLO guess.test\r\nMAIL FROM:<a@world.test>\r\n${Array.from({ length: 30 }, (_, nth) => `RCPT TO:<guess${nth}@example.com>\r\n`).join('')}`;

export function runFlooder({ ports, apiKey, slow }: Wish): void {
  const done = Object.fromEntries(Object.keys(rates).map((sort) => [sort, 0])) as Record<Sort, number>;
  const open = new Set<Socket>();
  let slowClients: SlowClients | undefined;
  let timers: NodeJS.Timeout[] = [];
  let nth = 0;

  const dial = (port: number, localAddress: string) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress, noDelay: true });
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    setTimeout(() => socket.destroy(), 5_000).unref();
    return socket;
  };
  const someone = () => `127.0.${2 + (nth % 8)}.${1 + (nth++ % 250)}`;
  const attack: Readonly<Record<Sort, () => void>> = {
    reset: () => {
      const socket = dial(ports.mx, someone());
      socket.on('connect', () => socket.resetAndDestroy());
    },
    'reset in the dialogue': () => {
      const socket = dial(ports.mx, someone());
      socket.once('data', () => socket.write('EHLO flood.test\r\nMAIL FROM:<a@wor', () => socket.resetAndDestroy()));
    },
    close: () => {
      const socket = dial(ports.mx, someone());
      socket.on('connect', () => socket.end());
    },
    'over the limit': () => void dial(ports.mx, '127.0.0.99'),
    noise: () => {
      const socket = dial(ports.mx, someone());
      socket.once('data', () => socket.write(noise)).resume();
    },
    guess: () => {
      const socket = dial(ports.mx, someone());
      socket.once('data', () => socket.write(guesses)).resume();
    },
    'HTTP reset': () => {
      const socket = dial(ports.http, '127.0.0.1');
      socket.on('connect', () => socket.write('GET / HTTP/1.1\r\n', () => socket.resetAndDestroy()));
    },
    handshake: () => {
      const socket = connectTls({ socket: dial(ports.submissions, someone()), rejectUnauthorized: false });
      socket.on('error', () => {}).once('secureConnect', () => socket.destroy());
    },
  };

  const flood = (sort: Sort, share: number) => {
    const rate = rates[sort] * share;
    let owed = 0;
    let lastMs = performance.now();
    return setInterval(() => {
      const nowMs = performance.now();
      owed = Math.min(owed + ((nowMs - lastMs) * rate) / 1_000, rate);
      for (lastMs = nowMs; owed >= 1; owed--) {
        attack[sort]();
        done[sort]++;
      }
    }, turnMs);
  };
  const off = () => {
    for (const timer of timers) clearInterval(timer);
    timers = [];
    slowClients?.stop();
    for (const socket of open) socket.destroy();
  };
  const tell = () => {
    const report: Report = { ...done, slow: slowClients?.held ?? 0, again: slowClients?.again ?? 0 };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  };
  const everySecond = setInterval(tell, 1_000);
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      off();
      const [word, share] = line.split(' ');
      if (word !== 'on') return;
      slowClients = new SlowClients(ports, apiKey, slow);
      timers = (Object.keys(rates) as Sort[]).map((sort) => flood(sort, Number(share)));
    })
    .on('close', () => {
      clearInterval(everySecond);
      off();
    });
}
