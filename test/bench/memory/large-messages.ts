/**
 * A message of 25 MB through every door: DATA and BDAT (the latter under TLS with a login), the API, and the MX from a stranger who
 * signed it; to receivers with and without CHUNKING, and into a mailbox. Each arrives octet for octet.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { parseDomainName } from '../../../src/format/domain-name.ts';
import { generateDkimKey, importPrivateKey } from '../../../src/protocol/dkim/private-keys.ts';
import { signDkim } from '../../../src/protocol/dkim/sign-dkim.ts';
import { ask, author, type Home, login, makeHome, resident } from '../../faults/support/home.ts';
import { startNameServer } from '../../faults/support/name-server.ts';
import { OfficeProcess } from '../../faults/support/office.ts';
import type { Trial } from '../../faults/support/trial.ts';
import { type LargeLetter, largeLetter, stuffed } from './large-letter.ts';
import { type LargeSink, startLargeSink } from './large-sink.ts';
import { forgetPeak, megabytes, peakOf, settled } from './process-memory.ts';

const octets = 25_000_000;
const mostAboveIdle = 40_000_000;
const warmUps = 20;
const chunkOctets = 1_000_000;
const patienceMs = 20_000;
const strangerAddress = '127.0.0.2';

type World = {
  readonly trial: Trial;
  readonly home: Home;
  readonly office: OfficeProcess;
  readonly plain: LargeSink;
  readonly chunks: LargeSink;
  readonly sign: (bytes: Buffer) => Promise<Buffer>;
};

type Door = {
  readonly name: string;
  readonly to: string;
  readonly send: (world: World, letter: LargeLetter) => Promise<void>;
  readonly arrived: (world: World) => number;
  /** The hash of the text that came last. */
  readonly sha256: (world: World) => Promise<string | undefined>;
  readonly from?: string;
  /** Shown, but no mark: the request is one JSON text, and is read as a whole. */
  readonly isShownOnly?: true;
};

const doors: readonly Door[] = [
  {
    name: 'SMTP DATA, delivered by DATA',
    to: 'a@plain.sink.test',
    send: ({ office }, letter) => byData(office.ports.mx, {}, letter),
    arrived: ({ plain }) => plain.taken.length,
    sha256: async ({ plain }) => signedText(plain),
  },
  {
    name: 'SMTP BDAT under TLS, delivered by BDAT',
    to: 'a@chunks.sink.test',
    send: ({ office, home }, letter) => byChunks(office.ports.submissions, home, letter),
    arrived: ({ chunks }) => chunks.taken.length,
    sha256: async ({ chunks }) => signedText(chunks),
  },
  {
    name: 'API, whole message, delivered by DATA',
    to: 'a@plain.sink.test',
    send: byApi,
    arrived: ({ plain }) => plain.taken.length,
    sha256: async ({ plain }) => signedText(plain),
  },
  {
    name: 'MX, signed by a stranger, into a mailbox, read back by the API',
    from: 'bob@stranger.test',
    to: resident,
    send: async ({ office, sign }, letter) => {
      const bytes = await sign(letter.bytes);
      return byData(office.ports.mx, { localAddress: strangerAddress }, { ...letter, bytes });
    },
    arrived: ({ home }) => mailboxRows(home).length,
    sha256: async (world) => mailboxText(world),
  },
  {
    name: 'API, fields and an attachment, delivered by DATA',
    to: 'a@plain.sink.test',
    send: byFields,
    arrived: ({ plain }) => plain.taken.length,
    sha256: async () => undefined,
    isShownOnly: true,
  },
];

export async function largeMessages(trial: Trial): Promise<void> {
  const world = await open(trial);
  const { office } = world;
  for (let nth = 0; nth < warmUps; nth++) await passAll(world, 2_000, nth);
  const idle = await settled(office.pid);
  trial.figure(`idle after ${warmUps * doors.length} small messages: ${megabytes(idle)} MB`);
  for (const [nth, door] of doors.entries()) {
    forgetPeak(office.pid);
    const before = office.usage().cpuMs;
    await pass(world, door, octets, 1_000 + nth);
    const cpuSeconds = (office.usage().cpuMs - before) / 1_000;
    const above = peakOf(office.pid) - idle;
    trial.figure(
      `${door.name}: ${megabytes(above)} MB above idle, ${cpuSeconds.toFixed(2)} s CPU${door.isShownOnly ? ' (no mark)' : ''}`,
    );
    trial.check(door.isShownOnly === true || above < mostAboveIdle, `${door.name}: ${megabytes(above)} MB above idle`);
    await settled(office.pid);
  }
  trial.figure(`at rest afterwards: ${megabytes(await settled(office.pid))} MB`);
  trial.check(office.errors.length === 0, `the office says ${JSON.stringify(office.errors[0])}`);
  await office.stop();
}

async function open(trial: Trial): Promise<World> {
  const plain = await startLargeSink({ chunking: false });
  const chunks = await startLargeSink({ chunking: true });
  trial.later(() => Promise.all([plain.close(), chunks.close()]));
  const key = await generateDkimKey('rsa-sha256');
  const zone = [
    `stranger.test. 60 IN TXT "v=spf1 ip4:${strangerAddress} -all"`,
    'stranger.test. 60 IN MX 10 mx.stranger.test.',
    `mx.stranger.test. 60 IN A ${strangerAddress}`,
    '_dmarc.stranger.test. 60 IN TXT "v=DMARC1; p=reject"',
    `s1._domainkey.stranger.test. 60 IN TXT ${quoted(key.publicRecord)}`,
  ].join('\n');
  const names = await startNameServer(`${zone}\n`);
  trial.later(() => names.close());
  const home = await makeHome(`${trial.folder}/data`, {
    dns: { resolvers: [`127.0.0.1:${names.port}`] },
    routes: { 'plain.sink.test': `127.0.0.1:${plain.port}`, 'chunks.sink.test': `127.0.0.1:${chunks.port}` },
  });
  const office = await OfficeProcess.start(trial, home);
  const imported = importPrivateKey(key.privateKeyPem);
  const domain = parseDomainName('stranger.test');
  if (!imported.ok || !domain) throw new Error('the stranger cannot sign');
  const { privateKey } = imported.value;
  const sign = async (bytes: Buffer) => {
    const keys = [{ domain, selector: 's1', algorithm: 'rsa-sha256', privateKey } as const];
    return Buffer.concat([await signDkim(bytes, keys, { nowSeconds: Math.floor(Date.now() / 1_000) }), bytes]);
  };
  return { trial, home, office, plain, chunks, sign };
}

/** RFC 1035 §3.3.14: strings of at most 255 octets. */
function quoted(text: string): string {
  return (text.match(/.{1,200}/g) ?? []).map((part) => `"${part}"`).join(' ');
}

async function passAll(world: World, size: number, nth: number): Promise<void> {
  for (const door of doors) await pass(world, door, size, nth);
}

async function pass(world: World, door: Door, size: number, seed: number): Promise<void> {
  const { trial } = world;
  const letter = largeLetter({ seed, octets: size, from: door.from ?? author, to: door.to });
  const before = door.arrived(world);
  await door.send(world, letter);
  const came = await trial.until(patienceMs, () => (door.arrived(world) > before ? true : undefined));
  if (!came) throw new Error(`${door.name}: nothing arrived`);
  const sha256 = size === octets ? await door.sha256(world) : undefined;
  trial.check(sha256 === undefined || sha256 === letter.textSha256, `${door.name}: what arrived is not what was sent`);
}

/** Of the message that came last; it must carry both signatures of ours. */
function signedText({ taken }: LargeSink): string {
  const last = taken.at(-1);
  const signatures = last?.header.match(/^DKIM-Signature: /gim)?.length ?? 0;
  return signatures === 2 ? (last?.textSha256 ?? '') : `${signatures} signatures`;
}

function mailboxRows(home: Home) {
  return ask(home, `SELECT id, verdicts FROM mailbox_messages WHERE recipient = ? ORDER BY id`, resident);
}

async function mailboxText({ home, office }: World): Promise<string> {
  const last = mailboxRows(home).at(-1);
  const verdicts = JSON.parse(String(last?.verdicts)) as Record<string, string>;
  if (verdicts.spf !== 'pass' || verdicts.dkim !== 'pass' || verdicts.dmarc !== 'pass') return String(last?.verdicts);
  const response = await fetch(`http://127.0.0.1:${office.ports.http}/v1/inbox/${last?.id}/raw`, {
    headers: { Authorization: `Bearer ${home.apiKey}` },
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const split = bytes.indexOf('\r\n\r\n');
  return createHash('sha256')
    .update(bytes.subarray(split + 4))
    .digest('hex');
}

async function byApi({ office, home }: World, letter: LargeLetter): Promise<void> {
  const url = `http://127.0.0.1:${office.ports.http}/v1/emails/raw?from=${encodeURIComponent(author)}`;
  const response = await fetch(url, {
    method: 'POST',
    headers: { Authorization: `Bearer ${home.apiKey}`, 'Content-Type': 'message/rfc822' },
    body: Uint8Array.from(letter.bytes),
  });
  if (response.status !== 202) throw new Error(`the API answers ${response.status} ${await response.text()}`);
}

/** The attachment in base64 is as large as the message that it becomes. */
async function byFields({ office, home }: World, letter: LargeLetter): Promise<void> {
  const content = letter.text.subarray(0, Math.floor(letter.text.length * 0.72)).toString('base64');
  const response = await fetch(`http://127.0.0.1:${office.ports.http}/v1/emails`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${home.apiKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      from: author,
      to: 'a@plain.sink.test',
      subject: 'fields',
      text: 'see below',
      attachments: [{ filename: 'data.bin', content }],
    }),
  });
  if (response.status !== 202) throw new Error(`the API answers ${response.status} ${await response.text()}`);
}

async function byData(port: number, door: { readonly localAddress?: string }, letter: LargeLetter): Promise<void> {
  const talk = new LargeTalk(connect({ host: '127.0.0.1', port, ...door }));
  await talk.expect(220);
  const [from, to] = envelopeOf(letter);
  for (const line of ['EHLO client.test', `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`]) await talk.ask(line, 250);
  await talk.ask('DATA', 354);
  await talk.pour(stuffed(letter.bytes));
  await talk.expect(250);
  talk.close();
}

async function byChunks(port: number, home: Home, letter: LargeLetter): Promise<void> {
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
  const talk = new LargeTalk(socket);
  await talk.expect(220);
  await talk.ask('EHLO client.test', 250);
  await talk.ask(`AUTH PLAIN ${Buffer.from(`\0${login}\0${home.password}`).toString('base64')}`, 235);
  const [from, to] = envelopeOf(letter);
  for (const line of [`MAIL FROM:<${from}>`, `RCPT TO:<${to}>`]) await talk.ask(line, 250);
  for (let at = 0; at < letter.bytes.length; at += chunkOctets) {
    const chunk = letter.bytes.subarray(at, at + chunkOctets);
    const isLast = at + chunk.length === letter.bytes.length;
    await talk.pour(Buffer.from(`BDAT ${chunk.length}${isLast ? ' LAST' : ''}\r\n`, 'latin1'));
    await talk.pour(chunk);
    await talk.expect(250);
  }
  talk.close();
}

function envelopeOf(letter: LargeLetter): [string, string] {
  const header = letter.bytes.toString('latin1', 0, 4_096);
  return [/^From: (.*)\r$/m.exec(header)?.[1] ?? '', /^To: (.*)\r$/m.exec(header)?.[1] ?? ''];
}

/** A client that waits for its octets to leave. */
class LargeTalk {
  readonly #socket: Socket;
  #heard = '';
  #wake = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {}).on('close', () => this.#wake());
    socket.on('data', (octets: Buffer) => {
      this.#heard += octets.toString('latin1');
      this.#wake();
    });
  }

  async pour(octets: Buffer): Promise<void> {
    for (let at = 0; at < octets.length; at += 65_536)
      if (!this.#socket.write(octets.subarray(at, at + 65_536))) await once(this.#socket, 'drain');
  }

  async ask(line: string, code: number): Promise<void> {
    this.#socket.write(`${line}\r\n`, 'latin1');
    await this.expect(code);
  }

  async expect(code: number): Promise<void> {
    for (;;) {
      const reply = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3}(?: [^\r\n]*)?\r\n/.exec(this.#heard)?.[0];
      if (reply !== undefined) {
        this.#heard = this.#heard.slice(reply.length);
        if (Number(reply.slice(0, 3)) !== code) throw new Error(`expected ${code}, heard ${reply}`);
        return;
      }
      if (this.#socket.destroyed) throw new Error(`the office hung up instead of ${code}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}
